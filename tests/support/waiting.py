"""Wait for what another process does; no test fails because a machine is busy."""

import time
from collections.abc import Callable
from subprocess import Popen
from typing import AnyStr

PATIENCE = 600
"""Seconds; a limit that only ends a hang."""

_PAUSE = 0.005


def wait_for(happened: Callable[[], object], process: Popen[AnyStr] | None = None) -> None:
    """Wait until something has happened.

    Args:
        happened: Tell whether it has.
        process: What does it; it must not have ended before.
    """
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert process is None or process.poll() is None, "it has ended before"
        assert time.monotonic() < deadline, "it hangs"
        time.sleep(_PAUSE)
