"""Keep what `--force` discards: the bytes are copied away, and flushed, before anything is overwritten or deleted.

A set is a folder that mirrors the repository, so that one `cp -a` brings everything back.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entry, Symlink
from common_sync.edges.folders import explain_os_error, open_below, opened, remove_tree
from common_sync.edges.reading import BLOCK, read_entry
from common_sync.edges.writing import write_all

SETS = 20
"""How many sets are kept; the oldest go first."""

_FOLDER = "discarded"
_PRIVATE, _PRIVATE_EXECUTABLE = 0o600, 0o700


def new_set(state: str) -> str:
    """Make the folder for one run's discarded files; return its absolute path.

    Args:
        state: The repository's state folder.

    Raises:
        TreeError: It cannot be made.
    """
    sets = os.path.join(state, _FOLDER)
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        os.makedirs(sets, mode=0o700, exist_ok=True)
        for number in range(1000):
            path = os.path.join(sets, f"{name}-{number:03}")
            with suppress(FileExistsError):
                os.mkdir(path, mode=0o700)
                return path
    except OSError as error:
        raise explain_os_error(error, sets, "keep what is to be discarded") from error
    raise TreeError(Problem("too many runs in one second", sets))


def keep_files(into: str, copy_path: str, copy: int, files: Iterable[tuple[str, Entry]]) -> None:
    """Copy files of a copy into a set.

    Args:
        into: The set's folder.
        copy_path: The copy's path from the root.
        copy: The copy's folder, an open descriptor.
        files: Path inside the copy and what is there, as it was planned for.

    Raises:
        TreeError: A file cannot be kept, or is no longer what was planned for: nothing may be discarded then.
    """
    for path, entry in files:
        where = f"{copy_path}/{path}"
        above, _, name = path.rpartition("/")
        try:
            with opened(into) as root, opened(above, copy) as source:
                target = open_below(root, os.path.dirname(where), make=True)
                try:
                    _keep(name, source, target, entry)
                    kept = read_entry(name, target, where)[0]
                finally:
                    os.close(target)
        except OSError as error:
            raise explain_os_error(error, where, "keep it before it is discarded") from error
        if kept != entry:
            raise TreeError(Problem("has changed while common-sync ran, and was left alone", where))


def _keep(name: str, source: int, target: int, entry: Entry) -> None:
    if isinstance(entry, Symlink):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
        return
    mode = _PRIVATE_EXECUTABLE if entry.executable else _PRIVATE
    reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    try:
        writer = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=target)
        try:
            while block := os.read(reader, BLOCK):
                write_all(writer, block)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def prune_sets(state: str) -> None:
    """Remove all but the newest sets.

    Args:
        state: The repository's state folder.

    Raises:
        OSError: A set cannot be removed.
    """
    with opened(os.path.join(state, _FOLDER)) as folder:
        for name in sorted(os.listdir(folder))[:-SETS]:
            remove_tree(name, folder)


def restore_command(kept: str, root: str) -> str:
    """Return the shell command that brings the files of a set back.

    Args:
        kept: The set's folder.
        root: The absolute path of the configuration's folder.
    """
    import shlex  # only once something was discarded

    return f"cp -a {shlex.quote(kept)}/. {shlex.quote(root)}/"
