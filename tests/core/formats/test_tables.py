"""What a parsed file holds."""

from common_sync.core.formats.tables import find_table


def test_a_table_in_a_list() -> None:
    """What stands in one of several tables would be looked for in none."""
    tables = {"a": [{"b": {"c": 1}}, {"b": {"c": 2}}]}
    assert find_table(tables, "a", 1, "b") == {"c": 2}
    assert find_table(tables, "a", "b") == {}
