"""Lines of scripts, Makefiles and CI files: joined, with their variables put in, and cut out of the YAML or JSON around them.

A line is read as a shell would run it, once for each value that its variables may have; where nobody can tell a value, it may be any
folder that is there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import reduce
from itertools import islice, product
from typing import TypeVar

from common_sync.core.expressions import expression

Item = TypeVar("Item")

ANY = "*"
"""What stands for a value that nobody can tell."""

_VARIABLE = expression(
    r"\$\$?\{(?P<braced>\w+)[^{}]*\}|\$\$?(?P<plain>\w+)|\$\((?P<made>\w+)\)|\$\{\{[^{}]*\}\}|\$\([^()]*(?:\([^()]*\))*[^()]*\)|%(?P<percent>\w)"
)
_OWN_FOLDERS = frozenset(
    ("PWD", "CURDIR", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE", "BUILD_SOURCESDIRECTORY", "TRAVIS_BUILD_DIR")
)
"""Variables that hold the folder that a shell or make runs in, or the root that a CI has checked out."""
_INNER = reduce(lambda inner, _: rf"(?:[^()\n]|\({inner}*\))", range(3), r"[^()\n]")
_OWN_FOLDER = expression(
    rf"\$\$?\((?=[^\n]{{0,200}}?(?:dirname|rev-parse|realpath|abspath|readlink|\bdir\b|\bpwd\b)){_INNER}*\)"
)
"""What runs a command that names the script's own folder, or the repository's."""
_LOOP = expression(r"\bfor\s+(\w+)\s+in\s+(.+?)\s*(?:;|\bdo\b|\\?$)", re.MULTILINE)
_ASSIGNED = expression(r"^\s*(?:export\s+)?(\w+)\s*[:?]?=\s*(.+?)\s*$", re.MULTILINE)
_FOREACH = expression(r"\$\(foreach\s+(?P<name>\w+)\s*,\s*(?P<words>[^,]*),(?P<body>.*)\)")
_QUOTES = expression(r"[\"'\]}),]+")
_PREFIX = expression(r"^\s*(?:-\s+)?(?:run:|script:|cmd:|command:|\"[\w:-]+\":)?\s*[|>]?\s*[\"'@-]*")
_MOST_VALUES, _MOST_WAYS = 50, 200


def join_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with the number that each begins at; a backslash joins two."""
    start, held = 1, ""
    for number, line in enumerate(text.split("\n"), 1):
        start = start if held else number
        held += line.removesuffix("\r").removesuffix("\\")
        if not line.rstrip("\r").endswith("\\"):
            yield start, held
            held = ""
    if held:
        yield start, held


def read_values(text: str) -> dict[str, tuple[str, ...]]:
    """Return what variables may hold: the words of loops, and of assignments as a shell or make has them."""
    found: dict[str, tuple[str, ...]] = {}
    for match in (*_ASSIGNED.finditer(text), *_LOOP.finditer(text), *_FOREACH.finditer(text)):
        written = match[2][1:].removesuffix(")") if match[2].startswith("(") else match[2]
        written = _OWN_FOLDER.sub(".", written)
        words = written.replace('"', " ").replace("'", " ").split()
        found[match[1]] = (*found.get(match[1], ()), *words)[:_MOST_VALUES]
    return found


def show_line(line: str) -> str:
    """Return a line as it is shown: without what YAML, JSON or make have before a command."""
    return _PREFIX.sub("", line).strip() or line.strip()


def list_ways(line: str, values: Mapping[str, tuple[str, ...]], unset: str = ANY) -> Iterator[str]:
    """Yield what a line comes to, once for each way in which its variables can be put in.

    Args:
        line: The line.
        values: What variables may hold.
        unset: What stands for a variable in capitals that the file does not set.
    """
    body = _FOREACH.sub(r" \g<body> ", _PREFIX.sub("", line))
    yield from islice(_ways(_OWN_FOLDER.sub(".", body), values, 3, unset), _MOST_WAYS)


def read_ways(ways: Iterable[str], hint: re.Pattern[str], read: Callable[[str], Iterable[Item]]) -> Iterator[Item]:
    """Yield what is read in a line, whichever way it goes; in YAML and JSON other words and quotes stand around a command.

    Args:
        ways: What the line comes to.
        hint: Finds the program that a command begins with.
        read: Reads a script.
    """
    for way in ways:
        begin = hint.search(way)
        yield from [*read(way)] or read(_QUOTES.sub(" ", way[begin.start() if begin else 0 :]))


def fits(pattern: str, path: str) -> bool:
    """Tell whether a path is one that wildcards in the names of a pattern may stand for."""
    names, parts = path.split("/"), pattern.split("/")
    return len(names) == len(parts) and all(map(fnmatchcase, names, parts))


def _ways(line: str, values: Mapping[str, tuple[str, ...]], depth: int, unset: str) -> Iterator[str]:
    """Yield a line with its variables put in, once for each way."""
    matches = list(_VARIABLE.finditer(line))
    if not matches:
        yield line
        return
    names = list(dict.fromkeys(match[0] for match in matches))[:4]
    firsts = [next(one for one in matches if one[0] == name) for name in names]
    choices = [(values.get(_name(first), ()) if depth else ()) or (_unset(first, unset),) for first in firsts]
    for chosen in islice(product(*choices), _MOST_WAYS):
        way = _put_in(line, dict(zip(names, chosen, strict=True)))
        yield from _ways(way, values, depth - 1, unset) if depth else (way,)


def _put_in(line: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[0], ANY), line)


def _name(match: re.Match[str]) -> str:
    return match["braced"] or match["plain"] or match["made"] or ""


def _unset(match: re.Match[str], unset: str) -> str:
    """Return what stands for a variable that the file does not set: `$ROOT` is likely to be a folder above."""
    name = _name(match)
    if name in _OWN_FOLDERS:
        return "."
    return unset if name.isupper() or (not name and match[0].startswith("$(")) else ANY
