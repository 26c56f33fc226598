"""Run one command: how long it took, or how much memory it held."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_PAUSE = 0.001
"""Seconds between two looks at a process's memory."""


class Command(NamedTuple):
    """One contestant.

    Attributes:
        title: As the page names it, in Markdown.
        words: The program and its arguments.
        program: What has to be installed for it.
        share: 1 when it works on all services; 20 when on a twentieth of them, and its time is multiplied.
    """

    title: str
    words: tuple[str, ...]
    program: str
    share: int = 1

    @property
    def installed(self) -> bool:
        """Whether its program is there."""
        return shutil.which(self.program) is not None


class Run(NamedTuple):
    """What one run took.

    Attributes:
        seconds: From the start of the process to its end, multiplied where it did a share of the work.
        cpu: Seconds of processor time, user and system, of the process and all that it waited for; likewise.
        status: The exit code.
        errors: What it wrote to standard error.
    """

    seconds: float
    cpu: float
    status: int
    errors: str


class Memory(NamedTuple):
    """How much one run held at its peak, in KiB; None where the system does not say.

    Attributes:
        largest: The peak of the largest of the tool's processes.
        together: All processes at one time, each shared page counted once (PSS); the largest of many looks.
        bound: The sum of the peaks of the processes that lived at one time: shared pages count in each.
    """

    largest: int | None
    together: int | None
    bound: int | None


def environment() -> dict[str, str]:
    """Return the environment of every contestant: the user's, without what would change Python, git or the shell, or mean CI."""
    others = ("PYTHON", "GIT_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith(others)}
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}


def run(command: Command, folder: str) -> Run:
    """Run a command to its end and time it.

    Args:
        command: What to run.
        folder: Where to run it.
    """
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = _start(command.words, folder, errors.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds * command.share, cpu * command.share, process.returncode, _read(errors.fileno()))


def _start(words: Sequence[str], folder: str, errors: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=errors)


def _read(descriptor: int) -> str:
    return os.pread(descriptor, 4096, 0).decode("utf-8", "replace")


def watch(command: Command, folder: str) -> Memory:
    """Run a command to its end, looking all the time at how much memory its processes hold.

    What `wait4` tells (`ru_maxrss`) would not do: it counts what the process was before it became the command, so that it is
    at least the benchmark's own.

    Args:
        command: What to run.
        folder: Where to run it.
    """
    largest = together = bound = 0
    process = _start(command.words, folder, subprocess.DEVNULL)
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        family = list(_family(process.pid))
        looks = {_look(each) for each in family}  # a set: one that is being spawned is its parent, figures and all
        if family != list(_family(process.pid)):
            continue  # a page that was counted whole in the parent would be counted again in a child forked since
        largest = max([largest, *(peak for _, peak in looks)])
        together = max(together, sum(shared for shared, _ in looks))
        bound = max(bound, sum(peak for _, peak in looks))
        time.sleep(_PAUSE)
    process.wait()
    return Memory(largest or None, together or None, bound or None)


def _family(process: int) -> Iterator[int]:
    """Yield a process and all that it started and that still live."""
    yield process
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            children = [int(word) for word in file.read().split()]
    except OSError:
        return
    for child in children:
        yield from _family(child)


def _look(process: int) -> tuple[int, int]:
    """Return a process's proportional share of memory (PSS) now, and its own peak so far, in KiB."""
    return _field(f"/proc/{process}/smaps_rollup", "Pss:"), _field(f"/proc/{process}/status", "VmHWM:")


def _field(path: str, name: str) -> int:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(name)), 0)
    except OSError:  # it has just ended
        return 0
