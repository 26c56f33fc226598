"""Scripts that say what they need: each form of the block before and after, and what must stay as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import Layout
from support.project_layout import PLAIN, problems, rewrite

from common_sync.core.references.scripts import read_script
from common_sync.core.text import UnparsableError


def block(*lines: str, end: str = "\n") -> str:
    """Return a script with a block of some lines, and something around it that looks alike."""
    inside = (f"# {line}" if line else "#" for line in lines)
    text = (
        "#!/usr/bin/env -S uv run --script",
        "# /// script",
        *inside,
        "# ///",
        "x = '../../common'",
        "# c = '../../common'",
        "",
    )
    return end.join(text)


REWRITTEN = [
    pytest.param(("[tool.uv.sources]", "c = { path = '../../common' }"), ("[tool.uv.sources]", "c = { path = 'common' }"), id="a source"),
    pytest.param(
        ("dependencies = [", '    "c",', "", "]", "[tool.uv.sources.c]", 'path = "../../common"  # größe', "editable = true"),
        ("dependencies = [", '    "c",', "", "]", "[tool.uv.sources.c]", 'path = "common"  # größe', "editable = true"),
        id="a table, an empty line, a comment",
    ),
    pytest.param(("dependencies = ['c @ file:../../common']",), ("dependencies = ['c @ file:./common']",), id="a URL"),
    pytest.param(
        ("dependencies = ['a @ file:../../common/a', 'c @ file:../../common']",),
        ("dependencies = ['a @ file:./common/a', 'c @ file:./common']",),
        id="two on a line",
    ),
    pytest.param(("tool.uv.override-dependencies = ['c @ ../../common']",), ("tool.uv.override-dependencies = ['c @ ./common']",), id="an override"),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), REWRITTEN)
def test_rewrites(before: tuple[str, ...], after: tuple[str, ...], end: str) -> None:
    """A script would install the master, or nothing where the service is alone; or its code would be changed."""
    assert rewrite(read_script, block(*before, end=end)) == block(*after, end=end)
    assert read_script(block(*after, end=end), PLAIN.site()).edits == ()


def test_lines_are_those_of_the_script() -> None:
    """A person would be sent to another line."""
    found = read_script(block("x = 1", "[tool.uv]", "a = '../../common'"), PLAIN.site())
    assert problems(found) == [(5, "CS110")]
    found = read_script(block("x = 1", "tool.uv.sources.c.path = '../../common'"), PLAIN.site())
    assert [(one.line, one.state) for one in found.references] == [(4, "points-at-master")]
    foreign = read_script(block("tool.uv.sources.c.path = '../../common'"), PLAIN.site(own=False))
    assert (foreign.edits, problems(foreign)) == ((), [(3, "CS103")])
    deep = Layout(folder="scripts")
    assert rewrite(read_script, block("tool.uv.sources.c.path = '../../../common'"), deep) == block(
        "tool.uv.sources.c.path = '../common'"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (block("x = 1", "[tool"), 4),
        (block("x = 1") + block("x = 1"), 8),
    ],
)
def test_what_cannot_be_parsed(text: str, line: int) -> None:
    """A script that no tool runs would be passed over."""
    with pytest.raises(UnparsableError) as caught:
        read_script(text, PLAIN.site())
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# /// script\n# x = '../../common'\n",
        "# /// pyproject\n# tool.uv.sources.c.path = '../../common'\n# ///\n",
        "  # /// script\n  # tool.uv.sources.c.path = '../../common'\n  # ///\n",
        "# /// script\n#tool.uv.sources.c.path = '../../common'\n# ///\n",
    ],
)
def test_what_is_no_block(text: str) -> None:
    """A comment would be rewritten."""
    found = read_script(text, PLAIN.site())
    assert (found.edits, found.references, found.problems) == ((), (), ())


@pytest.mark.parametrize("quotes", ["'", '"', "'''", '"""'])
def test_a_copy_with_line_breaks_in_its_name(quotes: str) -> None:
    """The block would be torn: what follows the line break would be code."""
    before = block(f"tool.uv.sources.c.path = {quotes}../../common{quotes}")
    after = rewrite(read_script, before, Layout("a\n# b"))
    assert after.count("\n") == before.count("\n")
    assert (after == before) is ("'" in quotes)  # such a string has no escapes: it stays, with CS106


@given(st.lists(st.text("ab'\"\\#/. =[]\u00e4", max_size=12), max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_only_the_path_is_replaced(more: list[str], end: str) -> None:
    """A script would be changed beside the path that leads to the library."""
    lines = ("tool.uv.sources.c.path = '../../common'", *(f"# {one}" for one in more))
    assert rewrite(read_script, block(*lines, end=end)) == block(lines[0].replace("../../", ""), *lines[1:], end=end)
