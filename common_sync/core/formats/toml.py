r"""Where in a TOML text its strings are.

`tomllib` tells what a text says, but not where; this walks the text once more for the places. It checks no grammar, since
`tomllib` has done so, and what it finds has to be exactly what `tomllib` says, or the text is refused.

Source of the format: https://toml.io/en/v1.0.0
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.toml_errors import find_line, without_place
from common_sync.core.text import UnparsableError

Path = tuple[str | int, ...]
"""The keys, and in lists the indices from 0, that lead to a value."""

# Nothing possessive: Python 3.11.2, which is Debian 12's, finds no match for it beside alternatives. Nor is it
# needed: tomllib has taken the text before, so every string that begins has its end, and nothing is tried twice.
_GAP = expression(r"(?:[ \t\r\n,]+|#[^\n]*)*")
_DOT = expression(r"[ \t]*\.[ \t]*")
_EQUALS = expression(r"[ \t]*=[ \t]*")
_OTHER = expression(r"[^,\]}\r\n#]+")  # numbers, dates, booleans: none of them holds a delimiter
_STRING = expression(
    r'''
    """ (?:\r?\n)? (?P<long> (?: [^\\"]+ | \\. | "{1,2}(?!") )* "{0,2} ) """
    | \'{3} (?:\r?\n)? (?P<long_raw> (?: [^']+ | '{1,2}(?!') )* '{0,2} ) \'{3}
    | " (?P<basic> (?: [^"\\\n]+ | \\. )* ) "
    | ' (?P<raw> [^'\n]* ) '
    | (?P<bare> [A-Za-z0-9_-]+ )
    ''',
    re.VERBOSE | re.DOTALL,
)
_ESCAPING = frozenset({"long", "basic"})
_RAW_PIECE = expression(r"[^\r]+|\r\n?")
_PIECE = expression(r"[^\\\r]+|\r\n?|\\[ \t]*\r?\n[ \t\r\n]*|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8}|\\x[\da-fA-F]{2}|\\.")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_MUST_ESCAPE = expression('[\\x00-\\x1f"\\\\\\x7f]')


class Span(NamedTuple):
    """A string or a key as it is written."""

    start: int  # offset of the first character inside the quotes
    end: int  # offset after the last one
    value: str  # what it says
    escapes: bool  # whether a backslash in it begins an escape


class String(NamedTuple):
    """A string among the values."""

    path: Path  # what leads to it
    span: Span  # where it is
    key: Span | None  # where the last key before it is; None in a list

    @property
    def keys(self) -> tuple[str, ...]:
        """The path without the indices of lists."""
        return tuple(key for key in self.path if isinstance(key, str))


class Document(NamedTuple):
    """A TOML text that was read.

    Attributes:
        text: The whole text.
        strings: The strings among its values, in their order.
        leaves: Path → `repr` of everything that holds nothing more: scalars, empty tables and empty lists.
        tables: What it says, as `tomllib` has it.
    """

    text: str
    strings: Sequence[String]
    leaves: Mapping[Path, str]
    tables: Mapping[str, object]

    def line(self, offset: int) -> int:
        """Return the line of an offset, counted from 1."""
        return self.text.count("\n", 0, offset) + 1


def parse_toml(text: str) -> Document:
    """Find the strings of a TOML text.

    Raises:
        UnparsableError: It is no TOML, or its strings cannot be told apart.
    """
    try:
        tables: dict[str, object] = tomllib.loads(text)
        leaves = dict(_list_leaves((), tables))
        strings = tuple(Walk(text).strings())
    except UnparsableError:
        raise
    except ValueError as error:
        raise UnparsableError(find_line(error, text), without_place(error)) from error
    except RecursionError as error:
        raise UnparsableError(None, "it is nested too deeply") from error
    said = {path: leaf for path, leaf in leaves.items() if leaf[0] in "'\""}
    if said != {one.path: repr(one.span.value) for one in strings}:
        raise UnparsableError(None, "its strings could not be told apart; please report this as a bug of common-sync")
    return Document(text, strings, leaves, tables)


def fits(pattern: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Tell whether keys are those of a pattern: `*` is any one, and `**` at its end any number."""
    if pattern[-1] == "**":
        pattern, keys = pattern[:-1], keys[: len(pattern) - 1]
    return len(pattern) == len(keys) and all(key in ("*", name) for key, name in zip(pattern, keys, strict=True))


def find_offset(text: str, span: Span, index: int) -> int:
    """Return the offset in the text of a character of a string.

    Args:
        text: The whole text.
        span: The string.
        index: The character's index in the string's value, or its length.
    """
    raw = text[span.start : span.end]
    if raw == span.value:
        return span.start + index
    offset = span.start
    for written, said in _cut(raw, escapes=span.escapes):
        if len(said) > index:
            return offset + (index if written == said else 0)
        index -= len(said)
        offset += len(written)
    return offset


def escape(span: Span, value: str) -> str:
    """Return characters as they are written inside a string; where it has no escapes they stay as they are."""
    if not span.escapes:
        return value
    return _MUST_ESCAPE.sub(lambda match: f"\\{match[0]}" if match[0] in '"\\' else f"\\u{ord(match[0]):04x}", value)


def _list_leaves(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    children: Sequence[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    if not children:
        yield path, repr(value)
    for key, child in children:
        yield from _list_leaves((*path, key), child)


def _cut(raw: str, *, escapes: bool) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a string: as they are written, and what they say."""
    for match in (_PIECE if escapes else _RAW_PIECE).finditer(raw):
        written = match[0]
        code = written[2:]
        if written[0] != "\\":
            yield written, written.replace("\r\n", "\n")  # as `tomllib` has it
        elif written[1] in "uUx":
            yield written, chr(int(code, 16))
        else:
            yield written, _ESCAPED.get(written[1], "")  # or a line end that is folded away


class Walk:
    """One walk through a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._tables: dict[Path, int] = {}  # how many tables each list of tables holds so far

    def strings(self) -> Iterator[String]:
        """Yield the strings among the values."""
        table: Path = ()
        while (here := self._next()) != "":
            if here == "[":
                table = self._header()
            else:
                yield from self._pair(table)

    def _next(self) -> str:
        """Go past blanks, commas and comments; return the character that follows."""
        self._take(_GAP)
        return self._text[self._position : self._position + 1]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._position)
        if match is None:
            line = self._text.count("\n", 0, self._position) + 1
            raise UnparsableError(line, "not understood from here on; please report this as a bug of common-sync")
        self._position = match.end()
        return match

    def _header(self) -> Path:
        brackets = 2 if self._text.startswith("[[", self._position) else 1
        self._position += brackets
        self._next()
        *above, last = self._keys()
        path: Path = ()
        for key in above:
            path = self._enter((*path, key.value))
        path = (*path, last.value)
        if brackets == 2:  # noqa: PLR2004 - a list of tables has two
            self._tables[path] = self._tables.get(path, 0) + 1
        self._next()
        self._position += brackets
        return self._enter(path)

    def _enter(self, path: Path) -> Path:
        """Return the path of the newest table, where a list of them is named."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, table: Path) -> Iterator[String]:
        keys = self._keys()
        self._take(_EQUALS)
        yield from self._value((*table, *(key.value for key in keys)), keys[-1])

    def _keys(self) -> list[Span]:
        keys = [self._string()]
        while _DOT.match(self._text, self._position):
            self._take(_DOT)
            keys.append(self._string())
        return keys

    def _value(self, path: Path, key: Span | None) -> Iterator[String]:
        match self._next():
            case '"' | "'":
                yield String(path, self._string(), key)
            case "[":
                self._position += 1
                yield from self._items(path)
            case "{":
                self._position += 1
                while self._next() != "}":
                    yield from self._pair(path)
                self._position += 1
            case _:
                self._take(_OTHER)

    def _items(self, path: Path) -> Iterator[String]:
        index = 0
        while self._next() != "]":
            yield from self._value((*path, index), None)
            index += 1
        self._position += 1

    def _string(self) -> Span:
        match = self._take(_STRING)
        form = match.lastgroup or ""
        raw, escapes = match[form], form in _ESCAPING
        plain = "\r" not in raw and not (escapes and "\\" in raw)
        value = raw if plain else "".join(said for _, said in _cut(raw, escapes=escapes))
        return Span(match.start(form), match.end(form), value, escapes)
