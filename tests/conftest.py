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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have counted, by `record_property("count: what", how_many)`."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith("count: ") and report.when == "call" and isinstance(number, int):
                counts[name] = counts.get(name, 0) + number
    if counts:
        terminalreporter.section("tried")
    for name, number in sorted(counts.items()):
        terminalreporter.line(f"{number:8,} {name.removeprefix('count: ')}")
