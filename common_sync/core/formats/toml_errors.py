"""What Python says of a text that is no TOML: in which line, and in which words; its releases tell it in different ways."""

from common_sync.core.errors import Problem
from common_sync.core.expressions import expression

_PLACE = expression(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")

_LONG = 200
"""A line of more characters says nothing to a person."""


def find_line(error: Exception, text: str) -> int | None:
    """Return the line in which a text is no TOML, or None where Python does not tell.

    Args:
        error: What was raised when it was decoded or read.
        text: The whole text, as far as it can be decoded.
    """
    if isinstance(error, UnicodeDecodeError):
        return error.object.count(b"\n", 0, error.start) + 1
    told = getattr(error, "lineno", None)  # since Python 3.14
    if isinstance(told, int):
        return told
    place = _PLACE.search(str(error))
    if place is None:
        return None
    return int(place[1]) if place[1] else text.count("\n") + 1


def toml_problem(error: Exception, text: str, file: str, line: int | None = None) -> Problem:
    """Return the problem of a file that is no TOML, with the line and a caret below the place in it.

    Args:
        error: What was raised when it was decoded or read.
        text: The whole text, as far as it can be decoded.
        file: The file, as a path that the user can open.
        line: Where to look if Python does not tell.
    """
    if text.startswith("\ufeff"):
        remedy = "save it as UTF-8 without a BOM"
        return Problem("not valid TOML: begins with a byte order mark (BOM)", file, 1, remedy)
    told = find_line(error, text)
    return Problem(f"not valid TOML: {without_place(error)}", file, told or line, excerpt=_excerpt(error, text, told))


def _excerpt(error: Exception, text: str, line: int | None) -> tuple[str, ...]:
    lines = text.split("\n")
    if line is None or line > len(lines) or len(lines[line - 1]) > _LONG:
        return ()
    shown, place = lines[line - 1].rstrip(), _PLACE.search(str(error))
    if not shown:  # the file ended too soon
        return ()
    column = getattr(error, "colno", None) or (place and place[2])
    return (shown, f"{' ' * (int(column) - 1)}^") if column else (shown,)


def without_place(error: Exception) -> str:
    """Return the words of an error without the line, which is told beside them."""
    return _PLACE.sub("", str(error))
