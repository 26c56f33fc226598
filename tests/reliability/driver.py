"""The warm process: it has imported the program, and runs it in a fork of itself, once for each request.

A run is a real process, and killed means SIGKILL. Starting Python anew would cost 60 ms a run, a fork costs 5. What is put in a run's way stands between the program and the functions of
`os` that reach the disk; `test_crash.py` holds that every system call that changes the disk, as `strace` sees them, is
one of these.
"""

import builtins
import importlib
import os
import pickle
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import BinaryIO

from reliability.runs import CHANGING, NOT_DONE, SETTLED, Ended, Hindrance, Run
from support.forked import end_by, read_text, run_forked, warm_up

READING = ("access", "fstat", "listdir", "lstat", "open", "pread", "read", "readlink", "scandir", "stat")
NEEDS_ROOM = frozenset({"copy_file_range", "create", "mkdir", "pwrite", "rename", "symlink", "write"})


class Watch:
    """Counts a run's calls, and does what is asked at one of them."""

    def __init__(self, run: Run, log: int) -> None:
        self._hindrance, self._log = run.hindrance, log
        self._reading = run.calls == "reading"
        self._count, self._busy = 0, False
        self._write = os.write

    def install(self) -> None:
        """Stand between the program and the disk, until the process ends."""
        for name in (*CHANGING, "open", *(READING if self._reading else ())):
            if hasattr(os, name):
                setattr(os, name, self._watch(name, getattr(os, name)))
        if self._reading:
            setattr(builtins, "open", self._watch("open", builtins.open))  # noqa: B010 - its type has overloads

    def _watch(self, name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            kind = self._kind(name, arguments)
            if self._busy or kind is None:
                return function(*arguments, **named)
            self._count += 1
            self._write(self._log, f"{kind} {_about(arguments)}\n".encode("utf-8", "backslashreplace"))
            self._hinder(kind, function, arguments)
            return function(*arguments, **named)

        return call

    def _kind(self, name: str, arguments: tuple[object, ...]) -> str | None:
        if name == "open" and len(arguments) > 1 and isinstance(arguments[1], int) and arguments[1] & os.O_CREAT:
            return "create"
        return name if name != "open" or self._reading else None

    def _hinder(self, kind: str, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        hindrance = self._hindrance
        if hindrance is None or self._count < hindrance.at:
            return
        if self._count > hindrance.at and not (hindrance.lasting and kind in NEEDS_ROOM):
            return
        self._busy = True
        try:
            if not _do(hindrance, function, arguments):
                self._write(self._log, f"{NOT_DONE}\n".encode())
        finally:
            self._busy = False


def _about(arguments: tuple[object, ...]) -> str:
    return " ".join(os.fsdecode(one) for one in arguments if isinstance(one, str | os.PathLike))


def _do(hindrance: Hindrance, function: Callable[..., object], arguments: tuple[object, ...]) -> bool:
    """Do what is asked; return whether it could be done."""
    if hindrance.deed == "fail":
        raise OSError(hindrance.error, os.strerror(hindrance.error), *arguments[:1])
    if hindrance.deed == "act":
        return _plant(hindrance.path, hindrance.link) if hindrance.link else _act(hindrance.path, hindrance.data)
    if hindrance.deed == "tear":
        descriptor, half = arguments[:2]
        assert isinstance(half, bytes)
        function(descriptor, half[: len(half) // 2], *arguments[2:])
    os.kill(os.getpid(), signal.SIGSTOP if hindrance.deed == "stop" else signal.SIGKILL)
    return True


def _act(path: str, data: bytes | None) -> bool:
    """Do what somebody else does while the program runs; return whether it could be done."""
    try:
        if data is None:
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
            return True
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    except OSError:
        return False
    return True


def _plant(path: str, link: str) -> bool:
    """Put a symlink in the place of what is there; return whether it could be done."""
    try:
        if os.path.lexists(path):
            os.rename(path, path + ".aside")
        os.symlink(link, path)
    except OSError:
        return False
    return True


def answer(run: Run) -> Ended:
    """Run the program once; return how it ended."""
    with tempfile.TemporaryFile() as log:
        status, out, err, process = run_forked(lambda: _become(run, log))
        code = 0 if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        return Ended(code, out, err, tuple(read_text(log).splitlines()), process)


def _become(run: Run, log: BinaryIO) -> None:
    """Be the program."""
    from common_sync.interface.main import main

    sys.argv = ["common-sync", *run.arguments]
    os.environ.update(run.env)
    os.chdir(run.cwd)
    if run.workers:
        importlib.import_module("common_sync.commands.steps.survey").__dict__["_MANY_FILES"] = 0
    if run.user is not None:
        os.setgroups([])
        os.setgid(run.user)
        os.setuid(run.user)
    Watch(run, log.fileno()).install()
    end_by(main)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    warm_up()
    exec(SETTLED)  # noqa: S102 - the very words that a run under `strace` begins with
    while True:
        try:
            run = pickle.load(requests)  # noqa: S301 - from the tests
        except EOFError:
            return
        pickle.dump(answer(run), answers)
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
