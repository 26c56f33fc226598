"""A repository of the shape that common-sync was made for: three services of one machine, at two depths, and what they share."""

import os
from pathlib import Path

import pytest
from support.depth import deep
from support.environments import LIBRARY, WHEELS, Environments, make_wheel

SETTINGS = """
master = "common"
services = ["config-app/backend", "gateway", "database"]
ignore = ["CS309", "CS313"] # tests run in memory, and by a Python that only they may execute

[deploy]
to = "{above}/opt"
user = "{user}"
prefix = "autocore-"

[service.backend]
command = "python main.py --port {{port}}"
port = 8000

[service.gateway]
command = "python main.py"
"""
IGNORED = "__pycache__/\n.venv/\nnode_modules/\n*.db\n"
SERVICES = ("config-app/backend", "database", "gateway")
OUTSIDE = "import sys\nsys.path.append('../../database')\nimport schema\n"


@pytest.fixture
def repo(tmp_path: Path) -> Environments:
    """Return the repository: its services install the library and the database's schema from where they lie."""
    for name, version, needs in WHEELS:
        make_wheel(tmp_path / "wheels", name, version, needs)
    repo = Environments(tmp_path / "autocore")
    for path, text in LIBRARY.items():
        repo.write(path, text)
    for service, above in (("config-app/backend", "../.."), ("gateway", ".."), ("database", "..")):
        repo.write(f"{service}/requirements.txt", f"alpha==1.0\n-e {above}/common\n")
        repo.write(f"{service}/main.py", "import our_common\nprint(our_common.VALUE)\n")
    repo.write("database/schema.py", "TABLES = ()\n")
    repo.write("config-app/frontend/package.json", "{}\n")  # a service of Node, which is none of common-sync's
    repo.write(".gitignore", IGNORED)
    repo.write("common-sync.toml", SETTINGS.format(above=tmp_path, user="daemon" if os.geteuid() == 0 else ""))
    if os.geteuid() != 0:
        repo.write("common-sync.toml", repo.read("common-sync.toml").replace('user = ""\n', ""))
    repo.git("init", "-q", "-b", "main")
    assert repo.run("distribute").code == 0
    repo.commit("three services")
    return repo


@deep("environments of a whole repository")
def test_each_service_has_its_own(repo: Environments) -> None:
    """A service of the repository would have no environment, or `git status` be full of what was installed."""
    assert repo.run("env", "sync").code == 0
    rows = repo.json("env", "status", code=0)["services"]
    assert [(row["name"], row["state"], row["packages"]) for row in rows] == [(one, "in sync", 4) for one in SERVICES]
    assert repo.git("status", "--porcelain") == ""
    for service in SERVICES:
        assert (repo.root / service / ".venv/bin/python").exists()
    repo.write("gateway/requirements.txt", "alpha==1.1\n-e ./common\n")
    states = {row["name"]: row["state"] for row in repo.json("env", "status", "--no-size", code=1)["services"]}
    assert states == {"config-app/backend": "in sync", "database": "in sync", "gateway": "changed"}


@deep("deploys of a whole repository")
def test_what_lies_outside_of_a_service_is_refused(repo: Environments) -> None:
    """A release would be made without the database's modules, which lie in another service, and fail where it runs."""
    backend, requirements = "config-app/backend/main.py", "config-app/backend/requirements.txt"
    right, program = repo.read(requirements), repo.read(backend)
    for path, text, code in (
        (backend, OUTSIDE, f"{backend}:2: CS206"),
        (requirements, f"{right}-e ../../database\n", f"{requirements}:3: CS205"),
    ):
        repo.write(path, text)
        done = repo.run("deploy", "--all", "--no-restart", "--output-format", "concise")
        assert (done.code, code in done.out) == (1, True), done
        assert not list((repo.root.parent / "opt").glob("*/releases/*")), "of the others neither"
        repo.write(requirements, right)
        repo.write(backend, program)
    done = repo.run("deploy", "--all", "--no-restart")
    assert done.code == 0, done
    assert [
        os.readlink(repo.root.parent / f"opt/{one}/releases/current") for one in ("backend", "gateway", "database")
    ] == ["0001"] * 3


@deep("deploys of a whole repository")
def test_data_that_no_release_would_have(repo: Environments) -> None:
    """The database of a service, which git ignores, would stay behind in the work tree at the first deploy."""
    repo.write("gateway/autocore.db", "rows")
    done = repo.run("deploy", "gateway", "--no-restart")
    assert (done.code, "gateway/autocore.db: CS316" in done.out) == (0, True), done
    settings = repo.read("common-sync.toml").replace(
        "[service.gateway]", '[service.gateway]\npersistent = ["autocore.db"]'
    )
    repo.write("common-sync.toml", settings)
    done = repo.run("deploy", "gateway", "--no-restart")
    assert (done.code, "CS316" in done.out) == (0, False), done
    data = repo.root.parent / "opt/gateway/releases/current/app/autocore.db"
    assert (data.is_symlink(), data.read_text()) == (True, "rows")
