"""The example, with all that a real service installs: none of its images can be built before, all of them after."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from e2e.base import NAME, PYTHON
from e2e.conftest import Note
from e2e.engine import Engine
from e2e.subject import Subject
from support.monorepo import Monorepo

EXAMPLE = Path(__file__).parents[2] / "examples" / "media-services"
SERVICES = ("orchestrator", "services/api", "services/notifier", "services/transcoder")


class _Example(NamedTuple):
    before: Monorepo
    after: Monorepo


def take_example(root: Path) -> Monorepo:
    """Return a copy of the example as a repository, with nothing but the base image's name changed."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".venv", "*.egg-info"))
    repo = Monorepo(root)
    for service in SERVICES:
        path = f"{service}/Dockerfile"
        repo.write(path, repo.read(path).replace(f"FROM {PYTHON}", f"FROM {NAME}"))
    repo.git("init", "-q")
    repo.commit("before")
    return repo


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> _Example:
    """Return the example with its configuration, and distributed."""
    folder = tmp_path_factory.mktemp("example")
    before, after = take_example(folder / "before"), take_example(folder / "after")
    for repo, command in ((before, ("init", "--yes")), (after, ("init", "--yes")), (after, ("distribute",))):
        done = repo.run(*command)
        assert done.code == 0, done.err
    return _Example(before, after)


@pytest.mark.parametrize("service", SERVICES)
def test_the_example_builds_once_it_is_distributed(
    service: str, example: _Example, engine: Engine, tmp_path: Path, note: Note
) -> None:
    """A new user would follow the README to the end, and `docker build .` would fail."""
    name = f"example-{Path(service).name}"
    before = Subject(engine, example.before, service, name, note)
    before.fails("before", tmp_path / "before")
    before.builds_from_context()
    distributed = Subject(engine, example.after, service, name, note)
    distributed.builds(tmp_path / "after")
    distributed.runs("common")
