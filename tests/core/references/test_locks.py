"""References in lock files: what is rewritten with the project file, and what only its own tool can write."""

import tomllib

import pytest
from support.places import Layout
from support.project_layout import PLAIN, problems, rewrite

from common_sync.core.references.contract import Rewrite
from common_sync.core.references.kinds import Kind
from common_sync.core.references.locks import join_reports, read_lock, report_lock
from common_sync.core.text import UnparsableError

UV = """\
version = 1
requires-python = ">=3.11"

[manifest]
overrides = [{ name = "our-common", directory = "../../common" }]

[[package]]
name = "api"
version = "0.1"
source = { virtual = "." }
dependencies = [
    { name = "our-common", extra = ["redis"] },
]

[package.metadata]
requires-dist = [
    { name = "our-common", editable = "../../common" },
    { name = "our-common", extras = ["redis"], marker = "extra == 'x'", editable = "../../common" },
    { name = "utils", directory = "../../common-utils" },
]

[package.metadata.requires-dev]
dev = [{ name = "our-common", editable = "../../common" }]

[[package]]
name = "our-common"
version = "1.2.3"
source = { editable = "../../common" }

[[package]]
name = "plugin"
version = "1"
source = { path = "../../common/dist/plugin-1-py3-none-any.whl" }
wheels = [
    { filename = "plugin-1-py3-none-any.whl", hash = "sha256:0" },
]

[[package]]
name = "utils"
source = { virtual = "../../common-utils" }
"""

PYLOCK = """\
lock-version = "1.0"
created-by = "x"

[[packages]]
name = "our-common"
directory = { path = "../../common", editable = true }

[[packages]]
name = "plugin"
[packages.archive]
path = '../../common/plugin.zip' # ours
[[packages.wheels]]
name = "../../common"
path = "./../../common/plugin.whl"
"""


@pytest.mark.parametrize("lock", [pytest.param(UV, id="uv.lock"), pytest.param(PYLOCK, id="pylock.toml")])
@pytest.mark.parametrize("layout", [PLAIN, Layout("lib/common")])
def test_rewrites(lock: str, layout: Layout) -> None:
    """`uv lock --check` would fail, or uv would install from a folder that is not there."""
    after = rewrite(read_lock, lock, layout)
    kept = lock.replace("../../common-utils", "@").replace('"../../common"\npath', "&")
    wanted = (
        kept.replace("../../common", layout.copy)
        .replace("&", '"../../common"\npath')
        .replace("@", "../../common-utils")
    )
    assert after == wanted
    assert rewrite(read_lock, after, layout) == after
    assert tomllib.loads(after)
    found = read_lock(lock, layout.site())
    assert len(found.edits) == len(found.references) == kept.count("../../common")
    assert found.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[[package]]\nname = "x"\nsource = { editable = "." }', id="no library"),
        pytest.param('source = { directory = "../../common-utils" }', id="a neighbour with a longer name"),
        pytest.param('source = { directory = "./common" }', id="the copy"),
        pytest.param('description = "../../common"', id="another key"),
        pytest.param('source = { directory = ""../../common-utils" }', id="no TOML, and no reference"),
    ],
)
def test_stays(text: str) -> None:
    """A lock file would be changed that has nothing to do with the library."""
    found = read_lock(text, PLAIN.site())
    assert (found.edits, found.problems) == ((), ())


def test_a_lock_file_that_is_no_toml() -> None:
    """A conflict that git left in a lock file would be passed over."""
    with pytest.raises(UnparsableError) as raised:
        read_lock('a = 1\n<<<<<<< HEAD\npath = "../../common"', PLAIN.site())
    assert raised.value.line == 2


def test_a_large_lock_file_is_not_parsed_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every commit would wait half a second for a lock file that leads to another library."""
    monkeypatch.setattr(tomllib, "loads", None)
    text = UV.replace("../../common", "../../common-utils")
    assert read_lock(text, PLAIN.site()) == Rewrite()
    found = read_lock(UV.replace("../../common", "common"), PLAIN.site())
    assert {one.state for one in found.references} == {"points-at-copy"}
    assert [(one.line, one.rest) for one in found.references][4:] == [(28, ""), (33, "dist/plugin-1-py3-none-any.whl")]


OTHERS = [
    pytest.param(
        "poetry-lock",
        '[[package]]\nname = "c"\n\n[package.source]\ntype = "directory"\nurl = "../../common"\n\n# "../../common"',
        6,
        "`poetry lock`",
        id="poetry.lock",
    ),
    pytest.param(
        "pdm-lock", '[[package]]\nname = "c"\npath = "../../common"\n', 3, "`pdm lock --update-reuse`", id="pdm.lock"
    ),
    pytest.param(
        "pipenv-lock",
        '{"default": {\n"c": {"editable": true,\n"path": "./../../common/"}}}',
        3,
        "`pipenv lock`",
        id="Pipfile.lock",
    ),
    pytest.param(
        "pixi-lock",
        "packages:\n- conda: https://x.invalid/a.conda\n- pypi: ../../common\n  name: c\n",
        3,
        "`pixi lock`",
        id="pixi.lock",
    ),
]


@pytest.mark.parametrize(("kind", "text", "line", "command"), OTHERS)
def test_reports_what_only_its_own_tool_can_write(kind: Kind, text: str, line: int, command: str) -> None:
    """A service would be built from a lock file that leads out of it, and nobody would know what to run."""
    found = report_lock(kind)(text, PLAIN.site())
    assert (found.edits, problems(found)) == ((), [(line, "CS109")])
    assert f"then {command} in" in found.problems[0].remedy


@pytest.mark.parametrize(("kind", "text", "line", "command"), OTHERS)
def test_says_nothing_once_it_is_made_anew(kind: Kind, text: str, line: int, command: str) -> None:
    """A check would fail though there is nothing left to do."""
    for path, references in (("common", 1), ("./common", 1), ("../../common-utils", 0)):
        made = text.replace("./../../common/", path).replace("../../common", path, 1)
        found = report_lock(kind)(made.replace('# "../../common"', ""), PLAIN.site())
        assert [(one.line, one.state) for one in found.references] == [(line, "points-at-copy")] * references
        assert (found.edits, found.problems) == ((), ())


def test_one_report_is_for_all_libraries() -> None:
    """One lock file would be an error for each library, though one run of its tool makes it anew."""
    read = report_lock("poetry-lock")
    late, early, none = (read(text, PLAIN.site()) for text in ('\n\nurl = "../../common"', 'url = "../../common/"', ""))
    first, *others = join_reports([late, early, none])
    (report,) = first.problems
    message = "`../../common/` and `../../common` lead to libraries, and only its own tool can write this file"
    assert (report.line, report.message, [one.problems for one in others]) == (1, message, [(), ()])
