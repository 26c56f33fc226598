"""Environments and releases of services that get several libraries, with the real uv: what any of them holds counts."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.depth import deep
from support.environments import LIBRARY, Environments, make_environments

COMMON, EVENTS = "common/our_common/__init__.py", "libs/events/our_events/__init__.py"
SHOW = "import our_common, our_events; print(our_common.VALUE, our_events.VALUE, our_events.__file__)"
TABLES = """\
services = ["services/*"]
ignore = ["CS309"]

[[library]]
master = "common"
services = ["services/*"]

[[library]]
master = "libs/events"
copy = "libs/events"
services = ["services/api"]

[service.api]

[deploy]
to = "{to}"
"""

_MEMORY = "/dev/shm"  # noqa: S108 - a memory file system where there is one


@pytest.fixture
def envs() -> Iterator[Environments]:
    """Return a repository in which `api` installs a library that needs the other one, by its place."""
    folder = Path(tempfile.mkdtemp(prefix="common-sync-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    repo = make_environments(folder)
    needs = 'dependencies = ["our-common"]\n[tool.uv.sources]\nour-common = { path = "../../common" }\n'
    for path, text in LIBRARY.items():
        other = text.replace("our_common", "our_events").replace("our-common", "our-events")
        other = other.replace('dependencies = ["gamma"]\n', needs).replace(
            "Requires-Dist: gamma", "Requires-Dist: our-common"
        )
        repo.write(path.replace("common", "libs/events", 1).replace("our_common", "our_events"), other)
    repo.write("common-sync.toml", TABLES.format(to=folder / "srv"))
    repo.write("services/api/requirements.txt", "-e ../../libs/events\n")
    assert repo.run("distribute").code == 0
    repo.commit("two libraries")
    yield repo
    shutil.rmtree(folder)


@deep("runs of the whole program that take long")
def test_every_library_of_a_service_counts(envs: Environments) -> None:
    """A service would go on with an old state of a library that only another library has asked for."""
    done = envs.run("env", "sync")
    assert (done.code, done.err) == (0, ""), done
    inside = envs.root / "services/api/libs/events/our_events/__init__.py"
    assert envs.python("api", SHOW) == f"first first {inside}"
    assert envs.states(code=0) == {"api": "in sync", "worker": "in sync"}
    envs.write(EVENTS, 'VALUE = "second"\n')
    assert envs.run("distribute").code == 0
    assert envs.python("api", SHOW).startswith("first second "), "it is edited where it is"
    assert envs.states(code=0) == {"api": "in sync", "worker": "in sync"}
    envs.write(COMMON, 'VALUE = "third"\n')
    assert envs.run("distribute").code == 0
    assert envs.states() == {"api": "changed", "worker": "changed"}, "both have built it"
    assert "services/api/common has changed" in " ".join(envs.run("env", "status").out.split())
    assert envs.run("env", "sync", "api").code == 0
    assert envs.python("api", SHOW).startswith("third second ")
    tried = envs.run("env", "try", "api", "./common", "--", "python", "-c", SHOW)
    assert (tried.code, "third second" in tried.out) == (0, True), tried


@deep("deploys in less usual ways")
def test_a_release_has_every_library(envs: Environments) -> None:
    """A release would import a library from the work tree, or be called the same where a library is another one."""
    assert envs.run("deploy", "api", "--no-restart").code == 0
    place = envs.root.parent / "srv/api"
    found = sorted(
        str(one.relative_to(place / ".venv/envs")).split("/", 1)[1]
        for one in place.glob(".venv/envs/*/lib/*/*/our_*/__init__.py")
    )
    assert [one.rpartition("site-packages/")[2] for one in found] == [
        "our_common/__init__.py",
        "our_events/__init__.py",
    ]
    assert "nothing has changed" in envs.run("deploy", "api", "--no-restart").out
    envs.write(COMMON, 'VALUE = "second"\n')
    refused = envs.run("deploy", "api", "--no-restart")
    assert (refused.code, "CS001" in refused.out + refused.err) == (1, True)
    assert envs.run("distribute").code == 0
    assert "release 2 made" in envs.run("deploy", "api", "--no-restart").out
