"""Compiled files (`.pyc`) of an environment that another one has already: linked instead of compiled anew.

A compiled file belongs to a source by its time and its size, which it holds; of a source that is one inode in both
environments, the compiled file of one is that of the other. Python corrects the path in it when it is loaded. Python never
writes into one: it writes another, and renames it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

_SOURCE, _COMPILED, _FOLDER = ".py", ".pyc", "__pycache__"
_HEADER = 16
_TIMED = b"\0\0\0\0"
"""The flags of a compiled file that belongs to its source by time and size."""


class _Source(NamedTuple):
    above: str  # the folder that it is in
    name: str
    inode: tuple[int, int]  # of which device and which number

    @property
    def path(self) -> str:
        return os.path.join(self.above, self.name)

    def compiled(self, tag: str) -> str:
        return os.path.join(self.above, _FOLDER, f"{self.name.removesuffix(_SOURCE)}.{tag}{_COMPILED}")


def link_compiled(folders: Sequence[str], others: Sequence[str], tag: str) -> list[str]:
    """Link the compiled files that other environments have of the same sources; return the sources that have none yet.

    Args:
        folders: The folders of an environment that packages are installed in.
        others: Those of other environments, of the same Python.
        tag: What Python calls itself in the names of compiled files.
    """
    known = {one.inode: one for folder in others for one in _list_sources(folder)}
    return [
        one.path
        for folder in folders
        for one in _list_sources(folder)
        if not ((same := known.get(one.inode)) is not None and _link(one, same, tag))
    ]


def _list_sources(folder: str) -> Iterator[_Source]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _list_sources(entry.path) if entry.name != _FOLDER else ()
                elif entry.name.endswith(_SOURCE):
                    status = entry.stat(follow_symlinks=False)
                    yield _Source(folder, entry.name, (status.st_dev, status.st_ino))


def _link(one: _Source, same: _Source, tag: str) -> bool:
    """Link the compiled file of a source; tell whether that is done."""
    origin = same.compiled(tag)
    with suppress(OSError):
        status, source = os.stat(origin, follow_symlinks=False), os.stat(one.path)
        if status.st_uid != os.geteuid() or not _belongs(origin, source):
            return False
        target = one.compiled(tag)
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(target), 0o755)
        os.link(origin, target, follow_symlinks=False)
        return True
    return False


def _belongs(compiled: str, source: os.stat_result) -> bool:
    """Tell whether a compiled file is the one of a source as that is now."""
    with open(compiled, "rb", buffering=0) as file:
        head = file.read(_HEADER)
    time, size = source.st_mtime_ns // 1_000_000_000 & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF
    return head[4:8] == _TIMED and head[8:] == time.to_bytes(4, "little") + size.to_bytes(4, "little")
