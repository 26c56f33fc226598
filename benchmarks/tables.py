"""A table of the page: a row for each contestant."""

from collections.abc import Iterator, Sequence

from benchmarks.judging import middle, processor, spread
from benchmarks.rounds import Table
from benchmarks.running import Run


def show_table(table: Table, base: str, name: str) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        table: The contestants' runs.
        base: The contestant that the others are compared with.
        name: What the heading calls it.
    """
    yield f"| | runs | median | IQR | CPU | times {name} |"
    yield "|---|--:|--:|--:|--:|--:|"
    whole = middle(table[base])
    for title, runs in table.items():
        yield _row(title, runs, whole) if runs else f"| {title} | not installed | | | | |"


def _row(title: str, runs: Sequence[Run], whole: float) -> str:
    cpu = processor(runs)
    between = _seconds(spread(runs)) if len(runs) > 1 else "-"
    ratio = f"{middle(runs) / whole:.2f}"
    return f"| {title} | {len(runs)} | {_seconds(middle(runs))} | {between} | {_seconds(cpu)} | {ratio} |"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.3f} s"
