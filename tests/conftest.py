"""Fixtures for all tests."""

from pathlib import Path

import pytest
from commits import install_hook
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


@pytest.fixture
def hooked(repo: Monorepo) -> Monorepo:
    """Return a repository with the hook as a plain git hook, nothing distributed yet."""
    install_hook(repo)
    return repo


@pytest.fixture
def committed(synced: Monorepo) -> Monorepo:
    """Return a repository with the hook as a plain git hook, all distributed and committed."""
    install_hook(synced)
    return synced
