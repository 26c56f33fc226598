"""What Python says of a text that is no TOML: in which line, and in which words; its releases tell it in different ways."""

from common_sync.core.expressions import expression

_PLACE = expression(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")


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


def without_place(error: Exception) -> str:
    """Return the words of an error without the line, which is told beside them."""
    return _PLACE.sub("", str(error))
