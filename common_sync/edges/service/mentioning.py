"""Tell whether any file of a folder holds one of some words, however deep it lies."""

import os
import re
from collections.abc import Collection, Iterator

_UNREAD = frozenset({".git", ".venv", "__pycache__", "node_modules"})
"""Folders of tools, in which everything may be mentioned."""

_MOST = 4 << 20
"""Bytes of a file that are read."""


def is_mentioned(folder: str, words: Collection[str], *, passed_over: Collection[str]) -> bool:
    """Tell whether a file in a folder holds one of some words; what cannot be read may hold one.

    Args:
        folder: Its absolute path.
        words: The words; `-`, `_` and `.` are alike in them, and case is, too.
        passed_over: The paths in the folder of files and folders that are not looked at.
    """
    spelled = (re.sub(r"(?:\\-|_|\\\.)+", "[-_.]+", re.escape(word)) for word in words)
    pattern = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(spelled)})(?![a-z0-9])".encode(), re.IGNORECASE)
    try:
        return any(pattern.search(_read(file)) for file in _walk(folder, "", passed_over))
    except OSError:
        return True


def _walk(folder: str, prefix: str, passed_over: Collection[str]) -> Iterator[str]:
    with os.scandir(os.path.join(folder, prefix)) as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = f"{prefix}{child.name}"
        if path in passed_over or child.name in _UNREAD:
            continue
        if child.is_dir(follow_symlinks=False):
            yield from _walk(folder, f"{path}/", passed_over)
        elif child.is_file(follow_symlinks=False):
            yield child.path


def _read(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read(_MOST)
