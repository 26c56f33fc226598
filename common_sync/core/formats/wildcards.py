"""Expressions with many wildcards, matched in a time that no pattern can make long: all places at once, nothing tried again."""

import re
from typing import NamedTuple

from common_sync.core.expressions import expression

_PIECE = expression(
    r"(?P<folders>\(\.\*/\)\?)|(?P<or>\|)|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\\\]])*\]|.)(?P<repeat>\*|\{(\d+)(,?)(\d*)\})?",
    re.DOTALL,
)
_MOST = 1000
"""How often Go's expressions repeat something at most."""


class _Step(NamedTuple):
    """Something that is repeated."""

    atom: re.Pattern[str]  # matches one character, or a place
    least: int = 1  # how often it is there at least
    most: int | None = 1  # how often at most; None for any number
    folders: bool = False  # whether it is any number of whole folders instead

    def walk(self, path: str, places: set[int]) -> set[int]:
        """Return the places where it may end that begins at one of some places."""
        if self.folders:
            return places | _SLASH.walk(path, _ANYTHING.walk(path, places))
        for _ in range(self.least):
            places = self._once(path, places)
        ends, fresh, left = set(places), places, -1 if self.most is None else self.most - self.least
        while fresh and left != 0:
            fresh = self._once(path, fresh) - ends
            ends |= fresh
            left -= 1
        return ends

    def _once(self, path: str, places: set[int]) -> set[int]:
        return {found.end() for place in places if (found := self.atom.match(path, place))}


_SLASH = _Step(expression("/"))
_ANYTHING = _Step(expression("."), 0, None)


class Wildcards:
    """An expression, as `.dockerignore`'s patterns make them.

    Args:
        source: It, without its anchors.

    Raises:
        ValueError: It repeats something more often than Go does.
    """

    def __init__(self, source: str) -> None:
        self._choices: list[list[_Step]] = [[]]
        self.count = 0
        for found in _PIECE.finditer(source):
            wild = found["folders"] or found["or"] or found["repeat"]
            self.count += wild is not None
            if found["or"]:
                self._choices.append([])
            else:
                self._choices[-1].append(_read_step(found))

    def search(self, path: str) -> bool:
        """Tell whether it matches a path: `a|b` is one that begins with `a`, or ends with `b`."""
        last = len(self._choices) - 1
        for number, steps in enumerate(self._choices):
            places = set(range(len(path) + 1)) if number else {0}
            for step in steps:
                places = step.walk(path, places)
            if len(path) in places if number == last else places:
                return True
        return False


def _read_step(found: re.Match[str]) -> _Step:
    if found["folders"]:
        return _SLASH._replace(folders=True)
    atom = re.compile(found["atom"], re.ASCII)
    if not found["repeat"]:
        return _Step(atom)
    if found["repeat"] == "*":
        return _Step(atom, 0, None)
    least = int(found[5])
    most = int(found[7]) if found[7] else None if found[6] else least
    if max(least, most or 0) > _MOST:
        message = f"{found['repeat']} is more than {_MOST:,} times"
        raise ValueError(message)
    return _Step(atom, least, most)
