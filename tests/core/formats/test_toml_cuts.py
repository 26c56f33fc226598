"""Parts that are taken out of TOML: what stays keeps every byte, and says what it said."""

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.formats.toml import Path
from common_sync.core.formats.toml_cuts import cut, list_remarks, locate, quote
from common_sync.core.text import UnparsableError

CUTS = [
    pytest.param(before, gone, after, id=reason)
    for reason, before, gone, after in (
        ("nothing", "a = 1 # one\n", [], "a = 1 # one\n"),
        ("a pair", "a = 1\nb = 2 # two\n\nc = 3\n", [("b",)], "a = 1\nc = 3\n"),
        ("the last pair, without a line end", "a = 1\nb = 2", [("b",)], "a = 1\n"),
        ("with the remark above it", "a = 1\n\n# two\n#  and more\nb = 2\nc = 3\n", [("b",)], "a = 1\n\nc = 3\n"),
        ("without a remark further up", "a = 1\n# a\n\nb = 2\n", [("b",)], "a = 1\n# a\n\n"),
        ("without the remark at the top of the file", "# about this file\na = 1\nb = 2\n", [("a",)], "# about this file\nb = 2\n"),
        ("what looks like a remark in a string", 'a = """\n# no remark"""\nb = 2\n', [("b",)], 'a = """\n# no remark"""\n'),
        ("a table", "[a]\nx = 1\n\n[b]\ny = 2\n\n[c]\n", [("b",)], "[a]\nx = 1\n\n[c]\n"),
        ("a table with all that is below it", "[a]\nx = [\n 1,\n]\n[a.b]\ny = 2\n[c]\nz = 3\n", [("a",)], "[c]\nz = 3\n"),
        ("what dotted keys say", "a.b = 1\na.c.d = 2\n[e]\na.c = 3\n", [("a", "c"), ("e", "a")], "a.b = 1\n[e]\n"),
        ("one of a list of tables", "[[a]]\nx = 1\n\n[a.b]\ny = 2\n\n[[a]]\nx = 3\n", [("a", 0)], "[[a]]\nx = 3\n"),
        ("the first item", "a = ['x', 'y', 'z']\n", [("a", 0)], "a = ['y', 'z']\n"),
        ("the last item", "a = ['x', 'y', 'z']\n", [("a", 2)], "a = ['x', 'y']\n"),
        ("the last item before a comma", "a = [\n  'x',\n  'y',\n]\n", [("a", 1)], "a = [\n  'x',\n]\n"),
        ("several items", "a = ['v', 'w', 'x', 'y', 'z']\n", [("a", 0), ("a", 2), ("a", 3), ("a", 4)], "a = ['w']\n"),
        ("all items", "a = [ 'x', 'y', ] # none\nb = 1\n", [("a", 0), ("a", 1)], "a = [ ] # none\nb = 1\n"),
        ("items of items", "a = [[{ x = 1 }, { x = 2 }], [3, 4]]\n", [("a", 0, 1), ("a", 1, 0)], "a = [[{ x = 1 }], [4]]\n"),
        ("a pair of a table in one line", "a = { b = 1, 'c.d' = { e = [2] }, f = 3 }\n", [("a", "c.d")], "a = { b = 1, f = 3 }\n"),
        ("deep in it", "a = { b = 1, c = { e = [2], g = 4 }, f = 3 }\n", [("a", "c", "e")], "a = { b = 1, c = { g = 4 }, f = 3 }\n"),
        ("a line end of Windows", "a = 1\r\n# b\r\nb = 2\r\n\r\nc = 3\r\n", [("b",)], "a = 1\r\nc = 3\r\n"),
    )
]  # fmt: skip


@pytest.mark.parametrize(("before", "gone", "after"), CUTS)
def test_what_goes_is_gone_and_the_rest_is_as_it_was(before: str, gone: list[Path], after: str) -> None:
    """A person would find a file of his changed where nobody had to change it, or a part that he cannot do with."""
    assert cut(locate(before), gone, {}) == after


def test_a_value_is_exchanged() -> None:
    """The members that a root names would be those of the whole workspace."""
    places = locate("[a]\nm = [\n  'x', # all\n] # here\nb = { c = 'd' }\n")
    values: dict[Path, str] = {("a", "m"): f"[{quote('s/a')}]", ("a", "b", "c"): quote('a"\\b')}
    assert cut(places, [], values) == '[a]\nm = ["s/a"] # here\nb = { c = "a\\"\\\\b" }\n'


@pytest.mark.parametrize(
    ("gone", "values"),
    [([], {("t",): "1"}), ([("a",)], {("a",): "2"}), ([], {("a",): "no TOML"})],
    ids=["a table that stands in many lines", "what goes as well", "no value"],
)
def test_what_cannot_be_done_is_refused(gone: list[Path], values: dict[Path, str]) -> None:
    """A file would be written that says something else than was meant."""
    with pytest.raises(UnparsableError, match="cannot be taken out"):
        cut(locate("a = 1\n[t]\nb = 2\n"), gone, values)


def test_lines() -> None:
    """A message would name another line than the one that it is about."""
    places = locate("a = 1\n\n[t]\nb = [\n  2,\n  3,\n]\n")
    assert [places.line(path) for path in (("a",), ("t",), ("t", "b", 1), ("t", "b", 2), ("x",))] == [
        1,
        3,
        6,
        None,
        None,
    ]


def test_no_toml() -> None:
    """A file with a slip would end the program without a line."""
    with pytest.raises(UnparsableError):
        locate("a = \n")


_KEY = st.sampled_from(["a", "b", "c d", "#", "'"])
_LEAF = st.one_of(
    st.integers(-9, 9), st.booleans(), st.sampled_from(["", "x", "# no remark", "[", "}", '"', "ä\\", "\n#"])
)
_VALUE = st.recursive(
    _LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEY, inner, max_size=3)), max_leaves=8
)


def _paths(path: Path, value: object) -> list[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = [*value.items()]
    elif isinstance(value, list):
        inner = [*enumerate(value)]
    return [found for key, one in inner for found in [(*path, key), *_paths((*path, key), one)]]


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("b = 1 # one\n", ()),
        ("a = [] # none\n", ()),
        ("a = [ # none\n]\n", ("# none",)),
        ("a = [\n  '#x', # one\n  # two, too\n  [1, # three\n  2],\n]\nb = 1 # four\n", ("# one", "# two, too")),
    ],
)
def test_remarks_in_a_list(text: str, remarks: tuple[str, ...]) -> None:
    """What a person has remarked in a list would be gone where the list is written anew."""
    assert list_remarks(locate(text), ("a",)) == remarks


@given(st.dictionaries(_KEY, _VALUE, max_size=4), st.data())
def test_any_parts_of_any_file(tables: dict[str, object], data: st.DataObject) -> None:
    """A workspace in a form that nobody has thought of could not be built without the rest of it."""
    text = tomlkit.dumps(tables)
    paths = _paths((), tomllib.loads(text))
    gone = data.draw(st.lists(st.sampled_from(paths), max_size=4)) if paths else []
    after = cut(locate(text), gone, {})
    assert cut(locate(after), [], {}) == after
    if not gone:
        assert after == text
