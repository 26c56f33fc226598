"""What rewritten files said before: the lines that were changed, and how to put them back once others have moved on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple


class Hunk(NamedTuple):
    """Lines that were rewritten.

    Attributes:
        line: Where they stand in the rewritten file, counted from 0.
        was: The lines before, without their ends.
        now: The lines after, at least one: where lines were only removed, a neighbour stands in both, to know the place.
    """

    line: int
    was: tuple[str, ...]
    now: tuple[str, ...]


def find_hunks(before: str, after: str) -> list[Hunk]:
    """Return what tells two versions of a file apart, from its beginning to its end."""
    from difflib import SequenceMatcher  # only where something is rewritten

    old, new = before.split("\n"), after.split("\n")
    same = _count_equal(old, new)
    rest = _count_equal(old[same:][::-1], new[same:][::-1])
    spans: list[_Span] = []
    # lines that are frequent, such as empty ones, are no places to begin at: each would be compared with every other
    matcher = SequenceMatcher(None, old[same : len(old) - rest], new[same : len(new) - rest], autojunk=True)
    for kind, *ends in matcher.get_opcodes():
        if kind != "equal":
            span = _with_neighbour(_Span(*(end + same for end in ends)))
            if spans and span.start < spans[-1].end:  # both have taken the line between them
                span = spans.pop()._replace(old_end=span.old_end, end=span.end)
            spans.append(span)
    alone = (line for span in spans for line in _split(span))
    return [Hunk(one.start, tuple(old[one.old_start : one.old_end]), tuple(new[one.start : one.end])) for one in alone]


def _count_equal(one: list[str], other: list[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


class _Span(NamedTuple):
    """Lines of the old version, and what they have become in the new one; without its ends as in a slice."""

    old_start: int
    old_end: int
    start: int
    end: int


def _split(span: _Span) -> Iterator[_Span]:
    """Yield lines one by one where each has become another one: somebody may change one of them, and the others stand."""
    count = span.end - span.start
    if span.old_end - span.old_start != count:
        yield span
        return
    for at in range(count):
        yield _Span(span.old_start + at, span.old_start + at + 1, span.start + at, span.start + at + 1)


def _with_neighbour(span: _Span) -> _Span:
    if span.start < span.end:
        return span
    if span.start > 0:
        return span._replace(old_start=span.old_start - 1, start=span.start - 1)
    return span._replace(old_end=span.old_end + 1, end=span.end + 1)


def put_back(text: str, hunks: Iterable[Hunk]) -> str:
    """Return a file with its former lines; what is not there any more is passed over.

    Args:
        text: The file as it is.
        hunks: What was rewritten in it; of several places that read the same, the nearest to where it was is taken.
    """
    lines = text.split("\n")
    return _replace(lines, _find_places(lines, hunks))


def put_all_back(text: str, hunks: Sequence[Hunk]) -> str | None:
    """Return a file with its former lines; None where one of those that were rewritten is not there any more.

    Args:
        text: The file as it is.
        hunks: What was rewritten in it.
    """
    lines = text.split("\n")
    found = _find_places(lines, hunks)
    return _replace(lines, found) if len(found) == len(hunks) else None


def _replace(lines: list[str], found: Mapping[int, Hunk]) -> str:
    for place in sorted(found, reverse=True):
        lines[place : place + len(found[place].now)] = found[place].was
    return "\n".join(lines)


def _find_places(lines: list[str], hunks: Iterable[Hunk]) -> dict[int, Hunk]:
    """Return where hunks begin, no line being taken twice; line ends may have been converted since then."""
    found: dict[int, Hunk] = {}
    free = [True] * len(lines)
    for hunk in hunks:
        for one in (hunk, _with_end(hunk, "\r"), _with_end(hunk, "")):
            place = _find_place(lines, free, one)
            if place is not None:
                found[place] = one
                free[place : place + len(one.now)] = [False] * len(one.now)
                break
    return found


def _find_place(lines: list[str], free: list[bool], hunk: Hunk) -> int | None:
    size = len(hunk.now)
    places = (
        place
        for place in range(len(lines) - size + 1)
        if all(free[place : place + size]) and tuple(lines[place : place + size]) == hunk.now
    )
    return min(places, key=lambda place: abs(place - hunk.line), default=None)


def _with_end(hunk: Hunk, end: str) -> Hunk:
    """Return a hunk whose lines all have one end."""
    was, now = (tuple(line.removesuffix("\r") + end for line in lines) for lines in (hunk.was, hunk.now))
    return Hunk(hunk.line, was, now)
