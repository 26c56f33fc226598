"""Tables of text, and what stands in their cells: sizes and times."""

from collections.abc import Iterator, Sequence

from common_sync.interface.show.terminal import Terminal, columns, pad

_UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def table_lines(rows: Sequence[Sequence[str]], terminal: Terminal) -> Iterator[str]:
    """Yield the lines of a table; the first row is its head.

    Args:
        rows: The cells of each; where a row is wider than the terminal, the last of them goes on below. Where others do not fit, they
            stand in lines below, with a head of their own; a narrow terminal has a line for each cell, below its row's first one.
            What is no terminal gets a line for each row.
        terminal: What the lines are for.
    """
    every = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    widths = every[:-1]
    last_at = sum(widths) + 2 * len(widths)
    if terminal.has_width and terminal.width < _NARROW and last_at >= terminal.width:
        yield from _cell_lines(rows, terminal)
        return
    if terminal.has_width and terminal.width >= _NARROW and last_at + columns(rows[0][-1]) > terminal.width:
        yield from _folded_lines(rows, every, terminal)
        return
    for number, (*cells, last) in enumerate(rows):
        head = "".join(f"{pad(cell, width)}  " for cell, width in zip(cells, widths, strict=True))
        if number == 0 or not terminal.has_width:
            yield terminal.paint(head + last, "bold") if number == 0 else head + last
        else:
            yield from terminal.wrap(last, columns(head), head)


_NARROW = 60
_NOTHING = frozenset({"", "-", "·"})


def _folded_lines(rows: Sequence[Sequence[str]], widths: Sequence[int], terminal: Terminal) -> Iterator[str]:
    """Yield as many columns in a line as fit, and the others below, but for lines with nothing in them."""
    parts: list[list[int]] = []
    end = terminal.width
    for number, width in enumerate(widths[1:], 1):
        if end + width > terminal.width:
            parts, end = [*parts, []], widths[0] + 2
        parts[-1].append(number)
        end += width + 2
    head, *others = rows
    parts = [
        part for part in parts if not all(_NOTHING.issuperset(row[one] for one in part) for row in others)
    ] or parts[:1]
    for row in rows:
        for part in parts:
            cells = [row[number] for number in part]
            first = row[0] if part is parts[0] else ""
            if first or not _NOTHING.issuperset(cells):
                padded = (pad(row[number], widths[number]) for number in part)
                line = "  ".join((pad(first, widths[0]), *padded)).rstrip()
                yield terminal.paint(line, "bold") if row is head else line


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
