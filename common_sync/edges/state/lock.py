"""One writer at a time: a lock that the kernel drops with its process, so that a killed one never blocks the next."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from common_sync.core.errors import LockedError, Problem
from common_sync.edges.files.folders import explain_os_error, open_below, opened
from common_sync.edges.git.repository import common_directory, find_top, git_directory

PATIENCE = 60.0
"""Seconds to wait for another run before giving up."""

PROMOTING = "promoting.json"
"""The journal in the state folder that says which edits `promote` is taking over."""

_PAUSE = 0.02
_NAME = "common-sync"
_LETTERS = 40
"""Letters of a path's last name, to show a person what a folder is of; the digest tells them apart."""


def state_folder(root: str) -> str:
    """Return the folder where the tool keeps what belongs to no commit: in the git directory, or the user's own."""
    top = find_top(root)
    return _users_state(root) if top is None else os.path.join(git_directory(top), _NAME)


def shared_folder(root: str) -> str:
    """Return the state folder that all work trees of a repository share: it is still there when one of them is removed."""
    top = find_top(root)
    return _users_state(root) if top is None else os.path.join(common_directory(top), _NAME)


def _users_state(root: str) -> str:
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, _NAME, name_after(root))


def name_after(path: str) -> str:
    """Return a folder's name for what belongs to a path.

    It has a digest and not the path with other slashes: a name may not be longer than 255 bytes, and a path may.

    Args:
        path: Any path.
    """
    return f"{os.path.basename(path)[:_LETTERS]}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"


@contextmanager
def opened_state(folder: str) -> Iterator[int]:
    """Open a repository's state folder, made where it is missing, and close it again.

    Args:
        folder: Its absolute path. What it stands in may be reached through symlinks (`.git` often is), itself it may not.

    Raises:
        OSError: It cannot be made, or is no real folder.
    """
    above, name = os.path.split(folder)
    if not os.path.isdir(above):
        os.makedirs(above, exist_ok=True)
    with opened(above) as parent:
        descriptor = open_below(parent, name, make=True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(folder: str, say: Callable[[str], None], patience: float = PATIENCE) -> Iterator[int]:
    """Hold the lock of a repository; yield its descriptor: who inherits it holds it, too.

    Args:
        folder: The repository's state folder; made where it is missing.
        say: Told once whom it waits for.
        patience: Seconds to wait.

    Raises:
        LockedError: Another process still holds it.
        TreeError: The lock's file cannot be made.
    """
    path = os.path.join(folder, "lock")
    try:
        with opened_state(folder) as state:
            descriptor = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666, dir_fd=state)
    except OSError as error:
        raise explain_os_error(error, path, "make the lock, without which nothing is written") from error
    try:
        _acquire(descriptor, path, say, patience)
        with suppress(OSError):  # on a full disk nobody learns who holds it, and it is held all the same
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: str, say: Callable[[str], None], patience: float) -> None:
    deadline = time.monotonic() + patience
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            if time.monotonic() >= deadline:
                message = f"another common-sync (process {holder}) is writing in this repository"
                raise LockedError(Problem(message, path, remedy="wait for it to finish, then run this again")) from None
            if not said:
                say(f"waiting for another common-sync (process {holder}) to finish")
            said = True
            time.sleep(_PAUSE)
        else:
            return
