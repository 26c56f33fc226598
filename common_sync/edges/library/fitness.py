"""Files of a master that are not the library's own bytes: merges that nobody has finished, and what a checkout has left out."""

import os
from collections.abc import Iterator, Sequence

from common_sync.core.errors import Problem, shell_word
from common_sync.core.text import find_conflict
from common_sync.edges.files.memory import Held
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.repository import common_directory, find_top

_BEGUN = b"<<<<<<< "
_BETWEEN = "\n======="
_POINTER = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024
"""Bytes: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""


def find_unfit(master: str, name: str, files: Sequence[str], held: Held) -> Iterator[Problem]:
    """Yield the files that no service should get.

    Args:
        master: The absolute path of the master's folder.
        name: Its path from the root.
        files: The paths of its files.
        held: The bytes of its small files; larger ones are not looked at.
    """
    yield from find_unfinished(name, held)
    known = frozenset(files)
    for file in _list_flattened_symlinks(master):
        if file in known:
            command = f"git config core.symlinks true && git checkout -- {shell_word(f'{name}/{file}')}"
            message = "is a symlink in git, and a text file here, since core.symlinks is false"
            yield Problem(message, f"{name}/{file}", remedy=command)


def find_unfinished(name: str, held: Held) -> Iterator[Problem]:
    """Yield the files with marks of a merge, and those that only stand for others.

    Args:
        name: What the library's folder is called.
        held: The bytes of its small files; larger ones are not looked at.
    """
    for file, line in _list_conflicts(held):
        message = "holds the marks of a merge that nobody has finished"
        yield Problem(
            message, f"{name}/{file}", line, remedy="finish the merge; if the marks are meant, exclude the file"
        )
    for file in _list_pointers(held):
        command = f"git lfs pull --include {shell_word(f'{name}/{file}')}"
        yield Problem("is a Git LFS pointer, and not the file that it stands for", f"{name}/{file}", remedy=command)


def _list_conflicts(held: Held) -> Iterator[tuple[str, int]]:
    for file in held.list_holding(_BEGUN):
        data = held.get(file) or b""
        text = data.decode("latin-1")  # a line is found, whatever the characters are
        line = find_conflict(text) if b"\0" not in data and _BETWEEN in text else None
        if line is not None:
            yield file, line


def _list_pointers(held: Held) -> Iterator[str]:
    for file in held.list_holding(_POINTER):
        data = held.get(file) or b""
        if data.startswith(_POINTER) and len(data) < _LONGEST_POINTER:
            yield file


def _list_flattened_symlinks(master: str) -> Iterator[str]:
    """Yield the symlinks that this clone holds as files; git is asked only where its configuration says so."""
    top = find_top(master)
    if top is None or not _is_without_symlinks(top):
        return
    for row in split(ask(["ls-files", "-z", "-s", "--", "."], master)):
        entry, _, file = row.partition("\t")
        if entry.startswith("120000 ") and not os.path.islink(os.path.join(master, file)):
            yield file


def _is_without_symlinks(top: str) -> bool:
    try:
        with open(os.path.join(common_directory(top), "config"), "rb") as file:
            words = b"".join(file.read().lower().split())
    except OSError:
        return False
    return b"symlinks=false" in words
