"""The program as processes that are forked from a warm one: to start Python anew, with its coverage measured, takes nine times as long.

A run is a real process: the program's own `main`, its exit code and its streams. `support/serving.py` is the warm process;
here is what it does in a fork, and what the tests ask it by.
"""

import gc
import importlib
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, NoReturn

import common_sync
from common_sync.core.errors import CommonSyncError
from support.covered import data_file

Entry = Literal["main", "hook"]
"""Which of its two ways in the program is started by."""

AT_START = ("PYTHON", "LC_", "LANG", "TZ")
"""What the names of variables begin with that Python reads as it starts."""

_STANDARD = ("ast", "configparser", "json", "pickle", "select", "shlex", "subprocess", "traceback")
"""What the program imports only where it is needed; a user who is not root may not be able to read it."""


class Request(NamedTuple):
    """A run that is asked for: where, how, with which words and in which environment, and for how many seconds at most."""

    cwd: str
    entry: Entry
    arguments: tuple[str, ...]
    env: dict[str, str]
    umask: int
    timeout: int


READY = b"ready\n"
"""What the warm process says once it can be asked."""


class Answer(NamedTuple):
    """How a process ended: what `waitpid` said, what it wrote, and its id."""

    status: int
    out: str
    err: str
    process: int


def run_forked(become: Callable[[], None]) -> Answer:
    """Run something in a fork of this process; return how that ended.

    Args:
        become: What is run, with streams of its own; it has to end the process.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if process == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            try:
                become()
            finally:
                os._exit(99)
        _, status = os.waitpid(process, os.WUNTRACED)
        return Answer(status, read_text(out), read_text(err), process)


def read_text(file: BinaryIO) -> str:
    """Return what a file holds."""
    file.seek(0)
    return file.read().decode("utf-8", "surrogateescape")


def end_by(main: Callable[[], object]) -> NoReturn:
    """End this process as the program ends itself."""
    try:
        main()
    except SystemExit as end:  # how SIGTERM ends it
        os._exit(end.code if isinstance(end.code, int) else 99)
    os._exit(99)


def warm_up() -> None:
    """Import the program, and what it imports only once it is asked for something."""
    modules = pkgutil.walk_packages(common_sync.__path__, "common_sync.")
    for name in [*_STANDARD, *(module.name for module in modules if not module.name.endswith(".__main__"))]:
        importlib.import_module(name)
    from common_sync.interface.cli import run_command_line

    sys.argv = ["common-sync", "verify", "--root", os.devnull, "--output-format", "json"]
    with suppress(CommonSyncError):  # parsing a command line imports what no import names
        run_command_line()
    gc.freeze()


def become(request: Request) -> NoReturn:
    """Be the program, from its first line to its end."""
    os.environ.clear()
    os.environ.update(request.env)
    os.umask(request.umask)
    os.chdir(request.cwd)
    signal.alarm(request.timeout)
    sys.argv = ["common-sync", *request.arguments]
    end_by(importlib.import_module(f"common_sync.interface.{request.entry}").main)


class Forks:
    """Runs of the program, forked from a warm process that is started when the first is asked for."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"common-sync-tests-{os.getpid()}"
        """Where the warm process listens for hooks that git starts: a socket of no folder."""

    def may_run(self, env: Mapping[str, str]) -> bool:
        """Tell whether an environment asks for nothing that only a new Python would do, and no other thread may be asking.

        Answers come one after the other, by one pipe: two threads would read each other's, or wait for ever.
        """
        alone = threading.current_thread() is threading.main_thread()
        return alone and not any(name.startswith(AT_START) for name in env)

    def start(self, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start the warm process, unless it is running.

        Args:
            env: Its environment.
        """
        if self._process is None:
            tests = str(Path(__file__).parents[1])
            clean = {name: value for name, value in env.items() if not name.startswith("COV")}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.serving", self.address, data_file()],
                cwd="/",
                env=clean | {"PYTHONPATH": os.pathsep.join([tests, env["PYTHONPATH"]])},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == READY
        return self._process

    def run(self, request: Request, env: Mapping[str, str]) -> Answer:
        """Run the program once.

        Args:
            request: Which run.
            env: The environment of the warm process, if this is the first.
        """
        process = self.start(env)
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump(request, process.stdin)
        process.stdin.flush()
        answer: Answer = pickle.load(process.stdout)  # noqa: S301 - from our own process
        return answer

    def end(self) -> None:
        """End the warm process."""
        if self._process is not None:
            self._process.__exit__(None, None, None)
            self._process = None
