"""Managed blocks: lines of the tool's own between two marker lines, in a file that is somebody else's. Text in, text out.

Taking a block out gives back the very text that it was put into, or says that there was no file. A line that somebody has
written between the markers, or a merge has put there, is moved below them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.text import UnparsableError, find_conflict

START = "# >>> common-sync >>>"
END = "# <<< common-sync <<<"
NOTE = "# common-sync writes what is between these two lines; what you write below them wins."

End = Literal["top", "bottom"]
"""Where a new block goes. Of ignore rules and of attributes the last that matches decides: at the top, people's own lines
win; at the bottom, the block does."""

_MARKER = expression(rf"(?:^|(?<=\ufeff))(?:{START}|{END})(?=\r?$)", re.MULTILINE)


_CONFLICT = expression(r"(?:<{7}|\|{7}|>{7}) .*|={7}")
"""What git writes beside lines that it cannot merge; a block is written anew, whatever stands in it."""

FindOthers = Callable[[Sequence[str]], Iterable[str]]
"""Picks from the lines of a block those that are not the tool's."""


class _Block(NamedTuple):
    """Where a block is: its first character, the one after its last, its line end, and the lines between its markers."""

    start: int
    end: int
    line_end: str
    lines: tuple[str, ...]

    def others(self, find_others: FindOthers) -> str:
        """Return what in it is somebody else's, as it is written below it."""
        lines = [line for line in self.lines if line.strip() and not _CONFLICT.fullmatch(line)]
        return "".join(f"{line}{self.line_end}" for line in find_others(lines))


def put_block(text: str | None, lines: Sequence[str], end: End, find_others: FindOthers) -> str:
    """Return a file with a block that holds some lines: the one that is there is replaced, or a new one put in.

    Args:
        text: The file, or None where there is none.
        lines: What the block is to hold.
        end: Where a new block goes.
        find_others: Tells what in it is not the tool's.

    Raises:
        UnparsableError: The markers in the file are not those of one block.
    """
    block = _find(text or "")
    line_end = _line_end(text or "")
    body = "".join(f"{line}{line_end}" for line in (START, NOTE, *lines, END))
    if text is None:
        return body
    if block is not None and text.startswith(body, block.start) and block.start + len(body) == block.end:
        return text  # as nearly always
    if block is not None:
        return text[: block.start] + body + block.others(find_others) + text[block.end :]
    mark = "\ufeff" if end == "top" and text.startswith("\ufeff") else ""
    # the line end between is always one more, so that a file without one at its end, or an empty one, is given back as it was
    return f"{mark}{body}{line_end}{text[len(mark) :]}" if end == "top" else f"{text}{line_end}{body}"


def remove_block(text: str, end: End, find_others: FindOthers) -> str | None:
    """Return a file as it was before a block was put in; None where the block made the file.

    Raises:
        UnparsableError: The markers in the file are not those of one block.
    """
    block = _find(text)
    if block is None:
        return text
    before, after = text[: block.start], block.others(find_others) + text[block.end :]
    if not before and not after:
        return None
    if end == "top":
        return before + after.removeprefix(block.line_end)
    above = before.removesuffix(block.line_end)
    # what was written below the block since then keeps the line end that the block came with
    return (before if after and not above.endswith("\n") else above) + after


def read_block(text: str) -> tuple[str, ...]:
    """Return the lines that the block of a file holds; none where there is no block.

    Raises:
        UnparsableError: The markers in the file are not those of one block.
    """
    block = _find(text)
    return () if block is None else block.lines


def _find(text: str) -> _Block | None:
    markers = list(_MARKER.finditer(text))
    if not markers:
        return None
    if [marker[0] for marker in markers] != [START, END]:
        reason = f"a managed block is one line {START!r} and, below it, one line {END!r}"
        raise UnparsableError(text.count("\n", 0, markers[0].start()) + 1, reason)
    first, last = markers
    line_end = "\r\n" if text.startswith("\r", first.end()) else "\n"
    lines = tuple(line.removesuffix("\r") for line in text[first.end() : last.start()].split("\n")[1:-1])
    rest = text[last.end() : last.end() + 2]
    end = last.end() + (2 if rest == "\r\n" else rest[:1] == "\n")
    block = _Block(first.start(), end, line_end, tuple(line for line in lines if line != NOTE))
    if ("<<<<<<< " in text or ">>>>>>> " in text) and _is_being_merged(text, block):
        line = find_conflict(text) or text.count("\n", 0, first.start()) + 1
        raise UnparsableError(line, "a merge is not finished")
    return block


def _is_being_merged(text: str, block: _Block) -> bool:
    """Tell whether a merge is not finished, other than wholly inside a block."""
    begun, ended = (sum(line.startswith(mark) for line in block.lines) for mark in ("<<<<<<< ", ">>>>>>> "))
    return begun != ended or find_conflict(text[: block.start] + text[block.end :]) is not None


def _line_end(text: str) -> str:
    """Return the line end of the first line."""
    return "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"
