"""Read a library as a commit has it: from git's objects, with the same checks as a master."""

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from common_sync.core.copies.ancestry import EXECUTABLE, SYMLINK
from common_sync.core.copies.digest import PREFIX, digest_tree
from common_sync.core.copies.library import Library
from common_sync.core.copies.manifest import DEEPEST, LARGEST, Manifest, format_manifest, why_unsafe
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import NAMED_ID, Entry, File, Origin, Symlink
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import BLOCK
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import ANNOUNCED, STAGING, TEMPORARY
from common_sync.edges.git.checkout import ATTRIBUTES, converts
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.revisions import Row, list_attributes, list_tree
from common_sync.edges.library.fitness import find_unfinished

_RESERVED = frozenset((ANNOUNCED, STAGING, TEMPORARY))


class Committed(NamedTuple):
    """What a library holds in a commit."""

    entries: Mapping[str, Entry]  # path → what is there
    names: Mapping[str, str]  # path → git's name of its contents
    held: Held  # the bytes of its small files
    size: int  # bytes of all files together

    @property
    def tree(self) -> str:
        """The tree digest."""
        return digest_tree(self.entries)


def read_committed(root: str, library: Library, commit: str, path: str, room: int) -> Committed:
    """Read a library as a commit has it.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library; its rules say which files belong to it.
        commit: The commit's full id.
        path: Where the master is in it, from the root.
        room: Bytes to hold at the most.

    Raises:
        TreeError: It holds nothing, or something that cannot be copied.
        GitError: The commit is not here, or git failed.
    """
    where = f"{path} at {commit[:NAMED_ID]}"
    rows = list_tree(root, commit, path)
    rows = {one: rows[one] for one in library.rules.select(rows) if one.rpartition("/")[2] not in _RESERVED}
    if not rows:
        message = "the library is not in that commit, or holds nothing that is copied"
        raise TreeError(Problem(message, where, remedy="name a commit that has it"))
    problems = [problem for one, row in rows.items() for problem in _check(one, row, where)]
    if problems:
        raise TreeError(*problems)
    found = _read(root, rows, room)
    unfinished = (one._replace(remedy=_ELSE) for one in find_unfinished(where, found.held))
    if problems := [*_check_links(found.entries, where), *unfinished]:
        raise TreeError(*problems)
    _refuse_converting(root, path, rows, commit, where)
    if len(format_manifest(Manifest(Origin("", path, None), found.entries, _ANY_TREE))) > LARGEST:
        message = f"it holds too many files: its manifest would be larger than {LARGEST:,} bytes"
        raise TreeError(Problem(message, where, remedy="exclude what the services do not need"))
    return found


_ELSE = "exclude it, or name another commit"
_ANY_TREE = f"{PREFIX}{'0' * 64}"
"""As long as any digest: to take one only for a length is a twentieth of the time."""


def _check(path: str, row: Row, where: str) -> Iterator[Problem]:
    place = f"{path} in {where}"
    if row.kind != "blob":
        yield Problem("is a git repository of its own, which cannot be copied", place, remedy="exclude it")
    elif path == MANIFEST_NAME:
        yield Problem("the library was itself a copy in that commit", place, remedy="name a later commit")
    elif path.count("/") > DEEPEST:
        yield Problem(f"folders nested more than {DEEPEST} deep", place, remedy="exclude it")
    elif reason := why_unsafe(path):
        yield Problem(f"cannot be copied: the path {reason}", place, remedy=_ELSE)


def _read(root: str, rows: Mapping[str, Row], room: int) -> Committed:
    places: dict[str, list[str]] = {}
    for path, row in rows.items():
        places.setdefault(row.name, []).append(path)
    entries: dict[str, Entry] = {}
    held, size = Held(room, Large(""), METADATA_FILES), 0
    for name, data in read_blobs(root, places):
        digest = sha256(data).hexdigest()
        for path in places[name]:
            if rows[path].mode == SYMLINK:
                entries[path] = Symlink(os.fsdecode(data))
                continue
            entry = entries[path] = File(digest, rows[path].mode == EXECUTABLE)
            size += len(data)
            if len(data) < BLOCK:
                held.keep(path, entry, data)
    return Committed(entries, {path: row.name for path, row in rows.items()}, held, size)


def _check_links(entries: Mapping[str, Entry], where: str) -> Iterator[Problem]:
    """Yield the symlinks that may lead out; there is no folder yet in which that could be tried."""
    for path, entry in entries.items():
        if isinstance(entry, Symlink) and not stays_inside(path, entry.target):
            yield Problem(f"is a symlink out of the library, to {entry.target}", f"{path} in {where}", remedy=_ELSE)


def stays_inside(path: str, target: str) -> bool:
    """Tell whether a symlink leads to something inside by its spelling alone: upward only at its beginning.

    Args:
        path: Its path in the tree.
        target: Where it leads.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    upward = 0
    while upward < len(parts) and parts[upward] == "..":
        upward += 1
    return not target.startswith("/") and ".." not in parts[upward:] and upward <= path.count("/")


def _refuse_converting(root: str, path: str, rows: Mapping[str, Row], commit: str, where: str) -> None:
    """Refuse a commit whose attributes give a checkout other bytes than the commit holds.

    Raises:
        TreeError: They do.
    """
    names = {row.name for one, row in rows.items() if one.rpartition("/")[2] == ATTRIBUTES}
    names.update(list_attributes(root, commit, path))
    if names and any(converts(data) for _, data in read_blobs(root, sorted(names))):
        message = "git converts files there (.gitattributes), so what the commit holds is not what a checkout gives"
        raise TreeError(Problem(message, where, remedy="name a commit without such attributes"))
