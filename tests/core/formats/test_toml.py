"""Places of strings in TOML, held against `tomllib`."""

import string
import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.formats.toml import Path, escape, find_offset, parse_toml
from common_sync.core.model import Edit
from common_sync.core.text import UnparsableError, apply_edits

STRINGS: list[object] = [
    pytest.param(text, found, id=reason)
    for reason, text, found in (
        ("nothing", "", []),
        ("no string", "a = 1\nb = [1.5, true, 1979-05-27 07:32:00, inf]\n[c]\nd = 0x1F # 'no'\n", []),
        ("basic", 'a = "x"', [(("a",), "x")]),
        ("literal", "a = '\\x'", [(("a",), "\\x")]),
        ("empty ones", "a = \"\"\nb = ''", [(("a",), ""), (("b",), "")]),
        ("long, its first line end dropped", 'a = """\nx\ny"""', [(("a",), "x\ny")]),
        ("long and raw", "a = '''\r\nx\\n'''", [(("a",), "x\\n")]),
        ("quotes in a long one", 'a = """"x"" y""""" # "', [(("a",), '"x"" y""')]),
        ("quotes in a long raw one", "a = '''x'' y'''''", [(("a",), "x'' y''")]),
        ("empty long ones", "a = \"\"\"\"\"\"\nb = ''''''", [(("a",), ""), (("b",), "")]),
        ("a folded line", 'a = """x \\\n   y"""', [(("a",), "x y")]),
        ("escapes", r'a = "\b\t\n\f\r\"\\\u00e4\U0001F600"', [(("a",), '\b\t\n\f\r"\\ä\U0001f600')]),
        ("quotes and brackets in strings", "a = '[\"]#{'\nb = \"'}=,\"", [(("a",), '["]#{'), (("b",), "'}=,")]),
        ("a dotted key", "a . b.'c.d'.\"e\\u0066\" = 'x'", [(("a", "b", "c.d", "ef"), "x")]),
        ("a key of digits", "1.2 = 'x'", [(("1", "2"), "x")]),
        ("a list with comments", "a = [ # '\n 'x', # ']'\n\n 1, 'y',\n]", [(("a", 0), "x"), (("a", 2), "y")]),
        ("lists in lists", "a = [[], ['x'], [['y']]]", [(("a", 1, 0), "x"), (("a", 2, 0, 0), "y")]),
        ("an inline table", "a = { b.c = 'x', d = {}, e = ['y'] }", [(("a", "b", "c"), "x"), (("a", "e", 0), "y")]),
        ("tables", "a = 'x'\n[ b . 'c' ] # [d]\na = 'y'\n[b]\na = 'z'", [(("a",), "x"), (("b", "c", "a"), "y"), (("b", "a"), "z")]),
        (
            "lists of tables",
            "[[p]]\na = 'x'\n[[p]]\n[p.t]\na = 'y'\n[[ p.q ]]\n[[p.q]]\na = 'z'\n[p.q.r]\ns = 'u'",
            [
                (("p", 0, "a"), "x"), (("p", 1, "t", "a"), "y"),
                (("p", 1, "q", 1, "a"), "z"), (("p", 1, "q", 1, "r", "s"), "u"),
            ],
        ),
        ("CRLF", "a = 'x'\r\n[b] # c\r\nd = [\r\n'y']\r\n", [(("a",), "x"), (("b", "d", 0), "y")]),
        ("CRLF in a string", 'a = """x\r\ny"""\r\nb = \'\'\'\r\nz\r\n\'\'\'', [(("a",), "x\ny"), (("b",), "z\n")]),
    )
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), STRINGS)
def test_strings(text: str, found: list[tuple[Path, str]]) -> None:
    """A path would be written into another string than the one that led to the master."""
    assert [(one.path, one.span.value) for one in parse_toml(text).strings] == found


@pytest.mark.parametrize(("text", "found"), STRINGS)
def test_every_character_has_its_place(text: str, found: list[tuple[Path, str]]) -> None:
    """A character beside the path would be replaced, where a string holds escapes or folded lines."""
    for one in parse_toml(text).strings:
        value, span = one.span.value, one.span
        offsets = [find_offset(text, span, index) for index in range(len(value) + 1)]
        assert offsets[len(value)] == span.end
        for index in range(len(value)):
            if text[offsets[index]] != "\r":  # one character of two
                edit = Edit(offsets[index], offsets[index + 1], escape(span, "."))
                changed = parse_toml(apply_edits(text, [edit]))
                assert changed.leaves[one.path] == repr(value[:index] + "." + value[index + 1 :])


def test_keys_have_places_too() -> None:
    """A path that is a key would not be found."""
    text = "a = {'x y' = 'v'}\nb.\"c\" = ['w', {d = ''}]"
    keys = [one.key for one in parse_toml(text).strings]
    assert [key and text[key.start : key.end] for key in keys] == ["x y", None, "d"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("a = 1\nb = \n", 2, "", id="no value"),
        pytest.param("a = 'x", 1, "", id="an open string"),
        pytest.param("a = 1\na = 2\n", 2, "", id="a key twice"),
        pytest.param("{}", 1, "", id="JSON"),
        pytest.param("a = 1\nb = [\n\n", 4, "", id="the end of the file"),
        pytest.param("a = " + "9" * 5000, None, "", id="a number that Python refuses"),
        pytest.param("a = " + "[" * 5000 + "]" * 5000, None, "it is nested too deeply", id="too deep"),
    ],
)
def test_what_is_no_toml(text: str, line: int | None, reason: str) -> None:
    """A broken file would end the whole run, or nobody would know where to look; the words are Python's, in each release its own."""
    with pytest.raises(UnparsableError) as raised:
        parse_toml(text)
    assert raised.value.line == line
    assert str(raised.value) == reason if reason else str(raised.value)
    assert "(at " not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [("a = 'x'", None, "could not be told apart"), ("a = 1\n? = 'x'\n", 2, "not understood from here on")],
)
def test_refuses_what_it_does_not_understand(
    monkeypatch: pytest.MonkeyPatch, text: str, line: int | None, reason: str
) -> None:
    """Once `tomllib` reads a newer TOML than we know, edits would land in the wrong place."""
    monkeypatch.setattr(tomllib, "loads", lambda _: {"a": "y"})
    with pytest.raises(UnparsableError, match=reason) as raised:
        parse_toml(text)
    assert raised.value.line == line


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = TEXT | st.integers(-9, 9) | st.booleans() | st.floats(allow_nan=False) | st.dates() | st.datetimes()
KEYS = st.text(string.ascii_lowercase + ".\"' ä", min_size=1, max_size=4)
TABLES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(st.dictionaries(KEYS, inner, max_size=3), max_size=3)
            | st.dictionaries(KEYS, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(TABLES)
def test_any_document_of_a_toml_writer(table: dict[str, object]) -> None:
    """A document of some shape would be refused, though it is right."""
    text = tomlkit.dumps(table)
    document = parse_toml(text)
    assert document.leaves == parse_toml(text.replace("\n", "\r\n")).leaves
    assert (tomllib.loads(text) == {}) == (document.leaves == {(): "{}"})


LINES = [
    "a = 'x'", 'b."c" = """', '"""', "'''", 'd = ["', '", ', "]", "[t]", "[[l]]", "[l.m]", "e = {f = '", "'}", "# '",
    "\\", '\\"', "\n", "\r\n", "u = 1", "x", '"', "'", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from([*LINES, "\n"]), max_size=20).map("".join))
def test_survives_any_text(text: str) -> None:
    """What `tomllib` takes would be refused, or an odd file would end the run with a traceback."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(UnparsableError):
            parse_toml(text)
    else:
        parse_toml(text)
