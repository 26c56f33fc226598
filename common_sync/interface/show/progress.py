"""A progress bar for work that takes over a second, on a terminal; rich is imported only then."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from common_sync.edges.processes.workers import Phases, Progress, no_progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PATIENCE = 1.0
"""Seconds before a bar appears."""


@contextmanager
def show_progress() -> Iterator[Phases]:
    """Yield what is to be told of phases and of what is done; the bar is gone when the block ends."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    shown = _Shown()
    try:
        yield shown.begin
    finally:
        shown.stop()


class _Shown:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bars: Bars | None = None

    def begin(self, text: str, total: int) -> Progress:
        """Begin a phase."""
        done = 0
        task: TaskID | None = None

        def advance(more: int) -> None:
            nonlocal done, task
            done += more
            if self._bars is None and time.monotonic() - self._started > PATIENCE:
                self._bars = _start_bars()
            if self._bars is not None:
                task = self._bars.add_task(text, total=total) if task is None else task
                self._bars.update(task, completed=done)

        return advance

    def stop(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()


def _start_bars() -> "Bars":
    from rich.console import Console  # 60 ms, once there is something to wait for
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("services"))
    bars = Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    bars.start()
    return bars
