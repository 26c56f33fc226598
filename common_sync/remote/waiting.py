"""When a service is well that was just started: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import threading
import time
from typing import Callable, Sequence  # noqa: UP035 - Python 3.7

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


class Watch:
    """Asks a service again and again while it is switched, and tells how long it did not answer well.

    Args:
        health: What to ask, or nothing.
    """

    def __init__(self, health: str) -> None:
        self._health, self._is_over = health, threading.Event()
        self._answers: list[tuple[float, bool]] = []
        self._began = self._ended = 0.0

    def begin(self) -> None:
        """Begin to ask."""
        self._began = time.monotonic()
        if self._health:
            threading.Thread(target=self._ask, daemon=True).start()

    def end(self) -> None:
        """Ask no more."""
        self._is_over.set()
        self._ended = time.monotonic()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            is_good = not find_ill(self._health)
            self._answers.append((time.monotonic(), is_good))
            self._is_over.wait(_BETWEEN)

    @property
    def gap(self) -> int | None:
        """The longest time without a good answer, in milliseconds; 0 where all were good; None where there was none."""
        return int(find_gap(self._began, self._answers[:], self._ended) * 1000) if self._answers else None


_BETWEEN = 0.1
"""Seconds between an answer and the next question of a watch."""


def find_gap(began: float, answers: Sequence[tuple[float, bool]], ended: float) -> float:
    """Return the longest time between two good answers among which are others, in seconds.

    Args:
        began: When the first was asked for; the service is taken to have answered well until then.
        answers: When each was there, and whether it was good.
        ended: When nobody asked any more.
    """
    longest, since, is_ill = 0.0, began, False
    for when, is_good in answers:
        longest = max(longest, when - since) if is_ill else longest
        since, is_ill = (when, False) if is_good else (since, True)
    return max(longest, ended - since) if is_ill else longest
