"""Tables of text, and what stands in their cells: sizes and times."""

from collections.abc import Iterator, Sequence

from common_sync.interface.show.terminal import Terminal, columns, pad

_UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def table_lines(rows: Sequence[Sequence[str]], terminal: Terminal) -> Iterator[str]:
    """Yield the lines of a table; the first row is its head.

    Args:
        rows: The cells of each; where a row is wider than the terminal, the last of them goes on below. The head is one line always.
            A narrow terminal has a line for each cell, below its row's first one.
        terminal: What the lines are for.
    """
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)][:-1]
    if terminal.width < _NARROW and sum(widths) + 2 * len(widths) >= terminal.width:
        yield from _cell_lines(rows, terminal)
        return
    for number, (*cells, last) in enumerate(rows):
        head = "".join(f"{pad(cell, width)}  " for cell, width in zip(cells, widths, strict=True))
        if number == 0:
            yield terminal.paint(head + last, "bold")
        else:
            yield from terminal.wrap(last, columns(head), head)


_NARROW = 60
_NOTHING = frozenset({"", "-", "·"})


def _cell_lines(rows: Sequence[Sequence[str]], terminal: Terminal) -> Iterator[str]:
    """Yield a line for each cell that has something in it."""
    (_, *titles), *rest = rows
    width = max(map(columns, titles), default=0)
    for first, *cells in rest:
        yield terminal.paint(first, "bold")
        for title, cell in zip(titles, cells, strict=True):
            if cell not in _NOTHING:
                yield from terminal.wrap(cell, width + 4, f"  {pad(title, width)}  ")


def megabytes(size: int) -> str:
    """Return a number of bytes, as people read it."""
    return f"{size / (1 << 20):.1f} MB"


def elapsed(seconds: float) -> str:
    """Return how long something took or takes, in its biggest unit."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"
