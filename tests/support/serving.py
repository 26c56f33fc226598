"""The warm process: it has imported the program, and runs it in a fork of itself, once for each request.

Usage: `python -m support.serving ADDRESS [DATA_FILE]`. Requests come by standard input, and by a socket from
`support/asking.py`, which git runs as a hook.
"""

import marshal
import os
import pickle
import select
import socket
import sys
from contextlib import suppress
from typing import NamedTuple

from support.asking import ANEW, KILLED
from support.covered import Covered
from support.forked import AT_START, READY, Request, become, run_forked, warm_up
from support.waiting import PATIENCE


class Hooked(NamedTuple):
    """A run that git asks for.

    Attributes:
        request: Which.
        streams: Its standard input, output and error.
        connection: Where its exit code goes.
    """

    request: Request
    streams: list[int]
    connection: socket.socket


def read_hooked(listening: socket.socket) -> Hooked:
    """Return what is asked for by somebody who connects."""
    connection, _ = listening.accept()
    header, streams, *_ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as stream:
        asked = marshal.loads(stream.read(int.from_bytes(header, "big")))  # noqa: S302 - from our own process
    cwd, arguments, env, umask = asked
    names = {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
    words = tuple(os.fsdecode(word) for word in arguments)
    return Hooked(Request(os.fsdecode(cwd), "hook", words, names, umask, PATIENCE), streams, connection)


class Server:
    """The warm process.

    Args:
        address: Where it listens.
        file: Where its coverage goes, or nothing.
    """

    def __init__(self, address: str, file: str) -> None:
        self._covered = Covered(file) if file else None
        self._at_start = _at_start(dict(os.environ))
        warm_up()
        if self._covered is not None:
            self._covered.settle()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"\0{address}")
        self._listening.listen()

    def serve(self) -> None:
        """Answer until nobody can ask any more."""
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        while True:
            ready, _, _ = select.select([sys.stdin, self._listening], [], [])
            self._settle_forks()
            if self._listening in ready:
                self._run_hooked(read_hooked(self._listening))
            elif not self._answer():
                break
        if self._covered is not None:
            self._covered.write()

    def _settle_forks(self) -> None:
        with suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if self._covered is not None:
            self._covered.after_fork()

    def _answer(self) -> bool:
        try:
            request: Request = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the tests
        except EOFError:
            return False
        measured = self._is_worth(request)
        pickle.dump(run_forked(lambda: self._become(request, measured=measured)), sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return True

    def _is_worth(self, request: Request) -> bool:
        """Tell whether the coverage of a run is worth the time; runs of one kind have one entry, one command and the same options."""
        words = [word for at, word in enumerate(request.arguments) if at == 0 or word.startswith("-")]
        return self._covered is not None and self._covered.is_worth(" ".join([request.entry, *words]))

    def _become(self, request: Request, *, measured: bool) -> None:
        if self._covered is not None:
            self._covered.in_fork(measured=measured)
        become(request)

    def _run_hooked(self, hooked: Hooked) -> None:
        if _at_start(hooked.request.env) != self._at_start:
            hooked.connection.sendall(ANEW)
        else:
            measured = self._is_worth(hooked.request)
            if os.fork() == 0:
                try:
                    self._become_hooked(hooked, measured=measured)
                finally:
                    os._exit(KILLED)
        hooked.connection.close()
        for stream in hooked.streams:
            os.close(stream)

    def _become_hooked(self, hooked: Hooked, *, measured: bool) -> None:
        end, process = os._exit, os.getpid()

        def say_so_and_end(code: int) -> None:
            if os.getpid() == process:  # and not one that it has forked
                hooked.connection.sendall(bytes([code]))
            end(code)

        os._exit = say_so_and_end  # type: ignore[assignment] # it does not return either
        for number, stream in enumerate(hooked.streams):
            os.dup2(stream, number)
        self._become(hooked.request, measured=measured)


def _at_start(env: dict[str, str]) -> dict[str, str]:
    """Return what Python reads as it starts; of where it finds modules, the end: the warm process looks elsewhere first."""
    found = {name: value for name, value in env.items() if name.startswith(AT_START)}
    return found | {"PYTHONPATH": env.get("PYTHONPATH", "").rpartition(os.pathsep)[2]}


if __name__ == "__main__":
    Server(sys.argv[1], sys.argv[2]).serve()
