"""References in pyproject.toml and Pipfile: each form that a tool takes, before and after, and what must stay as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import Layout
from support.project_layout import PLAIN, problems, rewrite

from common_sync.core.references.pyproject import read_hatch, read_pipfile, read_pixi, read_project
from common_sync.core.text import UnparsableError, apply_edits


def row(reason: str, before: str, after: str, layout: Layout = PLAIN) -> object:
    """Return one row of a table, its reason as the test's name."""
    return pytest.param(before, after, layout, id=reason)


DEEP = Layout(folder="worker")

PROJECT = [
    # uv
    row("uv", "[tool.uv.sources]\nc = { path = '../../common' }", "[tool.uv.sources]\nc = { path = 'common' }"),
    row(
        "uv, editable, comments and blanks",
        '[tool.uv.sources] # a\nour-common={path="../../common",editable=true} # b\r\n',
        '[tool.uv.sources] # a\nour-common={path="common",editable=true} # b\r\n',
    ),
    row(
        "uv, a list with markers",
        "[tool.uv.sources]\nc = [\n  { path = '../../common', marker = \"os_name == 'a'\" }, # a\n  { git = 'https://x/../../common' },\n  { path = \"../../common/b\", group = 'dev' },\n]",
        "[tool.uv.sources]\nc = [\n  { path = 'common', marker = \"os_name == 'a'\" }, # a\n  { git = 'https://x/../../common' },\n  { path = \"common/b\", group = 'dev' },\n]",
    ),
    row("uv, a table of its own", '[tool.uv.sources.c]\npath = "../../common"\n', '[tool.uv.sources.c]\npath = "common"\n'),
    row("uv, dotted", 'tool.uv.sources.c.path = "../../common"', 'tool.uv.sources.c.path = "common"'),
    row("uv, quoted keys", '["tool".\'uv\'.sources]\n"c".path = "../../common"', '["tool".\'uv\'.sources]\n"c".path = "common"'),
    row("uv, an extra", "[tool.uv.sources]\nc = {path='../../common',extra='x'}", "[tool.uv.sources]\nc = {path='common',extra='x'}"),
    row("uv's own groups", "[tool.uv]\ndev-dependencies = ['c @ file:../../common']", "[tool.uv]\ndev-dependencies = ['c @ file:./common']"),
    row(
        "uv's constraints and overrides",
        "[tool.uv]\noverride-dependencies = ['c @ file:///repo/common']\nconstraint-dependencies = ['c @ ../../common']",
        "[tool.uv]\noverride-dependencies = ['c @ file:///${PROJECT_ROOT}/common']\nconstraint-dependencies = ['c @ ./common']",
    ),
    row("a uv workspace", "[tool.uv.workspace]\nmembers = ['x', '../../common']", "[tool.uv.workspace]\nmembers = ['x', 'common']"),
    row("uv, a URL with two slashes", "project.dependencies = ['c @ file://../../common']", "project.dependencies = ['c @ file:./common']"),
    row("and uv reads it", "tool.uv.x = 1\nproject.dependencies = ['c @ file://../../common']", "tool.uv.x = 1\nproject.dependencies = ['c @ file:///${PROJECT_ROOT}/common']"),
    row("a uv workspace without", "tool.uv.workspace.exclude = ['../../common']", "tool.uv.workspace.exclude = ['common']"),
    row("Hatch's workspace", "[tool.hatch.envs.x]\nworkspace.members = ['../../common']", "[tool.hatch.envs.x]\nworkspace.members = ['common']"),
    row("pixi", "[tool.pixi.pypi-dependencies]\nc = {path='../../common'}", "[tool.pixi.pypi-dependencies]\nc = {path='common'}"),
    # how a path is spelled
    row("a long string", 'tool.uv.sources.c.path = """\n../../common"""', 'tool.uv.sources.c.path = """\ncommon"""'),
    row("a raw long string", "tool.uv.sources.c.path = '''../../common'''", "tool.uv.sources.c.path = '''common'''"),
    row("escapes", r'tool.uv.sources.c.path = "..\u002f../common/\u0061"', r'tool.uv.sources.c.path = "common/a"'),
    row("a roundabout path", "tool.uv.sources.c.path = '../../services/../common/'", "tool.uv.sources.c.path = 'common/'"),
    row("a path that begins with a dot", "tool.uv.sources.c.path = './../../common'", "tool.uv.sources.c.path = './common'"),
    row("an absolute path", "tool.uv.sources.c.path = '/repo/common/x'", "tool.uv.sources.c.path = 'common/x'"),
    row("a copy elsewhere", "tool.uv.sources.c.path = '../../common'", "tool.uv.sources.c.path = 'lib/common'", Layout("lib/common")),
    row("a copy with a quote", 'tool.uv.sources.c.path = "../../common"', 'tool.uv.sources.c.path = "a\\"b\\\\c"', Layout('a"b\\c')),
    row("a project in a folder", "tool.uv.sources.c.path = '../../../common'", "tool.uv.sources.c.path = '../common'", DEEP),
    row("a project in a folder, dotted", "tool.uv.sources.c.path = './../../../common'", "tool.uv.sources.c.path = '../common'", DEEP),
    # Poetry
    row(
        "Poetry",
        '[tool.poetry.dependencies]\npython = "^3.11"\nc = {path = "../../common", develop = true}',
        '[tool.poetry.dependencies]\npython = "^3.11"\nc = {path = "common", develop = true}',
    ),
    row("Poetry's groups", "[tool.poetry.group.dev.dependencies]\nc.path = '../../common'", "[tool.poetry.group.dev.dependencies]\nc.path = 'common'"),
    row("older Poetry", "[tool.poetry.dev-dependencies]\nc.path = '../../common'", "[tool.poetry.dev-dependencies]\nc.path = 'common'"),
    row(
        "Poetry, a list",
        "[tool.poetry.dependencies]\nc = [{path='../../common',platform='a'},{version='1',platform='b'}]",
        "[tool.poetry.dependencies]\nc = [{path='common',platform='a'},{version='1',platform='b'}]",
    ),
    row(
        "Poetry's packages",
        "[[tool.poetry.packages]]\ninclude = 'app'\n[[tool.poetry.packages]]\ninclude = 'x'\nfrom = '../../common'",
        "[[tool.poetry.packages]]\ninclude = 'app'\n[[tool.poetry.packages]]\ninclude = 'x'\nfrom = 'common'",
    ),
    # the standards
    row("dependencies", "[project]\ndependencies = ['a', 'c @ file:../../common']", "[project]\ndependencies = ['a', 'c @ file:./common']"),
    row("absolute", "[project]\ndependencies = ['c @ file:///repo/common']", "[project]\ndependencies = ['c @ file:./common']"),
    row("absolute, and uv reads it", "[project]\ndependencies = ['c @ file:///repo/common']\n[tool.uv]\na=1", "[project]\ndependencies = ['c @ file:///${PROJECT_ROOT}/common']\n[tool.uv]\na=1"),
    row(
        "extras, a marker, a subdirectory",
        "[project.optional-dependencies]\nx = ['c[a,b] @ file:../../common#subdirectory=x ; os_name == \"a\"']",
        "[project.optional-dependencies]\nx = ['c[a,b] @ file:./common#subdirectory=x ; os_name == \"a\"']",
    ),
    row("a quoted marker", '[project]\ndependencies = ["c @ file:../../common ; os_name == \\"a\\""]', '[project]\ndependencies = ["c @ file:./common ; os_name == \\"a\\""]'),
    row("groups", "[dependency-groups]\ndev = [{include-group='x'}, 'c @ file:../../common']", "[dependency-groups]\ndev = [{include-group='x'}, 'c @ file:./common']"),
    row("what builds it", "[build-system]\nrequires = ['hatchling', 'c @ file:../../common']", "[build-system]\nrequires = ['hatchling', 'c @ file:./common']"),
    row("percent-encoded", "project.dependencies = ['c @ file:../../c%6Fmmon/']", "project.dependencies = ['c @ file:./a%20b/']", Layout("a b")),
    row("upper case", "project.dependencies = ['c @ FILE:../../common']", "project.dependencies = ['c @ file:./common']"),
    # PDM
    row(
        "PDM",
        'project.dependencies = ["c[x] @ file:///${PROJECT_ROOT}/../../common#sha256=a ; x"]',
        'project.dependencies = ["c[x] @ file:///${PROJECT_ROOT}/common#sha256=a ; x"]',
    ),
    row(
        "PDM's groups",
        '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/../../common#egg=c", "-e ../../common"]',
        '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/common#egg=c", "-e ./common"]',
    ),
    row("PDM, two slashes", 'project.dependencies = ["c @ file://${PROJECT_ROOT}/../../common/"]', 'project.dependencies = ["c @ file://${PROJECT_ROOT}/common/"]'),
    row(
        "PDM's resolution",
        "[tool.pdm.resolution.overrides]\nc = 'file:///${PROJECT_ROOT}/../../common'\nd = '1.0'",
        "[tool.pdm.resolution.overrides]\nc = 'file:///${PROJECT_ROOT}/common'\nd = '1.0'",
    ),
    row("PDM in a folder", "project.dependencies = ['c @ file:///${PROJECT_ROOT}/../../../common']", "project.dependencies = ['c @ file:///${PROJECT_ROOT}/../common']", DEEP),
    # Hatch
    row("Hatch", "project.dependencies = ['c @ {root:uri}/../../common']", "project.dependencies = ['c @ {root:uri}/common']"),
    row("Hatch, parents", "project.dependencies = ['c @ {root:parent:parent:uri}/common/x']", "project.dependencies = ['c @ {root:uri}/common/x']"),
    row("Hatch, a plain root", "project.dependencies = ['c @ file://{root}/../../common']", "project.dependencies = ['c @ file://{root}/common']"),
    row("Hatch, a real root", "project.dependencies = ['c[x] @ {root:parent:parent:real:uri}/common;x']", "project.dependencies = ['c[x] @ {root:real:uri}/common;x']"),
    row(
        "Hatch's environments",
        "[tool.hatch.envs.test]\ndependencies = ['c @ {root:uri}/../../common']\nextra-dependencies = ['c @ file:../../common']",
        "[tool.hatch.envs.test]\ndependencies = ['c @ {root:uri}/common']\nextra-dependencies = ['c @ file:./common']",
    ),
    row(
        "Hatch's forced files",
        "[tool.hatch.build.targets.wheel.force-include]\n\"../../common/x\" = 'x'\n'../../common' = \"../../common\"",
        "[tool.hatch.build.targets.wheel.force-include]\n\"common/x\" = 'x'\n'common' = \"../../common\"",
    ),
    row("for every target", "tool.hatch.build.force-include.'../../common/' = 'x'", "tool.hatch.build.force-include.'common/' = 'x'"),
    # setuptools
    row("setuptools, folders", "[tool.setuptools.package-dir]\n\"\" = 'src'\nx = '../../common/x'", "[tool.setuptools.package-dir]\n\"\" = 'src'\nx = 'common/x'"),
    row("setuptools, where", "[tool.setuptools.packages.find]\nwhere = ['src', '../../common']", "[tool.setuptools.packages.find]\nwhere = ['src', 'common']"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "layout"), PROJECT)
def test_rewrites(before: str, after: str, layout: Layout) -> None:
    """The service would be installed from a folder that is not there."""
    found = read_project(before, layout.site())
    assert apply_edits(before, found.edits) == after
    assert found.problems == ()
    assert {one.state for one in found.references} == {"points-at-master"}
    assert rewrite(read_project, after, layout) == after
    assert {one.state for one in read_project(after, layout.site()).references} <= {"points-at-copy"}


def stays(reason: str, text: str, *found: tuple[int, str]) -> object:
    """Return a text that must stay as it is, and what is said of it."""
    return pytest.param(text, list(found), id=reason)


STAYS = [
    stays("nothing of interest", "[project]\nname = 'x'\ndependencies = ['our-common>=1']"),
    stays("a neighbour with a longer name", "[tool.uv.sources]\nc.path = '../../common-utils'\nd.path = '../../commons/common'"),
    stays("a comment", "[tool.uv.sources]\n# c = { path = '../../common' }\nd = 1 # '../../common'"),
    stays("the copy", "[tool.uv.sources]\nc.path = './common'\nd.path = '../api/common'"),
    stays("the folder above the master", "tool.uv.sources.c.path = '../..'"),
    stays("a path in the service", "tool.uv.sources.c.path = 'x/../common'"),
    stays("an empty path, a path of slashes", "tool.uv.sources.c.path = '/'\ntool.uv.sources.d.path = ''\nx = '..'"),
    stays("a name that no system takes", 'tool.uv.sources.c.path = "../../common\\u0000"\nproject.dependencies=["c @ file:../../common%00", "c @ {root:uri}/../../common%00"]'),
    stays("another source", "[tool.uv.sources]\nc = { git = 'https://x.invalid/../../common' }\nd.workspace = true"),
    stays("a URL on a network", "project.dependencies = ['c @ https://x.invalid/../../common', 'd @ git+file:../../common']"),
    stays("our own configuration", "[tool.common-sync]\nmaster = '../../common'\nexclude = ['../../common/x']"),
    stays("nothing", "# ../../common"),
    stays("a tool that is no table", "tool = '../x'"),
    stays("no path", "tool.uv.sources.c.path = 1\nproject.dependencies = 2\nx = '..'"),
    # what is named and left alone
    stays("a uv workspace by a pattern", "[tool.uv.workspace]\nmembers = ['x', '../../c*']", (2, "CS106")),
    stays("by any folder below", "[tool.uv.workspace]\nmembers = ['../../**']", (2, "CS106")),
    stays("patterns of others", "[tool.uv.workspace]\nmembers = ['../*', 'libs/*', '../../libs/*', '../../../c*']"),
    stays("an environment's members", "[[tool.hatch.envs.x.workspace.members]]\npath = '../../co?mon'", (2, "CS106")),
    stays("a tool's setting", "[tool.pytest.ini_options]\npythonpath = [\n  '.',\n  '../../common/src' ]", (4, "CS110")),
    stays("an absolute setting", "tool.mypy.mypy_path = 'src:/repo/common'\na = '/repo/common-utils'", (1, "CS110")),
    stays("a script", '[tool.pdm.scripts]\nx = """\ncd $PWD/../../common\nls ../../common-utils\n"""', (3, "CS110")),
    stays("a file of setuptools", "tool.setuptools.dynamic.dependencies.file = ['../../common/r.txt']", (1, "CS110")),
    stays("a key of a table", "[tool.hatch.build.targets.wheel.sources]\n'../../common/src' = 'x'", (2, "CS110")),
    stays("a list where a name should be", "tool.hatch.build.force-include.x = ['../../common']"),
    stays("a requirement that Poetry takes only with an absolute path", "tool.poetry.a = 1\nproject.dependencies = ['c @ file:///repo/common']", (2, "CS110")),
    stays("a path below something else", "tool.black.x.path = '../../common'", (1, "CS110")),
    # what nobody can tell
    stays("a variable", "project.dependencies = [\n'c @ file:///${HOME}/common', 'c @ file:${A}']", (2, "CS102"), (2, "CS102")),
    stays("a variable of Hatch", "project.dependencies = ['c @ {home:uri}/common', 'c @ {root:uri}/{env:X}/a']", (1, "CS102"), (1, "CS102")),
    stays("only a variable of Hatch", "project.dependencies = ['c @ {env:X:uri}']", (1, "CS102")),
    stays("a variable that is no path", "project.dependencies = ['c=={matrix:version}', '$x']"),
    stays("an anchor in another place", "project.dependencies = ['c @ https://x/${PROJECT_ROOT}/../../common']"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), STAYS)
def test_stays(text: str, found: list[tuple[int, str]]) -> None:
    """Something else would be rewritten, or a line that leads to the master would be left without a word."""
    read = read_project(text, PLAIN.site())
    assert read.edits == ()
    assert problems(read) == found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[packages]\nc = {path = '../../common', editable = true}", "[packages]\nc = {path = 'common', editable = true}", id="editable"),
        pytest.param('[dev-packages.c]\npath = "../../common"', '[dev-packages.c]\npath = "common"', id="for development"),
        pytest.param("[docs]\nc = {path = '../../common/', extras=['x']}", "[docs]\nc = {path = 'common/', extras=['x']}", id="a category"),
    ],
)  # fmt: skip
def test_pipfile(before: str, after: str) -> None:
    """Pipenv would install from a folder that is not there."""
    assert rewrite(read_pipfile, before) == after
    assert rewrite(read_pipfile, after) == after


def test_pipfile_stays() -> None:
    """A source or a script would be taken for a package."""
    text = "[[source]]\nurl = 'https://x.invalid/../../common-utils'\n[scripts]\nx = 'ls ../../common'\n[packages]\nd = {path='../../common-utils'}"
    found = read_pipfile(text, PLAIN.site())
    assert (found.edits, problems(found)) == ((), [(4, "CS110")])
    assert read_pipfile("[packages]\nx = '*'", PLAIN.site()).references == ()


def test_where_references_are() -> None:
    """A finding would name another line than the one to look at."""
    text = "[tool.uv.sources]\na.path = '../../common'\n\nb.path = '../../x/../common'\nc.path='../api/common/d'\n[project]\ndependencies = ['x @ file:../${A}']"
    found = read_project(text, PLAIN.site())
    assert [tuple(one)[:4] for one in found.references] == [
        (2, "points-at-master", "../../common", ""),
        (4, "points-at-master", "../../x/../common", ""),
        (5, "points-at-copy", "../api/common/d", "d"),
        (7, "unresolved", "x @ file:../${A}", ""),
    ]
    assert problems(found) == [(7, "CS102")]
    assert "for example `x @ file:./common`" in found.problems[0].remedy


def test_a_file_that_is_not_the_services_own() -> None:
    """Somebody else's file would be edited."""
    found = read_project("tool.uv.sources.a.path = '../../common'", PLAIN.site(own=False))
    assert (found.edits, problems(found)) == ((), [(1, "CS103")])
    assert [one.state for one in found.references] == ["foreign"]


@pytest.mark.parametrize(
    ("text", "after", "copy"),
    [
        pytest.param("tool.uv.sources.a.path = '../../common'", None, "a'b", id="a quote in a raw string"),
        pytest.param("project.dependencies = ['a @ ../../common']", None, "a;b", id="a semicolon"),
        pytest.param("tool.uv.sources.a.path = '../../common/'", None, "a\nb", id="a line end"),
        pytest.param(
            "[tool.hatch.build.force-include]\n'../../common' = 'a'\n'common' = 'b'\n\"../../common/c\" = 'd'",
            "[tool.hatch.build.force-include]\n'../../common' = 'a'\n'common' = 'b'\n\"common/c\" = 'd'",
            "common",
            id="a key that is there already",
        ),
    ],
)
def test_refuses_what_would_not_read_back(text: str, after: str | None, copy: str) -> None:
    """A file would be broken, or say something else than it should."""
    found = read_project(text, Layout(copy).site())
    assert apply_edits(text, found.edits) == (after or text)
    assert [code for _, code in problems(found)] == ["CS106"]


def test_what_is_no_toml_is_named() -> None:
    """A broken file would be passed over, or end the run."""
    with pytest.raises(UnparsableError):
        read_project("a = '../../common", PLAIN.site())


PATHS = [("../../common/{}", "common/{}"), ("./../../services/../common/{}/", "./common/{}/"), ("../x-{}", "../x-{}")]
QUOTES = ['"{}"', "'{}'", '"""{}"""', "'''\n{}'''"]
ENDS = ["\n", "\r\n", "  # '../../common'\n", "\t\r\n\n"]
HEADS = ["a = 1\n[t]\n", "[[t]]\nx = ['ü', {y = '''z'''}]\r\n", ""]

TABLES = st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(QUOTES), st.sampled_from(ENDS)), max_size=5)


@given(TABLES, st.sampled_from(HEADS))
def test_every_character_outside_the_paths_is_kept(tables: list[tuple[tuple[str, str], str, str]], head: str) -> None:
    """Quotes, comments, blanks, line ends or other keys would be changed beside a path."""
    before, after = (
        head
        + "".join(
            f"[tool.uv.sources.c{number}]{end}path = {quote.format(path[side].format(number))}{end}"
            for number, (path, quote, end) in enumerate(tables)
        )
        for side in (0, 1)
    )
    assert rewrite(read_project, before) == after


LISTS = ["project.dependencies", "tool.pdm.dev-dependencies.x", "tool.setuptools.packages.find.where", "x"]
NOISE = ["../../common", "./common", "{root:uri}/", "${PROJECT_ROOT}", "file:", "c @ ", "-e ", "/", "..", "#", ";", "[x]", "\\\\", "%20", "\\n", "$"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(NOISE), max_size=6).map("".join), max_size=4), st.sampled_from(LISTS))  # fmt: skip
def test_rewriting_twice_is_rewriting_once(values: list[str], key: str) -> None:
    """Each run would change the file again; or a reference to the master would be left and nothing said."""
    before = f"{key} = [{', '.join(f'{chr(34)}{value}{chr(34)}' for value in values)}]"
    found = read_project(before, PLAIN.site())
    after = apply_edits(before, found.edits)
    again = read_project(after, PLAIN.site())
    assert again.edits == ()
    assert again.problems == found.problems or found.edits
    left = {one.line for one in again.references if one.state == "points-at-master"}
    assert not left or "CS106" in {one.code for one in again.problems}


PIXI = [
    "[pypi-dependencies]\nc = { path = '%s', editable = true }",
    "[dependencies]\nc.path = '%s'",
    "[feature.test.pypi-dependencies]\nc.path = '%s'",
    "[target.linux-64.dependencies]\nc.path = '%s'",
    "[feature.a.target.win.host-dependencies]\nc.path = '%s'",
    "[package.build-dependencies]\nc.path = '%s'",
    "[package.build.source]\npath = '%s'",
    "[dev]\nc.path = '%s'",
    "[pypi-options.dependency-overrides]\nc = { path = '%s' }",
]


@pytest.mark.parametrize("text", PIXI)
def test_pixi(text: str) -> None:
    """An environment would be made from the master."""
    assert rewrite(read_pixi, text % "../../common") == text % "common"


def test_pixi_tasks_are_named() -> None:
    """A task that works only in the repository would fail where the service is alone."""
    found = read_pixi("[tasks]\nx = 'pip install -e ../../common'", PLAIN.site())
    assert (found.edits, problems(found)) == ((), [(2, "CS110")])


HATCH = [
    ("[envs.default]\ndependencies = ['c @ {root:parent:parent:uri}/common']", "[envs.default]\ndependencies = ['c @ {root:uri}/common']"),
    ("[envs.x]\nextra-dependencies = ['c @ file:../../common']", "[envs.x]\nextra-dependencies = ['c @ file:./common']"),
    ("[build.targets.wheel.force-include]\n'../../common' = 'c'", "[build.targets.wheel.force-include]\n'common' = 'c'"),
    ("[build]\ndependencies = ['c @ file:../../common']", "[build]\ndependencies = ['c @ file:./common']"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), HATCH)
def test_hatch(before: str, after: str) -> None:
    """An environment would be made from the master."""
    assert rewrite(read_hatch, before) == after
