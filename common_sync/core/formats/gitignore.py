"""Gitignore patterns of every kind, matched as git matches them: byte by byte, and in a time that no pattern can make long.

A pattern becomes a row of steps. Each takes one byte of a path, and before some of them bytes may be passed over. All steps that may
be next, after the bytes so far, are the bits of one number: so all ways through the row are tried at once.

Source of the format: https://git-scm.com/docs/gitignore#_pattern_format, and where it is silent, git's own matcher
(https://github.com/git/git/blob/master/wildmatch.c); `tests/core/formats/test_gitignore.py` holds this against it.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from common_sync.core.expressions import expression, expression_of_bytes


def make_matcher(pattern: str) -> Callable[[str, bool], bool]:
    """Return what tells whether a pattern, without its `!`, matches a path.

    Args:
        pattern: One gitignore pattern; bytes that are not UTF-8 by surrogateescape, as in paths.

    Returns:
        A function of a POSIX path relative to the patterns' folder, and whether it is a folder.

    Raises:
        ValueError: It is no pattern, or can match nothing.
    """
    unpadded = _UNPADDED.fullmatch(pattern) or _refuse("it ends in a backslash")
    written = unpadded[1].removeprefix("!")
    body = written.removesuffix("/")
    only_folders, anchored = body != written, "/" in body
    leads_through = _Walk(_read_row(_encode(body.removeprefix("/")))).leads_through

    def matches(path: str, folder: bool) -> bool:
        if only_folders and not folder:
            return False
        return leads_through(_encode(path if anchored else path.rpartition("/")[2]))

    return matches


_UNPADDED = expression(r"((?:\\.|[^\\ ]| ++(?!\Z))*+) *", re.DOTALL)
"""Git drops spaces at the end, but not one after a backslash, and no other white space."""


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


class _Row(NamedTuple):
    """What a pattern says.

    Attributes:
        steps: What each takes: one of these bytes.
        passed: Before which of them (or after the last) bytes may be passed over: `star` for any but slashes, `tree` for
            any, `folders` for whole folders, with the step itself.
    """

    steps: list[frozenset[int]]
    passed: dict[int, str]


_SLASH = ord("/")
_BYTES = frozenset(range(256))
_NO_SLASH = _BYTES - {_SLASH}

_TOKEN = expression_of_bytes(
    rb"(?P<folders>(?<![^/])\*\*+/)|(?P<tree>(?<![^/])\*\*+(?=\\/|\Z))|(?P<star>\*+)|(?P<any>\?)"
    rb"|\\(?P<escaped>.)|(?P<byte>[^\\[])|(?P<bracket>\[)",
    re.DOTALL,
)
"""Stars pass slashes where they are two or more, and all that stands between two slashes; elsewhere they are as one."""


def _read_row(pattern: bytes) -> _Row:
    steps: list[frozenset[int]] = []
    passed: dict[int, str] = {}
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place) or _refuse("it ends in a backslash")
        place = found.end()
        match str(found.lastgroup):
            case "bracket":
                taken, place = _read_bracket(pattern, place)
                steps.append(taken)
            case "any":
                steps.append(_NO_SLASH)
            case "folders":
                if passed.get(len(steps) - 1) != "folders":  # `**/**/` is `**/`
                    passed[len(steps)] = "folders"
                    steps.append(frozenset((_SLASH,)))
            case "star" | "tree" as kind:
                passed[len(steps)] = kind
            case literal:
                steps.append(frozenset(found[literal]))
    if not pattern or not all(steps):
        _refuse("it can match nothing")
    return _Row(steps, passed)


_ITEM = expression_of_bytes(rb"(?:\\(.)|([^\\]))(?:-(?:\\(.)|([^]\\])))?+", re.DOTALL)
"""A byte of a bracket, or a range: its first and its last, each after a backslash or not."""


def _read_bracket(pattern: bytes, place: int) -> tuple[frozenset[int], int]:
    """Return what a bracket takes, which is never a slash, and where it ends; a `]` that comes first is taken."""
    taken: set[int] = set()
    negated = pattern[place : place + 1] in (b"!", b"^")
    first = place = place + negated
    close = 0
    while place == first or pattern[place : place + 1] != b"]":
        if pattern.startswith(b"[:", place):
            close = pattern.find(b"]", max(close, place + 2))  # once found, it is not looked for again
            if close > place + 2 and pattern[close - 1 : close] == b":":
                taken |= _read_class(pattern[place + 2 : close - 1])
                place = close + 1
                continue
        item = (close >= 0 and _ITEM.match(pattern, place)) or _refuse("it has a bracket that is not closed")
        start, end = ord(item[1] or item[2]), ord(item[3] or item[4] or b"\0")
        taken.update((start,), range(start, end + 1))  # `[z-a]` takes a `z`
        place = item.end()
    return (_NO_SLASH - taken if negated else frozenset(taken) - {_SLASH}), place + 1


_CLASSES = {
    b"alnum": "09AZaz",
    b"alpha": "AZaz",
    b"blank": "\t\t  ",
    b"cntrl": "\0\x1f\x7f\x7f",
    b"digit": "09",
    b"graph": "!~",
    b"lower": "az",
    b"print": " ~",
    b"punct": "!/:@[`{~",
    b"space": "\t\n\r\r  ",
    b"upper": "AZ",
    b"xdigit": "09AFaf",
}
"""The first and the last of each of their ranges, as git has them: a vertical tab is no white space."""


def _read_class(name: bytes) -> set[int]:
    ends = _CLASSES.get(name) or _refuse("it has a class of characters that git does not know")
    return {byte for start, end in zip(ends[::2], ends[1::2], strict=True) for byte in range(ord(start), ord(end) + 1)}


class _Walk:
    """A walk along all ways through a row at once.

    Args:
        row: Its steps, and where bytes may be passed over.
    """

    def __init__(self, row: _Row) -> None:
        self._steps, self._last = row.steps, len(row.steps)
        kinds = [row.passed.get(place) for place in range(len(row.steps) + 1)]
        self._folders = _bits(kind == "folders" for kind in kinds)
        self._stays = _bits(kind is not None for kind in kinds)
        self._stays_at_slash = _bits(kind in {"folders", "tree"} for kind in kinds)
        self._literal = _longest_literal(row)
        self._table: dict[int, tuple[int, int]] = {}

    def leads_through(self, path: bytes) -> bool:
        """Tell whether a path is one that the row takes.

        Args:
            path: The bytes of it, or of its last name.
        """
        if self._literal not in path:  # as nearly always
            return False
        places = self._open(1)
        for byte in path:
            taking, staying = self._table.get(byte) or self._look_at(byte)
            places = self._open((places & taking) << 1) | places & staying
            if not places:
                return False
        return places >> self._last == 1

    def _open(self, places: int) -> int:
        """Return places with those that need no byte to be reached from them: no folder may be there at all."""
        return places | (places & self._folders) << 1

    def _look_at(self, byte: int) -> tuple[int, int]:
        taking = _bits(byte in step for step in self._steps)
        self._table[byte] = taking, self._stays_at_slash if byte == _SLASH else self._stays
        return self._table[byte]


def _bits(flags: Iterable[bool]) -> int:
    return int("".join("1" if flag else "0" for flag in flags)[::-1] or "0", 2)


def _longest_literal(row: _Row) -> bytes:
    """Return bytes that stand in each path that the row takes."""
    runs = [bytearray()]
    for place, step in enumerate(row.steps):
        passed = row.passed.get(place)
        if passed or len(step) > 1:
            runs.append(bytearray())
        if passed != "folders" and len(step) == 1:
            runs[-1] += bytes(step)
    return bytes(max(runs, key=len))
