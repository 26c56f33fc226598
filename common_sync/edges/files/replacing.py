"""Write files that people write, too: whole or not at all, and never over what somebody has written meanwhile."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISLNK, S_ISREG
from typing import IO

from common_sync.core import limits
from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import FileEdit, Version
from common_sync.edges.files.content import EXECUTABLE, NEW, PLAIN, write_all
from common_sync.edges.files.folders import OWNER_MAY_EXECUTE, explained, open_below, opened, read_bytes
from common_sync.edges.files.reading import TEMPORARY
from common_sync.edges.files.writing import temporary


def write_edit(root: int, edit: FileEdit, where: str = "") -> None:
    """Make, replace or remove a file of a person's: atomically, with its mode and owner kept, its bytes on the disk first.

    Args:
        root: The folder that the edit's path begins at, an open descriptor.
        edit: What to do.
        where: The file's path as the user knows it, where it is another.

    Raises:
        TreeError: It cannot be written, or holds other bytes by now, or is there although it was not.
    """
    above, _, name = edit.path.rpartition("/")
    where = where or edit.path
    with explained(where, "write it" if edit.after is not None else "remove it"), opened(above, root) as folder:
        if edit.after is None:
            _check_unchanged(name, folder, edit, where)
            os.unlink(name, dir_fd=folder)
            return
        like = os.stat(name, dir_fd=folder, follow_symlinks=False) if edit.before is not None else None
        with temporary(folder):
            _write_flushed(folder, edit.after, like)
            if edit.before is None:
                name_new(name, folder, where)
                return
            _check_unchanged(
                name, folder, edit, where
            )  # looked at last: flushing takes long enough for somebody to write
            os.rename(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)


def write_version(root: int, path: str, before: Version | None, after: Version) -> None:
    """Make or replace a file or symlink of the master's: atomically, its owner and mode kept, its bytes on the disk first.

    Args:
        root: The folder that the path begins at, an open descriptor.
        path: The file's path.
        before: What stands there, or None where nothing does.
        after: What is to stand there.

    Raises:
        TreeError: It cannot be written, or something else stands there by now.
    """
    above, _, name = path.rpartition("/")
    with explained(path, "write it"):
        folder = open_below(root, above, make=before is None)
        try:
            file = before is not None and not before.is_link
            like = os.stat(name, dir_fd=folder, follow_symlinks=False) if file else None
            with temporary(folder):
                if after.is_link:
                    os.symlink(after.data, os.fsencode(TEMPORARY), dir_fd=folder)
                else:
                    _write_flushed(folder, after.data, like, executable=after.executable)
                if before is None:
                    name_new(name, folder, path)
                    return
                if read_version(name, folder) != before:
                    raise _changed(path)
                os.rename(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)


def read_version(name: str, folder: int) -> Version:
    """Return what stands at a name.

    Raises:
        OSError: It is not there, neither a file nor a symlink, too large, or cannot be read.
    """
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if S_ISLNK(status.st_mode):
        return Version(os.fsencode(os.readlink(name, dir_fd=folder)), is_link=True)
    return Version(read_bytes(name, folder, limits.PROMOTED), bool(status.st_mode & OWNER_MAY_EXECUTE))


def _check_unchanged(name: str, folder: int, edit: FileEdit, where: str) -> None:
    if read_bytes(name, folder, limits.ANY) != edit.before:
        raise _changed(where)


@contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """Open a file to be written; it takes its place when it is whole, and nothing is left of it when something fails.

    Raises:
        TreeError: It cannot be written.
    """
    above, name = os.path.split(os.path.abspath(path))
    with explained(path, "write it"), opened(above) as folder, temporary(folder):
        with open(os.open(TEMPORARY, NEW, PLAIN, dir_fd=folder), "wb") as stream:
            yield stream
        os.rename(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)


@contextmanager
def writing_output(path: str) -> Iterator[IO[bytes]]:
    """Open a file that a person named for output; it is written whole or not at all, unless it is a device or a FIFO.

    Raises:
        TreeError: It cannot be written.
    """
    if os.path.lexists(path) and not S_ISREG(os.lstat(path).st_mode):
        with explained(path, "write it"), open(path, "wb") as stream:
            yield stream
    else:
        with replacing(path) as stream:
            yield stream


def _changed(where: str) -> TreeError:
    return TreeError(Problem("has changed while common-sync ran, and was left alone", where))


def name_new(name: str, folder: int, where: str) -> None:
    """Give the temporary file its name, which nobody may have: to link is refused then, to rename is not.

    Args:
        name: One name inside the folder.
        folder: An open descriptor.
        where: The file's path as the user knows it.

    Raises:
        TreeError: Something has that name by now.
        OSError: It cannot be named.
    """
    try:
        os.link(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise _changed(where) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            raise _changed(where) from None
        os.rename(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(TEMPORARY, dir_fd=folder)


_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links say."""


def _write_flushed(folder: int, data: bytes, like: os.stat_result | None, *, executable: bool | None = None) -> None:
    new = EXECUTABLE if executable else PLAIN
    descriptor = os.open(TEMPORARY, NEW, new if like is None else 0o600, dir_fd=folder)
    try:
        write_all(descriptor, data)
        if like is not None:
            if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
                with suppress(PermissionError):  # only root may give a file away; the mode is what counts
                    os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, _set_executable(like.st_mode & 0o7777, executable))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_executable(mode: int, executable: bool | None) -> int:
    """Return a mode by which whoever may read a file may execute it, or nobody; None leaves it as it is."""
    if executable is None or executable is bool(mode & OWNER_MAY_EXECUTE):
        return mode
    return mode | (mode & 0o444) >> 2 if executable else mode & ~0o111
