"""What only the system can do or tell: two names exchanged at once, all flushed to the disk, which file system this is."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_HERE, _EXCHANGE = -100, 2
_BLOCK = 512
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def exchange(one: str, other: str) -> None:
    """Exchange two names in one step.

    Args:
        one: A path that is there.
        other: Another on the same file system.

    Raises:
        OSError: The system cannot do that here.
    """
    _call("renameat2", _HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)


def flush(folder: int) -> None:
    """Have all that was written to a folder's file system on the disk.

    Args:
        folder: An open descriptor.
    """
    try:
        _call("syncfs", folder)
    except OSError:
        os.sync()


def _call(name: str, *arguments: object) -> None:
    import ctypes  # what writes needs it, and what only looks does not

    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def nearest_folder(path: str) -> str:
    """Return the nearest folder above a path that is there."""
    while not os.path.isdir(path) and path != "/":
        path = os.path.dirname(path)
    return path


def is_in_memory(path: str) -> bool:
    """Tell whether what is written to a folder is only in memory; False where that cannot be told."""
    status = os.stat(nearest_folder(path))
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        mounts = (line.partition(" - ") for line in file)
        return any(mount.split()[2] == device and kind.split()[0] in _IN_MEMORY for mount, _, kind in mounts)
    return False


def free_bytes(path: str) -> int:
    """Return how much a user who is not root may still write."""
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


class Size(NamedTuple):
    """Bytes on the disk: what is only in this folder, and what other folders have too, by hard links."""

    own: int = 0
    shared: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.own + self.shared


def measure(path: str) -> Size:
    """Return how much of the disk a folder takes, each file once."""
    seen: dict[int, list[int]] = {}
    for status in _walk(path):
        links = seen.setdefault(status.st_ino, [status.st_blocks * _BLOCK, status.st_nlink, 0])
        links[2] += 1
    own = sum(size for size, links, here in seen.values() if links <= here)
    return Size(own, sum(size for size, links, here in seen.values() if links > here))


def _walk(path: str) -> Iterator[os.stat_result]:
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(entry.path)
                else:
                    yield entry.stat(follow_symlinks=False)
