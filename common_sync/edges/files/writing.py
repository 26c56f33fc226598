"""Write copies. Nothing here decides; it applies a plan, and with `replacing.py` it is the only place that writes.

A new copy is staged beside its place and renamed in; in an existing one each file is written under a temporary name and
renamed over. The manifest is announced first, under a name of its own, and renamed in last: by it the next run tells what
an interrupted one has written from what somebody has edited.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from common_sync.core.copies.plan import Operation
from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entries, Entry, File, Symlink
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.edges.files.content import NEW, PLAIN, Content, write_all
from common_sync.edges.files.folders import FOLDER, explained, open_below, opened, read_bytes, remove_empty, remove_tree
from common_sync.edges.files.large import see
from common_sync.edges.files.reading import ANNOUNCED, STAGING, TEMPORARY, read_entry


class Layout(NamedTuple):
    """A folder of a tree that is to be made: what is in it, and the folders below it by name."""

    entries: list[tuple[str, str, Entry]]
    folders: dict[str, "Layout"]


def lay_out(entries: Entries) -> Layout:
    """Group a tree by folder, so that each folder is made and opened once however many files it holds."""
    root = Layout([], {})
    for path, entry in entries.items():
        *above, name = path.split("/")
        folder = root
        for part in above:
            folder = folder.folders.setdefault(part, Layout([], {}))
        folder.entries.append((name, path, entry))
    return root


def stage_copy(service: int, copy: str, layout: Layout, source: Content, manifest: bytes, where: str) -> None:
    """Make a copy where there is none, whole or not at all.

    Args:
        service: The service's folder, an open descriptor.
        copy: The copy's path inside it.
        layout: What it is to hold.
        source: Where the bytes come from.
        manifest: The manifest's bytes.
        where: The copy's path as the user knows it.

    Raises:
        TreeError: It cannot be written, or something has appeared in its place.
    """
    above, _, name = copy.rpartition("/")
    with explained(where, "write the copy"):
        parent = open_below(service, above, make=True)
        try:
            try:
                folder = _make_staging(parent)
                try:
                    _fill(folder, layout, source)
                    _write_new(folder, MANIFEST_NAME, manifest)
                finally:
                    os.close(folder)
                os.rename(STAGING, name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                remove_tree(STAGING, parent)
                raise
        finally:
            os.close(parent)


def _make_staging(parent: int) -> int:
    """Make the folder for a copy that is not whole yet, and return its descriptor; what a killed run left goes."""
    try:
        os.mkdir(STAGING, dir_fd=parent)
    except FileExistsError:
        remove_tree(STAGING, parent)
        os.mkdir(STAGING, dir_fd=parent)
    return os.open(STAGING, FOLDER, dir_fd=parent)


def _fill(folder: int, layout: Layout, source: Content) -> None:
    for name, path, entry in layout.entries:
        if isinstance(entry, File):
            source.write(path, name, folder, entry)
        else:
            os.symlink(entry.target, name, dir_fd=folder)
    for name, below in layout.folders.items():
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, FOLDER, dir_fd=folder)
        try:
            _fill(inner, below, source)
        finally:
            os.close(inner)


def update_copy(
    folder: int, operations: Iterable[Operation], caches: Iterable[str], source: Content, manifest: bytes, where: str
) -> None:
    """Bring an existing copy in sync, file by file; the manifest is announced first, and put in place last.

    Args:
        folder: The copy's folder, an open descriptor.
        operations: What to do.
        caches: Paths to remove first.
        source: Where the bytes come from.
        manifest: The manifest's bytes; left untouched, inode and all, where they are there already.
        where: The copy's path as the user knows it.

    Raises:
        TreeError: A file cannot be written, or has changed since it was read; what was not yet done is left as it was.
    """
    _remove_caches(folder, caches, where)
    with explained(f"{where}/{MANIFEST_NAME}", "write it"):
        announced = _announce(folder, manifest)
    operations = list(operations)
    for operation in reversed(operations):
        if operation.action == "delete":
            with explained(f"{where}/{operation.path}", "delete it"):
                _delete(folder, operation, where)
    for operation in operations:
        if operation.after is not None:
            with explained(f"{where}/{operation.path}", "write it"):
                _replace(folder, operation, operation.after, source, where)
    if announced:
        with explained(f"{where}/{MANIFEST_NAME}", "write it"):
            os.rename(ANNOUNCED, MANIFEST_NAME, src_dir_fd=folder, dst_dir_fd=folder)


def remove_copy(service: int, copy: str, operations: Iterable[Operation], caches: Iterable[str], where: str) -> None:
    """Delete the files of a copy, its manifest last, and then its folder, and those above, where nothing is left in them.

    Args:
        service: The service's folder, an open descriptor.
        copy: The copy's path inside it.
        operations: A delete for every file.
        caches: Paths to remove as well.
        where: The copy's path as the user knows it.

    Raises:
        TreeError: A file cannot be deleted, or has changed since it was read.
    """
    folder = open_below(service, copy)
    try:
        _remove_caches(folder, caches, where)
        for operation in reversed(list(operations)):
            with explained(f"{where}/{operation.path}", "delete it"):
                _delete(folder, operation, where)
        with explained(f"{where}/{MANIFEST_NAME}", "delete it"):
            remove_tree(MANIFEST_NAME, folder)
    finally:
        os.close(folder)
    above, _, name = copy.rpartition("/")
    with opened(above, service) as parent:
        remove_empty(name, parent)
    for place in ancestors(copy):
        above, _, name = place.rpartition("/")
        with suppress(OSError), opened(above, service) as parent:
            os.rmdir(name, dir_fd=parent)


def _remove_caches(folder: int, caches: Iterable[str], where: str) -> None:
    for path in caches:
        with explained(f"{where}/{path}", "remove it"), opened(path.rpartition("/")[0], folder) as above:
            remove_tree(path.rpartition("/")[2], above)


def _announce(folder: int, manifest: bytes) -> bool:
    """Write the manifest under another name; return False where it is in place already."""
    if _holds(folder, MANIFEST_NAME, manifest):
        return False
    with temporary(folder, ANNOUNCED):
        _write_new(folder, ANNOUNCED, manifest)
    return True


def _holds(folder: int, name: str, data: bytes) -> bool:
    with suppress(OSError):
        return read_bytes(name, folder, len(data)) == data
    return False


def _delete(folder: int, operation: Operation, where: str) -> None:
    above, _, name = operation.path.rpartition("/")
    with opened(above, folder) as parent:
        _check_unchanged(parent, name, operation, where)
        os.unlink(name, dir_fd=parent)
    while above:
        above, _, name = above.rpartition("/")
        with opened(above, folder) as parent:
            try:
                os.rmdir(name, dir_fd=parent)
            except OSError:  # it still holds something
                return


def _check_unchanged(folder: int, name: str, operation: Operation, where: str) -> None:
    """Refuse to replace what is not what was planned for: somebody may be editing while the tool runs."""
    path = f"{where}/{operation.path}"
    try:
        if operation.seen is not None and see(os.stat(name, dir_fd=folder, follow_symlinks=False)) == operation.seen:
            return
        held: Entry | None = read_entry(name, folder, path)[0]
    except FileNotFoundError:
        held = None
    if held != operation.before:
        raise TreeError(Problem("has changed while common-sync ran, and was left alone", path, remedy="run it again"))


def _replace(folder: int, operation: Operation, entry: Entry, source: Content, where: str) -> None:
    above, _, name = operation.path.rpartition("/")
    parent = open_below(folder, above, make=True)
    try:
        with temporary(parent):
            if isinstance(entry, Symlink):
                os.symlink(entry.target, TEMPORARY, dir_fd=parent)
            else:
                source.write(operation.path, TEMPORARY, parent, entry)
            if operation.before is None:
                remove_empty(name, parent)  # what is left of a folder that has become a file; no tree counts it
            _check_unchanged(parent, name, operation, where)
            os.rename(TEMPORARY, name, src_dir_fd=parent, dst_dir_fd=parent)
    finally:
        os.close(parent)


@contextmanager
def temporary(folder: int, name: str = TEMPORARY) -> Iterator[None]:
    """Make a temporary name free, and leave nothing under it when something fails."""
    remove_tree(name, folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            remove_tree(name, folder)
        raise


def _write_new(folder: int, name: str, data: bytes, *, flushed: bool = False) -> None:
    descriptor = os.open(name, NEW, PLAIN, dir_fd=folder)
    try:
        write_all(descriptor, data)
        if flushed:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_bytes(folder: int, name: str, data: bytes, *, flushed: bool = False) -> None:
    """Write a file of the tool's own atomically, unless it holds the very bytes already.

    Args:
        folder: An open descriptor.
        name: One name inside it.
        data: All of its bytes.
        flushed: Whether they are on the disk before the file has its name.

    Raises:
        OSError: It cannot be written.
    """
    if _holds(folder, name, data):
        return
    with temporary(folder):
        _write_new(folder, TEMPORARY, data, flushed=flushed)
        os.rename(TEMPORARY, name, src_dir_fd=folder, dst_dir_fd=folder)
