"""What a terminal can show, colours and marks, and how text is written to it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, TextIO

from common_sync.edges.files.folders import explain_os_error

ColorMode = Literal["auto", "always", "never"]

_COLORS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36, "bold": 1, "dim": 2}
_MARKS = {
    "✓": ("+", "green"),
    "✗": ("x", "red"),
    "·": ("=", "dim"),
    "→": (">", "cyan"),
    "!": ("!", "yellow"),
    "?": ("?", "yellow"),
}
"""Each mark, the plain letter that stands for it, and its colour."""


class Terminal(NamedTuple):
    """What a stream can show.

    Attributes:
        colors: Whether to colour.
        marks: Whether its encoding has the marks.
    """

    colors: bool
    marks: bool

    def paint(self, text: str, color: str) -> str:
        """Return the text in a colour, where the stream takes colours."""
        return f"\033[{_COLORS[color]}m{text}\033[0m" if self.colors and text else text

    def mark(self, mark: str) -> str:
        """Return the mark, or its plain letter, in its colour."""
        letter, color = _MARKS[mark]
        return self.paint(mark if self.marks else letter, color)


def look_at(stream: TextIO, color: ColorMode = "auto") -> Terminal:
    """Return what a stream can show.

    Args:
        stream: Where the text will go.
        color: What the user asked for; `auto` colours a terminal, and follows NO_COLOR and FORCE_COLOR
            (https://no-color.org, https://force-color.org).
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    return Terminal(_colors(stream, color), encoding.startswith("utf"))


def _colors(stream: TextIO, color: ColorMode) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


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
