"""Characters of a Dockerfile that know where they are written, and what BuildKit makes of quotes, escapes and variables.

Source of the rules: https://docs.docker.com/reference/dockerfile/#environment-replacement and BuildKit's
`frontend/dockerfile/shell/lex.go`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, NoReturn

from common_sync.core.expressions import expression
from common_sync.core.text import SPACES

_SPECIAL = expression(r"""[$'"\\`]""")
_NAME = expression(r"[0-9]+|[@*#?\-$!]|[^\W\d]\w*")
_MODIFIER = expression(r":?[-+?]")
_LONGEST, _FURTHEST = 1024, 100
"""Characters that variables may bring into a word, and through how many variables; what takes more is unknown, so that no file
can double a value line by line until the memory is full."""

_DEEPEST = 50
"""How deep `${a:-${b:-c}}` may go; deeper is refused, so that no file can exhaust the stack."""

Origin = tuple[str, ...]
"""The variables through which a character came, the one that stands in the word first; empty for what is written there."""


class Word(NamedTuple):
    """Characters, and where in the file each of them is written.

    Attributes:
        text: The characters, as far as they are decoded.
        starts: For each of them, the offset where its spelling starts. One that a variable brought is written where the
            variable gets its value.
        ends: And the offset after it.
        origins: The variables that each of them came through; empty for a word without any.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    origins: Sequence[Origin] = ()

    def part(self, start: int, end: int | None = None) -> "Word":
        """Return the characters from one index to another."""
        cut = slice(start, end)
        return Word(self.text[cut], self.starts[cut], self.ends[cut], self.origins[cut])

    @property
    def start(self) -> int:
        """The offset of the first character; the word must have one."""
        return self.starts[0]

    @property
    def end(self) -> int:
        """The offset after the last character; the word must have one."""
        return self.ends[-1]

    def stripped(self) -> "Word":
        """Return the word without blanks around it."""
        if self.text.strip(SPACES) == self.text:
            return self
        start = len(self.text) - len(self.text.lstrip(SPACES))
        return self.part(start, max(start, len(self.text.rstrip(SPACES))))

    def origin(self, index: int) -> Origin:
        """Return the variables through which a character came."""
        return self.origins[index] if self.origins else ()


def plain_word(characters: str, start: int, end: int) -> Word:
    """Return a part of the file in which each character stands for itself."""
    return Word(characters[start:end], range(start, end), range(start + 1, end + 1))


def join_words(words: Sequence[Word]) -> Word:
    """Return one word of several."""
    if len(words) == 1:
        return words[0]
    starts = [offset for word in words for offset in word.starts]
    ends = [offset for word in words for offset in word.ends]
    origins: list[Origin] = []
    if any(word.origins for word in words):
        origins = [word.origin(index) for word in words for index in range(len(word.text))]
    return Word("".join(word.text for word in words), starts, ends, origins)


def split_words(word: Word, pattern: re.Pattern[str]) -> Iterator[Word]:
    """Yield each part of a word that a pattern matches."""
    return (word.part(*match.span()) for match in pattern.finditer(word.text))


class RefusedError(ValueError):
    """What BuildKit would refuse, in a sentence."""


def refuse(reason: str) -> NoReturn:
    """Say that BuildKit would refuse something.

    Raises:
        RefusedError: Always.
    """
    raise RefusedError(reason)


class Expansion(NamedTuple):
    """What a word comes to."""

    word: Word  # the characters without their quotes, each variable that is known replaced by its value
    unknown: tuple[str, ...] = ()  # the variables whose value nobody can tell; they stand for nothing in `word`


Lookup = Callable[[str], Word | None]
"""Tells a variable's value; None where nobody can tell."""


def expand_word(word: Word, escape: str, lookup: Lookup) -> Expansion:
    """Take off quotes and escapes, and put in the values of variables, as the build does.

    Raises:
        RefusedError: The build would refuse it.
    """
    if not _SPECIAL.search(word.text):
        return Expansion(word)
    lexer = _Lexer(word, escape, lookup)
    expanded = join_words([word.part(0, 0), *lexer.read_until("")])
    return Expansion(expanded, tuple(lexer.unknown))


class _Lexer:
    """Reads a word from its beginning to its end."""

    def __init__(self, word: Word, escape: str, lookup: Lookup) -> None:
        self._word, self._escape, self._lookup = word, escape, lookup
        self._at = 0
        self._depth = 0
        self._brought = 0
        self.unknown: list[str] = []

    def read_until(self, stop: str) -> list[Word]:
        """Return what comes before a character, or before the end, and pass it."""
        found: list[Word] = []
        while (character := self._peek()) and character != stop:
            match character:
                case "'":
                    found += self._single_quoted()
                case '"':
                    found += self._double_quoted()
                case "$":
                    found += self._variable()
                case _:
                    found += self._escaped() if character == self._escape else [self._take()]
        if stop:
            self._pass(stop, f"unexpected end of statement while looking for matching {stop}")
        return found

    def _peek(self) -> str:
        return self._word.text[self._at : self._at + 1]

    def _take(self, start: int | None = None) -> Word:
        """Return the next character; its spelling begins at `start`, where an escape stands before it."""
        at = self._at
        self._at += 1
        taken = self._word.part(at, at + 1)
        return taken if start is None else taken._replace(starts=[self._word.starts[start]])

    def _pass(self, character: str, complaint: str) -> None:
        if self._peek() != character:
            refuse(complaint)
        self._at += 1

    def _escaped(self) -> list[Word]:
        start = self._at
        self._at += 1
        return [self._take(start)] if self._peek() else []

    def _single_quoted(self) -> list[Word]:
        start = self._at + 1
        end = self._word.text.find("'", start)
        if end < 0:
            refuse("unexpected end of statement while looking for matching single-quote")
        self._at = end + 1
        return [self._word.part(start, end)]

    def _double_quoted(self) -> list[Word]:
        self._at += 1
        found: list[Word] = []
        while (character := self._peek()) and character != '"':
            if character == "$":
                found += self._variable()
            elif character == self._escape and self._next() in {'"', "$", self._escape}:
                found += self._escaped()
            elif character == self._escape and not self._next():
                self._at += 1
            else:
                found.append(self._take())
        self._pass('"', "unexpected end of statement while looking for matching double-quote")
        return found

    def _next(self) -> str:
        return self._word.text[self._at + 1 : self._at + 2]

    def _name(self) -> str:
        match = _NAME.match(self._word.text, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _variable(self) -> list[Word]:
        dollar = self._take()
        if self._peek() != "{":
            name = self._name()
            return self._value(name) if name else [dollar]
        self._at += 1
        self._depth += 1
        found = self._braced()
        self._depth -= 1
        return found

    def _braced(self) -> list[Word]:
        """Return what stands for `${...}`, whose beginning was passed."""
        if self._depth > _DEEPEST:
            refuse(f"more than {_DEEPEST} substitutions in each other are not followed")
        if self._peek() in {"{", "}", ":"}:
            refuse("syntax error: bad substitution")
        name = self._name()
        modifier = _MODIFIER.match(self._word.text, self._at)
        if modifier:
            self._at = modifier.end()
            return self._substitute(name, modifier[0])
        if self._peek() in {"#", "%", "/"}:  # cuts or replaces a part of the value; not followed here
            self.read_until("}")
            self.unknown.append(name)
            return []
        self._pass("}", "syntax error: missing '}'" if not self._peek() else "unsupported modifier in substitution")
        return self._value(name)

    def _substitute(self, name: str, modifier: str) -> list[Word]:
        before = len(self.unknown)
        word = self.read_until("}")
        value = self._lookup(name)
        filled = value is not None and (bool(value.text) or not modifier.startswith(":"))
        if modifier.endswith("-") and not filled:
            return word
        if modifier.endswith("+"):
            return word if filled else []
        del self.unknown[before:]  # the word is not used
        return self._value(name)

    def _value(self, name: str) -> list[Word]:
        value = self._lookup(name)
        self._brought += len(value.text) if value else 0
        if value is None or self._brought > _LONGEST:
            self.unknown.append(name)
            return []
        ways = {way: (name, *way) for way in {value.origin(index) for index in range(len(value.text))}}
        if any(len(way) > _FURTHEST for way in ways.values()):
            self.unknown.append(name)
            return []
        return [value._replace(origins=[ways[value.origin(index)] for index in range(len(value.text))])]


def unquote(word: Word) -> str | None:
    """Return the name that ends a heredoc, without its quotes, variables as they are; None where quotes do not end."""
    try:
        return expand_word(word, "\\", lambda name: plain_word(f"${name}", 0, len(name) + 1)).word.text
    except RefusedError:
        return None
