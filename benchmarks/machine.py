"""What the page says about the machine: nothing that names it, and no path of it."""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.running import environment
from benchmarks.trees import available_memory, file_system

_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def describe_machine(folder: str) -> list[tuple[str, str]]:
    """Return pairs of a heading and what is so.

    Args:
        folder: Where the trees are built.
    """
    kind = file_system(folder)
    where = "in memory" if kind == "tmpfs" else "in the folder for temporary files"
    return [
        ("Date", datetime.now(tz=UTC).date().isoformat()),
        ("Processor", f"{_processor()}, {_cores()} to be used"),
        ("Memory to be had", f"{available_memory() / 1e9:.0f} GB"),
        ("System", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("File system of the trees", f"{kind}, {where}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("common-sync", version("common-sync")),
        ("Others", ", ".join(f"{name} {_version(program)}" for name, program in _PROGRAMS.items())),
    ]


_PROGRAMS = {"coreutils": "cp", "diffutils": "diff", "findutils": "find", "rsync": "rsync", "git": "git"}


class Others:
    """How much of the processors went to other processes since this was made: where it is much, the times mean little."""

    def __init__(self) -> None:
        self._own, self._busy, self._all = _own_seconds(), *_all_seconds()

    def describe(self) -> tuple[str, str]:
        """Return a heading and a percentage of all processors' time."""
        busy, whole = _all_seconds()
        if whole == self._all:
            return _OTHERS, "not told"
        own = _own_seconds() - self._own
        return _OTHERS, f"{max(0.0, busy - self._busy - own) / (whole - self._all):.0%} of the processors' time"


_OTHERS = "Taken by other processes"


def _own_seconds() -> float:
    """Return the seconds of processor time of this process and of all that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _all_seconds() -> tuple[float, float]:
    """Return the seconds that all processors together were busy, and that they were there."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
    except OSError:
        return 0.0, 0.0
    rate = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - sum(ticks[3:5])) / rate, sum(ticks) / rate


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _cores() -> str:
    number = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return f"{number} core{'' if number == 1 else 's'}"


def _version(program: str) -> str:
    try:
        done = subprocess.run([program, "--version"], env=environment(), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not installed"
    found = _NUMBER.search(done.stdout)
    return found.group() if found else "of an unknown version"
