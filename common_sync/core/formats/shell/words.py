"""How a POSIX shell cuts a line into words and operators, and what a word comes to once variables are put in.

Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html. What only a running shell can tell (the output
of a command, a variable that nobody set) is kept as not known.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common_sync.core.expressions import expression

_SUBSTITUTION = r"\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|`[^`]*`"
_VARIABLE = r"\$\{[^{}]*\}|\$[A-Za-z_]\w*|\$[0-9@*#?$!-]"
_DOUBLE = rf'"(?:\\.|{_SUBSTITUTION}|[^"\\])*+"'  # `*+`: or else each substitution would be tried in two ways
_TOKEN = expression(
    rf"""
    (?P<blank>[ \t\r]+|\\\r?\n)
    |(?P<comment>\#[^\n]*)
    |(?P<redirection>[0-9]*(?:>>|>&|<&|>\||<>|<<<|<<-?|[<>])|&>>?)
    |(?P<operator>&&|\|\||;;|\|&|[;|&()\n])
    |(?P<word>(?:\\.|'[^']*'|{_DOUBLE}|{_SUBSTITUTION}|{_VARIABLE}|[^\s;&|()<>'"\\])+)
    |(?P<broken>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = expression(
    rf"""\\(?P<escaped>.)|'(?P<single>[^']*)'|(?P<double>{_DOUBLE})|(?P<unknown>{_SUBSTITUTION})|(?P<variable>{_VARIABLE})
    |(?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PART = expression(
    rf"""\\(?P<escaped>[$`"\\])|(?P<unknown>{_SUBSTITUTION})|(?P<variable>{_VARIABLE})|(?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_LISTED = expression(r"(?:\$\(|`)[ \t]*cat[ \t]+(?P<path>[\w./][\w./-]*)[ \t]*[`)]")
ARGUMENTS = "@"
"""The name by which `Variables` may have all arguments of a script."""

_NAME = expression(r"\$\{?([A-Za-z_]\w*|@)(?:(:?[-+])([^{}]*))?\}?")

_LONGEST = 4096
"""Characters that variables may bring into a word."""

Variables = Mapping[str, str | None]
"""What variables hold; None where it is set to what cannot be told."""


class Word(NamedTuple):
    """A word as a program gets it."""

    text: str  # its characters; those that cannot be told are left out
    known: bool = True  # whether all of them can be told
    pattern: bool = False  # whether the shell would look for files that match it
    listed: str = ""  # the file whose words stand in its place, as `$(cat FILE)` says it


class Token(NamedTuple):
    """A piece of a script: an operator, a redirection or a word, as it is written."""

    kind: str
    text: str


def split_script(script: str) -> list[Token] | None:
    """Cut a script into words, redirections and operators; None where a quote is not closed."""
    tokens = [Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(script)]
    if any(token.kind == "broken" for token in tokens):
        return None
    return [token for token in tokens if token.kind not in {"blank", "comment"}]


def expand_word(written: str, variables: Variables) -> list[Word]:
    """Return what a word comes to: one word, or none or several where a variable outside of quotes is empty or holds blanks."""
    if (listed := _LISTED.fullmatch(written)) is not None:
        return [Word("", known=False, listed=listed["path"])]
    fields = _Fields()
    for part in _PART.finditer(written):
        kind, text = part.lastgroup, part[part.lastgroup or 0]
        if kind == "double":
            fields.quote()
            for inner in _QUOTED_PART.finditer(text[1:-1]):
                value = _value(inner, variables)
                fields.add(fields.measured(value) if inner.lastgroup == "variable" else value)
        elif kind == "variable":
            fields.add_unquoted(fields.measured(_value(part, variables)))
        elif kind == "plain":
            fields.add(text, pattern=text in "*?[")
        else:
            fields.quote()
            fields.add(_value(part, variables))
    return list(fields.finish())


def _value(part: re.Match[str], variables: Variables) -> str | None:
    """Return the characters that a part stands for, or None where they cannot be told."""
    if part.lastgroup == "unknown":
        return None
    if part.lastgroup != "variable":
        return part[part.lastgroup or 0]
    name = _NAME.fullmatch(part[0])
    if name is None:
        return None
    operator, other = name[2] or "", name[3] or ""
    if name[1] not in variables:  # the base image may set it; where there is a default, nobody counts on that
        return None if not operator else other if operator.endswith("-") else ""
    value = variables[name[1]]
    if value is None:
        return None
    present = bool(value) or not operator.startswith(":")
    if operator.endswith("+"):
        return other if present else ""
    return value if present else other


class _Fields:
    """The words that one comes to."""

    def __init__(self) -> None:
        self._done: list[Word] = []
        self._brought = 0
        self._text, self._known, self._pattern, self._started = "", True, False, False

    def measured(self, value: str | None) -> str | None:
        """Return what a variable brings; None once that is too much for one word."""
        self._brought += len(value or "")
        return value if self._brought <= _LONGEST else None

    def quote(self) -> None:
        self._started = True

    def add(self, text: str | None, *, pattern: bool = False) -> None:
        self._started = True
        self._text += text or ""
        self._known = self._known and text is not None
        self._pattern = self._pattern or pattern

    def add_unquoted(self, text: str | None) -> None:
        if text is None:
            self.add(None)
            return
        for index, field in enumerate(re.split(r"[ \t\n]+", text)):
            if index and self._started:
                self._next()
            if field:
                self.add(field, pattern=bool(re.search(r"[*?[]", field)))

    def finish(self) -> Iterator[Word]:
        if self._started:
            self._next()
        yield from self._done

    def _next(self) -> None:
        self._done.append(Word(self._text, self._known, self._pattern))
        self._text, self._known, self._pattern, self._started = "", True, False, False
