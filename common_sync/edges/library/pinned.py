"""What a copy that is locked should hold, found without a network: whatever has the locked digest is the source.

The first copy here whose manifest has it gives the entries; the bytes come from any copy, or from git, and each file is held to its digest.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.library import Library, TargetKey
from common_sync.core.copies.lockfile import Lock, Locked
from common_sync.core.copies.manifest import LARGEST, Manifest, parse_manifest
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.errors import CommonSyncError, ManifestError, Problem, TreeError
from common_sync.core.limits import ANY
from common_sync.core.model import NAMED_ID, Entry, Origin, Snapshot
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import opened, read_bytes
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import read_listed
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.revisions import list_tree
from common_sync.edges.library.committed import Committed, read_committed
from common_sync.edges.library.proven import Proven
from common_sync.edges.library.targets import HELD, Target, read_origin
from common_sync.edges.project.load import Project


def read_pinned(
    project: Project,
    services: Sequence[str],
    masters: Mapping[TargetKey, Target],
    lock: Lock,
    checkouts: Mapping[str, str],
    *,
    may_connect: bool,
) -> dict[TargetKey, Target]:
    """Return what the pinned services' copies should hold; what nothing here has is an empty target.

    Args:
        project: The project.
        services: The services that are asked about.
        masters: What the other services' copies should hold.
        lock: What the pins come to.
        checkouts: Where libraries of other repositories are read from in this run, by their names.
        may_connect: Whether what is locked of another repository is fetched where nothing here has it.
    """
    found: dict[TargetKey, Target] = {}
    room = HELD - sum(target.held.size for target in masters.values())
    for library in project.libraries:
        for key, ref in _list_wanted(library, services):
            if key.ref is None and library.name in checkouts:
                from common_sync.edges.library.checkouts import read_checkout  # asked for by hand, and rarely

                found[key] = read_checkout(library, checkouts[library.name], max(room, 0))
                room -= found[key].held.size
                continue
            locked = lock.get(TargetKey(library.name, ref))
            search = (
                _Search(project, library, locked, max(room, 0), may_connect=may_connect) if locked is not None else None
            )
            target = search.find(key.ref) if search is not None else None
            found[key] = target or _make_unknown(library, key.ref)
            found[key].locked = locked
            room -= found[key].held.size
    return found


def _list_wanted(library: Library, services: Sequence[str]) -> Iterator[tuple[TargetKey, str]]:
    """Yield the key of each thing that copies are locked at, and what it is locked as."""
    if library.upstream is not None:
        yield TargetKey(library.name), library.upstream.ref
    for ref in sorted({library.pins[service] for service in services if service in library.pins}):
        yield TargetKey(library.name, ref), ref


def _make_unknown(library: Library, ref: str | None) -> Target:
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

    def __init__(
        self, project: Project, library: Library, locked: Locked, room: int, *, may_connect: bool = False
    ) -> None:
        self._root, self._library, self._locked, self._room = project.root, library, locked, room
        self._may_connect = may_connect and bool(locked.git)
        takers = [service for service in project.services if library.takes(service)]
        pinned = [service for service in takers if library.ref_for(service) == locked.ref]
        self._own = [f"{service}/{library.copy}" for service in pinned]
        others = (f"{one}/{library.copy}" for one in takers if library.ref_for(one) != locked.ref)
        self._copies = [(self._root, copy) for copy in (*self._own, *others)]
        if locked.git:
            from common_sync.edges.library.cache import place_in_cache  # most masters are here

            self._copies.append(place_in_cache(locked.tree))
        self._names: Mapping[str, str] | None = None

    def find(self, ref: str | None) -> Target | None:
        """Return the target; None where nothing here has the digest.

        Args:
            ref: What its key has.

        Raises:
            CommonSyncError: It had to be fetched, and cannot be.
        """
        began = time.time_ns()
        known = self._find_copy() or self._find_commit()
        if known is None and self._fetch():
            known = self._find_copy()
        if known is None:
            return None
        locked, entries = self._locked, known.entries
        where, remedy = f"{locked.path} at {locked.commit[:NAMED_ID]}", f"git fetch --depth 1 origin {locked.commit}"
        if locked.git:
            remedy = "common-sync distribute, which fetches it"
        content = Proven(entries, lambda path: self._find_bytes(path, known.held), where, remedy)

        def read(path: str) -> bytes | None:
            with suppress(TreeError):
                return content.read(path).read()
            return None

        lost = known.origin is not None and any(read(one) is None for one in METADATA_FILES if one in entries)
        origin = known.origin if lost else read_origin(locked.master, read)
        return Target(self._library, Snapshot(entries, size=known.size), known.held, content, began, ref, origin)

    def _find_copy(self) -> _Known | None:
        for base, copy in self._copies:
            if (manifest := self._judge(_read_manifest(base, copy))) is not None:
                held = Held(self._room, Large(os.path.join(base, copy)), METADATA_FILES)
                snapshot = Snapshot({})
                with suppress(OSError, TreeError), opened(base) as above, opened(copy, above) as folder:
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

    def _fetch(self) -> bool:
        """Bring it into the cache, if it is of another repository and may be fetched; tell whether that was done."""
        if not self._may_connect:
            return False
        from common_sync.edges.library.foreign import fetch_locked  # only what may connect, for what it lacks

        fetch_locked(self._root, self._library, self._locked)
        return True

    def _find_commit(self) -> _Known | None:
        if self._locked.git:
            return None
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
        for base, copy in self._copies:
            yield from _read_file(base, copy, path)
        if not self._locked.git:
            with suppress(CommonSyncError):
                yield from (data for _, data in read_blobs(self._root, [self._name(path)]))
        for copy in self._own:
            yield from self._read_last(copy, path)
        if self._fetch():
            yield from _read_file(*self._copies[-1], path)

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


def _read_file(base: str, copy: str, path: str) -> Iterator[bytes]:
    above, _, name = path.rpartition("/")
    with suppress(OSError), opened(base) as root, opened(copy, root) as top, opened(above, top) as folder:
        yield read_bytes(name, folder, ANY)


def _read_manifest(root: str, copy: str) -> bytes | None:
    try:
        with opened(root) as above, opened(copy, above) as folder:
            return read_bytes(MANIFEST_NAME, folder, LARGEST)
    except OSError:
        return None
