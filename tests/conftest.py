"""Fixtures for all tests, and what is printed at the end of a run."""

import os
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from support.box import Box, booted
from support.commits import install_hook
from support.depth import ALL, ROWS, load_profile, spread
from support.foreign import Pair, make_pair
from support.monorepo import FORKS, Monorepo, copy_original, make_originals

load_profile()

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in the background of a shell, which the program would respect
    signal.signal(signal.SIGINT, signal.default_int_handler)

WHOLE = (Path(__file__).parent, Path(__file__).parent / "reliability")
"""Where the tests of the whole program are; beside them are the rooms of its parts."""

MORE_ROWS = "more rows of tests of the whole program"

LEFT = pytest.StashKey[dict[str, int]]()
"""How many tests this run leaves to `make test-all`, by the reason."""


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what most tests begin with."""
    return make_originals(tmp_path_factory.mktemp("originals"))


@pytest.fixture
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Box]:
    """Return what runs a command in a real systemd of its own, as root, without a network; `both_groups` has it twice."""
    with booted(tmp_path, groups=getattr(request, "param", 1)) as running:
        yield running


@pytest.fixture
def repo(originals: Path, tmp_path: Path) -> Monorepo:
    """Return a git repository with a master and two services, nothing distributed yet."""
    return copy_original(originals / "repo", tmp_path / "repo")


@pytest.fixture
def synced(originals: Path, tmp_path: Path) -> Monorepo:
    """Return the same once everything is distributed and committed."""
    return copy_original(originals / "synced", tmp_path / "repo")


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


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Return two repositories: a library with two releases, and two services that are to get the first."""
    return make_pair(tmp_path)


@pytest.fixture
def taken(pair: Pair) -> Pair:
    """Return the same once the library was taken and committed."""
    done = pair.run("distribute")
    assert (done.code, done.err) == (0, ""), done
    pair.app.commit("taken")
    pair.asked()
    return pair


@pytest.fixture(scope="session", autouse=True)
def end_of_forks() -> Iterator[None]:
    """End the warm process with the session, so that what it has covered is written down."""
    yield
    FORKS.end()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks that tell what `make test` runs."""
    config.addinivalue_line("markers", "deep(reason): only `make test-all` runs it")


@pytest.hookimpl(trylast=True)  # a row that `-k` asks for is run
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is too deep for this run, and remember why."""
    deep = {item: mark.args[0] for item in items if not ALL and (mark := item.get_closest_marker("deep"))}
    reasons = deep | dict.fromkeys(_more_rows([item for item in items if item not in deep]), MORE_ROWS)
    items[:] = [item for item in items if item not in reasons]
    config.stash[LEFT] = dict(Counter(reasons.values()))
    if hasattr(config, "workeroutput"):
        config.workeroutput["left"] = config.stash[LEFT]


def _more_rows(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the rows that `make test` leaves of tests of the whole program: each row is processes, and half a second."""
    rows: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        if not ALL and item.path.parent in WHOLE:
            rows.setdefault((item.path, item.name.partition("[")[0]), []).append(item)
    for those in rows.values():
        tried = spread(those, ROWS)
        yield from (item for item in those if item not in tried)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Learn what a process of pytest-xdist has left; each has left the same."""
    config, output = getattr(node, "config"), getattr(node, "workeroutput", {})  # noqa: B009 - pytest-xdist has no types
    config.stash[LEFT] = output.get("left", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests have counted, by `record_property("count: what", how_many)`, what was left, and how to run what failed."""
    _print_numbers(terminalreporter, "tried", _recorded(terminalreporter, "count: "))
    left = Counter(_recorded(terminalreporter, "left: "))
    left.update({f"tests: {reason}": number for reason, number in config.stash.get(LEFT, {}).items()})
    _print_numbers(terminalreporter, "left to `make test-all`", left)
    _print_commands(terminalreporter)


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


def _recorded(reporter: pytest.TerminalReporter, prefix: str) -> dict[str, int]:
    numbers: Counter[str] = Counter()
    for report in reporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith(prefix) and report.when == "call" and isinstance(number, int):
                numbers[name.removeprefix(prefix)] += number
    return numbers


def _print_numbers(reporter: pytest.TerminalReporter, title: str, numbers: Mapping[str, int]) -> None:
    rows = sorted((name, number) for name, number in numbers.items() if number)
    if rows:
        reporter.section(title)
    for name, number in rows:
        reporter.line(f"{number:8,} {name}")
