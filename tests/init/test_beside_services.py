"""What lies beside services, looks like one, a copy or the library, and is none."""

from pathlib import Path

import pytest
from support.detection import Found, check
from support.monorepo import Monorepo
from support.repositories import PACKAGE, PROJECT, Files, below, build, run_git, service

from common_sync.commands.init import propose
from common_sync.core.errors import ConfigurationError


@pytest.mark.parametrize("place", ["tests/test_example.py", "scripts/run.py", "docs/conf.py"])
def test_what_a_template_gave_to_both_makes_no_copy(tmp_path: Path, place: str) -> None:
    """A team whose service has the same example test as the library would lose that service, or get no configuration."""
    files = {**below("libs/common", PROJECT), "libs/events/bus.py": "X = 1\n"}
    files |= service("apps/a", "-e ../../libs/common\n-e ../../libs/events") | service("apps/b", "-e ../../libs/common")
    files |= {f"libs/common/{place}": "assert True\n", f"apps/b/{place}": "assert True\n"}
    build(tmp_path, files)
    run_git(tmp_path, "add", "--all")
    run_git(tmp_path, "commit", "--quiet", "--message", "x")
    found = propose(str(tmp_path)).libraries
    assert {one.master: [two.path for two in one.services] for one in found} == {
        "libs/common": ["apps/a", "apps/b"],
        "libs/events": ["apps/a"],
    }


NO_SERVICES = [
    pytest.param(
        {"apps/a/tests/compose.test.yml": "services: {db: {image: postgres}}\n", "apps/a/tests/test_a.py": "import media_common\n"},
        ["apps/a"],
        id="tests that start a database",
    ),
    pytest.param(
        {"apps/a/tests/load/compose.yml": "services: {db: {image: postgres}}\n", "apps/a/tests/load/test_a.py": "import media_common\n"},
        ["apps/a"],
        id="a folder of such tests",
    ),
    pytest.param(
        {"infra/docker/python-base/Dockerfile": "FROM python\nCOPY libs/common/pyproject.toml /tmp/\nRUN pip install fastapi\n"},
        ["apps/a"],
        id="a base image that takes a file of the library",
    ),
    pytest.param(
        {"apps/base/Dockerfile": "FROM python\nCOPY libs/common /c\nRUN pip install /c\n", "apps/base/hello.txt": ""},
        ["apps/a"],
        id="a base image that takes the library",
    ),
    pytest.param(
        {"run/Dockerfile": "FROM python\nCOPY libs/common /c\ncmd python -m media_common\n"},
        ["apps/a", "run"],
        id="but an image that starts the library is one",
    ),
    pytest.param(
        {"docker/Dockerfile.web": "FROM python\nCOPY Pipfile* ./\nCOPY libs/common /c\nCOPY web ./web\n", "web/views.py": "X = 1\n", "Pipfile": ""},
        ["apps/a"],
        id="a folder of Dockerfiles",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), NO_SERVICES)
def test_what_is_beside_a_service_is_none(tmp_path: Path, files: Files, expected: list[str]) -> None:
    """A copy would be put into a folder that is never built by itself."""
    every = {**below("libs/common", PROJECT), **service("apps/a", "-e ../../libs/common"), **files}
    check(build(tmp_path, every), Found("libs/common", expected, "common"))


def test_a_library_whose_configuration_has_an_app(tmp_path: Path) -> None:
    """The library would be taken for a service, and what uses it for the library."""
    files = {**below("common", PACKAGE), "common/config/__init__.py": "", "common/config/app.py": "X = 1\n"}
    files |= {
        "web/main.py": "import common\n",
        "docker/Dockerfile.web": "FROM python\nCOPY common ./common\nCOPY web .\n",
    }
    check(build(tmp_path, files), Found("common", ["web"], "common"))


NO_COPIES = [
    pytest.param(
        {f"apps/a/tests/fixtures/{pack}/{path}": text for pack in ("one", "two") for path, text in PACKAGE.items()},
        id="packages among tests",
    ),
    pytest.param(
        {f"plugins/{one}/{path}": text for one in ("a", "b", "c") for path, text in {"setup.py": "X = 1\n", "helper.py": "Y = 1\n", f"{one}.py": "", f"{one}_b.py": "", f"{one}_c.py": "", f"{one}_d.py": ""}.items()},
        id="plugins with the same setup",
    ),
    pytest.param(
        {"tools/put.sh": 'find . -name "*.py" | while read f\ndo\n\tcp "$f" "$venv/$f"\ndone\n', "node/setup.py": "X = 1\n", "node/node.py": "", "apps/b/main.py": ""},
        id="a script that copies what a variable names",
    ),
]  # fmt: skip


@pytest.mark.parametrize("files", NO_COPIES)
def test_what_only_looks_like_a_copy_makes_no_library(tmp_path: Path, files: Files) -> None:
    """A team would get folders of tests, or of plugins, for its libraries and services, each with the mark of a fact."""
    every = {**below("libs/common", PROJECT), **service("apps/a", "-e ../../libs/common"), **files}
    check(build(tmp_path, every), Found("libs/common", ["apps/a"], "common"))


def test_many_that_may_be_libraries_are_counted(tmp_path: Path) -> None:
    """The likeliest folder would be lost above pages of others."""
    names = [f"lib{letter}" for letter in "abcdefghijk"]
    files = {f"{name}/{module}.py": f"{name} = 1\n" for name in names for module in ("__init__", name)}
    files |= service("api") | {"api/main.py": "".join(f"import {name}\n" for name in names)}
    installing = {**below("common", PROJECT), **service("web", "-e ../common")}
    said = Monorepo(build(tmp_path / "installed", {**files, **installing})).run("init", "--yes").out
    assert "note: 6 more folders may be libraries, but for them less speaks (-v names them)" in said
    mounting = {"api/compose.yml": "services:\n  a:\n    build: .\n    volumes:\n" + "".join(f"      - ../{name}:/x/{name}\n" for name in names)}  # fmt: skip
    with pytest.raises(ConfigurationError) as error:
        propose(
            str(build(tmp_path / "mounted", service("api") | mounting | {f"{name}/{name}.py": "" for name in names}))
        )
    assert error.value.problems[8].message == "3 more may be, for which less speaks, such as libi"
    assert len(error.value.problems) == 9
