"""When a service is well that was just started: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import time
from typing import Callable  # noqa: UP035 - Python 3.7

from common_sync.remote.calls import Job, fail
from common_sync.remote.look import ask

PAUSE = 1.0
"""Seconds between two looks at whether a service is well."""


def wait_until_well(job: Job, see: Callable[[], tuple[str, str]]) -> None:
    """Wait until all is well so many times in a row, and stays so for a while.

    Args:
        job: Says how many times, and how long.
        see: Returns why it is not well, or nothing, and what changes whenever it is started anew.

    Raises:
        StepError: It does not become well in its time.
    """
    deadline = time.monotonic() + job.health_timeout
    times, since, seen = 0, 0.0, ""
    while True:
        ill, now = see()
        clock = time.monotonic()
        is_good = not ill and now == seen
        times, since, seen = (times + 1, since, now) if is_good else (int(not ill), clock, now)
        if times >= job.health_times and clock >= since + job.settle:
            return
        if clock > deadline and (not is_good or clock > deadline + job.settle):
            fail(f"not healthy in {job.health_timeout} s: {ill or 'it was started again and again'}")
        time.sleep(PAUSE)


def find_ill(health: str) -> str:
    """Return why a service is ill by its own answer, or nothing.

    Args:
        health: What to ask, or nothing.
    """
    told = ask(health) if health else {"status": 200}
    return "" if str(told.get("status"))[:1] == "2" else f"{health}: {told.get('error') or told['status']}"
