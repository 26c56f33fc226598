"""References in conda's environment.yml: each line under `pip:` is a requirement; the rest is conda's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import Layout

from common_sync.core.references.conda import read_environment
from common_sync.core.references.contract import Include, LocatedReference, Rewrite
from common_sync.core.text import UnparsableError, apply_edits
from common_sync.edges.files.yaml import parse_yaml

PLAIN = Layout()


def read(text: str, layout: Layout = PLAIN, *, own: bool = True) -> Rewrite:
    """Read a file of a layout."""
    return read_environment(text, layout.site(own=own), parse_yaml)


def environment(*lines: str) -> str:
    """Return an environment whose pip gets some lines."""
    pip = "".join(f"      - {line}\n" for line in lines)
    return f"name: api  # ../../common\nchannels: [../../common]\ndependencies:\n  - python=3.11\n  - pip:\n{pip}"


REWRITTEN = [
    pytest.param(["-e ../../common"], ["-e ./common"], PLAIN, id="editable"),
    pytest.param(["-r ../../common/requirements.txt"], ["-r common/requirements.txt"], PLAIN, id="requirements"),
    pytest.param(['"-e ../../common[redis]" # c'], ['"-e ./common[redis]" # c'], PLAIN, id="in double quotes"),
    pytest.param(
        ["'../../common ; os_name == ''x'''"], ["'./common ; os_name == ''x'''"], PLAIN, id="in single quotes"
    ),
    pytest.param(["x @ file:../../common#egg=x"], ["x @ file:./common#egg=x"], PLAIN, id="direct"),
    pytest.param(["&a -e ../../common"], ["&a -e ./common"], PLAIN, id="with an anchor that nobody uses"),
    pytest.param(
        ["x @ file:../..#subdirectory=common"], ["x @ file:.#subdirectory=common"], PLAIN, id="two edits in one line"
    ),
    pytest.param(
        ["fastapi", "-e ../../../common"], ["fastapi", "-e ./../common"], Layout(folder="conda"), id="in a folder"
    ),
    pytest.param(["-r ../../../common/r.txt"], ["-r ../common/r.txt"], Layout(folder="conda"), id="-r in a folder"),
    pytest.param(["-e ../../common"], ["-e ./my\\ lib"], Layout("my lib"), id="a copy with a blank, which pip escapes"),
    pytest.param(['"-e ../../common"'], ['"-e ./my\\\\ lib"'], Layout("my lib"), id="and so does YAML in quotes"),
]


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_rewrites(before: list[str], after: list[str], layout: Layout) -> None:
    """An environment could not be made in the service's own folder, or another line would change."""
    found = read(environment(*before), layout)
    assert apply_edits(environment(*before), found.edits) == environment(*after)
    assert [reference.state for reference in found.references] == ["points-at-master"]
    assert found.problems == ()
    again = read(environment(*after), layout)
    assert (again.edits, again.problems) == ((), ())
    assert [reference.state for reference in again.references] == ["points-at-copy"]


STAYS = [
    pytest.param(environment("common", "../../common-utils", "https://x/common"), id="other requirements"),
    pytest.param("dependencies: [-e ../../common, ../../common]\n", id="conda's own dependencies"),
    pytest.param("dependencies: [{npm: [../../common]}]\npip: [../../common]\n", id="other keys"),
    pytest.param("dependencies: [{pip: {a: ../../common}}]\n", id="a mapping where conda has none"),
    pytest.param("variables: {COMMON: ../../common}\nprefix: ../../common\n", id="variables and the prefix"),
    pytest.param("x: &a ../../common-x\ndependencies: [pip: [*a]]\n", id="an alias of something else"),
    pytest.param("", id="an empty file"),
    pytest.param("[../../common]", id="a list"),
]


@pytest.mark.parametrize("text", STAYS)
def test_leaves_what_is_not_a_reference(text: str) -> None:
    """Somebody's other path would be rewritten or reported."""
    assert read(text) == Rewrite()


def test_lines_includes_and_variables() -> None:
    """A finding would name another line, or a reference in an included file be missed."""
    found = read(environment("-r base.txt", "-e ${COMMON}", "-r ./common/r.txt"))
    assert found.includes == (Include("base.txt", 6, kind="requirements"),)
    assert [(one.line, one.code) for one in found.problems] == [(7, "CS102")]
    assert found.references == (
        LocatedReference(7, "unresolved", "${COMMON}"),
        LocatedReference(8, "points-at-copy", "./common/r.txt", "r.txt", includes=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(environment("|\n        -e ../../common"), id="a block"),
        pytest.param(environment("-e\n        ../../common"), id="two lines"),
        pytest.param(environment("&a -e ../../common") + "variables: {A: *a}\n", id="an anchor that is used elsewhere"),
    ],
)
def test_refuses_what_it_cannot_rewrite_alone(text: str) -> None:
    """Another value would change with the line, or the file mean something else than before."""
    found = read(text)
    assert found.edits == ()
    assert [(one.line, one.code) for one in found.problems] == [(6, "CS106")]


def test_refuses_what_would_not_read_back() -> None:
    """A copy with an odd name would turn a part of the path into a comment."""
    found = read(environment("../../common", "'../../common/x'"), Layout("a #b"))
    assert [(one.line, one.code) for one in found.problems] == [(6, "CS106"), (7, "CS106")]
    found = read("dependencies: [pip: [-e ../../common]]", Layout("a, b"))
    assert ([one.code for one in found.problems], found.edits) == (["CS106"], ())


def test_leaves_files_of_others() -> None:
    """A file that other services use as well would be made to fit one of them."""
    found = read(environment("-e ../../common"), own=False)
    assert ([one.code for one in found.problems], found.edits) == (["CS103"], ())


def test_a_file_that_cannot_be_parsed() -> None:
    """A broken file would be taken for one that says nothing of the library."""
    with pytest.raises(UnparsableError):
        read("dependencies: [")


LINES = [("-e ../../common/{}", "-e ./common/{}"), ("x==1", "x==1"), ("../../common/{}[a]", "./common/{}[a]")]


@given(
    st.lists(
        st.tuples(st.sampled_from(LINES), st.sampled_from(["{}", "'{}'", '"{}"', "{} # ../../common", "!!str {}"]))
    )
)
def test_every_character_outside_the_paths_is_kept(lines: list[tuple[tuple[str, str], str]]) -> None:
    """Comments, quotes, indentation or other values would be changed beside a path."""
    before, after = (
        environment(*(style.format(line[side].format(number)) for number, (line, style) in enumerate(lines)))
        for side in (0, 1)
    )
    assert apply_edits(before, read(before).edits) == after
    assert read(after).edits == ()
