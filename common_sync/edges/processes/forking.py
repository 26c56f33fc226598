"""Processes that share work: forked, so that each has all that the parent has read; only results are sent back."""

import os
import pickle
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn, TypeVar

from common_sync.core.errors import Problem, TreeError
from common_sync.edges.processes.signals import STOPPING, held_back, stop_once

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_IN_A_BATCH = 64
_HEADER = 8
_PAUSE = 0.02
"""Seconds from one signal to the next."""


def share(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, progress: Callable[[int], None]
) -> list[Result]:
    """Return `[function(item) for item in items]`, computed by forked processes.

    Args:
        function: Its result must be picklable; an exception that it raises is raised here.
        items: What to call it with.
        workers: How many processes.
        progress: Told of every few items that are done.

    Raises:
        TreeError: A worker was killed before it had finished.
    """
    pipes: dict[int, int] = {}
    wait_for = _wait_for
    try:
        with held_back():  # a signal waits until every worker is known, and each has handlers of its own
            for number in range(workers):
                reader, process = _fork(function, items[number::workers])
                pipes[reader] = process
        results: dict[int, list[Result]] = _collect(pipes, progress)
    except BaseException:
        wait_for = _stop
        for process in pipes.values():
            os.kill(process, signal.SIGTERM)
        raise
    finally:
        for reader in pipes:  # all of them first: a worker may be writing, and may hold another's pipe open
            os.close(reader)
        for process in pipes.values():
            wait_for(process)
    shares = [results[reader] for reader in pipes]
    if sum(map(len, shares)) != len(items):
        raise TreeError(Problem("a worker process was killed before it had finished", remedy="run it again"))
    return [shares[number % workers][number // workers] for number in range(len(items))]


def _fork(function: Callable[[Item], Result], items: Sequence[Item]) -> tuple[int, int]:
    """Start a worker; return the descriptor that its results come from, and its process id."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        _be_worker(function, items, reader, writer)
    os.close(writer)
    return reader, process


def _wait_for(process: int) -> None:
    os.waitpid(process, 0)


def _stop(process: int) -> None:
    """Signal until the worker ends: Python acts on a signal just before a blocking call only after that call."""
    while os.waitpid(process, os.WNOHANG) == (0, 0):
        os.kill(process, signal.SIGTERM)
        time.sleep(_PAUSE)


def _be_worker(function: Callable[[Item], Result], items: Sequence[Item], reader: int, writer: int) -> NoReturn:
    status = 1
    with suppress(BaseException):
        try:
            for number in STOPPING:
                signal.signal(number, stop_once)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            os.close(reader)
            _work(function, items, writer)
            status = 0
        finally:
            # From here on no signal can raise anything, and so nothing can lead back into what the parent was doing.
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    os._exit(status)  # nothing that the parent has buffered, or meant to do at its exit, is done twice


def _work(function: Callable[[Item], Result], items: Sequence[Item], writer: int) -> None:
    size = max(1, min(_MOST_IN_A_BATCH, len(items) // 20))
    for start in range(0, len(items), size):
        try:
            message: object = [function(item) for item in items[start : start + size]]
        except Exception as error:  # noqa: BLE001 - it is raised again in the parent
            message = error
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with open(writer, "wb", closefd=False) as stream:
            stream.write(len(data).to_bytes(_HEADER, "big") + data)
        if isinstance(message, Exception):
            return


def _collect(pipes: dict[int, int], progress: Callable[[int], None]) -> dict[int, list[Result]]:
    results: dict[int, list[Result]] = {reader: [] for reader in pipes}
    pending = {reader: bytearray() for reader in pipes}
    while pending:
        for reader in select.select(list(pending), [], [])[0]:
            data = os.read(reader, 1 << 16)
            if not data:
                del pending[reader]
                continue
            pending[reader] += data
            batch: list[Result] | Exception
            for batch in _unpack(pending[reader]):
                if isinstance(batch, Exception):
                    raise batch
                results[reader].extend(batch)
                progress(len(batch))
    return results


def _unpack(data: bytearray) -> Iterator[list[Result] | Exception]:
    """Take the whole messages out of what has arrived; the beginning of the next one stays."""
    while len(data) >= _HEADER and len(data) >= (end := _HEADER + int.from_bytes(data[:_HEADER], "big")):
        message: list[Result] | Exception = pickle.loads(data[_HEADER:end])  # noqa: S301 - from our own child
        del data[:end]
        yield message
