r"""How pip cuts a requirements file into lines, words and options, with the place of each character kept.

pip joins lines that end in a backslash, takes off comments, and gives what follows the first word with a leading dash
to `shlex` and `optparse`. This is the same, written so that every character of a value is still known by its offset.

Source of the format: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and pip's `req/req_file.py`
(read at 26.3; `tests/core/test_requirements_with_pip.py` holds the two against each other).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression

Kind = Literal["requirement", "editable", "requirements-file", "constraints-file"]

_COMMENT = expression(r"(?:^|(?<=\s))#", needs="#")
_FIRST_OPTION = expression(r"(?:^|(?<= ))-")
_SHELL_WORD = expression(r"""(?:[^ \t\r\n'"\\]+|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_SHELL_PIECE = expression(r"""[^'"\\]+|\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SHELL_SPECIAL = expression(r"""['"\\]""")
_SHELL_ESCAPE = expression(r'\\["\\]|.', re.DOTALL)
_BLANKS = " \t\r\n"
_NAME = expression(r"[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?", re.ASCII)

_KINDS: dict[str, Kind] = {
    "--editable": "editable",
    "--requirement": "requirements-file",
    "--constraint": "constraints-file",
}
TAKE_VALUE = frozenset(
    (
        *_KINDS,
        *("--index-url", "--pypi-url", "--extra-index-url", "--find-links", "--trusted-host", "--use-feature"),
        *("--no-binary", "--only-binary", "--all-releases", "--only-final", "--hash", "--config-settings"),
        *("--global-option", "--install-option"),  # older pips
    )
)
"""The options of a requirements file that take a value."""
LONG = (*TAKE_VALUE, "--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre")
"""All options of a requirements file."""
_SHORT = {
    "-e": "--editable",
    "-r": "--requirement",
    "-c": "--constraint",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}


class Line(NamedTuple):
    """A logical line: one line of the file, or several that a backslash joins.

    Attributes:
        number: Its first line, counted from 1 as pip counts.
        start: Offset of its first character in the file.
        end: Offset after its last line end.
        text: What pip reads: joined, without the line end, the comment still there.
        pieces: Pairs of an index in `text` and the offset in the file of what starts there, ascending.
    """

    number: int
    start: int
    end: int
    text: str
    pieces: tuple[tuple[int, int], ...]

    def offset(self, index: int) -> int:
        """Return the offset in the file of the character at `index` of `text`."""
        first, offset = next(piece for piece in reversed(self.pieces) if piece[0] <= index)
        return offset + index - first


class Word(NamedTuple):
    """A value as pip sees it, and where each of its characters is written."""

    value: str  # the characters, unquoted
    starts: Sequence[int]  # for each of them, the index in the line's text where its spelling starts
    ends: Sequence[int]  # and where it ends
    quotes: str  # for each of them, the quote around it, or a blank; empty where quotes mean nothing

    def part(self, start: int) -> "Word":
        """Return the word from its character `start` on."""
        return Word(self.value[start:], self.starts[start:], self.ends[start:], self.quotes[start:])


class Instruction(NamedTuple):
    """What one logical line asks of pip, where that may be about a path."""

    line: Line  # the logical line
    kind: Kind  # what the value is
    value: Word  # the requirement, or the value of the option
    options: tuple[str, ...]  # the other options, in the order of their names
    loose: tuple[str, ...]  # words that belong to no option. pip ignores them, uv takes them as the marker
    comment: bool  # whether the line has a comment


def parse_instructions(characters: str) -> Iterator[Instruction]:
    """Yield each line that may name a path: a requirement, an editable one, or a file to include.

    Lines that pip itself refuses, such as one with an open quote, are passed over: there is nothing to keep in sync in
    a file that cannot be installed, and nothing in it that could be edited safely.
    """
    lines = _join_lines if "\\" in characters else _single_lines
    for line in lines(characters, _may_name_path):
        if instruction := _parse_instruction(line):
            yield instruction


def significant_lines(characters: str) -> Iterator[str]:
    """Yield the lines of a requirements file that say something, without comments and blanks around them.

    Args:
        characters: The decoded file.
    """
    for line in characters.splitlines():
        comment = _COMMENT.search(line)
        if body := (line[: comment.start()] if comment else line).strip():
            yield body


class Written(NamedTuple):
    """What a line of a requirements file says.

    Attributes:
        number: Its first line, counted from 1.
        requirement: What stands before the first option, or nothing.
        options: Its options: the full name, the value or None, and how the name is written; None where a quote is not closed.
    """

    number: int
    requirement: str
    options: tuple[tuple[str, str | None, str], ...] | None


def read_lines(characters: str) -> Iterator[Written]:
    """Yield what the lines of a requirements file say, those that a backslash joins as one; a name alone is passed over."""
    lines = _join_lines if "\\" in characters else _single_lines
    for line in lines(characters, _says_more):
        comment = _COMMENT.search(line.text)
        body = (line.text[: comment.start()] if comment else line.text).strip()
        dash = _FIRST_OPTION.search(body)
        stop = dash.start() if dash else len(body)
        words = _shell_words(body, stop, len(body))
        if body:
            yield Written(line.number, body[:stop].strip(), tuple(_pair(words)) if words is not None else None)


def _pair(words: list[Word]) -> Iterator[tuple[str, str | None, str]]:
    queue = iter(words)
    for word in queue:
        name, value = _split_option(word)
        if name in TAKE_VALUE and value is None:
            value = next(queue, None)
        if name:
            written = word.value.partition("=")[0] if word.value.startswith("--") else word.value[:2]
            yield name, value.value if value is not None else None, written


_PLAIN_NAME = expression(r"\s*(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*)?", re.ASCII)


def _says_more(text: str) -> bool:
    return _PLAIN_NAME.fullmatch(text) is None


def _single_lines(characters: str, wanted: Callable[[str], bool]) -> Iterator[Line]:
    """Yield the wanted lines of a file in which none is continued; as `_join_lines`, and faster."""
    end = 0
    for number, whole in enumerate(characters.splitlines(keepends=True), 1):
        start, end = end, end + len(whole)
        if wanted(whole):
            yield Line(number, start, end, whole.splitlines()[0], ((0, start),))


def _join_lines(characters: str, wanted: Callable[[str], bool]) -> Iterator[Line]:
    """Yield the wanted lines, those that end in a backslash joined with what follows them."""
    end = 0
    pending: list[tuple[int, int, str]] = []
    # str.splitlines also ends a line at a form feed, at U+2028 and others: so does pip.
    wholes = characters.splitlines(keepends=True)
    for number, (text, whole) in enumerate(zip(characters.splitlines(), wholes, strict=True), 1):
        pending.append((number, end, text))
        end += len(whole)
        if not text.endswith("\\") or _is_comment(text):
            if line := _join(pending, end, wanted):
                yield line
            pending = []
    if pending and (line := _join([*pending, (0, end, "")], end, wanted)):
        yield line


def _join(pending: list[tuple[int, int, str]], end: int, wanted: Callable[[str], bool]) -> Line | None:
    """Make a logical line of lines, each with its number, offset and text; None if it is not wanted."""
    *continued, (_, last_start, last) = pending
    joined = ""
    pieces = []
    for _, start, text in continued:
        # pip strips backslashes off both ends of such a line.
        pieces.append((len(joined), start + len(text) - len(text.lstrip("\\"))))
        joined += text.strip("\\")
    if _is_comment(last):
        joined += " "  # as pip does, so that the comment is one wherever it was joined to
    pieces.append((len(joined), last_start))
    joined += last
    number, start, _ = pending[0]
    return Line(number, start, end, joined, tuple(pieces)) if wanted(joined) else None


def _is_comment(text: str) -> bool:
    return text.lstrip().startswith("#")


def _may_name_path(text: str) -> bool:
    """Tell cheaply whether a line is worth a closer look; most of a requirements file is not."""
    return "/" in text or "${" in text or text.lstrip()[:1] in {"-", "."} or "file:" in text


def _parse_instruction(line: Line) -> Instruction | None:
    comment = _COMMENT.search(line.text)
    body = line.text[: comment.start()] if comment else line.text
    start = len(body) - len(body.lstrip())
    body = body.strip()
    dash = _FIRST_OPTION.search(body)
    stop = dash.start() if dash else len(body)
    words = _shell_words(line.text, start + stop, start + len(body))
    if words is None:
        return None
    requirement = _plain_word(line.text, start, start + len(body[:stop].rstrip()))
    return _instruct(line, requirement, words, comment=bool(comment))


def _instruct(line: Line, requirement: Word, words: list[Word], *, comment: bool) -> Instruction | None:
    values, options, loose = _parse_options(words)
    if requirement.value:  # then pip ignores the value of -e, and all of -r and -c
        kind: Kind = "editable" if "--editable" in values else "requirement"
        return Instruction(line, kind, requirement, options, _values(loose), comment)
    name = next((name for name in _KINDS if name in values), None)
    if name is None:
        return None
    value = values[name]
    if _KINDS[name] == "editable" and len(loose) > 1 and loose[0].value == "@" and _NAME.fullmatch(value.value):
        # `-e name @ file:P` without quotes: uv's, pip takes the name for a path.
        options, value, loose = (*options, f"{value.value} @"), loose[1], loose[2:]
    return Instruction(line, _KINDS[name], value, options, _values(loose), comment)


def _values(words: list[Word]) -> tuple[str, ...]:
    return tuple(word.value for word in words)


def _parse_options(words: list[Word]) -> tuple[dict[str, Word], tuple[str, ...], list[Word]]:
    """Do what pip's optparse parser does: the first value of each option that names a path, the rest, the leftovers."""
    values: dict[str, Word] = {}
    others = []
    loose = []
    queue = iter(words)
    for word in queue:
        name, value = _split_option(word)
        if not name:
            loose += [word, *queue] if word.value == "--" else [word]
            continue
        if name in TAKE_VALUE and value is None:
            value = next(queue, None)
        if value is not None and name in _KINDS and name not in values:
            values[name] = value
        else:
            others.append(name if value is None else f"{name}={value.value}")
    return values, tuple(sorted(others)), loose


def _split_option(word: Word) -> tuple[str, Word | None]:
    """Return the full name of an option, nothing if the word is none, and the value that is in the same word."""
    if word.value in {"-", "--"} or not word.value.startswith("-"):
        return "", None
    if not word.value.startswith("--"):
        name = word.value[:2]
        return _SHORT.get(name, name), word.part(2) if word.value[2:] else None
    name, equals, _ = word.value.partition("=")
    return _unabbreviate(name), word.part(len(name) + 1) if equals else None


def _unabbreviate(name: str) -> str:
    """Complete an option's name as optparse does, which takes any beginning that only one option has."""
    matches = [name] if name in LONG else [option for option in LONG if option.startswith(name)]
    return matches[0] if len(matches) == 1 else name


def _plain_word(text: str, start: int, end: int) -> Word:
    return Word(text[start:end], range(start, end), range(start + 1, end + 1), "")


def _shell_words(text: str, start: int, end: int) -> list[Word] | None:
    """Split as `shlex.split` does; None for a text that it refuses."""
    words = []
    for match in _SHELL_WORD.finditer(text, start, end):
        if text[start : match.start()].strip(_BLANKS):
            return None
        words.append(_unquote(text, match.start(), match.end()))
        start = match.end()
    return None if text[start:end].strip(_BLANKS) else words


def _unquote(text: str, start: int, end: int) -> Word:
    plain = _plain_word(text, start, end)
    if not _SHELL_SPECIAL.search(plain.value):
        return plain._replace(quotes=" " * (end - start))
    characters: list[tuple[str, int, int, str]] = []
    for piece in _SHELL_PIECE.finditer(text, start, end):
        first, last, opening = piece.start(), piece.end(), text[piece.start()]
        if opening == "\\":
            characters.append((text[last - 1], first, last, " "))
        elif opening == '"':
            matches = _SHELL_ESCAPE.finditer(text, first + 1, last - 1)
            characters += ((match[0][-1], match.start(), match.end(), opening) for match in matches)
        elif opening == "'":
            characters += ((text[at], at, at + 1, opening) for at in range(first + 1, last - 1))
        else:
            characters += ((text[at], at, at + 1, " ") for at in range(first, last))
    return Word(
        "".join(character[0] for character in characters),
        [character[1] for character in characters],
        [character[2] for character in characters],
        "".join(character[3] for character in characters),
    )
