"""The configuration: `[tool.common-sync]` in pyproject.toml, or common-sync.toml. Parsed, not trusted.

Everything that is wrong is collected and reported at once, each with its line.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.errors import Problem
from common_sync.core.expressions import expression

PYPROJECT = "pyproject.toml"
OWN_FILE = "common-sync.toml"
TABLE = "tool.common-sync"

KEYS = ("master", "services", "copy", "exclude", "managed", "ignore")

MANAGED = ("dockerignore", "gitattributes")
"""The files that a managed block can be kept in."""


class Setting(NamedTuple):
    """One string of the configuration and the line that it stands in, counted from 1."""

    value: str
    line: int


class Configuration(NamedTuple):
    """What the user asks for."""

    file: str  # the file that it was read from
    master: Setting  # the library's folder, relative to the root
    services: tuple[Setting, ...]  # folders or globs, relative to the root
    copy: Setting  # the copy's folder inside each service
    exclude: tuple[Setting, ...]  # gitignore patterns, after the built-in ones
    managed: frozenset[str] = frozenset(MANAGED)  # the files that a managed block is kept in, of `MANAGED`
    ignore: tuple[Setting, ...] = ()  # codes of the checks of `doctor` that are switched off


def find_table(text: str, file: str) -> dict[str, object] | None:
    """Return the tool's own table, or None when the file has none.

    Args:
        text: The file's text.
        file: Its path; the name tells whether the keys stand at the top or in `[tool.common-sync]`.

    Raises:
        ValueError: It is not TOML, or what should be the table is something else.
    """
    document: dict[str, object] = tomllib.loads(text)
    if not file.endswith(PYPROJECT):
        return document
    tool = document.get("tool")
    table = tool.get("common-sync") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        message = f"[{TABLE}] is not a table"
        raise ValueError(message)
    return table


def parse_configuration(table: dict[str, object], text: str, file: str) -> tuple[Configuration, list[Problem]]:
    """Return the configuration and all that is wrong with it; what is wrong is left empty.

    Args:
        table: What `find_table` found.
        text: The file's text, where the lines are looked up.
        file: Its path, for messages.
    """
    reader = _Reader(table, _Lines(text, pyproject=file.endswith(PYPROJECT)), file)
    reader.check_keys()
    master = reader.folder("master", required=True)
    copy = reader.folder("copy", required=False)
    if not copy.value:
        copy = Setting(master.value.rpartition("/")[2], copy.line)
    services = tuple(setting._replace(value=_tidy(setting.value)) for setting in reader.strings("services"))
    if table.get("services", []) == []:
        trouble = "is empty" if "services" in table else "is missing"
        reader.complain("services", f'key "services" {trouble}', 'services = ["services/*"]')
    managed = reader.words("managed", MANAGED) if "managed" in table else frozenset(MANAGED)
    exclude, ignore = reader.strings("exclude"), reader.checks("ignore")
    return Configuration(file, master, services, copy, exclude, managed, ignore), reader.problems


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `did you mean …?` for a typo, or nothing when no word is near."""
    import difflib  # costs 2 ms, and only a typo needs it

    near = difflib.get_close_matches(word, list(words), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else ""


class _Lines:
    """Finds the line of a key or of a string: tomllib does not tell."""

    def __init__(self, text: str, *, pyproject: bool) -> None:
        self._text, self._start, self._end = text, 0, len(text)
        own = _OWN_TABLE.search(text) if pyproject else None
        if own is not None:
            other = _OTHER_TABLE.search(text, own.end())
            self._start, self._end = own.start(), other.start() if other is not None else len(text)

    def key(self, key: str) -> int:
        """Return the line of a key, or of the table when the key is not there."""
        return self._line(self._find_key(key))

    def strings(self, key: str, values: Iterable[str]) -> Iterator[int]:
        """Yield the line of each string of a key's list; of one that is written with escapes, a line before it."""
        position = self._find_key(key)
        after = _NEXT_KEY.search(self._text, position, self._end)
        end = after.start() if after is not None else self._end
        for value in values:
            quoted = (self._text.find(quote + value + quote, position, end) for quote in "\"'")
            position = min((place for place in quoted if place >= 0), default=position)
            yield self._line(position)
            position += 1

    def _find_key(self, key: str) -> int:
        first = self._text.find(key, self._start, self._end)
        if first < 0:
            return self._start
        if self._text.startswith(f"{key} =", first) and (first == 0 or self._text[first - 1] == "\n"):
            return first + len(key) + 2  # as nearly always; compiling two expressions for each key takes the hook 3 ms
        name = rf"""["']?{re.escape(key)}["']?[ \t]*"""
        for where in (_LINE_START + name + r"[=.\]]", rf"[{{,][ \t]*{name}="):
            if found := re.compile(where, re.MULTILINE).search(self._text, self._start, self._end):
                return found.end()
        return self._start

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1


_OWN = r"""[ \t]*tool[ \t]*\.[ \t]*["']?common-sync["']?[ \t]*"""
_OWN_TABLE = expression(rf"^[ \t]*\[{_OWN}\]", re.MULTILINE)
_OTHER_TABLE = expression(rf"""^[ \t]*\[{{1,2}}(?!{_OWN}\.)[\w \t."'-]+\]""", re.MULTILINE)
_NEXT_KEY = expression(r"""^[ \t]*(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=""", re.MULTILINE)
_LINE_START = r"""^[ \t]*\[{0,2}[ \t]*(?:[\w"'-]+[ \t]*\.[ \t]*)*"""


_MOST_NAMED = 20


class _Reader:
    """Takes settings out of the table and notes what is wrong with them."""

    def __init__(self, table: dict[str, object], lines: _Lines, file: str) -> None:
        self._table, self._lines, self._file = table, lines, file
        self.problems: list[Problem] = []

    def complain(self, key: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(message, self._file, self._lines.key(key), remedy))

    def check_keys(self) -> None:
        unknown = [key for key in self._table if key not in KEYS]
        known = f"the keys are {', '.join(KEYS)}"
        for key in unknown[:_MOST_NAMED]:
            self.complain(key, f'unknown key "{key}"', nearest(key, KEYS) or known)
        if len(unknown) > _MOST_NAMED:
            self.complain("", f"and {len(unknown) - _MOST_NAMED} more unknown keys", known)

    def strings(self, key: str) -> tuple[Setting, ...]:
        value = self._table.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(Setting(*pair) for pair in zip(value, self._lines.strings(key, value), strict=True))
        self.complain(key, f'"{key}" must be a list of strings', f'{key} = ["…"]')
        return ()

    def words(self, key: str, known: Sequence[str]) -> frozenset[str]:
        given = self.strings(key)
        for word, line in given:
            if word not in known:
                remedy = nearest(word, known) or f"the words are {', '.join(known)}"
                self.problems.append(Problem(f'"{key}" holds an unknown word: {word!r}', self._file, line, remedy))
        return frozenset(word for word, _ in given)

    def checks(self, key: str) -> tuple[Setting, ...]:
        settings = self.strings(key)
        if settings:
            from common_sync.core.findings import CODES  # most configurations switch nothing off

            known = [code for code in CODES if code.startswith("CS2")]
            for setting in settings:
                if setting.value not in known:
                    message, remedy = f'no check "{setting.value}" exists', nearest(setting.value, known)
                    if setting.value in CODES:
                        message = f"{setting.value} cannot be switched off"
                        remedy = f"only the checks of doctor (CS2..) can; see common-sync explain {setting.value}"
                    remedy = remedy or f"the checks are {known[0]} to {known[-1]}"
                    self.problems.append(Problem(message, self._file, setting.line, remedy))
        return settings

    def folder(self, key: str, *, required: bool) -> Setting:
        value = self._table.get(key)
        line = self._lines.key(key)
        if value is None:
            if required:
                self.complain(key, f'key "{key}" is missing', f'{key} = "common"')
            return Setting("", line)
        if not isinstance(value, str):
            self.complain(key, f'"{key}" must be a string', f'{key} = "common"')
            return Setting("", line)
        tidy = _tidy(value)
        if reason := why_no_folder(tidy):
            self.complain(key, f'"{key}" is {value!r}, which {reason}', f"name a folder {_INSIDE[key]}")
            return Setting("", line)
        return Setting(tidy, line)


_INSIDE = {"master": "inside the repository", "copy": "inside the service"}


def _tidy(path: str) -> str:
    """Drop what does not change where a relative path leads: a leading `./`, a trailing or doubled slash."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def why_no_folder(path: str) -> str | None:
    """Say why a path cannot be the master's, a service's or a copy's folder, or None when it can.

    Args:
        path: A relative path, tidied.
    """
    if not path:
        return "is not a folder of its own"
    if path.startswith("/"):
        return "is absolute"
    if path.startswith("~"):
        return "leads to somebody's home"
    return next(_bad_parts(path), None)


def _bad_parts(path: str) -> Iterator[str]:
    for part in path.split("/"):
        if part == "..":
            yield "leads upward"
        if part.lower() == ".git":
            yield "is a git directory"
        if any(ord(letter) < ord(" ") for letter in part):
            yield "holds a control character"
