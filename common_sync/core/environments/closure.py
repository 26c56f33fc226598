"""What a file of requirements brings: the files that it includes, and the projects and packages that are on this disk."""

import posixpath
from collections.abc import Callable, Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import find_names
from common_sync.core.formats.pip.paths import find_include, find_target, holds_variable
from common_sync.core.formats.pip.syntax import parse_instructions, significant_lines

CANDIDATES = ("uv.lock", "pylock.toml", "requirements.lock", "requirements.txt")
"""What is looked for where no file is named, the first that is there."""

_LOCAL = expression(r"\b(?:(editable|directory|virtual)|path) = \"([^\"]+)\"(?:, editable = (true))?")
_INDEX = expression(r"(?:-i|--index-url)\b")
_WORD = expression(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_PLACE = expression(r"(-f|--find-links|-i|--index-url|--extra-index-url)[= \t]+(\S+)")
_AWAY = expression(r"[a-z+]+:|/|\$|~")
_PLACES = expression(
    r"in `(?P<file>[^`\n]+)` at position (?P<at>[0-9]{1,9})|\(from line (?P<line>[0-9]{1,9}) of (?P<of>[^)\n]+)\)"
)
_ABOUT_ONE = expression(r"-[rce]|--(?:requirement|constraint|editable|hash|require-hashes)\b")


class Local(NamedTuple):
    """A project's folder, or a package's file, that is installed from this disk."""

    path: str  # from the service's folder, or absolute
    editable: bool  # whether it is installed to be edited
    file: str  # the file that names it, a path from the service's folder
    line: int  # its line, counted from 1


class Closure(NamedTuple):
    """All that a file of requirements brings."""

    first: str  # the file, a path from the service's folder
    files: dict[str, str]  # each file that is read, and its text
    locals: tuple[Local, ...]  # what is installed from this disk

    @property
    def is_lock(self) -> bool:
        """Whether it is a lock file in TOML, that uv understands and pip does not."""
        return is_lock(self.first)

    @property
    def has_index(self) -> bool:
        """Whether it says which index is asked."""
        return any(_INDEX.match(line) for _, line in self._lines())

    def options(self, folder: str) -> Iterator[str]:
        """Yield the lines that say where packages come from, and which of them will do, for any folder.

        Args:
            folder: The absolute path of the service.
        """
        for path, line in self._lines():
            if line.startswith("-") and not _ABOUT_ONE.match(line):
                option = _PLACE.fullmatch(line)
                near = option is not None and not _AWAY.match(option[2])
                yield (
                    f"{option[1]} {posixpath.normpath(posixpath.join(folder, posixpath.dirname(path), option[2]))}"
                    if option and near
                    else line
                )

    def _lines(self) -> Iterator[tuple[str, str]]:
        for path, text in self.files.items() if not self.is_lock else ():
            yield from ((path, line) for line in significant_lines(text))

    def blame(self, complaint: str) -> tuple[str, int] | None:
        """Return the file and line that an installer's complaint names, or those of the first requirement that it names, if any."""
        if (place := self._find_place(complaint)) is not None:
            return place
        asked = [(path, one) for path, text in self.files.items() for one in find_names(text)]
        words = set(_WORD.findall(complaint.lower().replace("_", "-")))
        written = (place for place in asked if place[1].written != place[1].name and place[1].written in complaint)
        named = (place for place in asked if place[1].name in words)
        found = next(written, None) or next(named, None)
        return (found[0], found[1].line) if found is not None else None

    def _find_place(self, complaint: str) -> tuple[str, int] | None:
        """Return the file and line of what an installer could not read as a requirement: uv counts characters, pip lines."""
        for match in _PLACES.finditer(complaint):
            file, at = match["file"] or match["of"], int(match["at"] or match["line"])
            for path in sorted(self.files, key=len, reverse=True):
                if path == file or file.endswith(f"/{path}"):
                    return path, at if match["line"] else self.files[path].count("\n", 0, at) + 1
        return None


def is_lock(path: str) -> bool:
    """Tell by its name whether a file is a lock file in TOML."""
    return path.endswith((".lock", ".toml")) and path.rpartition("/")[2] != "requirements.lock"


Read = Callable[[str, Local | None], str]
"""Returns the text of a file, from its path and from what includes it."""


def read_closure(first: str, read: Read) -> Closure:
    """Return all that a file of requirements brings.

    Args:
        first: The file, a path from the service's folder.
        read: Reads a file.
    """
    files: dict[str, str] = {}
    found: list[Local] = []
    pending: list[tuple[str, Local | None]] = [(first, None)]
    while pending:
        path, asker = pending.pop()
        if path in files:
            continue
        files[path] = read(path, asker)
        if is_lock(path):
            found += _locked(path, files[path])
            continue
        for include, one in _required(path, files[path]):
            pending.append((include, one)) if include else found.append(one)
    return Closure(first, files, tuple(dict.fromkeys(found)))


def _required(path: str, text: str) -> Iterator[tuple[str, Local]]:
    """Yield what a requirements file names on this disk, with the path of what it includes, or nothing."""
    for instruction in parse_instructions(text):
        value, line = instruction.value.value, instruction.line.number
        if instruction.kind in {"requirements-file", "constraints-file"}:
            include = find_include(value)
            if include is not None:
                inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), include.path))
                yield inside, Local(inside, False, path, line)
            continue
        editable = instruction.kind == "editable"
        target = find_target(value, editable=editable)
        if target is not None and not holds_variable(target):
            yield "", Local(posixpath.normpath(target.path), editable, path, line)


def _locked(path: str, text: str) -> Iterator[Local]:
    """Yield what a lock file names on this disk: `source = { editable = "common" }`, `directory = { path = "common" }`."""
    for match in _LOCAL.finditer(text):
        kind, place, flag = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        yield Local(posixpath.normpath(place), kind in {"editable", "virtual"} or flag is not None, path, line)
