"""YAML read with positions: the value between two offsets is what the scalar says, and no file ends the program."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.counted import no_hang
from support.depth import ALL, sampled

from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    find_value,
    outline,
    read_meanings,
)
from common_sync.core.text import UnparsableError
from common_sync.edges.files.yaml import parse_yaml


def scalars(root: Node) -> list[YamlScalar]:
    """Return all scalars in the order of the text, each once."""
    return [scalar for scalar, _ in read_meanings(root, lambda *_: "any")]


POSITIONS = {
    "plain": ("a: ../x # c\n", ["a", "../x"]),
    "quoted": ("\"a\": '../x'\n", ['"a"', "'../x'"]),
    "characters of two, three and four bytes": ("ü€😀: '😀'\nc: ../x\n", ["ü€😀", "'😀'", "c", "../x"]),
    "a byte order mark": ("\ufeffü: b\nc: ../x\n", ["ü", "b", "c", "../x"]),
    "CRLF": ("a: b\r\nc: ../x\r\n", ["a", "b", "c", "../x"]),
    "CR": ("a: b\rc: ../x\r", ["a", "b", "c", "../x"]),
    "the odd line ends": ("a: b\x85c: d\u2028e: ../x\n", ["a", "b", "c", "d", "e", "../x"]),
    "an anchor": ("a: &b ../x\nc: *b\n", ["a", "../x", "c"]),
    "an anchor and a tag": ("a: !!str &b '../x'\n", ["a", "'../x'"]),
    "a tag spelled out": ("a: !<tag:yaml.org,2002:str> ../x\n", ["a", "../x"]),
    "an anchor on a line of its own": ("a: &b # !c\n  ../x\n", ["a", "../x"]),
    "an anchor of nothing": ("[&a , x]", ["", "x"]),
    "flow": ("{a: [../x, '../y']}", ["a", "../x", "'../y'"]),
    "a block": ("a: |\n  ../x\nb: 1\n", ["a", "|\n  ../x\n", "b", "1"]),
    "several lines": ("a: ../x\n  y\n", ["a", "../x\n  y"]),
    "nothing": ("a:\n", ["a", ""]),
    "blanks at the end": ("a: ../x  \n\n", ["a", "../x"]),
    "document marks": ("--- # x\na: ../x\n...\n", ["a", "../x"]),
}


@pytest.fixture(params=["libyaml", "Python"])
def each_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with libyaml's parser, and with PyYAML's own, which is there where it was built without."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader")


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize("name", POSITIONS)
def test_positions(name: str) -> None:
    """An edit would be spliced in beside the path, into somebody's other words."""
    text, written = POSITIONS[name]
    assert [text[scalar.start : scalar.end] for scalar in scalars(parse_yaml(text))] == written


def test_a_tab_before_a_value() -> None:
    """A file that Compose takes would be refused: PyYAML's own scanner does, libyaml's does not."""
    assert [scalar.value for scalar in scalars(parse_yaml("a:\t../x\n"))] == ["a", "../x"]


def test_lines_tags_and_styles() -> None:
    """A finding would name another line, or a quoted `<<` or a tagged value be taken for what it is not."""
    root = parse_yaml("# x\na: &b !reset\n  # y\n  '1'\nc: !override [x]\n")
    assert isinstance(root, YamlMapping)
    value, items = root.pairs[0][1], root.pairs[1][1]
    assert isinstance(value, YamlScalar)
    assert (value.line, value.tag, value.style, value.value) == (4, "!reset", "'", "1")
    assert isinstance(items, YamlSequence)
    assert (items.line, items.tag, root.line) == (5, "!override", 2)


def test_an_alias_is_the_same_object() -> None:
    """Nobody could tell that a value is used in two places, and one of them would change with the other."""
    root = parse_yaml("a: &x ../x\nb: *x\nc: &m {k: 1}\nd: {<<: *m, k2: 2}\n")
    assert find_value(root, "a") is find_value(root, "b")
    assert find_value(find_value(root, "d"), "k") is find_value(find_value(root, "c"), "k")


def test_merge_keys() -> None:
    """A value would be read that Compose does not take, and the one that it takes not be."""
    root = parse_yaml("{<<: [{k: 1, l: 1}, {k: 2, m: {n: 3}}], l: 0, '<<': {o: 4}}")
    found = [find_value(root, key) for key in "klo"]
    assert [one.value if isinstance(one, YamlScalar) else None for one in found] == ["1", "0", None]
    assert isinstance(find_value(root, "m"), YamlMapping)


def test_an_outline_tells_documents_apart() -> None:
    """An edit that has changed more than a value would pass for proven."""
    texts = [
        "a: x",
        "a: 'x'",
        "a: !t x",
        "a: [x]",
        "a: {x: }",
        "a: !t [x]",
        "a: [x, x]",
        "a: [&x x, *x]",
        "a: [[x], x]",
    ]
    outlines = [outline(parse_yaml(text)) for text in texts]
    assert all(one not in outlines[:number] for number, one in enumerate(outlines))
    assert outline(parse_yaml("a: x # c"), {3: "y"}) == outline(parse_yaml("a:  y"))


def test_an_anchor_may_be_given_anew() -> None:
    """A file that Compose takes would be refused."""
    root = parse_yaml("[&a x, *a, &a y, *a]")
    assert isinstance(root, YamlSequence)
    assert [item.value for item in root.items if isinstance(item, YamlScalar)] == ["x", "x", "y", "y"]


@pytest.mark.parametrize("text", ["", "# x\n", "---\n", "\ufeff"])
def test_an_empty_file(text: str) -> None:
    """A file with nothing in it would end the run."""
    assert outline(parse_yaml(text)) == [("scalar", "", "", "")]


UNPARSABLE = [
    # a text, the line of its fault, and our words for it, where they are ours
    ("a: 1\n---\nb: 2\n", 2, "a second document begins here"),
    ("a: *x\n", 1, "found undefined alias 'x'"),
    ("a: &x [*x]\n", 1, "found undefined alias 'x'"),
    ("a: 1\nb: \n" + "  [" * 101, 3, "nested more than 100 levels deep"),
    ("a: 1\nb: " + "[" * 1010, 2, "nested more than 100 levels deep"),
    ("a:\n  b: [1\nc: 2\n", 3, None),
    ("a: 1\nb: @x\n", 2, None),
    ("a: 1\nb: \0\n", 2, None),
    ("\ufeff\ufeffa: 1\nb: \x01\n", 2, None),
    ("a: 1\nb: \udc80\n", 2, None),
    ("a: b: c\n", 1, None),
    ("a: 1\n\tb: 2\n", 2, None),
]


@pytest.mark.parametrize(("text", "line", "words"), UNPARSABLE)
def test_says_where_it_cannot_be_parsed(
    text: str, line: int, words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user would have to look for the fault in a long file, or be told of another one on a colleague's machine."""
    fault = fault_of(text)
    assert fault.line == line
    assert str(fault) == words if words else str(fault)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert (fault_of(text).line, str(fault_of(text))) == (line, str(fault))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a:\t1\nb: @x\n", 2, id="a tab before a value"),
        pytest.param("a:\t1\n---\nb: 1\n", 2, id="a tab before a second document"),
        pytest.param('a: 1\nb: "\\ud800"\n', 2, id="half a character"),
    ],
)
def test_what_only_libyaml_takes_or_refuses(text: str, line: int) -> None:
    """A user would be sent to a line in which Compose finds nothing, or the file be rewritten that it refuses."""
    fault = fault_of(text)
    assert fault.line == line
    assert str(fault)


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\U00110000"', f"%YAML 1.{'9' * 5000}\n--- a"])
def test_a_number_that_is_too_large(text: str) -> None:
    """The whole run would end with a traceback."""
    assert str(fault_of(text))


def fault_of(text: str) -> UnparsableError:
    """Return what is raised."""
    with pytest.raises(UnparsableError) as caught:
        parse_yaml(text)
    return caught.value


@pytest.mark.usefixtures("each_parser")
@pytest.mark.parametrize(
    "opening", sampled(["[", "{", "{a: ", "- ", "? ", "[{a: ", "&a [", "!!seq ["], 1, "more ways to nest YAML")
)
def test_a_megabyte_of_brackets(opening: str) -> None:
    """The process would end by a segmentation fault, as it does where libyaml builds the tree."""
    with no_hang():
        fault = fault_of(opening * ((1 << 20) // len(opening)))
    assert (fault.line, str(fault)) == (1, "nested more than 100 levels deep")


def test_aliases_that_multiply() -> None:
    """A file of a thousand bytes would fill the memory."""
    lines = ["a0: &a0 [x, x]\n", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))]
    merged = ["b0: &b0 {k: v}\n", *(f"b{n}: &b{n} {{<<: [*b{n - 1}, *b{n - 1}]}}\n" for n in range(1, 90))]
    root = parse_yaml("".join(lines + merged))
    assert len(outline(root)) < 2000
    assert len(scalars(root)) < 2000
    assert find_value(find_value(root, "b89"), "nothing") is None


NOISE = [
    *"ab:-?[]{}&*!|>'\"%#,~ \n\r\t\\ü😀\ufeff\x85",
    "../",
    "<<: ",
    "---\n",
    "\\u0061",
    ": ",
    "- ",
    "&a ",
    "*a",
    "\n  ",
]


@given(st.lists(st.sampled_from(NOISE)).map("".join))
@example("'a\\u0061': \"\\u0061\"")
def test_any_text(text: str) -> None:
    """One odd file would end the whole run with a traceback; or a scalar be looked for where it is not."""
    try:
        root = parse_yaml(text)
    except UnparsableError:
        return
    for scalar in scalars(root):
        written = text[scalar.start : scalar.end]
        assert written.startswith(scalar.style)
        assert scalar.style or len(written.splitlines()) > 1 or written == scalar.value
    assert outline(parse_yaml(text)) == outline(root)


@settings(max_examples=40 if ALL else 15)
@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_was_written_is_read(value: object) -> None:
    """A file that Compose can read would be refused, or be read as saying something else."""
    for flow in (True, False):
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
        composed = yaml.compose(text, Loader=yaml.SafeLoader)
        assert composed is not None
        assert [scalar.value for scalar in scalars(parse_yaml(text))] == list(_values(composed))


def _values(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.ScalarNode):
        return [node.value]
    children = [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else node.value
    return [value for child in children for value in _values(child)]
