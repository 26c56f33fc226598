"""What a terminal can show, colours, marks and columns, and how text is written to it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple, TextIO

from common_sync.core.expressions import expression
from common_sync.edges.files.folders import explain_os_error

ColorMode = Literal["auto", "always", "never"]

_COLORS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "bold": 1, "dim": 2}
_MARKS = {
    "✓": ("=", "green"),
    "✗": ("x", "red"),
    "·": (".", "dim"),
    "!": ("!", "yellow"),
    # what `distribute` mends has cool colours, what a person has to decide warm ones
    "▼": ("v", "blue"),
    "○": ("o", "blue"),
    "→": (">", "cyan"),
    "?": ("?", "magenta"),
    "■": ("#", "red"),
    "◆": ("*", "red"),
    "+": ("+", "yellow"),
}
"""Each mark, the plain letter that stands for it, and its colour."""

_SPELLED = str.maketrans({mark: letter for mark, (letter, _) in _MARKS.items()} | {"→": "->", "…": "..."})


class Terminal(NamedTuple):
    """What a stream can show."""

    colors: bool
    marks: bool  # whether its encoding has the marks
    width: int = 80  # in columns
    links: bool = False  # whether it takes hyperlinks
    has_width: bool = (
        True  # whether its width is known: a file or a program has none, and gets a line for each row of a table
    )

    def paint(self, text: str, color: str) -> str:
        """Return the text in a colour, where the stream takes colours."""
        return f"\033[{_COLORS[color]}m{text}\033[0m" if self.colors and text else text

    def code(self, code: str, color: str) -> str:
        """Return a finding's code in a colour, as a link to its page where the stream takes links (OSC 8)."""
        if not self.links:
            return self.paint(code, color)
        from common_sync.core.findings import page_url  # who prints a code has it already

        return self.paint(f"\033]8;;{page_url(code)}\033\\{code}\033]8;;\033\\", color)

    def mark(self, mark: str) -> str:
        """Return the mark, or its plain letter, in its colour."""
        letter, color = _MARKS[mark]
        return self.paint(mark if self.marks else letter, color)

    def spell(self, text: str) -> str:
        """Return a text whose marks, arrows and dots the stream's encoding has."""
        return text if self.marks else text.translate(_SPELLED)

    def wrap(self, text: str, indent: int = 0, head: str = "") -> Iterator[str]:
        """Yield a text in lines that fit, broken at spaces; a word that is too long for a line stays whole.

        Where the head takes most of the width, all of the text stands below it: a column of few letters is hard to read.

        Args:
            text: What to break.
            indent: Columns before each line but the first.
            head: What the first line begins with.
        """
        margin = " " * min(indent, self.width // 3)
        line, column, begun = head, columns(head), False
        words = text.split(" ")
        if len(words) > 1 and words[-1] == "s":  # seconds stay with their number
            words[-2:] = [f"{words[-2]} s"]
        if column > 2 * self.width // 3 and column + columns(text) > self.width and len(margin) < column:
            yield line.rstrip()
            line, column = margin, len(margin)
        for word in words:
            width = columns(word)
            if column + begun + width > self.width and (begun or column > len(margin)):
                yield line.rstrip()
                line, column, begun = margin, len(margin), False
            line, column, begun = f"{line}{' ' * begun}{word}", column + begun + width, True
        yield line.rstrip()


def look_at(stream: TextIO, color: ColorMode = "auto") -> Terminal:
    """Return what a stream can show.

    Args:
        stream: Where the text will go.
        color: What the user asked for; `auto` colours a terminal, and follows NO_COLOR and FORCE_COLOR
            (https://no-color.org, https://force-color.org).
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    colors = _colors(stream, color)
    links = colors and stream.isatty() and os.environ.get("TERM", "") not in _WITHOUT_LINKS
    width = _width(stream)
    return Terminal(colors, encoding.startswith("utf"), min(max(width or _USUAL, _LEAST), _MOST), links, bool(width))


_WITHOUT_LINKS = frozenset({"", "dumb", "linux"})
"""Terminals that would show an unknown sequence, or may; the others pass over it where they know no links."""


_LEAST, _USUAL, _MOST = 20, 80, 120
"""Columns; longer lines are hard to read."""


def _width(stream: TextIO) -> int:
    """Return how many columns a stream has, 0 where that is not known; the variable counts more than the terminal, as everywhere."""
    width = int(told) if (told := os.environ.get("COLUMNS", "")).isdecimal() else 0
    if not width and stream.isatty():
        with suppress(OSError):
            width = os.get_terminal_size(stream.fileno()).columns
    return width


def _colors(stream: TextIO, color: ColorMode) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


_ESCAPES = expression(r"\033\[\d+m|\033\]8;;[^\033]*\033\\")
_WIDE = "\u2e80"
"""From here on, letters may take two columns."""


def columns(text: str) -> int:
    """Return how many columns a printable text takes; an escape takes none."""
    text = _ESCAPES.sub("", text) if "\033" in text else text
    if text.isascii() or max(text) < _WIDE:
        return len(text)
    from unicodedata import east_asian_width  # few names have such letters

    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def pad(text: str, width: int) -> str:
    """Return a text with spaces up to a width."""
    return text + " " * (width - columns(text))


def printable(text: str) -> str:
    """Return text that can be printed anywhere, with escapes for control characters.

    A byte that is no text becomes an escape, too.

    Args:
        text: May hold a file's name, which may hold anything, an escape sequence for the terminal too.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def write(text: str, stream: TextIO | None = None) -> None:
    """Write text and a line end, whatever characters the stream's encoding has.

    Args:
        text: What to write.
        stream: Where to; standard output when None.

    Raises:
        BrokenPipeError: Nobody reads it.
        TreeError: It cannot be written.
    """
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    with _explained():
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def say(text: str) -> None:
    """Write a line to standard error.

    Args:
        text: What to write.
    """
    write(text, sys.stderr)


def flush(stream: TextIO) -> None:
    """Write out what a stream still holds.

    Raises:
        BrokenPipeError: Nobody reads it.
        TreeError: It cannot be written.
    """
    with _explained():
        stream.flush()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise explain_os_error(error, "the output", "write it") from error
