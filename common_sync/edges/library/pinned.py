"""What a pinned service's copy should hold, found without a network: whatever has the locked digest is the source.

The first copy here whose manifest has it gives the entries; the bytes come from any copy, or from git, and each file is held to its digest.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from typing import IO, NamedTuple

from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.library import Library, TargetKey
from common_sync.core.copies.lockfile import Lock, Locked
from common_sync.core.copies.manifest import LARGEST, Manifest, parse_manifest
from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.errors import CommonSyncError, ManifestError, Problem, TreeError
from common_sync.core.limits import ANY
from common_sync.core.model import NAMED_ID, Entries, Entry, File, Origin, Snapshot
from common_sync.edges.files.content import EXECUTABLE, NEW, PLAIN, write_all
from common_sync.edges.files.folders import opened
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import read_bytes, read_listed
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.revisions import list_tree
from common_sync.edges.library.committed import Committed, read_committed
from common_sync.edges.library.targets import HELD, Target, read_origin
from common_sync.edges.project.load import Project

Find = Callable[[str], Iterator[bytes]]
"""A path in the tree → what may be its bytes, of one place after the other."""


class Proven:
    """The content of a tree that is known by its digests, from whatever has it.

    Args:
        entries: What it holds.
        find: Yields what may be a file's bytes.
        where: What it is called, for messages.
        remedy: What brings here what is not here.
    """

    def __init__(self, entries: Entries, find: Find, where: str, remedy: str = "") -> None:
        self._entries, self._find, self._where, self._remedy = entries, find, where, remedy

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read, as `Content` says."""
        return BytesIO(self._read(path))

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file, as `Content` says."""
        data = self._read(path)
        descriptor = os.open(name, NEW, EXECUTABLE if file.executable else PLAIN, dir_fd=folder)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def _read(self, path: str) -> bytes:
        entry = self._entries.get(path)
        if isinstance(entry, File):
            for data in self._find(path):
                if sha256(data).hexdigest() == entry.sha256:
                    return data
        message = "neither a copy nor git has its bytes here, and nothing is fetched in silence"
        raise TreeError(Problem(message, f"{path} in {self._where}", remedy=self._remedy))


def read_pinned(
    project: Project, services: Sequence[str], masters: Mapping[TargetKey, Target], lock: Lock
) -> dict[TargetKey, Target]:
    """Return what the pinned services' copies should hold; what nothing here has is an empty target.

    Args:
        project: The project.
        services: The services that are asked about.
        masters: What the other services' copies should hold.
        lock: What the pins come to.
    """
    found: dict[TargetKey, Target] = {}
    room = HELD - sum(target.held.size for target in masters.values())
    for library in project.libraries:
        for ref in sorted({library.pins[service] for service in services if service in library.pins}):
            key = TargetKey(library.name, ref)
            locked = lock.get(key)
            search = _Search(project, library, locked, max(room, 0)) if locked is not None else None
            target = search.find() if search is not None else None
            found[key] = target or _make_unknown(library, ref)
            found[key].locked = locked
            room -= found[key].held.size
    return found


def _make_unknown(library: Library, ref: str) -> Target:
    content = Proven({}, lambda _path: iter(()), f"{library.master} at {ref}")
    return Target(
        library, Snapshot({}), Held(0, Large("")), content, 0, ref, Origin(library.name, library.master, None)
    )


class _Known(NamedTuple):
    """A tree that has the locked digest."""

    entries: Mapping[str, Entry]
    held: Held
    size: int
    origin: Origin | None = None  # what its manifest says of it, where it comes from a copy


class _Search:
    """Looks for what has a locked digest."""

    def __init__(self, project: Project, library: Library, locked: Locked, room: int) -> None:
        self._root, self._library, self._locked, self._room = project.root, library, locked, room
        pinned = [service for service in project.services if library.pins.get(service) == locked.ref]
        self._own = [f"{service}/{library.copy}" for service in pinned]
        others = (one for one in project.services if library.takes(one) and one not in pinned)
        self._copies = [*self._own, *(f"{one}/{library.copy}" for one in others)]
        self._names: Mapping[str, str] | None = None

    def find(self) -> Target | None:
        """Return the target; None where nothing here has the digest."""
        began = time.time_ns()
        known = self._find_copy() or self._find_commit()
        if known is None:
            return None
        locked, entries = self._locked, known.entries
        where, remedy = f"{locked.path} at {locked.commit[:NAMED_ID]}", f"git fetch --depth 1 origin {locked.commit}"
        content = Proven(entries, lambda path: self._find_bytes(path, known.held), where, remedy)

        def read(path: str) -> bytes | None:
            with suppress(TreeError):
                return content.read(path).read()
            return None

        lost = known.origin is not None and any(read(one) is None for one in METADATA_FILES if one in entries)
        origin = known.origin if lost else read_origin(locked.path, read)
        return Target(self._library, Snapshot(entries, size=known.size), known.held, content, began, locked.ref, origin)

    def _find_copy(self) -> _Known | None:
        for copy in self._copies:
            if (manifest := self._judge(_read_manifest(self._root, copy))) is not None:
                place = os.path.join(self._root, copy)
                held, snapshot = Held(self._room, Large(place), METADATA_FILES), Snapshot({})
                with suppress(OSError, TreeError), opened(place) as folder:
                    snapshot = read_listed(folder, manifest.files, copy, held)
                return _Known(manifest.files, held, snapshot.size, manifest.library)
        for copy in self._own:  # gone from the disk, and still in the last commit
            for data in self._read_last(copy, MANIFEST_NAME):
                if (manifest := self._judge(data)) is not None:
                    return _Known(manifest.files, Held(0, Large("")), 0, manifest.library)
        return None

    def _judge(self, data: bytes | None) -> Manifest | None:
        """Return what a manifest says, if what it lists has the locked digest."""
        if data is None or self._locked.tree.encode() not in data:
            return None
        try:
            manifest = parse_manifest(data, MANIFEST_NAME)
        except ManifestError:
            return None
        return manifest if digest_tree(manifest.files) == self._locked.tree else None

    def _read_last(self, copy: str, path: str) -> Iterator[bytes]:
        """Yield what the last commit has of a copy at a path."""
        with suppress(CommonSyncError):
            rows = list_tree(self._root, "HEAD", copy)
            if path in rows and rows[path].kind == "blob":
                yield from (data for _, data in read_blobs(self._root, [rows[path].name]))

    def _find_commit(self) -> _Known | None:
        committed: Committed | None = None
        with suppress(CommonSyncError):  # it is not here
            committed = read_committed(self._root, self._library, self._locked.commit, self._locked.path, self._room)
        if committed is None or committed.tree != self._locked.tree:
            return None
        self._names = committed.names
        return _Known(committed.entries, committed.held, committed.size)

    def _find_bytes(self, path: str, held: Held) -> Iterator[bytes]:
        """Yield what may be a file's bytes: those in memory, those of the copies, those of the commit, those of the last one."""
        if (data := held.get(path)) is not None:
            yield data
        above, _, name = path.rpartition("/")
        for copy in self._copies:
            with suppress(OSError), opened(self._root) as root, opened(copy, root) as top, opened(above, top) as folder:
                yield read_bytes(name, folder, ANY)
        with suppress(CommonSyncError):
            yield from (data for _, data in read_blobs(self._root, [self._name(path)]))
        for copy in self._own:
            yield from self._read_last(copy, path)

    def _name(self, path: str) -> str:
        """Return git's name of a file in the commit.

        Raises:
            CommonSyncError: The commit is not here, or has no such file.
        """
        if self._names is None:
            rows = list_tree(self._root, self._locked.commit, self._locked.path)
            self._names = {one: row.name for one, row in rows.items()}
        if path not in self._names:
            raise TreeError(Problem("is not in the commit", path))
        return self._names[path]


def _read_manifest(root: str, copy: str) -> bytes | None:
    try:
        with opened(root) as above, opened(copy, above) as folder:
            return read_bytes(MANIFEST_NAME, folder, LARGEST)
    except OSError:
        return None
