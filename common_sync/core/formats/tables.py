"""What a parsed file holds, where it may hold anything: TOML, JSON and YAML give tables, lists and scalars."""

from collections.abc import Mapping

Table = Mapping[str, object]
"""A table, whatever is in it."""


def list_strings(value: object, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the strings of a list, or something else where it is none."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else default


def list_tables(value: object) -> list[Table]:
    """Return the tables of a list, or the only one where it stands by itself."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def find_table(table: Table, *keys: str | int) -> Table:
    """Return the table that keys lead to, an empty one where there is none."""
    found: object = table
    for key in keys:
        if isinstance(found, list) and isinstance(key, int):
            found = found[key]
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
