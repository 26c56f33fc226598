"""The lock's file, beside the configuration: whether there is one, and what it says."""

import os
from errno import EISDIR, ELOOP

from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.lockfile import LARGEST, REMEDY, Lock, format_lock, parse_lock
from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import FileEdit
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes

_NO_FILE = {0, EISDIR, ELOOP}
"""What the system says of what is no lock; 0 is of a file that is too large."""


def read_lock(root: str) -> tuple[bytes | None, Lock]:
    """Return the lock's bytes, None where there is no file, and its entries.

    Raises:
        ConfigurationError: It makes no sense.
        TreeError: It cannot be read.
    """
    try:
        with opened(root) as folder:
            data = read_bytes(LOCK_FILE, folder, LARGEST)
    except FileNotFoundError:
        return None, {}
    except OSError as error:
        where = os.path.join(root, LOCK_FILE)
        explained = explain_os_error(error, where, "read it")
        if error.errno not in _NO_FILE:
            raise explained from error
        message = "is a symlink, and has to be a file" if error.errno == ELOOP else explained.problems[0].message
        raise TreeError(Problem(message, where, remedy=REMEDY)) from error
    return data, parse_lock(data, os.path.join(root, LOCK_FILE))


def plan_lock(before: bytes | None, known: Lock, entries: Lock) -> FileEdit | None:
    """Return what makes the file say something; None where it does. Its contents count, not its layout.

    Args:
        before: The file's bytes, or None where there is none.
        known: What they say.
        entries: What it is to say; there is no file for nothing.
    """
    if known == entries and (before is not None) == bool(entries):
        return None
    return FileEdit(LOCK_FILE, before, format_lock(entries.values()) if entries else None)
