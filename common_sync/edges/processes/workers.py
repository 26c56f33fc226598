"""Share work between processes: Python's threads take turns, and reading or writing small files is mostly Python."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[int], None]
"""Told how many more items are done."""

Phases = Callable[[str, int], Progress]
"""Told what begins and how many items it has; returns what is to be told of those that are done."""


class Observer(Protocol):
    """Notes something while items are worked on, in whichever process that is."""

    def observe(self, function: Callable[[Item], Result], item: Item) -> tuple[Result, object]:
        """Return `function(item)`, and what was noted meanwhile; it must be picklable."""

    def take_in(self, seen: object) -> None:
        """Take in what was noted in a worker process."""


observers: list[Observer] = []
"""Those that are to be told of what worker processes do; mostly none."""


def no_progress(_text: str, _total: int) -> Progress:
    """Tell nobody."""
    return lambda _done: None


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fork_map(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, progress: Progress
) -> list[Result]:
    """Return `[function(item) for item in items]`, computed by several processes.

    Args:
        function: Its result must be picklable; an exception that it raises is raised here.
        items: What to call it with.
        workers: How many processes; with 1 nothing is forked.
        progress: Told of every few items that are done.

    Raises:
        TreeError: A worker was killed before it had finished.
    """
    if workers <= 1:
        return list(_one_by_one(function, items, progress))
    from common_sync.edges.processes.forking import share  # with pickle 3 ms, and a small repository forks nothing

    if not observers:
        return share(function, items, workers, progress)
    observer = observers[-1]
    pairs = share(lambda item: observer.observe(function, item), items, workers, progress)
    for _, seen in pairs:
        observer.take_in(seen)
    return [result for result, _ in pairs]


def _one_by_one(function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> Iterator[Result]:
    for item in items:
        yield function(item)
        progress(1)
