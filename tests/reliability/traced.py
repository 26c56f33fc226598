"""The program as `strace` sees it: a cold process, its system calls in order, and a fault at one of them."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from reliability.runs import SETTLED
from reliability.warm import unmeasured
from support.monorepo import Done, patched

STRACE = shutil.which("strace")

_KINDS = {
    "fchmodat": "chmod",
    "fchownat": "chown",
    "linkat": "link",
    "mkdirat": "mkdir",
    "mknodat": "mknod",
    "pwrite64": "pwrite",
    "renameat": "rename",
    "renameat2": "rename",
    "symlinkat": "symlink",
    "ftruncate": "truncate",
    "unlinkat": "unlink",
}
"""What the functions of `os` call these system calls."""

_CHANGING = (
    "openat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "mknod",
    "mknodat",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "copy_file_range",
    "sendfile",
    "truncate",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "fchownat",
    "utimensat",
    "setxattr",
    "fsetxattr",
    "removexattr",
    "fremovexattr",
)
_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
_PATH = re.compile(r'[<"](/[^>"]*)[>"]')
_STOPPED = "import time\nbegan = time.gmtime(0)\ntime.gmtime = lambda: began"
"""A clock that stands still, for the names of sets of discarded files: each run makes the same."""


class Call(NamedTuple):
    """One system call of the traced process.

    Attributes:
        name: As `strace` calls it.
        number: How many calls of that name were listed until then, with itself.
        text: Its arguments and result.
    """

    name: str
    number: int
    text: str

    @property
    def kind(self) -> str:
        """What the functions of `os` call it."""
        if self.name == "openat":
            return "create"
        return "rmdir" if self.name == "unlinkat" and "AT_REMOVEDIR" in self.text else _KINDS.get(self.name, self.name)


def trace(
    cwd: Path,
    *arguments: str,
    env: dict[str, str],
    inject: str | None = None,
    also: tuple[str, ...] = (),
    paths: Iterable[str] = (),
) -> tuple[Done, list[Call]]:
    """Run the program under `strace`; return how it ended, and its calls that change the disk below the folder above.

    Args:
        cwd: Where it is started.
        arguments: Its command line.
        env: What is added to its environment.
        inject: What `strace` is to inject, as in its `-e inject=`.
        also: System calls to list that change nothing.
        paths: List, count and strike only the calls that name one of these paths, or a descriptor of it; all calls if empty.
    """
    log = cwd.parent / "strace.log"
    options = ["-y", "-o", str(log), "-e", f"trace={','.join((*_CHANGING, *also))}", "-e", "signal=none"]
    options += ["-e", f"inject={inject}"] if inject else []
    options += [f"--trace-path={path}" for path in paths]
    # With `-f`, a fault would strike git as well: its calls are counted by themselves, and from 1.
    command = [str(STRACE), *options, *patched(f"{_STOPPED}\n{SETTLED}"), *arguments]
    everything = unmeasured(PYTHONDONTWRITEBYTECODE="1", **env)
    done = subprocess.run(command, cwd=cwd, env=everything, capture_output=True, encoding="utf-8", check=False)
    lines = log.read_bytes().decode("utf-8", "replace").splitlines()
    ended = Done(done.returncode, done.stdout, done.stderr)
    return ended, [call for call in _calls(lines) if os.fspath(cwd.parent) in call.text and _changes(call)]


def numbered(
    new: Callable[[], Path], *arguments: str, env: dict[str, str], also: tuple[str, ...] = ()
) -> tuple[list[Call], frozenset[str]]:
    """Return the calls of a run that change the disk, and the paths among whose calls alone they are counted.

    What Python opens as it starts differs from run to run; a number that counted it would strike another call.

    Args:
        new: Make the repository anew; return where the program is started, the same each time.
        arguments: Its command line.
        env: What is added to its environment.
        also: System calls to list that change nothing.
    """
    cwd = new()
    _, calls = trace(cwd, *arguments, env=env, also=also)
    below = f"{cwd.parent}/"
    paths = frozenset(path for call in calls for path in _PATH.findall(call.text) if path.startswith(below))
    _, calls = trace(new(), *arguments, env=env, also=also, paths=paths)
    return calls, paths


def _calls(lines: list[str]) -> list[Call]:
    counts: dict[str, int] = {}
    calls = []
    for line in lines:
        found = _CALL.match(line)
        if found is not None:
            name = found[1]
            counts[name] = counts.get(name, 0) + 1
            calls.append(Call(name, counts[name], found[2]))
    return calls


def _changes(call: Call) -> bool:
    return call.name != "openat" or "O_CREAT" in call.text
