"""Open, make and remove folders without ever following a symlink below a folder that is already open.

Every path is opened component by component relative to a descriptor, so that a symlink planted there, even while the
tool runs, is refused by the kernel instead of followed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common_sync.core.errors import Problem, TreeError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened(path: str, folder: int | None = None) -> Iterator[int]:
    """Open a folder and close it again.

    Args:
        path: Relative to `folder`, every component a real folder; with no `folder`, a path that may be followed.
        folder: An open folder's descriptor.

    Raises:
        OSError: It is not there, or a component is not a real folder.
    """
    descriptor = os.open(path, FOLDER & ~os.O_NOFOLLOW) if folder is None else open_below(folder, path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_below(folder: int, path: str, *, make: bool = False) -> int:
    """Return a descriptor of a folder below an open one; the caller closes it.

    Args:
        folder: An open folder's descriptor.
        path: POSIX path of the folder relative to it; `""` for the folder itself.
        make: Whether to make the folders that are missing.

    Raises:
        OSError: It is not there, or a component is not a real folder.
    """
    descriptor = os.dup(folder)
    for part in path.split("/") if path else ():
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

    Args:
        name: One name inside `folder`.
        folder: An open folder's descriptor.

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
    """Remove a folder that holds nothing but empty folders; anything else stays as it is.

    Args:
        name: One name inside `folder`.
        folder: An open folder's descriptor.
    """
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
