"""Checks that a person has switched off: by a comment on a line, or above it."""

from collections.abc import Collection

from common_sync.core.expressions import expression

_COMMENT = expression(r"#\s*common-sync:\s*ignore\[([^\]]*)\]")


def is_silenced(code: str, line: int | None, lines: Collection[str]) -> bool:
    """Tell whether a comment switches a check off: on the line itself, or on a line of its own right above.

    Args:
        code: The check's code.
        line: The line that was found, counted from 1, or None for the whole file.
        lines: The file's lines.
    """
    if line is None or not code.startswith("CS2"):
        return False
    listed = list(lines)
    texts = [listed[line - 1]] if line <= len(listed) else []
    above = line - 2
    while 0 <= above < len(listed) and listed[above].lstrip().startswith("#"):
        texts.append(listed[above])
        above -= 1
    return any(code in _codes(text) for text in texts)


def _codes(text: str) -> set[str]:
    found = _COMMENT.search(text)
    return {code.strip() for code in found[1].split(",")} if found else set()
