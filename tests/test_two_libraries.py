"""A project with two libraries, made by hand: no configuration can say so yet, and every command is ready for it."""

import os
import shutil
from io import BytesIO
from typing import IO

import pytest
from support.monorepo import Monorepo

from common_sync.commands.context import make_context
from common_sync.commands.diff import diff_lines
from common_sync.commands.distribute import Distribution, distribute
from common_sync.commands.doctor import diagnose
from common_sync.commands.eject import eject
from common_sync.commands.explain import explain
from common_sync.commands.hook import run_hook
from common_sync.commands.steps.apply import Writer
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.copies.library import Library, TargetKey
from common_sync.core.model import File
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.gitignore.patterns import configured_rules
from common_sync.edges.library.targets import Target, find_changes
from common_sync.edges.project.index import read_ahead
from common_sync.edges.project.load import Project, load_project

API, WORKER = "services/api", "services/worker"
COMPOSE = """\
services:
  api:
    build: .
    env_file: ../../common/settings.env
    volumes: ["../../libs/events/data:/data:ro"]
"""
DOCKERFILE = "FROM python:3.12\nCOPY ../../common common/\nCOPY ../../libs/events events/\n"


@pytest.fixture
def two(repo: Monorepo) -> Monorepo:
    """Return a repository whose services refer to two libraries in the same files."""
    repo.write("common/settings.env", "A=1\n")
    repo.write("libs/events/pyproject.toml", '[project]\nname = "our-events"\nversion = "2.0"\n')
    repo.write("libs/events/events/__init__.py")
    repo.write("libs/events/data/x.bin", bytes(300_000))
    repo.write("libs/events/tests/test_x.py", "no copy holds it\n")
    for service in (API, WORKER):
        repo.write(f"{service}/requirements.txt", "fastapi\n-e ../../common\n-e ../../libs/events  # both\n")
        repo.write(f"{service}/Dockerfile", DOCKERFILE)
        repo.write(f"{service}/docker-compose.yml", COMPOSE)
    repo.commit()
    return repo


def load(repo: Monorepo) -> Project:
    """Return the project with its own library and a second one."""
    rules, _ = configured_rules([("/tests/", 1)], "common-sync.toml")
    project = load_project(str(repo.root))
    return project._replace(libraries=(*project.libraries, Library("events", "libs/events", "vendor/events", rules)))


def codes(found: Survey | Distribution) -> list[tuple[str, str]]:
    """Return the code and the file of each finding."""
    return [(one.code, one.file) for one in found.findings()]


def test_both_copies_are_made(two: Monorepo) -> None:
    """A service would lack one of its libraries, or one would be copied over the other."""
    project = load(two)
    done = distribute(project)
    assert (done.in_sync, codes(done)) == (True, [])
    for service in (API, WORKER):
        assert two.read(f"{service}/common/settings.env") == "A=1\n"
        assert len((two.root / service / "vendor/events/data/x.bin").read_bytes()) == 300_000
        assert '"library": "our-events"' in two.read(f"{service}/vendor/events/.common-sync.json")
        assert not (two.root / service / "vendor/events/tests").exists()
    again = survey(project)
    assert (again.in_sync, codes(again)) == (True, [])
    assert not any(distribute(project).outcomes[number].changed for number in (0, 1))


def test_references_to_both_are_turned(two: Monorepo) -> None:
    """A service would build with one library, and fail for want of the other."""
    project = load(two)
    states = {(one.file, one.line, one.state) for one in survey(project, [API]).plans[0].references}
    assert {(f"{API}/requirements.txt", line, "points-at-master") for line in (2, 3)} <= states
    distribute(project)
    assert two.read(f"{API}/requirements.txt") == "fastapi\n-e ./common\n-e ./vendor/events  # both\n"
    assert two.read(f"{API}/Dockerfile") == "FROM python:3.12\nCOPY common/ common/\nCOPY vendor/events/ events/\n"
    assert two.read(f"{API}/docker-compose.yml") == COMPOSE.replace("../../common", "./common").replace(
        "../../libs/events", "./vendor/events"
    )
    lines = two.read(".gitattributes").splitlines()
    assert [line.split(" ")[0] for line in lines if line.startswith("/services/")] == [
        f"/{service}/{copy}/**" for service in (API, WORKER) for copy in ("common", "vendor/events")
    ]


@pytest.mark.parametrize(("edited", "other"), [("common", "vendor/events"), ("vendor/events", "common")])
def test_an_edit_guards_its_own_copy_only(two: Monorepo, edited: str, other: str) -> None:
    """An edit in one library's copy would be lost, or would keep the other library from being brought up to date."""
    project = load(two)
    distribute(project)
    two.write(f"{API}/{edited}/pyproject.toml", "mine\n")
    for master in ("common", "libs/events"):
        two.write(f"{master}/new.py", "new = 1\n")
    found = survey(project)
    assert ("CS003", f"{API}/{edited}/pyproject.toml") in codes(found)
    assert [copy.plan.touched for plan in found.plans for copy in plan.copies].count(True) == 1
    assert any(line.text == "-mine" for line in diff_lines(found))
    done = distribute(project)
    assert codes(done) == [("CS003", f"{API}/{edited}/pyproject.toml")]
    assert two.read(f"{API}/{edited}/pyproject.toml") == "mine\n"
    assert all(two.read(f"{service}/{copy}/new.py") for service in (API, WORKER) for copy in (edited, other))
    assert [len(one.left) for one in done.outcomes[0].copies] == ([1, 0] if edited == "common" else [0, 1])


def test_the_hook_compares_both_with_the_commit(two: Monorepo) -> None:
    """A clone would lack a copy's file, or a library's, that nobody has staged."""
    project = load(two)
    distribute(project)
    two.commit()
    assert run_hook(project, read_ahead(project)()).passes
    two.git("rm", "-q", "--cached", f"{API}/vendor/events/events/__init__.py", "libs/events/data/x.bin")
    lacks = run_hook(project, read_ahead(project)(), check=True)
    assert not lacks.passes
    assert f"{API}/vendor/events/events/__init__.py" in {one.path for one in lacks.commit.lacks}
    two.commit()
    two.write("libs/events/events/__init__.py", "changed = 1\n")
    two.git("add", "libs")
    done = run_hook(project, read_ahead(project)())
    assert {one.path for one in done.commit.lacks} >= {f"{API}/vendor/events/events/__init__.py"}
    assert two.read(f"{WORKER}/vendor/events/events/__init__.py") == "changed = 1\n"


def test_a_context_holds_both(two: Monorepo) -> None:
    """An image that is built from the stream would lack a library."""
    context = make_context(load(two), API)
    paths = {member.path for member in context.listing.members}
    assert {"common/settings.env", "vendor/events/data/x.bin", "vendor/events/.common-sync.json"} <= paths
    assert [one.library.name for one in context.libraries] == ["our-common", "our-events"]


def test_each_path_is_explained_by_its_library(two: Monorepo) -> None:
    """Somebody would look for the rule of the wrong library."""
    project = load(two)
    distribute(project)
    paths = ("libs/events", "libs/events/tests/test_x.py", f"{API}/vendor/events/data/x.bin", f"{API}/common")
    said = [(one.verdict, one.reason) for one in explain(project, [str(two.root / path) for path in paths])]
    assert said[0] == ("the master", "files that are copied into every service: 3")
    assert said[1][0] == "not copied"
    assert said[2:] == [("current", "it equals the master's"), ("current", f"the copy of common in {API}")]


def test_ejecting_takes_both_away(two: Monorepo) -> None:
    """A copy, or a reference to it, would stay behind."""
    before = {path: two.read(path) for path in (f"{API}/requirements.txt", f"{API}/docker-compose.yml")}
    project = load(two)
    distribute(project)
    done = eject(project, [], print, copies=True)
    assert (done.is_complete, [len(one.removals) for one in done.services]) == (True, [2, 2])
    assert {path: two.read(path) for path in before} == before
    assert not (two.root / API / "common").exists()
    assert not (two.root / API / "vendor/events").exists()
    assert two.git("status", "--porcelain") == ""


def test_a_dockerfile_that_takes_one_is_narrowed(two: Monorepo) -> None:
    """`--contexts` would change what an image takes, or give up although it need not."""
    for service, taken in ((API, "libs/events"), (WORKER, "common")):
        two.write(f"{service}/Dockerfile", f"FROM python:3.12\nCOPY {service}/app.py .\nCOPY {taken} x/\n")
        two.write(
            f"{service}/docker-compose.yml",
            f"services:\n  a:\n    build: {{context: ../.., dockerfile: {service}/Dockerfile}}\n",
        )
    done = distribute(load(two), contexts=True)
    assert codes(done) == []
    assert two.read(f"{API}/Dockerfile") == "FROM python:3.12\nCOPY app.py .\nCOPY vendor/events/ x/\n"
    assert two.read(f"{WORKER}/Dockerfile") == "FROM python:3.12\nCOPY app.py .\nCOPY common/ x/\n"


def test_a_dockerfile_that_takes_two_is_narrowed_whole(two: Monorepo) -> None:
    """A user would follow `--contexts` for ever: it is the remedy, and would change nothing."""
    before = "FROM python:3.12\nCOPY common /tmp/c\nCOPY libs/events /tmp/e\nCOPY {}/app.py .\n"
    for service in (API, WORKER):
        two.write(f"{service}/Dockerfile", before.format(service))
        two.write(
            f"{service}/docker-compose.yml",
            f"services:\n  a:\n    build: {{context: ../.., dockerfile: {service}/Dockerfile}}\n",
        )
    two.write(f"{WORKER}/Dockerfile", f"{before.format(WORKER)}COPY scripts/migrate.py .\n")
    done = distribute(load(two), contexts=True)
    after = "FROM python:3.12\nCOPY common/ /tmp/c/\nCOPY vendor/events/ /tmp/e/\nCOPY app.py .\n"
    assert two.read(f"{API}/Dockerfile") == after
    assert "build: {context: ., dockerfile: Dockerfile}" in two.read(f"{API}/docker-compose.yml")
    assert two.read(f"{WORKER}/Dockerfile") == f"{before.format(WORKER)}COPY scripts/migrate.py .\n"
    refused = [(one.code, one.file, one.line) for one in done.findings()]
    assert refused == [("CS112", f"{WORKER}/Dockerfile", 5)], "once, and only the line that is in the way"


def test_doctor_looks_at_both(two: Monorepo) -> None:
    """A copy that is not there would be said to be proven."""
    found = diagnose(load(two), [], print)
    missing = [one.file for one in found.findings if one.code == "CS002"]
    assert missing == [f"{service}/{copy}" for service in (API, WORKER) for copy in ("common", "vendor/events")]


def test_a_dockerfile_from_above_is_one_finding(two: Monorepo) -> None:
    """A user would read the same finding once for each library, and a remedy that mends one of them."""
    two.write(f"{API}/Dockerfile", f"FROM python:3.12\nCOPY {API}/app.py .\nCOPY libs/events/pyproject.toml /e/\n")
    two.write(f"{API}/docker-compose.yml", "services: {}\n")
    project = load(two)
    distribute(project)
    found = [one for one in diagnose(project, [API], print).findings if one.code == "CS202"]
    assert [one.remedy for one in found] == [
        "write its paths from the service's folder, and `common`, `vendor/events` for the libraries"
    ]


class Remembered:
    """The content of a target that no folder holds."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read."""
        return BytesIO(self._files[path])

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file."""
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if file.executable else 0o666, dir_fd=folder
        )
        with open(descriptor, "wb") as stream:
            stream.write(self._files[path])


def test_a_target_that_is_no_folder(two: Monorepo) -> None:
    """A revision could not be copied: bytes would be looked for in the work tree."""
    found = survey(load(two))
    key = TargetKey("events")
    held = found.targets[key]
    files = {
        path: (two.root / "libs/events" / path).read_bytes()
        for path, entry in held.snapshot.entries.items()
        if isinstance(entry, File)
    }
    target = Target(held.library, held.snapshot, Held(0, Large("")), Remembered(files), 0)
    found = found._replace(targets={**found.targets, key: target})
    shutil.rmtree(two.root / "libs")
    assert find_changes(target, str(two.root)) == ()
    assert any("our-events" in line.text for line in diff_lines(found))
    writer = Writer(found, force=False, kept=None)
    assert [writer.write(plan) for plan in found.plans] == [(), ()]
    assert len((two.root / API / "vendor/events/data/x.bin").read_bytes()) == 300_000
