"""Kill a run at calls that change the disk, at a place that is put back after each try."""

import signal
from collections.abc import Iterator, Sequence
from typing import Protocol

from reliability.runs import Ended, Hindrance
from support.depth import FULL, Record, sample

KILLED = -signal.SIGKILL


class Place(Protocol):
    """Where something is tried, again and again."""

    def run(self, *words: str, hindrance: Hindrance | None = None) -> Ended:
        """Run the tool."""

    def put_back(self) -> None:
        """Undo what a try has done."""

    def wrong_now(self) -> Iterator[str]:
        """Yield what is wrong in what a killed run has left."""

    def wrong_at_last(self) -> Iterator[str]:
        """Yield what is wrong once the next run has finished what a killed one has begun."""


def kill_anywhere(place: Place, words: Sequence[str], record: Record, name: str, what: str) -> list[str]:
    """Return what is wrong after kills, each with the call that it came at.

    Args:
        place: Where it is tried; the tool runs there once without a kill, first.
        words: The command.
        record: pytest's `record_property`.
        name: The scenario's name.
        what: What is killed.
    """
    ended = place.run(*words)
    assert ended.code == 0, ended
    assert [*place.wrong_at_last()] == []
    every = [Hindrance(number, "kill") for number in range(1, len(ended.calls) + 1)]
    points = sample(every[:: 1 if FULL else 3], 2, record, f"crash points of {what}")
    wrong = []
    for point in points:
        place.put_back()
        killed = place.run(*words, hindrance=point)
        assert killed.code == KILLED, (point, killed)
        where = f"killed at {point.at} ({killed.calls[-1]})"
        wrong += [f"{where}: {one}" for one in (*place.wrong_now(), *place.wrong_at_last())]
    record(f"count: crash points of {what}, {name}", len(points))
    return wrong
