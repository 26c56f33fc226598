"""Fixtures for all tests, and what is printed at the end of a run."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commits import install_hook
from support.monorepo import FORKS, Monorepo, make_monorepo


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what most tests begin with: to copy it takes a tenth of the time that making it takes."""
    folder = tmp_path_factory.mktemp("originals")
    repo = make_monorepo(folder / "repo")
    shutil.copytree(repo.root, folder / "synced", symlinks=True)
    synced = Monorepo(folder / "synced")
    assert synced.run("distribute").code == 0
    synced.commit("distribute")
    return folder


def _copy(original: Path, place: Path) -> Monorepo:
    shutil.copytree(original, place, symlinks=True)
    repo = Monorepo(place)
    repo.git("update-index", "-q", "--refresh")  # git knows files by their inodes, too
    return repo


@pytest.fixture
def repo(originals: Path, tmp_path: Path) -> Monorepo:
    """Return a git repository with a master and two services, nothing distributed yet."""
    return _copy(originals / "repo", tmp_path / "repo")


@pytest.fixture
def synced(originals: Path, tmp_path: Path) -> Monorepo:
    """Return the same once everything is distributed and committed."""
    return _copy(originals / "synced", tmp_path / "repo")


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


@pytest.fixture(scope="session", autouse=True)
def end_of_forks() -> Iterator[None]:
    """End the warm process with the session, so that what it has covered is written down."""
    yield
    FORKS.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have counted, and the command for each that failed."""
    _print_counts(terminalreporter)
    _print_commands(terminalreporter)


def _print_counts(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was recorded by `record_property("count: what", how_many)`."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith("count: ") and report.when == "call" and isinstance(number, int):
                counts[name] = counts.get(name, 0) + number
    if counts:
        terminalreporter.section("tried")
    for name, number in sorted(counts.items()):
        terminalreporter.line(f"{number:8,} {name.removeprefix('count: ')}")


def _print_commands(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the commands that run each test alone that failed, at the depth at which it failed."""
    failed = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    names = dict.fromkeys(report.nodeid for report in failed)
    if names:
        terminalreporter.section(f"each alone, in {terminalreporter.config.rootpath}")
    depth = "".join(f"{name}={os.environ[name]} " for name in ("TESTS", "RELIABILITY") if os.environ.get(name))
    python = os.path.abspath(sys.executable).removeprefix(f"{terminalreporter.config.rootpath}{os.sep}")
    for name in names:
        terminalreporter.line(f"{depth}{shlex.join([python, '-m', 'pytest', name])}")
