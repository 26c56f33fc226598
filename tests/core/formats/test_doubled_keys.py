"""Keys that stand twice in one mapping."""

from common_sync.core.formats.yaml.tree import Node, YamlMapping, YamlScalar, YamlSequence, find_doubled


def scalar(value: str, line: int = 1) -> YamlScalar:
    """Return a plain scalar."""
    return YamlScalar(value, "", "", 0, 0, line)


def mapping(*pairs: tuple[Node, Node]) -> YamlMapping:
    """Return a mapping."""
    return YamlMapping(pairs, "", 1)


def test_a_key_that_stands_twice_is_found() -> None:
    """A compose file that Compose refuses would be called proven."""
    inner = mapping((scalar("api"), scalar("x")), (scalar("api", 7), scalar("y")))
    found = find_doubled(YamlSequence((mapping((scalar("services"), inner)),), "", 1))
    assert found is not None
    assert (found.value, found.line) == ("api", 7)


def test_one_name_in_several_mappings_is_no_fault() -> None:
    """A file would be refused in which a mapping is used twice by an alias, or by two documents."""
    shared = mapping((scalar("api"), scalar("x")), (YamlSequence((), "", 1), scalar("y")))
    assert find_doubled(mapping((scalar("a"), shared), (scalar("b"), shared), (scalar("api"), scalar("z")))) is None
