"""What lies beside services, looks like one, a copy or the library, and is none."""

from pathlib import Path

import pytest
from support.detection import Found, check
from support.repositories import PACKAGE, PROJECT, Files, below, build, run_git, service

from common_sync.commands.init import propose


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
