"""Ctrl-C and SIGTERM: the first one is an exception, which removes temporary files on its way out."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)

TERMINATED = 143


def stop_once(number: int, _frame: object) -> None:
    """Leave by an exception; what that sets in motion is not stopped by a second signal.

    Ctrl-C reaches a process and its workers alike, and what the process tells its workers comes on top.

    Raises:
        KeyboardInterrupt: For Ctrl-C.
        SystemExit: For SIGTERM.
    """
    for each in STOPPING:
        signal.signal(each, _already_stopping)
    if number == signal.SIGTERM:
        sys.exit(TERMINATED)
    raise KeyboardInterrupt


def _already_stopping(_number: int, _frame: object) -> None:
    """Do nothing. SIG_IGN would have Python print a complaint where the second signal is there already."""


@contextmanager
def held_back() -> Iterator[None]:
    """Let the signals wait until the block has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
