"""Open, make and remove folders, and read small files, without ever following a symlink below a folder that is already open.

Every path is opened component by component relative to a descriptor, so that a symlink planted there, even while the
tool runs, is refused by the kernel instead of followed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISDIR, S_ISREG

from common_sync.core.errors import Problem, TreeError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How a file is opened: never through a symlink, and without waiting for somebody to write into a FIFO."""

OWNER_MAY_EXECUTE = 0o100

BLOCK = 1 << 18
"""Bytes read at a time from a file that is too large to hold; it bounds memory."""


class opened:  # noqa: N801 - used as a function; as a generator it takes twice as long, and is entered for every folder
    """Open a folder and close it again.

    Args:
        path: Relative to `folder`, every component a real folder; with no `folder`, a path that may be followed.
        folder: An open folder's descriptor.

    Raises:
        OSError: It is not there, or a component is not a real folder.
    """

    __slots__ = ("_descriptor", "_folder", "_path")

    def __init__(self, path: str, folder: int | None = None) -> None:
        self._path, self._folder, self._descriptor = path, folder, -1

    def __enter__(self) -> int:
        """Return the folder's descriptor."""
        if self._folder is None:
            self._descriptor = os.open(self._path, FOLDER & ~os.O_NOFOLLOW)
        else:
            self._descriptor = open_below(self._folder, self._path)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        """Close it."""
        os.close(self._descriptor)


def follow(path: str) -> str:
    """Return a path with its symlinks resolved; as it is where the system shows nobody what one leads to: `/proc/1/fd/1`."""
    try:
        return os.path.realpath(path)
    except PermissionError:
        return path


def open_below(folder: int, path: str, *, make: bool = False) -> int:
    """Return a descriptor of a folder below an open one; the caller closes it.

    Args:
        folder: An open folder's descriptor.
        path: POSIX path of the folder relative to it; `""` for the folder itself.
        make: Whether to make the folders that are missing.

    Raises:
        OSError: It is not there, or a component is not a real folder.
    """
    if not path:
        return os.dup(folder)
    first, *rest = path.split("/")
    descriptor = _enter(folder, first, make=make)
    for part in rest:
        above = descriptor
        try:
            descriptor = _enter(above, part, make=make)
        finally:
            os.close(above)
    return descriptor


def _enter(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # another process was faster
        os.mkdir(name, dir_fd=folder)
    return os.open(name, FOLDER, dir_fd=folder)


def remove_tree(name: str, folder: int) -> None:
    """Remove a file, a symlink or a whole folder; what is not there is no error.

    Raises:
        OSError: Something in it cannot be removed.
    """
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):  # Linux says the one, macOS the other
        with opened(name, folder) as inner:
            for entry in os.listdir(inner):
                remove_tree(entry, inner)
        os.rmdir(name, dir_fd=folder)


def remove_empty(name: str, folder: int) -> None:
    """Remove a folder that holds nothing but empty folders; anything else stays as it is."""
    with suppress(OSError):
        with opened(name, folder) as inner:
            for entry in os.listdir(inner):
                remove_empty(entry, inner)
        os.rmdir(name, dir_fd=folder)


def explain_os_error(error: OSError, where: str | None, doing: str) -> TreeError:
    """Return the tool's own error for a system call that failed.

    Args:
        error: What the system said.
        where: The path as the user knows it, or None when it is about none.
        doing: What was tried, as in `cannot {doing}`.
    """
    reason = error.strerror or str(error)
    return TreeError(Problem(f"cannot {doing}: {reason[:1].lower()}{reason[1:]}", where))


@contextmanager
def explained(where: str, doing: str) -> Iterator[None]:
    """Have what the system refuses explained.

    Args:
        where: The path as the user knows it.
        doing: What is tried, as in `cannot {doing}`.

    Raises:
        TreeError: A system call failed.
    """
    try:
        yield
    except OSError as error:
        raise explain_os_error(error, where, doing) from error


def read_small(descriptor: int, size: int) -> bytes:
    """Return all bytes of an open file of about `size` bytes; it may have grown or shrunk since it was measured."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    blocks = [data]
    while data:
        data = os.read(descriptor, BLOCK)
        blocks.append(data)
    return b"".join(blocks)


def read_bytes(name: str, folder: int, most: int) -> bytes:
    """Return a file's bytes without following a symlink.

    Args:
        name: One name inside `folder`.
        folder: An open folder's descriptor.
        most: How many bytes it may have.

    Raises:
        OSError: It is not there, not a regular file, larger than that, or cannot be read.
    """
    descriptor = os.open(name, FILE, dir_fd=folder)
    try:
        return read_regular(descriptor, most)
    finally:
        os.close(descriptor)


def read_regular(descriptor: int, most: int) -> bytes:
    """Return an open file's bytes.

    Args:
        descriptor: The file.
        most: How many bytes it may have.

    Raises:
        OSError: It is not a regular file, larger than that, or cannot be read.
    """
    status = os.fstat(descriptor)
    if not S_ISREG(status.st_mode):
        raise OSError(0, "is a directory" if S_ISDIR(status.st_mode) else "not a regular file")
    if status.st_size > most:
        raise OSError(0, f"larger than {most:,} bytes")
    return read_small(descriptor, status.st_size)
