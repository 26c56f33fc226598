"""Changes in folders, seen by looking again and again: for disks that tell of none."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

_PAUSE, _SETTLING = 0.5, 0.1
"""Seconds between two looks, and between two while something is being written."""

_MOST = 20
"""Looks that a change may take until it is told of."""


class _Look(NamedTuple):
    """What tells a file that was written from the one before."""

    inode: int
    mode: int
    size: int
    changed: int  # in ns, which nobody can set


class Poller:
    """What changes in some folders from now on, but not in the folders in them.

    Args:
        folders: Their absolute paths; one that is not there is empty.
    """

    def __init__(self, folders: Iterable[str]) -> None:
        self._folders = tuple(folders)
        self._seen = self._look()

    def wait(self, seconds: float | None = None) -> set[str]:
        """Return the paths that have changed, once nothing more does.

        Args:
            seconds: How long to wait for a change, about; for ever when None.
        """
        before, looks = self._seen, 0
        while (now := self._look()) == before:
            if seconds is not None and looks * _PAUSE >= seconds:
                return set()
            time.sleep(_PAUSE)
            looks += 1
        for _ in range(_MOST):
            time.sleep(_SETTLING)
            last, now = now, self._look()
            if last == now:
                break
        self._seen = now
        return {path for path, _ in before.items() ^ now.items()}

    def _look(self) -> dict[str, _Look]:
        return {path: look for folder in self._folders for path, look in _entries(folder)}


def _entries(folder: str) -> Iterator[tuple[str, _Look]]:
    with suppress(OSError), os.scandir(folder) as entries:  # it has gone, and its place in the one above tells so
        for entry in entries:
            with suppress(OSError):  # gone since
                status = entry.stat(follow_symlinks=False)
                if not entry.is_dir(follow_symlinks=False):
                    yield entry.path, _Look(status.st_ino, status.st_mode, status.st_size, status.st_ctime_ns)
                else:  # its entries change its time, and count by themselves
                    yield entry.path, _Look(status.st_ino, status.st_mode, 0, 0)
