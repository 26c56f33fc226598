"""The lock's file, beside the configuration: whether there is one, and what it says."""

import os

from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.lockfile import LARGEST, Lock, format_lock, parse_lock
from common_sync.core.model import FileEdit
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.reading import read_bytes


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
        raise explain_os_error(error, os.path.join(root, LOCK_FILE), "read it") from error
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
