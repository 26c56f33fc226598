"""Take settings out of tables of TOML, each with its line, and collect all that is wrong with them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.errors import Problem
from common_sync.core.expressions import expression


class Setting(NamedTuple):
    """One string of the configuration and the line that it stands in, counted from 1."""

    value: str
    line: int


class Lines:
    """Finds the line of a key or of a string: tomllib does not tell."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start, self._end = text, start, end

    @classmethod
    def own(cls, text: str, *, pyproject: bool) -> "Lines":
        """Return the lines of the tool's own table."""
        own = _OWN_TABLE.search(text) if pyproject else None
        if own is None:
            return cls(text, 0, len(text))
        other = _OTHER_TABLE.search(text, own.end())
        return cls(text, own.start(), other.start() if other is not None else len(text))

    def inside(self, name: str) -> "Lines":
        """Return the lines of a table that is in this one, wherever it is written."""
        quoted = rf"""["']?{re.escape(name)}["']?"""
        header = re.compile(rf"^[ \t]*\[(?:[^\]\n#]*\.)?[ \t]*{quoted}[ \t]*\]", re.MULTILINE)
        found = header.search(self._text, self._start, self._end)
        if found is None:  # written inline, or with dots
            return Lines(self._text, self._text.rfind("\n", 0, self._find_key(name)) + 1, self._end)
        following = _HEADER.search(self._text, found.end(), self._end)
        return Lines(self._text, found.start(), following.start() if following is not None else self._end)

    def nth(self, name: str, number: int) -> "Lines":
        """Return the lines of one of several tables of the same name in this one, counted from 0."""
        quoted = rf"""["']?{re.escape(name)}["']?"""
        header = re.compile(rf"^[ \t]*\[\[(?:[^\]\n#]*\.)?[ \t]*{quoted}[ \t]*\]\]", re.MULTILINE)
        headers = [found.start() for found in header.finditer(self._text, self._start, self._end)]
        if number < len(headers):
            after = self._text.index("]]", headers[number])
            own = re.compile(rf"^[ \t]*\[(?:[^\]\n#]*\.)?[ \t]*{quoted}[ \t]*\.", re.MULTILINE)  # a table in this one
            following = (one.start() for one in _HEADER.finditer(self._text, after, self._end))
            end = next((one for one in following if own.match(self._text, one) is None), self._end)
            return Lines(self._text, headers[number], end)
        position = self._find_key(name)  # written inline
        for _ in range(number + 1):
            position = max(self._text.find("{", position, self._end), position - 1) + 1
        return Lines(self._text, max(position - 1, self._start), self._end)

    def key(self, key: str) -> int:
        """Return the line of a key, or of the table when the key is not there."""
        return self._line(self._find_key(key))

    def keys(self, keys: Iterable[str]) -> Iterator[int]:
        """Yield the line of each key of a table, in the order in which they are written; hundreds of pins are read in one pass."""
        position, line = self._start, self._line(self._start)
        for key in keys:
            found = self._find_key(key, position)
            line += self._text.count("\n", position, found)
            position = found
            yield line

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

    @property
    def first(self) -> int:
        """The line that the table begins in."""
        return self._line(self._start)

    def _find_key(self, key: str, start: int | None = None) -> int:
        """Return where a key ends that is written after a place, or that place, which is the table's beginning where none is given."""
        start = self._start if start is None else start
        if (first := self._text.find(key, start, self._end)) < 0:
            return start
        begin = first - (self._text[max(first - 1, 0)] in "\"'")  # paths are keys in quotes
        quote, above = self._text[begin:first], self._text[max(begin - 1, 0) : begin]
        if above in ("", "\n") and self._text.startswith(f"{key}{quote} =", first):
            return first + len(key + quote) + 2  # nearly always; two expressions for each key take the hook 3 ms
        name = rf"""["']?{re.escape(key)}["']?[ \t]*"""
        for where in (_LINE_START + name + r"[=.\]]", rf"[{{,][ \t]*{name}="):
            if found := re.compile(where, re.MULTILINE).search(self._text, start, self._end):
                return found.end()
        return start

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1


_OWN = r"""[ \t]*tool[ \t]*\.[ \t]*["']?common-sync["']?[ \t]*"""
_OWN_TABLE = expression(rf"^[ \t]*\[{_OWN}\]", re.MULTILINE)
_OTHER_TABLE = expression(rf"""^[ \t]*\[{{1,2}}(?!{_OWN}\.)[\w \t."'-]+\]""", re.MULTILINE)
_HEADER = expression(r"^[ \t]*\[", re.MULTILINE)
_NEXT_KEY = expression(r"""^[ \t]*(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=""", re.MULTILINE)
_LINE_START = r"""^[ \t]*\[{0,2}[ \t]*(?:[\w"'-]+[ \t]*\.[ \t]*)*"""


_MOST_NAMED = 20


class Reader:
    """Takes settings out of a table and notes what is wrong with them.

    Args:
        table: What is written.
        lines: Where it is written.
        file: The file's path, for messages.
        problems: What is wrong goes here; a list of its own when None.
    """

    def __init__(
        self, table: dict[str, object], lines: Lines, file: str, problems: list[Problem] | None = None
    ) -> None:
        self._table, self._lines, self._file = table, lines, file
        self.problems: list[Problem] = [] if problems is None else problems

    def complain(self, key: str, message: str, remedy: str) -> None:
        """Note what is wrong with a key."""
        self.problems.append(Problem(message, self._file, self._lines.key(key), remedy))

    def check_keys(self, keys: Sequence[str]) -> None:
        """Complain of each key that is none of these."""
        unknown = [key for key in self._table if key not in keys]
        if not unknown:
            return
        from common_sync.core.typos import nearest  # only a typo needs it

        known = f"the keys are {', '.join(keys)}"
        for key in unknown[:_MOST_NAMED]:
            self.complain(key, f'unknown key "{key}"', nearest(key, keys) or known)
        if len(unknown) > _MOST_NAMED:
            self.complain("", f"and {len(unknown) - _MOST_NAMED} more unknown keys", known)

    def tables(self, key: str) -> "dict[str, Reader]":
        """Return what reads each table in a table; nothing where there is none."""
        inner = self.table(key)
        found = {name: inner.table(name) for name in inner.names} if inner is not None else {}
        return {name: reader for name, reader in found.items() if reader is not None}

    def table(self, key: str) -> "Reader | None":
        """Return what reads a table in this one."""
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Reader(value, self._lines.inside(key), self._file, self.problems)
        self.complain(key, f'"{key}" must be a table', f"[{key}]" if key != "service" else "did you mean services?")
        return None

    def holds_table(self, key: str) -> bool:
        """Tell whether a key has a table."""
        return isinstance(self._table.get(key), dict)

    def array(self, key: str) -> "tuple[Reader, ...]":
        """Return what reads each table of a list of tables, which is not empty."""
        value = self._table.get(key)
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            lines = (self._lines.nth(key, number) for number in range(len(value)))
            return tuple(Reader(one, at, self._file, self.problems) for one, at in zip(value, lines, strict=True))
        self.complain(key, f'"{key}" must be a list of tables', f"[[{key}]]")
        return ()

    def setting(self, key: str, pattern: str, example: str) -> Setting | None:
        """Return a string that has to look like something, and its line.

        Args:
            key: The key.
            pattern: A regular expression for all of it.
            example: What to write, for the remedy.
        """
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return Setting(value, self._lines.key(key))
        self.complain(key, f'"{key}" cannot be {value!r}', f"{key} = {example}")
        return None

    def number(self, key: str, example: str) -> Setting | None:
        """Return a whole number, as it is written in decimals, and its line.

        Args:
            key: The key.
            example: What to write, for the remedy.
        """
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return Setting(str(value), self._lines.key(key))
        self.complain(key, f'"{key}" cannot be {value!r}', f"{key} = {example}")
        return None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return whether something is switched on."""
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            self.complain(key, f'"{key}" must be true or false', f"{key} = {str(not default).lower()}")
        return value is True

    def written(self) -> Iterator[tuple[str, int]]:
        """Yield each key that is there, and its line, in the order in which they are written."""
        return zip(self._table, self._lines.keys(self._table), strict=True)

    @property
    def names(self) -> list[str]:
        """The keys that are there."""
        return list(self._table)

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self._lines.first

    def strings(self, key: str) -> tuple[Setting, ...]:
        """Return a list of strings."""
        value = self._table.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(Setting(*pair) for pair in zip(value, self._lines.strings(key, value), strict=True))
        self.complain(key, f'"{key}" must be a list of strings', f'{key} = ["…"]')
        return ()

    def lists(self, key: str) -> tuple[tuple[Setting, ...], ...]:
        """Return a list of lists of strings."""
        value = self._table.get(key, [])
        if isinstance(value, list) and all(isinstance(one, list) and one for one in value):
            flat = [word for one in value for word in one]
            if all(isinstance(word, str) for word in flat):
                lines = self._lines.strings(key, flat)
                return tuple(tuple(Setting(word, next(lines)) for word in one) for one in value)
        self.complain(key, f'"{key}" must be a list of lists of strings', f'{key} = [["…"], ["*"]]')
        return ()

    def value(self, key: str) -> object:
        """Return what a key holds, whatever it is; None where it is not there."""
        return self._table.get(key)

    def words(self, key: str, known: Sequence[str]) -> frozenset[str]:
        """Return a list of words, each of which must be known."""
        given = self.strings(key)
        for word, line in given:
            if word not in known:
                from common_sync.core.typos import nearest  # only a typo needs it

                remedy = nearest(word, known) or f"the words are {', '.join(known)}"
                self.problems.append(Problem(f'"{key}" holds an unknown word: {word!r}', self._file, line, remedy))
        return frozenset(word for word, _ in given)

    def checks(self, key: str) -> tuple[Setting, ...]:
        """Return a list of checks."""
        settings = self.strings(key)
        if settings:
            from common_sync.core.findings import CODES, switchable_codes  # most configurations switch nothing off
            from common_sync.core.typos import nearest

            known = switchable_codes()
            for setting in settings:
                if setting.value not in known:
                    message, remedy = f'no check "{setting.value}" exists', nearest(setting.value, known)
                    if setting.value in CODES:
                        message = f"{setting.value} cannot be switched off"
                        remedy = f"only the checks of doctor (CS2.., CS3.., CS422) can; see common-sync explain {setting.value}"
                    remedy = remedy or f"the checks are {known[0]} to {known[-2]}, and {known[-1]}"
                    self.problems.append(Problem(message, self._file, setting.line, remedy))
        return settings

    def folder(self, key: str, *, required: bool) -> Setting:
        """Return a folder; an empty one where there is none."""
        value = self._table.get(key)
        line = self._lines.key(key)
        if value is None:
            if required:
                self.complain(key, f'key "{key}" is missing', f'{key} = "common"')
            return Setting("", line)
        if not isinstance(value, str):
            self.complain(key, f'"{key}" must be a string', f'{key} = "common"')
            return Setting("", line)
        tidy = tidy_path(value)
        if reason := why_no_folder(tidy):
            self.complain(key, f'"{key}" is {value!r}, which {reason}', f"name a folder {_INSIDE[key]}")
            return Setting("", line)
        return Setting(tidy, line)


_INSIDE = {"master": "inside the repository", "copy": "inside the service"}


def tidy_path(path: str) -> str:
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
