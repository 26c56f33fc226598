"""Fixtures for all tests."""

from pathlib import Path

import pytest
from support import Monorepo, make_monorepo


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """Return a git repository with a master and two services, nothing distributed yet."""
    return make_monorepo(tmp_path / "repo")


@pytest.fixture
def synced(repo: Monorepo) -> Monorepo:
    """Return the same once everything is distributed and committed."""
    assert repo.run("distribute").code == 0
    repo.commit("distribute")
    return repo
