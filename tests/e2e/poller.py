"""Somebody who asks a service all the time: what a deploy costs is what failed meanwhile."""

import threading
import time
import urllib.request
from itertools import pairwise
from typing import NamedTuple

_EVERY, _PATIENCE = 0.02, 5


class Polled(NamedTuple):
    """What a service has answered."""

    good: int  # answers
    bad: int
    gaps: tuple[float, ...]  # for how long, in seconds, it did not answer well, each time, up to the next good answer


class Poller:
    """Asks a service fifty times a second, in a thread of its own, until it is told to end.

    Args:
        url: What to ask.
    """

    def __init__(self, url: str) -> None:
        self._url, self._is_over = url, threading.Event()
        self._answers: list[tuple[float, bool]] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._is_over.wait(_EVERY):
            try:
                with urllib.request.urlopen(self._url, timeout=_PATIENCE) as reply:  # noqa: S310 - our own
                    reply.read()
            except OSError:
                self._answers.append((time.monotonic(), False))
            else:
                self._answers.append((time.monotonic(), True))

    def end(self) -> Polled:
        """Ask no more; return what was answered."""
        self._is_over.set()
        self._thread.join()
        gaps: list[float] = []
        since = self._answers[0][0]
        for (_, was_good), (when, is_good) in pairwise(self._answers):
            if is_good and not was_good:
                gaps.append(when - since)
            since = when if is_good else since
        good = sum(is_good for _, is_good in self._answers)
        return Polled(good, len(self._answers) - good, tuple(gaps))
