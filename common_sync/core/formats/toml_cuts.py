"""Take parts out of a TOML text and exchange values; every other byte stays, and comments stay with what they are about."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.formats.toml import Path, Span, String, Walk, escape, parse_toml
from common_sync.core.model import Edit
from common_sync.core.text import UnparsableError, apply_edits

Tables = Mapping[str, object]
"""What a TOML text says, as `tomllib` has it."""


class Spot(NamedTuple):
    """Where a header, a pair of a key and its value, or an item of a list is written."""

    path: Path  # the keys and indices that lead to it
    start: int  # offset of its first character
    end: int  # offset after the last one
    value: int = 0  # offset of the value; of a header nothing


class Places(NamedTuple):
    """Where a TOML text says what."""

    text: str  # the whole text
    tables: Tables  # what it says
    spots: tuple[Spot, ...]  # everything that is written in it, what holds more before what it holds

    def line(self, path: Path) -> int | None:
        """Return the line at which something begins, counted from 1, or None where it is not written."""
        found = next((one.start for one in self.spots if one.path[: len(path)] == path), None)
        return None if found is None else self.text.count("\n", 0, found) + 1


def locate(text: str) -> Places:
    """Find where a TOML text says what.

    Raises:
        UnparsableError: It is no TOML.
    """
    tables = parse_toml(text).tables
    walk = _Measuring(text)
    for _ in walk.strings():
        pass
    return Places(text, tables, tuple(sorted(walk.spots, key=lambda spot: (spot.start, -spot.end))))


def cut(places: Places, gone: Collection[Path], values: Mapping[Path, str]) -> str:
    """Return a text without some of its parts, and with some other values.

    Args:
        places: What is written where.
        gone: The paths of what goes, each with all that is below it.
        values: Paths of values that are written in one place → the values that they are to be, as TOML.

    Raises:
        UnparsableError: The text cannot be changed so, in this form.
    """
    going = _Going(frozenset(gone), frozenset(path[:length] for path in gone for length in range(len(path))))
    edits = sorted((*_cut_statements(places, going), *_exchange(places, values)))
    try:
        expected = _expect((), places.tables, gone, values)
        after = apply_edits(places.text, edits)
        if _without_empty(tomllib.loads(after)) == _without_empty(expected):
            return after
    except ValueError as error:
        raise UnparsableError(None, _TOO_HARD) from error
    raise UnparsableError(None, _TOO_HARD)


_TOO_HARD = "parts of it cannot be taken out, as it is written; please report this as a bug of common-sync"


def list_remarks(places: Places, path: Path) -> tuple[str, ...]:
    """Return the remarks that stand between the brackets of a list, in their order.

    Args:
        places: What is written where.
        path: The path of the list.
    """
    spots = [spot for spot in places.spots if spot.path[: len(path)] == path and spot.value]
    if not spots:
        return ()
    holder, *inner = spots
    found, position = [], holder.value
    for start, end in (*((one.start, one.end) for one in _outermost(inner)), (holder.end, holder.end)):
        found += [line[line.index("#") :].rstrip() for line in places.text[position:start].split("\n") if "#" in line]
        position = end
    return tuple(found)


def quote(value: str) -> str:
    """Return a string as TOML."""
    return f'"{escape(Span(0, 0, "", escapes=True), value)}"'


class _Measuring(Walk):
    """A walk that notes where everything begins and ends."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.spots: list[Spot] = []

    def _header(self) -> Path:
        start = self._position
        path = super()._header()
        self.spots.append(Spot(path, start, self._position))
        return path

    def _pair(self, table: Path) -> Iterator[String]:
        start = self._position
        yield from super()._pair(table)
        self.spots[-1] = self.spots[-1]._replace(start=start)  # its value was noted last

    def _value(self, path: Path, key: Span | None) -> Iterator[String]:
        self._next()
        start = self._position
        yield from super()._value(path, key)
        self.spots.append(Spot(path, start, self._position, start))


class _Going(NamedTuple):
    """What is taken out."""

    paths: frozenset[Path]  # what goes
    above: frozenset[Path]  # the paths of all that holds something of that

    def takes(self, path: Path) -> bool:
        """Tell whether something goes, by itself or with what holds it."""
        return any(path[:length] in self.paths for length in range(1, len(path) + 1))


def _cut_statements(places: Places, going: _Going) -> Iterator[Edit]:
    """Yield what takes out headers and pairs by the line, and parts of the values that stay."""
    before = 0  # where the statement before ends
    statement: list[Spot] = []
    for spot in places.spots:
        if spot.start < before:
            statement.append(spot)
            continue
        yield from _cut_inside(statement, going)
        statement = [spot]
        if going.takes(spot.path):
            yield _cut_lines(places.text, spot, before)
        before = spot.end
    yield from _cut_inside(statement, going)


def _cut_lines(text: str, spot: Spot, before: int) -> Edit:
    """Take out the lines of a statement, with the remarks directly above it and the blank lines below."""
    start = text.rfind("\n", 0, spot.start) + 1
    top = start
    while (above := text.rfind("\n", 0, max(top - 1, 0)) + 1) < top and above >= before:
        if not text[above:top].lstrip(" \t").startswith("#"):
            break
        top = above
    start = top or start  # a remark at the top is about the whole file
    end = _end_of_line(text, spot.end)
    while end < len(text) and not text[end : _end_of_line(text, end)].strip():
        end = _end_of_line(text, end)
    return Edit(start, end, "")


def _end_of_line(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)


def _cut_inside(spots: Sequence[Spot], going: _Going) -> Iterator[Edit]:
    """Yield what takes out parts of one value: the first spot is all of it, the others are in it."""
    if not spots or spots[0].path not in going.above or going.takes(spots[0].path):
        return
    holder, *inner = spots
    children = _outermost(inner)
    yield from _cut_items(holder, children, [going.takes(one.path) for one in children])
    for child in children:
        yield from _cut_inside([one for one in inner if child.start <= one.start < child.end], going)


def _outermost(spots: Sequence[Spot]) -> list[Spot]:
    found: list[Spot] = []
    for spot in spots:
        if not found or spot.start >= found[-1].end:
            found.append(spot)
    return found


def _cut_items(holder: Spot, items: Sequence[Spot], gone: Sequence[bool]) -> Iterator[Edit]:
    """Yield what takes items, or pairs, out of a list or a table in one line, with one comma each."""
    if items and all(gone):
        yield Edit(items[0].start, holder.end - 1, "")
        return
    last = max((at for at, flag in enumerate(gone) if not flag), default=-1)
    for at, item in enumerate(items):
        if gone[at] and at < last:
            yield Edit(item.start, items[at + 1].start, "")
    if last + 1 < len(items):
        yield Edit(items[last].end, items[-1].end, "")


def _exchange(places: Places, values: Mapping[Path, str]) -> Iterator[Edit]:
    for spot in places.spots:
        if spot.value and spot.path in values:
            yield Edit(spot.value, spot.end, values[spot.path])


def _expect(path: Path, value: object, gone: Collection[Path], values: Mapping[Path, str]) -> object:
    if path in values:
        return tomllib.loads(f"value = {values[path]}")["value"]
    if isinstance(value, dict):
        inner = ((key, (*path, key), one) for key, one in value.items())
        return {key: _expect(at, one, gone, values) for key, at, one in inner if at not in gone}
    if isinstance(value, list):
        places = (((*path, at), one) for at, one in enumerate(value))
        return [_expect(at, one, gone, values) for at, one in places if at not in gone]
    return value


def _without_empty(value: object) -> object:
    """Return what is said without the empty tables: a header that goes may be all that has named one."""
    if isinstance(value, dict):
        kept = ((key, _without_empty(one)) for key, one in value.items())
        return {key: one for key, one in kept if one not in ({}, [])}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value
