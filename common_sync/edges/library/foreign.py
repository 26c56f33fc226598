"""Libraries of other repositories: fetched once, and kept as copies that are known by their digest.

A cached tree is a copy with a manifest. It is named after its digest, and nothing in it is trusted: whoever reads it holds each
file to its sha256. So it does no harm that other processes, or other users, write there too.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import mkdtemp

from common_sync.core.copies.library import Library
from common_sync.core.copies.lockfile import Locked
from common_sync.core.copies.manifest import format_manifest, make_manifest
from common_sync.core.errors import GitError, Problem, TreeError
from common_sync.core.limits import CACHED_TREES
from common_sync.core.model import Origin
from common_sync.core.pins import is_commit, list_tags
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.writing import lay_out, stage_copy
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.remote import PATIENCE, Remote
from common_sync.edges.git.revisions import list_attributes, list_tree
from common_sync.edges.library.cache import TREES, VARIABLE, cache_folder
from common_sync.edges.library.committed import Committed, read_committed
from common_sync.edges.library.proven import Proven
from common_sync.edges.library.targets import HELD
from common_sync.edges.state.lock import exclusive

_TEMPORARY = ".tmp-"


def resolve_foreign(root: str, library: Library, ref: str) -> str:
    """Return the full id of the commit that a ref of a library's own repository is now. It connects.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        ref: A tag, or 7 to 64 hex digits of a commit.

    Raises:
        ConfigurationError: There is no such tag or commit.
        GitError: The repository cannot be reached.
    """
    return Remote(_git(library), root).resolve(ref, library.name)


def fetch_foreign(root: str, library: Library, ref: str, commit: str, path: str) -> str:
    """Fetch a library of another repository into the cache; return the tree digest of a copy of it. It connects.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library; its rules say which files belong to it.
        ref: What the configuration calls the commit.
        commit: The commit's full id.
        path: Where the master is in it.

    Raises:
        GitError: It cannot be fetched.
        TreeError: It holds nothing, or something that cannot be copied; or the cache cannot be written.
    """
    remote = Remote(_git(library), root)
    _make_cache()
    with exclusive(cache_folder(), lambda _: None, 2 * PATIENCE), _working() as folder:
        remote.fetch(folder, commit, () if is_commit(ref) else list_tags(ref, library.name))
        remote.check_tree(folder, commit, path)
        rows = list_tree(folder, commit, path)
        names = [rows[one].name for one in library.rules.select(rows) if rows[one].kind == "blob"]
        remote.fetch_blobs(folder, [*names, *list_attributes(folder, commit, path)])
        committed = read_committed(folder, library, commit, path, HELD)
        _keep(folder, committed, library, path)
        return committed.tree


def fetch_locked(root: str, library: Library, locked: Locked) -> None:
    """Bring what is locked into the cache. It connects.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        locked: What the lock says.

    Raises:
        GitError: It cannot be fetched, or is not what was locked.
        TreeError: As for `fetch_foreign`.
    """
    tree = fetch_foreign(root, library, locked.ref, locked.commit, locked.path)
    if tree != locked.tree:
        message = f"{library.name} at {locked.ref} is {tree} there, and {locked.tree} is locked"
        raise GitError(Problem(message, locked.git, remedy="look who changed the lock, or run common-sync update"))


def _git(library: Library) -> str:
    assert library.upstream is not None
    return library.upstream.git


def _make_cache() -> None:
    trees = os.path.join(cache_folder(), TREES)
    try:
        os.makedirs(trees, exist_ok=True)
    except OSError as error:
        reason = f"cannot make the cache of what is fetched: {(error.strerror or str(error)).lower()}"
        remedy = f"set {VARIABLE} to a folder that you may write to: its absolute path"
        raise TreeError(Problem(reason, trees, remedy=remedy)) from error


@contextmanager
def _working() -> Iterator[str]:
    """Yield a folder of the cache to work in, and remove it; what a killed run left goes too, for the lock is held."""
    trees = os.path.join(cache_folder(), TREES)
    try:
        for name in os.listdir(trees):
            if name.startswith(_TEMPORARY):
                shutil.rmtree(os.path.join(trees, name), ignore_errors=True)
        folder = mkdtemp(prefix=_TEMPORARY, dir=trees)
    except OSError as error:
        raise explain_os_error(error, trees, "keep what is fetched") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(folder: str, committed: Committed, library: Library, path: str) -> None:
    """Put a tree into the cache: made beside its place, then renamed, in the stead of what may be there."""

    def find(file: str) -> Iterator[bytes]:
        if (data := committed.held.get(file)) is not None:
            yield data
        yield from (data for _, data in read_blobs(folder, [committed.names[file]]))

    entries, name = committed.entries, committed.tree.removeprefix("cs1:")
    manifest = make_manifest(Origin(library.name, path, None), entries)
    with opened(folder) as working:
        stage_copy(working, name, lay_out(entries), Proven(entries, find, path), format_manifest(manifest), path)
    trees = os.path.dirname(folder)
    try:
        with suppress(FileNotFoundError):
            os.rename(os.path.join(trees, name), os.path.join(folder, "old"))
        os.rename(os.path.join(folder, name), os.path.join(trees, name))
        _prune(trees)
    except OSError as error:
        raise explain_os_error(error, trees, "keep what was fetched") from error


def _prune(trees: str) -> None:
    """Remove all but the newest trees."""
    with os.scandir(trees) as found:
        known = sorted((one.stat(follow_symlinks=False).st_mtime_ns, one.path) for one in found if one.name[0] != ".")
    for _, place in known[:-CACHED_TREES]:
        shutil.rmtree(place, ignore_errors=True)
