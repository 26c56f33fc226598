"""Sharing work between processes: the same results, and nothing left running when it goes wrong."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import FrameType

import pytest
from support.counted import no_hang
from support.depth import deep, sampled
from support.monorepo import environment, run
from support.waiting import PATIENCE, wait_for

from common_sync.core.errors import Problem, TreeError
from common_sync.edges.processes.signals import stop_once
from common_sync.edges.processes.workers import fork_map, no_progress, processors

# pytest-xdist has threads, which Python from 3.12 on warns of; the program itself has none.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def squares(number: int) -> int:
    """Return the square of a number."""
    return number * number


@pytest.mark.parametrize(
    ("workers", "items"),
    sampled([*product([1, 2, 3, 7], [0, 1, 2, 5, 100, 1000])], 2, "more numbers of workers and of items"),
)
def test_the_same_results_in_the_same_order(workers: int, items: int) -> None:
    """A service would be given another service's plan."""
    done: list[int] = []
    assert fork_map(squares, range(items), workers, done.append) == [squares(number) for number in range(items)]
    assert sum(done) == items


ERRORS = [TreeError(Problem("what", "file", 3, "remedy")), OSError(28, "full", "x"), KeyError("x")]


@pytest.mark.parametrize(("error", "workers"), sampled([*product(ERRORS, [1, 3])], 3, "more errors of workers"))
def test_an_error_is_raised_here(workers: int, error: Exception, forked: list[int]) -> None:
    """A failure in a worker would be lost, or lose its words."""

    def fail(number: int) -> int:
        if number == 5:
            raise error
        return number

    with pytest.raises(type(error)) as caught:
        fork_map(fail, range(10), workers, no_progress("", 10))
    assert caught.value.args == error.args
    assert str(caught.value) == str(error)
    assert len(forked) == (workers if workers > 1 else 0)
    _all_ended(forked)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that every process which is forked from here on is added to."""
    processes: list[int] = []
    fork = os.fork

    def record() -> int:
        process = fork()
        processes.append(process)
        return process

    monkeypatch.setattr(os, "fork", record)
    return processes


def _all_ended(processes: list[int]) -> None:
    for process in processes:
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def test_a_worker_that_is_killed(forked: list[int]) -> None:
    """A run of which a part was killed, for lack of memory, would look complete."""

    def die(item: int) -> int:
        if item == 51:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    with pytest.raises(TreeError, match=r"a worker process was killed before it had finished \(run it again\)"):
        fork_map(die, range(100), 2, no_progress("", 100))
    assert len(forked) == 2
    _all_ended(forked)


def large(number: int) -> bytes:
    """Return more than a pipe takes at a time."""
    return bytes([number % 256]) * 3_000_000


@deep("less usual ends of workers")
def test_results_that_are_larger_than_a_pipe() -> None:
    """A service with many files would make the run hang, or take minutes."""
    with no_hang():
        assert fork_map(large, range(20), 2, no_progress("", 20)) == [large(number) for number in range(20)]


@deep("less usual ends of workers")
def test_stopping_while_the_workers_are_sending(forked: list[int]) -> None:
    """Ctrl-C would make the run hang for ever."""

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with no_hang(), pytest.raises(KeyboardInterrupt):
        fork_map(large, range(400), 4, stop)
    assert len(forked) == 4
    _all_ended(forked)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


PROGRAM = """
import os, sys
from common_sync.edges.processes.workers import fork_map, no_progress
never, _open = os.pipe()
def work(number):
    try:
        open(f"begun-{number}", "w").close()
        if number > 1: os.read(never, 1)
    finally:
        open(f"cleaned-{number}", "w").close()
    return number
sys.stdout.write("said once\\n")
fork_map(work, range(int(sys.argv[1])), 2, no_progress("", 2))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_a_signal_stops_all_and_lets_them_clean_up(
    tmp_path: Path, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    """Workers would go on writing after the program has ended, or leave their temporary files."""
    guarded = PROGRAM.replace(
        "import os, sys\n",
        "import os, signal, sys\nfrom common_sync.edges.processes.signals import stop_once\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, stop_once)\n",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", guarded, "4"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(lambda: all((tmp_path / f"begun-{item}").exists() for item in (2, 3)), process)
    for _ in range(3):
        send(process.pid, number)
    assert process.wait(PATIENCE) != 0
    assert sorted(path.name for path in tmp_path.glob("cleaned-*")) == [f"cleaned-{item}" for item in range(4)]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@deep("less usual ends of workers")
def test_a_worker_that_misses_the_first_signals(tmp_path: Path) -> None:
    """Ctrl-C would hang for ever where it comes just before a worker begins to wait: Python acts on it after the wait."""
    waiting, ended = tmp_path / "waiting", tmp_path / "ended"
    never, _open = os.pipe()

    def wait(item: int) -> int:
        seen: list[int] = []

        def miss(number: int, frame: FrameType | None) -> None:
            seen.append(number)
            if len(seen) > 2:
                signal.signal(number, stop_once)

        if not item:
            wait_for(waiting.exists)
            return item
        signal.signal(signal.SIGTERM, miss)
        waiting.touch()
        try:
            os.read(never, 1)
        finally:
            ended.touch()
        return item

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    with no_hang(), pytest.raises(KeyboardInterrupt):
        fork_map(wait, range(2), 2, stop)
    assert ended.exists()


def test_nothing_is_said_twice(tmp_path: Path) -> None:
    """What was printed before the work was shared would be printed by every worker."""
    assert run(sys.executable, "-c", PROGRAM, "2", cwd=tmp_path) == (0, "said once\n", "")


def test_at_least_one_processor() -> None:
    """Nothing would be done where only one processor may be used."""
    assert 1 <= processors() <= (os.cpu_count() or 1)
