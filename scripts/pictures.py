"""Write a picture of the documentation, or tell whether it is what it should be."""

import sys
from pathlib import Path


def settle(file: Path, picture: str, *, check: bool, stale: str) -> int:
    """Return the exit code: 1 where the file is to be as drawn, and is not.

    Args:
        file: The picture's file.
        picture: What was drawn.
        check: Whether to compare, and write nothing.
        stale: What to say of a file that holds something else.
    """
    if not check:
        file.write_text(picture, encoding="utf-8")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == picture:
        return 0
    print(f"{stale}: make picture", file=sys.stderr)
    return 1
