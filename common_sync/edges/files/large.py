"""Large files of a master: compared and copied, and not hashed again, as long as nobody has touched them since they were hashed."""

import os
from errno import EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV
from stat import S_ISREG

from common_sync.core.errors import TreeError
from common_sync.core.model import File, Seen
from common_sync.edges.files.folders import BLOCK, FILE, OWNER_MAY_EXECUTE, explained, opened

_SHARE = 1 << 24
"""Bytes that the system copies in one call: a signal is acted on between two."""

_CANNOT = frozenset({EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV})
"""What the system says where it cannot copy from one file to another: other file systems, old kernels, sandboxes."""

COARSE, FINE = 2_000_000_000, 100_000_000
_MILLISECOND = 1_000_000


def see(status: os.stat_result) -> Seen:
    """Return what tells a file from any other, and from itself once it was touched.

    Args:
        status: What the system says of it.
    """
    return Seen(status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def is_settled(seen: Seen, began: int) -> bool:
    """Tell whether whoever writes to a file from now on gives it another time.

    Two writes within one tick of the file system's clock leave the same time. A time that has digits below the millisecond is of a clock that
    ticks every few milliseconds; FAT's ticks every two seconds.

    Args:
        seen: The file.
        began: The time when its bytes began to be read, in nanoseconds since 1970.
    """
    tick = FINE if seen.changed % _MILLISECOND else COARSE
    return seen.changed < began - tick


class Large:
    """The large files of a folder whose digests are known, and what they were like when they were hashed.

    Args:
        root: The absolute path of the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, tuple[File, Seen]] = {}

    def keep(self, path: str, file: File, seen: Seen) -> None:
        """Take in a file.

        Args:
            path: Its path in the tree.
            file: What it is.
            seen: What it was like before it was hashed.
        """
        self._files[path] = (file, seen)

    def open(self, path: str) -> int:
        """Return a descriptor of any file of the folder, without following a symlink; the caller closes it.

        Raises:
            TreeError: It cannot be opened.
        """
        above, _, name = path.rpartition("/")
        where = os.path.join(self._root, path)
        with explained(where, "read it"), opened(self._root) as root, opened(above, root) as folder:
            return os.open(name, FILE, dir_fd=folder)

    def has(self, path: str, descriptor: int) -> bool:
        """Tell whether an open file is the one whose digest is known, and untouched.

        Args:
            path: Its path in the tree.
            descriptor: The file.
        """
        return path in self._files and see(os.fstat(descriptor)) == self._files[path][1]

    def is_untouched(self, path: str) -> bool:
        """Tell whether a file's digest is known, and nobody has touched it since."""
        if path not in self._files:
            return False
        try:
            descriptor = self.open(path)
        except TreeError:
            return False
        try:
            return self.has(path, descriptor)
        finally:
            os.close(descriptor)

    def recognise(self, path: str, name: str, folder: int) -> tuple[File, int] | None:
        """Return the file that is known by a path, and its size, if a name leads to the same bytes; None for all else.

        To compare takes less than half of the time that hashing takes.
        """
        if path not in self._files:
            return None
        file, seen = self._files[path]
        try:
            copy = os.open(name, FILE, dir_fd=folder)
        except OSError:
            return None
        try:
            status = os.fstat(copy)
            alike = S_ISREG(status.st_mode) and status.st_size == seen.size
            if not alike or file.executable != bool(status.st_mode & OWNER_MAY_EXECUTE):
                return None
            return (file, seen.size) if self._is_same(path, copy) else None
        except (OSError, TreeError):
            return None
        finally:
            os.close(copy)

    def _is_same(self, path: str, copy: int) -> bool:
        """Tell whether an open file holds the bytes that were hashed: those that the folder's file held all the while."""
        own = self.open(path)
        try:
            return _holds_the_same(own, copy) and self.has(path, own)
        finally:
            os.close(own)


def _holds_the_same(one: int, other: int) -> bool:
    """Tell whether two files of the same size hold the same."""
    while block := os.read(one, BLOCK):
        if os.read(other, BLOCK) != block:
            return False
    return True


def copy_by_system(source: int, target: int) -> int:
    """Have the system copy an open file into an empty one; return how many bytes it has copied, none where it cannot.

    The bytes do not pass through this process, and where the file system can share them, none is written.

    Args:
        source: The file, at its beginning.
        target: The other one.

    Raises:
        OSError: It failed on the way.
    """
    copied = 0
    try:
        while hasattr(os, "copy_file_range") and (
            more := os.copy_file_range(source, target, _SHARE)
        ):  # only Linux has it
            copied += more
    except OSError as error:
        if copied or error.errno not in _CANNOT:
            raise
    return copied
