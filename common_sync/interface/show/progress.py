"""A progress bar, by rich, for work of over a second on a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from common_sync.edges.processes.workers import Phases, Progress, no_progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PATIENCE = 1.0
"""Seconds before a bar appears."""


@contextmanager
def show_progress() -> Iterator[Phases]:
    """Yield a listener for phases; its bar goes when the block ends."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    started = time.monotonic()
    bars: Bars | None = None

    def begin(text: str, total: int) -> Progress:
        done = 0
        task: TaskID | None = None

        def advance(more: int) -> None:
            nonlocal bars, done, task
            done += more
            if bars is None and time.monotonic() - started > PATIENCE:
                bars = shown.enter_context(_make_bars())
            if bars is not None:
                task = bars.add_task(text, total=total) if task is None else task
                bars.update(task, completed=done)

        return advance

    with ExitStack() as shown:
        yield begin


def _make_bars() -> "Bars":
    from rich.console import Console  # 60 ms, once there is something to wait for
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("services"))
    return Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
