"""Keep what `--force` discards: the bytes are copied away, and flushed, before anything is overwritten or deleted.

A set is a folder that mirrors the repository, so that one command brings everything back.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entry, Symlink
from common_sync.edges.files.content import write_all
from common_sync.edges.files.folders import FILE, explain_os_error, open_below, opened, remove_tree
from common_sync.edges.files.reading import BLOCK, read_entry
from common_sync.edges.state.lock import opened_state

SETS = 20
"""How many sets are kept; the oldest go first."""

_FOLDER = "discarded"
_DIGITS = 6
_PERMISSIONS = 0o777


def new_set(state: str) -> str:
    """Make the folder for one run's discarded files; return its absolute path.

    Args:
        state: The state folder that the repository's work trees share.

    Raises:
        TreeError: It cannot be made.
    """
    sets = os.path.join(state, _FOLDER)
    try:
        with _opened_sets(state) as folder:
            # Numbered, not only dated: a clock that was put back must not make the newest set the first to go.
            number = int(max(_sets(os.listdir(folder)), default="0")[:_DIGITS]) + 1
            date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            while not _make(name := f"{number:0{_DIGITS}}-{date}", folder):
                number += 1
    except OSError as error:
        raise explain_os_error(error, sets, "keep what is to be discarded") from error
    return os.path.join(sets, name)


def _make(name: str, folder: int) -> bool:
    """Make a set, unless a run in another work tree was faster."""
    with suppress(FileExistsError):
        os.mkdir(name, mode=0o700, dir_fd=folder)
        return True
    return False


@contextmanager
def _opened_sets(state: str) -> Iterator[int]:
    """Open the folder of the sets, never through a symlink: sets are made and removed in it."""
    with opened_state(state) as folder:
        with suppress(FileExistsError):
            os.mkdir(_FOLDER, mode=0o700, dir_fd=folder)
        with opened(_FOLDER, folder) as sets:
            yield sets


def _sets(names: Iterable[str]) -> list[str]:
    """Return the names of sets, the oldest first."""
    return sorted(name for name in names if name[:_DIGITS].isdecimal() and name[_DIGITS:].startswith("-"))


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
            with _opened_set(into) as root, opened(above, copy) as source:
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


@contextmanager
def _opened_set(path: str) -> Iterator[int]:
    sets, name = os.path.split(path)
    with _opened_sets(os.path.dirname(sets)) as folder, opened(name, folder) as one:
        yield one


def _keep(name: str, source: int, target: int, entry: Entry) -> None:
    if isinstance(entry, Symlink):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
        return
    reader = os.open(name, FILE, dir_fd=source)
    try:
        writer = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=target)
        try:
            while block := os.read(reader, BLOCK):
                write_all(writer, block)
            os.fchmod(writer, os.fstat(reader).st_mode & _PERMISSIONS)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def prune_sets(state: str) -> None:
    """Remove all but the newest sets.

    Args:
        state: The state folder that the repository's work trees share.

    Raises:
        TreeError: A set cannot be removed.
    """
    sets = os.path.join(state, _FOLDER)
    try:
        with _opened_sets(state) as folder:
            for name in _sets(os.listdir(folder))[:-SETS]:
                with suppress(FileNotFoundError):  # a run in another work tree was faster
                    remove_tree(name, folder)
    except OSError as error:
        raise explain_os_error(error, sets, "remove the oldest of what was discarded") from error


def list_kept(kept: str) -> list[str]:
    """Return the files of a set, as paths from the root."""
    found = (os.path.join(folder, name) for folder, folders, files in os.walk(kept) for name in (*folders, *files))
    return sorted(os.path.relpath(path, kept) for path in found if os.path.islink(path) or not os.path.isdir(path))


def restore_command(kept: str, root: str) -> str:
    """Return the shell command that brings the files of a set back.

    Only files: `cp -a` would also give the root and every folder on the way the modes that they have in the set.
    """
    import shlex  # only once something was discarded

    pack = f"cd {shlex.quote(kept)} && find . ! -type d -print0 | tar --null -T - -cf -"
    return f"({pack}) | tar -xpf - -C {shlex.quote(root)}"
