"""The program as processes that are forked from a warm one: to start Python anew, with its coverage measured, takes five times as long.

A run is a real process: the program's own `main`, its exit code and its streams. This module is both the warm process
(`python -m support.forked`) and what asks it.
"""

import gc
import importlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, NoReturn

from common_sync.core.errors import CommonSyncError

Entry = Literal["main", "hook"]
"""Which of its two ways in the program is started by."""

_AT_START = ("PYTHON", "LC_", "LANG", "TZ")
"""What the names of variables begin with that Python reads as it starts."""

_WARM = (
    "common_sync.commands.diff",
    "common_sync.commands.distribute",
    "common_sync.commands.hook",
    "common_sync.commands.verify",
    "common_sync.interface.run.distribute",
    "common_sync.interface.run.verify",
    "common_sync.interface.cli",
    "common_sync.interface.show.fields",
    "common_sync.interface.show.tables",
    "common_sync.interface.show.text",
)
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
    for name in (*_WARM, *_STANDARD):
        importlib.import_module(name)
    from common_sync.interface.cli import run_command_line

    sys.argv = ["common-sync", "verify", "--root", os.devnull, "--output-format", "json"]
    with suppress(CommonSyncError):  # parsing a command line imports what no import names
        run_command_line()
    gc.freeze()


def _become(request: Request) -> None:
    os.environ.clear()
    os.environ.update(request.env)
    os.umask(request.umask)
    os.chdir(request.cwd)
    signal.alarm(request.timeout)
    sys.argv = ["common-sync", *request.arguments]
    main = importlib.import_module(f"common_sync.interface.{request.entry}").main
    end_by(main)


class Forks:
    """Runs of the program, forked from a warm process that is started when the first is asked for."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def may_run(self, env: Mapping[str, str]) -> bool:
        """Tell whether an environment asks for nothing that only a new Python would do."""
        return not any(name.startswith(_AT_START) for name in env)

    def run(self, cwd: Path, entry: Entry, arguments: tuple[str, ...], env: dict[str, str], timeout: int) -> Answer:
        """Run the program once."""
        if self._process is None:
            path = os.pathsep.join([str(Path(__file__).parents[1]), env["PYTHONPATH"]])
            command, pipe = [sys.executable, "-m", "support.forked"], subprocess.PIPE
            self._process = subprocess.Popen(command, cwd="/", env={**env, "PYTHONPATH": path}, stdin=pipe, stdout=pipe)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        os.umask(umask := os.umask(0))
        pickle.dump(Request(str(cwd), entry, arguments, env, umask, timeout), self._process.stdin)
        self._process.stdin.flush()
        answer: Answer = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        return answer

    def end(self) -> None:
        """End the warm process."""
        if self._process is not None:
            self._process.__exit__(None, None, None)
            self._process = None


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    warm_up()
    while True:
        try:
            request: Request = pickle.load(requests)  # noqa: S301 - from the tests
        except EOFError:
            return
        pickle.dump(run_forked(lambda: _become(request)), answers)  # noqa: B023 - called at once
        answers.flush()


if __name__ == "__main__":
    from support.forked import serve as serve_by_name  # what is pickled is of the module that has a name

    serve_by_name(sys.stdin.buffer, sys.stdout.buffer)
