"""What is asked of the warm process, and what it answers: the words that the tests and `driver.py` share."""

from typing import Literal, NamedTuple

Calls = Literal["changing", "reading"]
"""`changing`: the calls that change the disk. `reading`: those that look at it, and those too."""

Deed = Literal["kill", "tear", "stop", "fail", "act"]
"""What happens at a call. `kill`: SIGKILL before it. `tear`: only the first half of a write, then SIGKILL. `stop`: SIGSTOP
before it. `fail`: it fails with an error. `act`: somebody else changes the disk just before it."""


CHANGING = (
    "chmod",
    "chown",
    "copy_file_range",
    "fchmod",
    "fchown",
    "fdatasync",
    "fsync",
    "ftruncate",
    "lchown",
    "link",
    "mkdir",
    "mkfifo",
    "mknod",
    "pwrite",
    "remove",
    "removexattr",
    "rename",
    "replace",
    "rmdir",
    "setxattr",
    "symlink",
    "truncate",
    "unlink",
    "utime",
    "write",
    "writev",
)
"""The functions of `os` that change the disk; `open` is another, and counted as `create`, where it may make a file."""

SETTLED = "from common_sync.edges.files import large\nlarge.COARSE = large.FINE = -(1 << 62)"
"""A case is made just before it is run: else what a large file costs would depend on how long ago that was."""

NOT_DONE = "not done"
"""Stands after a call at which somebody else was to change the disk, and could not."""


class Hindrance(NamedTuple):
    """What is put in the way of a run.

    Attributes:
        at: The number of the call, counted from 1.
        deed: What happens there.
        error: For `fail`: the errno.
        lasting: For `fail`: every later call of a kind that needs room fails as well, as on a disk that is full.
        path: For `act`: what somebody else writes or removes.
        data: For `act`: the bytes that he writes there, or None when he removes it.
        link: For `act`: where the symlink leads that he plants there instead; what stood there is moved out of the way.
    """

    at: int
    deed: Deed
    error: int = 0
    lasting: bool = False
    path: str = ""
    data: bytes | None = None
    link: str = ""


class Run(NamedTuple):
    """One run of the program.

    Attributes:
        cwd: Where it is started.
        arguments: Its command line.
        calls: Which calls are counted.
        hindrance: What is put in its way, or None.
        env: What is added to its environment.
        user: The user that it runs as, or None for the one that runs the tests.
        workers: Whether it shares the work between processes, however small the trees are.
    """

    cwd: str
    arguments: tuple[str, ...]
    calls: Calls = "changing"
    hindrance: Hindrance | None = None
    env: tuple[tuple[str, str], ...] = ()
    user: int | None = None
    workers: bool = False


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        code: Its exit code, or the negative number of the signal that killed it; 0 for one that stands still.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
        calls: The calls that were counted, in order: a name each, and what it was about.
        process: Its process id.
    """

    code: int
    out: str
    err: str
    calls: tuple[str, ...]
    process: int
