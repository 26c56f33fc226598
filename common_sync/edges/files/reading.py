"""Read trees: what a master holds, what a copy holds. Nothing here writes.

Small files are read in one call of the size they have: a large buffer is allocated each time, and costs twice the read.
"""

import hashlib
import os
import time
from collections.abc import Iterable
from errno import EISDIR
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from stat import S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFSOCK, S_ISDIR, S_ISLNK, S_ISREG

from common_sync.core.copies.manifest import DEEPEST
from common_sync.core.copies.rules import Rules
from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entry, File, Seen, Snapshot, Symlink
from common_sync.core.paths import MANIFEST_NAME, list_below
from common_sync.edges.files.folders import (
    BLOCK,
    FILE,
    FOLDER,
    OWNER_MAY_EXECUTE,
    explain_os_error,
    open_below,
    read_small,
)
from common_sync.edges.files.large import is_settled, see
from common_sync.edges.files.memory import Held

TEMPORARY = ".common-sync.tmp"
"""The name under which a file is written before it is renamed; one that is left is of a killed run."""

ANNOUNCED = ".common-sync.next"
"""The name of a copy's manifest until all that it says is so: by it the next run knows what a killed one has written."""

STAGING = ".common-sync.new"
"""The name of a new copy beside its place until it is whole."""


def read_entry(name: str, folder: int, where: str) -> tuple[Entry, int, bytes | Seen | None]:
    """Return what a name in a folder is, its size, and its bytes where it is a file small enough to be read whole.

    Of a larger one, what the system said of it, unless it had just been touched.

    Raises:
        FileNotFoundError: There is no such name.
        IsADirectoryError: It is a folder.
        TreeError: It is a FIFO, a socket or a device, or it cannot be read.
    """
    try:
        descriptor = os.open(name, FILE, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        return _read_symlink(name, folder, where, error), 0, None
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            raise _not_a_file(status.st_mode, where)
        executable = status.st_mode & OWNER_MAY_EXECUTE != 0
        if status.st_size >= BLOCK:
            seen = see(status)
            settled = is_settled(seen, time.time_ns())  # before the first of its bytes is read
            return File(hash_blocks(descriptor), executable), status.st_size, seen if settled else None
        data = read_small(descriptor, status.st_size)
    except IsADirectoryError:
        raise
    except OSError as error:
        raise explain_os_error(error, where, "read it") from error
    finally:
        os.close(descriptor)
    return File(hashlib.sha256(data).hexdigest(), executable), len(data), data


def _read_symlink(name: str, folder: int, where: str, reason: OSError) -> Symlink:
    """Return the symlink that would not open as a file, or say why it would not."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if S_ISLNK(mode):
            return Symlink(os.readlink(name, dir_fd=folder))
    except OSError as error:
        raise explain_os_error(error, where, "read it") from error
    raise explain_os_error(reason, where, "read it") if S_ISREG(mode) else _not_a_file(mode, where)


def _not_a_file(mode: int, where: str) -> IsADirectoryError | TreeError:
    if S_ISDIR(mode):
        return IsADirectoryError(EISDIR, os.strerror(EISDIR))
    return TreeError(Problem(f"is a {_KINDS.get(S_IFMT(mode), 'special file')}, not a file", where, remedy=_MOVE))


_KINDS = {S_IFIFO: "FIFO", S_IFSOCK: "socket", S_IFCHR: "device", S_IFBLK: "device"}
_MOVE = "move it away, or exclude it"


def hash_blocks(descriptor: int) -> str:
    """Return the sha256 of an open file as 64 hex digits, holding one block at a time."""
    digest = hashlib.sha256()
    while block := os.read(descriptor, BLOCK):
        digest.update(block)
    return digest.hexdigest()


def read_listed(folder: int, paths: Iterable[str], where: str, held: Held | None = None) -> Snapshot:
    """Return a snapshot of the listed paths; one that is not there, or is a folder, is left out.

    Args:
        folder: The tree's root, an open descriptor.
        paths: POSIX paths of files and symlinks.
        where: The root's path as the user knows it.
        held: Takes in the small files.

    Raises:
        TreeError: Something listed cannot be read; all such paths are named.
    """
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    total = 0
    for above, group in groupby(sorted(path.rpartition("/")[::2] for path in paths), key=itemgetter(0)):
        try:
            inner = open_below(folder, above)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problems.extend(explain_os_error(error, f"{where}/{above}", "open it").problems)
            continue
        try:
            for _, name in group:
                path = f"{above}/{name}" if above else name
                try:
                    entry, size, data = read_entry(name, inner, f"{where}/{path}")
                except (FileNotFoundError, IsADirectoryError):
                    continue
                except TreeError as error:
                    problems.extend(error.problems)
                    continue
                entries[path] = entry
                total += size
                if held is not None and data is not None and isinstance(entry, File):
                    held.keep(path, entry, data)
        finally:
            os.close(inner)
    if problems:
        raise TreeError(*problems)
    return Snapshot(entries, size=total)


class Expected:
    """The paths that a copy should hold.

    Args:
        trees: The paths.
        held: Files that are likely to be among them, to be known by their bytes.
    """

    def __init__(self, *trees: Iterable[str], held: Held | None = None) -> None:
        self.held = held
        self.files = frozenset().union(*trees)

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self.files)

    def is_above(self, folder: str) -> bool:
        """Tell whether any of them stands in a folder.

        They are looked up in order, and not in a set of all their folders: of a hostile manifest, that fills the memory.
        """
        return next(list_below(self._in_order, folder), None) is not None


def walk(folder: int, where: str, rules: Rules, expected: Expected | None = None) -> Snapshot:
    """Return a snapshot of all that a folder holds.

    Args:
        folder: The tree's root, an open descriptor.
        where: The root's path as the user knows it.
        rules: What is not part of the tree; asked only about paths that are not expected.
        expected: Paths that are part of the tree whatever the rules say.

    Raises:
        TreeError: Something cannot be read; all such paths are named.
    """
    walker = _Walker(where, rules, expected or Expected())
    walker.walk(folder, "", 0)
    if walker.problems:
        raise TreeError(*walker.problems)
    return Snapshot(walker.entries, tuple(walker.caches), tuple(walker.ignored), walker.size, walker.seen)


class _Walker:
    def __init__(self, where: str, rules: Rules, expected: Expected) -> None:
        self._where, self._rules, self._expected, self._held = where, rules, expected, expected.held
        self.entries: dict[str, Entry] = {}
        self.caches: list[str] = []
        self.ignored: list[str] = []
        self.problems: list[Problem] = []
        self.seen: dict[str, Seen] = {}
        self.size = 0

    def walk(self, folder: int, prefix: str, depth: int) -> None:
        if depth > DEEPEST:
            self.problems.append(Problem(f"folders nested more than {DEEPEST} deep", f"{self._where}/{prefix}"))
            return
        with os.scandir(folder) as found:
            children = [(child.name, child.is_dir(follow_symlinks=False)) for child in found]
        for name, is_folder in children:
            path = prefix + name
            if self._belongs(path, is_folder):
                try:
                    self._enter(name, folder, path, depth) if is_folder else self._read(name, folder, path)
                except FileNotFoundError:  # gone since it was listed
                    continue
                except TreeError as error:
                    self.problems.extend(error.problems)

    def _belongs(self, path: str, is_folder: bool) -> bool:
        if self._expected.is_above(path) if is_folder else path in self._expected.files:
            return True
        if path in (MANIFEST_NAME, ANNOUNCED, TEMPORARY) or path.endswith("/" + TEMPORARY):
            if path != MANIFEST_NAME:
                self.caches.append(path)
            return False
        rule = self._rules.exclusion(path, folder=is_folder)
        if rule is not None:
            (self.caches if rule.layer == "caches" else self.ignored).append(path)
        return rule is None

    def _enter(self, name: str, folder: int, path: str, depth: int) -> None:
        try:
            inner = os.open(name, FOLDER, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise explain_os_error(error, f"{self._where}/{path}", "open it") from error
        try:
            self.walk(inner, path + "/", depth + 1)
        finally:
            os.close(inner)

    def _read(self, name: str, folder: int, path: str) -> None:
        known = self._held.recognise(path, name, folder) if self._held is not None else None
        if known is not None:
            self.entries[path], size = known
        else:
            self.entries[path], size, data = read_entry(name, folder, f"{self._where}/{path}")
            if isinstance(data, Seen):
                self.seen[path] = data
        self.size += size
