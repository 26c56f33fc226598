r"""What a `.dockerignore` keeps out of a build context, as Docker reads it; it is another language than gitignore's.

A pattern is anchored at the context's root, with or without a leading slash. The last one that matches decides. One that
matches a folder decides about all that is below it, until a later one with `!` brings something back, also from a folder that
is kept out. A line that Docker cannot read fails the whole build.

Source of the format: https://docs.docker.com/build/concepts/context/#dockerignore-files, and where it is silent
https://github.com/moby/patternmatcher, which BuildKit matches with; `tests/core/formats/test_dockerignore.py` holds this against it.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.text import SPACES, UnparsableError

if TYPE_CHECKING:
    from common_sync.core.formats.wildcards import Wildcards


class Pattern(NamedTuple):
    """One line of a `.dockerignore`."""

    text: str  # as it was written, without blanks around it
    line: int  # its line, counted from 1
    excludes: bool  # whether it takes a path out; one that begins with `!` brings it back
    regex: "re.Pattern[str] | Wildcards"  # finds something in each path that it means, and not in what is below
    beginning: str  # what each path that it means begins with, or nothing where only the expression can tell
    ending: str  # what each ends with, in the same way


class Dockerignore:
    """Patterns in order; a question about a folder is answered once.

    Args:
        patterns: From the first to the last.
    """

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.patterns = tuple(patterns)
        excluding = [pattern for pattern in self.patterns if pattern.excludes]
        self._endings = tuple({pattern.ending for pattern in excluding if pattern.ending})
        self._others = [pattern.regex.search for pattern in excluding if not pattern.ending]
        self._folders: dict[str, _Answer] = {"": _UNTOUCHED}

    def exclusion(self, path: str) -> Pattern | None:
        """Return the pattern that keeps a path out of the build context, or None when it is in it.

        Args:
            path: POSIX path relative to the context; a folder that is kept out may hold what is not.
        """
        decider = self._ask(path).decider
        return decider if decider is not None and decider.excludes else None

    def may_bring_back_below(self, folder: str) -> bool:
        """Tell whether a folder that is kept out may hold what is not.

        Args:
            folder: Its POSIX path relative to the context.
        """
        inside = f"{folder}/"
        exceptions = (pattern.beginning for pattern in self.patterns if not pattern.excludes)
        return any(inside.startswith(beginning) or beginning.startswith(inside) for beginning in exceptions)

    def _ask(self, path: str) -> "_Answer":
        above = path.rpartition("/")[0]
        if above not in self._folders:
            self._folders[above] = self._ask(above)
        inherited = self._folders[above].matching
        if not inherited and not path.endswith(self._endings) and not any(search(path) for search in self._others):
            return _UNTOUCHED  # as nearly always
        return self._match(path, inherited)

    def _match(self, path: str, inherited: frozenset[int]) -> "_Answer":
        """Do as moby: a pattern that could not change the answer is not tried, and so not inherited by what is below."""
        matching: set[int] = set()
        decider = None
        for number, pattern in enumerate(self.patterns):
            kept_out = decider is not None and decider.excludes
            if number in inherited or (pattern.excludes != kept_out and pattern.regex.search(path)):
                matching.add(number)
                decider = pattern
        return _Answer(frozenset(matching), decider)


def exact_pattern(path: str) -> str:
    """Return the pattern that means one path, and what is below it."""
    escaped = _SPECIAL.sub(r"\\\g<0>", path)
    return _UNWRITABLE.sub("?", escaped)


_SPECIAL = expression(r"[*?\[\]\\{}|^]")
_UNWRITABLE = expression(r"^[\s!#]|\s$|[^\S ]")
"""What a line cannot hold, or not where it stands; any character is taken instead."""


class _Answer(NamedTuple):
    """Which patterns match a path or a folder above it, by their numbers, and the last of them."""

    matching: frozenset[int]
    decider: Pattern | None


_UNTOUCHED = _Answer(frozenset(), None)


def parse_dockerignore(text: str) -> Dockerignore:
    """Read a `.dockerignore`.

    Args:
        text: The whole file; bytes that are not UTF-8 by surrogateescape.

    Raises:
        UnparsableError: Docker would refuse a line, and with it the build.
    """
    return Dockerignore(_parse(text))


_LONGEST = (1 << 16) - 1
"""Bytes of a line, with its end, that Go's scanner takes."""


def _parse(text: str) -> Iterator[Pattern]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        written = line.strip(SPACES)
        if len(line) >= _LONGEST // 4 and len(line.encode("utf-8", "surrogateescape")) >= _LONGEST:
            raise UnparsableError(number, f"the line is longer than the {_LONGEST:,} bytes that Docker takes")
        if not written or line.startswith("#"):  # after a blank, a `#` is a part of a name
            continue
        cleaned = _clean_twice(written)
        if not cleaned:
            continue
        excludes = not cleaned.startswith("!")
        try:
            pattern = cleaned.removeprefix("!")
            yield Pattern(written, number, excludes, _compile(pattern), *_ends(pattern))
        except (ValueError, OverflowError, re.error):
            raise UnparsableError(number, f"{written!r} is no pattern that Docker takes") from None


def _clean_twice(written: str) -> str:
    """Return a pattern as it is matched; it is tidied when it is read, and once more, with its `!`, when it is compiled."""
    body = written.removeprefix("!")
    mark = "!" if body != written else ""
    cleaned = _clean(body.strip(SPACES))
    anchored = cleaned.removeprefix("/") or cleaned
    return _clean(f"{mark}{anchored}".strip(SPACES))


def _clean(path: str) -> str:
    """Do as Go's `filepath.Clean`: `./a//b/../c/` is `a/c`."""
    return posixpath.normpath(f"/{path.lstrip('/')}" if path.startswith("/") else path) if path else ""


_WELL_FORMED = expression(
    r"(?:[^\\\[]|\\.|\[(?:\^|(?!\^))(?:C(?:-C)?)+\])*".replace("C", r"(?:\\.|[^\\\]\-])"), re.DOTALL
)
"""What Go's `filepath.Match` takes. Docker looks no further than it needs to see that `.` does not match."""


def _ends(pattern: str) -> tuple[str, str]:
    """Return the literal beginning and end of a pattern; the end is inside one name, for `**/a` is also `a`."""
    if "\\" in pattern or "|" in pattern:
        return "", ""
    names = _NOT_LITERAL.split(pattern)
    return names[0], names[-1].rpartition("/")[2]


_NOT_LITERAL = expression(r"[*?\[\]{}^]")
_WILD = expression(r"[*?\[\]\\]")
_TOKEN = expression(r"(\*\*/?)\Z|(\*\*/?)|(\*)|(\?)|\\(.)|([.+()$])|.", re.DOTALL)


def _compile(pattern: str) -> "re.Pattern[str] | Wildcards":
    """Return the expression for a pattern.

    Raises:
        ValueError: Go's `filepath.Match` does not take it.
        re.error: Go's `regexp` would not.
    """
    if pattern in {"", "!"} or (_holds_escape(pattern) and _WELL_FORMED.fullmatch(pattern) is None):
        raise ValueError(pattern)
    head, tail = pattern[:-2], pattern[2:]
    if not _WILD.search(pattern):
        source = rf"\A{re.escape(pattern)}\Z"
    elif pattern.startswith("**") and not _WILD.search(tail):  # compared as text, so that `**b` is `ab`, too
        source = rf"(?:\A|/){re.escape(tail[1:])}\Z" if tail.startswith("/") else rf"{re.escape(tail)}\Z"
    elif pattern.endswith("**") and not _WILD.search(head):
        source = rf"\A{re.escape(head)}"
    else:
        return _compile_wild(pattern)
    return expression(source, re.ASCII)


_FEW = 2
"""Wildcards that `re` may try in all ways; the time is at most the square of a path's length."""


def _compile_wild(pattern: str) -> "re.Pattern[str] | Wildcards":
    translated = _TOKEN.sub(_translate, pattern)
    if _holds_escape(pattern):
        translated = _CLASS.sub(_as_python_reads, translated)
    compile_ = re.compile if _holds_escape(pattern) or "{" in pattern else expression  # the others cannot be wrong
    regex = compile_(f"^{translated}\\Z", re.ASCII)
    if "{" not in translated and translated.count("*") + translated.count("|") <= _FEW:
        return regex
    from common_sync.core.formats.wildcards import Wildcards  # hardly any pattern has as many

    wildcards = Wildcards(translated)
    return wildcards if wildcards.count > _FEW else regex


def _holds_escape(pattern: str) -> bool:
    """Tell whether something in a pattern may mean other characters than it is written with, wildcards aside."""
    return "\\" in pattern or "[" in pattern


def _translate(token: re.Match[str]) -> str:
    """Return what moby makes of a part of a pattern, an expression of Go's.

    It means to escape `{`, `|` and `}` as well, and does not: beside a wildcard they have the meaning that they have in one.
    """
    match token.lastindex:
        case 1:
            return ".*"
        case 2:
            return "(.*/)?"
        case 3:
            return "[^/]*"  # between brackets, too: `[*]` is not what it looks like
        case 4:
            return "[^/]"
        case 5 if token[5].isalnum() and token[5] not in _KNOWN_ESCAPES:
            raise ValueError(token[0])
        case 6:
            return f"\\{token[0]}"
        case _ if token[0] == "{" and token.string.startswith("{,", token.start()):
            return r"\{"  # only Python reads a number of times in it
        case _:
            return token[0]


_KNOWN_ESCAPES = "dswDSWafnrtv"
"""Letters that a backslash gives the same meaning in Go's expressions and in Python's."""

_CLASS = expression(r"\\.|\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)


def _as_python_reads(found: re.Match[str]) -> str:
    """Return a bracket expression of Go's with what only Python gives a meaning escaped."""
    if not found[0].startswith("["):
        return found[0]
    if "[:" in found[0]:
        raise ValueError(found[0])
    return "[" + _SPECIAL_IN_PYTHON.sub(r"\\\g<0>", found[0][1:])


_SPECIAL_IN_PYTHON = expression(r"[\[&|~]")
