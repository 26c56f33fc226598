"""Keep what `--force` discards: the bytes are copied away, and flushed, before anything is overwritten or deleted.

A set is a folder that mirrors the folder of the configuration. Its name is a number, a time, and where the configuration
is not at the top of the repository, a digest of where it is: several configurations of a repository share the sets' folder.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from common_sync.core.errors import Problem, TreeError, shell_word
from common_sync.core.model import Entry, Symlink
from common_sync.core.paths import is_below
from common_sync.edges.files.content import write_all
from common_sync.edges.files.folders import BLOCK, FILE, explain_os_error, explained, open_below, opened, remove_tree
from common_sync.edges.files.reading import TEMPORARY, read_entry
from common_sync.edges.files.replacing import name_new
from common_sync.edges.files.writing import temporary
from common_sync.edges.git.repository import find_top
from common_sync.edges.state.lock import opened_state, shared_folder

SETS = 20
"""How many sets are kept; the oldest go first."""

_FOLDER = "discarded"
_DIGITS = 6
_PERMISSIONS = 0o777


class KeptSet(NamedTuple):
    """What one run has discarded."""

    number: int  # by which a person names it
    date: str  # when, `20261126T120000Z`
    path: str  # its absolute path


def new_set(root: str) -> str:
    """Make the folder for one run's discarded files; return its absolute path.

    Args:
        root: The absolute path of the configuration's folder.

    Raises:
        TreeError: It cannot be made.
    """
    state = shared_folder(root)
    sets = os.path.join(state, _FOLDER)
    try:
        with _opened_sets(state) as folder:
            # Numbered, not only dated: a clock that was put back must not make the newest set the first to go.
            number = int(max(_sets(os.listdir(folder)), default="0")[:_DIGITS]) + 1
            date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            while not _make(name := f"{number:0{_DIGITS}}-{date}{_mark(root)}", folder):
                number += 1
    except OSError as error:
        raise explain_os_error(error, sets, "keep what is to be discarded") from error
    return os.path.join(sets, name)


def _mark(root: str) -> str:
    """Return the end of the names of a configuration's sets: nothing where it is at the top of its repository."""
    top = find_top(root)
    inside = os.path.relpath(os.path.realpath(root), os.path.realpath(top)) if top is not None else os.curdir
    return "" if inside == os.curdir else f"-{hashlib.sha256(os.fsencode(inside)).hexdigest()[:8]}"


def list_sets(root: str) -> list[KeptSet]:
    """Return the sets of a configuration, the oldest first.

    Args:
        root: The absolute path of its folder.

    Raises:
        TreeError: Their folder cannot be read.
    """
    sets, mark = os.path.join(shared_folder(root), _FOLDER), _mark(root)
    try:
        names = _sets(os.listdir(sets))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise explain_os_error(error, sets, "read what was discarded") from error
    split = ((name, *name.partition("-")[2].partition("-")) for name in names)
    return [
        KeptSet(int(name[:_DIGITS]), date, os.path.join(sets, name))
        for name, date, dash, digest in split
        if dash + digest == mark
    ]


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
                    _copy(name, source, target, name, entry)
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


def read_kept(path: str, file: str) -> Entry:
    """Return what a set holds of a file.

    Args:
        path: The set's folder.
        file: The file's path from the root.

    Raises:
        TreeError: It cannot be read.
    """
    above, _, name = file.rpartition("/")
    where = os.path.join(path, file)
    with explained(where, "read it"), _opened_set(path) as root, opened(above, root) as folder:
        return read_entry(name, folder, where)[0]


def bring_back(path: str, root: int, file: str, kept: Entry, before: Entry | None) -> None:
    """Put a file back where it was, with the mode that it had; it stays in the set.

    Args:
        path: The set's folder.
        root: The folder of the configuration, an open descriptor.
        file: The file's path from the root.
        kept: What the set holds of it.
        before: What stands in its place, or None where nothing does.

    Raises:
        TreeError: It cannot be written, or something else stands in its place by now.
    """
    above, _, name = file.rpartition("/")
    with explained(file, "bring it back"), _opened_set(path) as one, opened(above, one) as source:
        target = open_below(root, above, make=True)
        try:
            with temporary(target):
                _copy(name, source, target, TEMPORARY, kept)
                if before is None:
                    name_new(name, target, file)
                    return
                if read_entry(name, target, file)[0] != before:
                    raise TreeError(Problem("has changed while common-sync ran, and was left alone", file))
                os.rename(TEMPORARY, name, src_dir_fd=target, dst_dir_fd=target)
        finally:
            os.close(target)


def clear_away(root: int, file: str) -> None:
    """Remove what a killed run has left beside a file that it had brought back.

    Args:
        root: The folder of the configuration, an open descriptor.
        file: The file's path from the root.

    Raises:
        TreeError: It cannot be removed.
    """
    above = file.rpartition("/")[0]
    with explained(file, "clear away what a killed run has left beside it"), opened(above, root) as folder:
        remove_tree(TEMPORARY, folder)


def _copy(name: str, source: int, target: int, new: str, entry: Entry) -> None:
    if isinstance(entry, Symlink):
        os.symlink(os.readlink(name, dir_fd=source), new, dir_fd=target)
        return
    reader = os.open(name, FILE, dir_fd=source)
    try:
        writer = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=target)
        try:
            while block := os.read(reader, BLOCK):
                write_all(writer, block)
            os.fchmod(writer, os.fstat(reader).st_mode & _PERMISSIONS)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def prune_sets(root: str) -> None:
    """Remove all but the newest sets.

    Args:
        root: The absolute path of the configuration's folder.

    Raises:
        TreeError: A set cannot be removed.
    """
    state = shared_folder(root)
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
    """Return the command that brings the files of a set back.

    Args:
        kept: The set's folder.
        root: The absolute path of the configuration's folder.
    """
    command = f"common-sync restore {int(os.path.basename(kept)[:_DIGITS])}"
    here = os.path.realpath(os.curdir)
    return command if is_below(here, os.path.realpath(root)) else f"{command} --root {shell_word(root)}"
