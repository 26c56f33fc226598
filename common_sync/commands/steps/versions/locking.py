"""The lock against the configuration: what it lacks is resolved from what is here, and what nobody asks for goes."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from common_sync.core.copies.library import LOCK_FILE, Library, TargetKey
from common_sync.core.copies.lockfile import Lock, Locked, find_lock_faults, keep_own
from common_sync.core.errors import CommonSyncError, ConfigurationError, GitError, Problem
from common_sync.core.findings import make_finding
from common_sync.core.model import NAMED_ID, FileEdit, Finding
from common_sync.edges.git.revisions import list_tree, resolve_pin
from common_sync.edges.library.committed import read_committed
from common_sync.edges.library.targets import HELD
from common_sync.edges.project.load import Project
from common_sync.edges.project.lockfile import plan_lock, read_lock

LOOK = f"look who changed {LOCK_FILE}, and what the copies hold"
"""The remedy for an entry that is not what its commit holds."""


class Locking(NamedTuple):
    """What the pins of a project come to."""

    lock: Lock  # the entries
    edit: FileEdit | None = None  # what makes the file say so
    findings: tuple[Finding, ...] = ()  # in what it is not what the configuration asks for
    may_connect: bool = False  # whether what is locked of another repository is fetched where nothing here has it
    checkouts: Mapping[str, str] = MappingProxyType({})  # where libraries of other repositories are read from instead


def look_at_lock(project: Project) -> Locking:
    """Return the lock as it is, and what is wrong with it.

    Raises:
        CommonSyncError: It cannot be read, or makes no sense.
    """
    _, lock = read_lock(project.root)
    wanted = {key: library.exclude for key, library in list_pins(project).items()}
    owners = _list_owners(project, lock)
    return Locking(keep_own(lock, owners), findings=tuple(find_lock_faults(lock, wanted, owners)))


def require_lock(project: Project) -> Locking:
    """Return the lock as it is, which is all that the configuration asks for.

    Raises:
        CommonSyncError: It is not, so it would have to be changed; or it cannot be read, or makes no sense.
    """
    locking = look_at_lock(project)
    if locking.findings:
        remedy = "common-sync distribute, then commit it"
        problems = (
            Problem(f"{one.message}, and --locked keeps it", LOCK_FILE, remedy=remedy) for one in locking.findings
        )
        raise ConfigurationError(*problems)
    return locking


def complete_lock(project: Project, moving: Collection[TargetKey] = (), *, may_connect: bool = False) -> Locking:
    """Return the lock as it should be: only what is missing, was made with other excludes, or is to move is resolved.

    Args:
        project: The project.
        moving: The entries to resolve anew.
        may_connect: Whether other repositories are asked for what is missing.

    Raises:
        CommonSyncError: It cannot be read, a pin is unknown here, or another repository would have to be asked or cannot be.
    """
    before, known = read_lock(project.root)
    own = keep_own(known, _list_owners(project, known))
    entries: dict[TargetKey, Locked] = {}
    for key, library in list_pins(project).items():
        entry = own.get(key)
        if entry is None or key in moving or entry.exclude != library.exclude:
            if library.upstream is not None and not may_connect:
                raise ConfigurationError(_explain_foreign(library, key.ref or ""))
            if entry is None or key in moving:
                # the digits of a commit are locked as all of them: no tag or branch has to be at it any more
                commit = (
                    entry.commit
                    if entry is not None and entry.is_commit
                    else _resolve(project.root, library, key.ref or "")
                )
                entry = lock_pin(project.root, library, key.ref or "", commit)
            else:
                entry = lock_pin(project.root, library, entry.ref, entry.commit, entry.path)
        entries[key] = entry
    return Locking(entries, plan_lock(before, known, entries), may_connect=may_connect)


def _explain_foreign(library: Library, ref: str) -> Problem:
    message = f"the lock lacks {library.name} at {ref}, which is in another repository, and neither watch nor a hook asks that"
    return Problem(message, LOCK_FILE, remedy="common-sync distribute")


def _resolve(root: str, library: Library, ref: str) -> str:
    if library.upstream is None:
        return resolve_pin(root, ref, library.name)
    from common_sync.edges.library.foreign import resolve_foreign  # most masters are here

    return resolve_foreign(root, library, ref)


def _list_owners(project: Project, lock: Lock) -> dict[str, str]:
    """Return the path of each master, and its library's name; of one that is gone, what is said of it.

    A library may have got the name of one that is gone. Its own master was in the commit then, beside the one that is
    locked. The master of a library that was only moved was not there yet.
    """
    owners = {library.master: library.name for library in project.libraries}
    masters = {library.name: library.master for library in project.libraries if library.upstream is None}
    for entry in (one for one in lock.values() if not one.git):
        master = masters.get(entry.library)
        if master is not None and entry.path not in owners and _has_folder(project.root, entry.commit, master):
            owners[entry.path] = "a library that is gone"
    return owners


def _has_folder(root: str, commit: str, path: str) -> bool:
    with suppress(CommonSyncError):  # without the commit nobody can tell
        return bool(list_tree(root, commit, path))
    return False


def list_pins(project: Project) -> dict[TargetKey, Library]:
    """Return the key of each thing that has to be locked, and its library."""
    return {TargetKey(one.name, ref): one for one in project.libraries for ref in sorted(one.refs)}


def lock_pin(root: str, library: Library, ref: str, commit: str, path: str | None = None) -> Locked:
    """Return the entry of a pin.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        ref: What the configuration calls it.
        commit: The commit's full id.
        path: Where the master is in it, from the root; where it is now when None.

    Raises:
        CommonSyncError: The commit is not here, or has no such library, or one that cannot be copied.
    """
    if library.upstream is not None:
        from common_sync.edges.library.foreign import fetch_foreign  # most masters are here

        place = library.upstream.path
        tree = fetch_foreign(root, library, ref, commit, place)
        return Locked(library.name, place, ref, commit, tree, library.exclude, library.upstream.git)
    place = path if path is not None else library.master
    found = read_committed(root, library, commit, place, HELD)
    return Locked(library.name, place, ref, commit, found.tree, library.exclude)


def find_forged(project: Project) -> list[Finding]:
    """Return a finding for each entry of the lock that is not what its commit holds, or whose tag is another commit.

    Raises:
        CommonSyncError: A commit or a tag is not here, so nobody can tell; or the lock makes no sense.
    """
    _, lock = read_lock(project.root)
    libraries = list_pins(project)
    findings: list[Finding | None] = []
    unknown: list[Problem] = []
    for key, entry in keep_own(lock, _list_owners(project, lock)).items():
        if key not in libraries or libraries[key].exclude != entry.exclude:
            continue  # CS011 says so
        if entry.git:
            unknown.append(_explain_unproven(entry))
            continue
        tree = read_committed(project.root, libraries[key], entry.commit, entry.path, HELD).tree
        findings.append(report_forged(entry, tree) or _report_other(project.root, entry))
    found = [finding for finding in findings if finding is not None]
    if unknown and not found:
        raise GitError(*unknown)
    return found


def _report_other(root: str, entry: Locked) -> Finding | None:
    """Return an error where the tag of an entry is another commit here: the digest proves nothing then."""
    if entry.is_commit or (commit := resolve_pin(root, entry.ref, entry.library)) == entry.commit:
        return None
    message = f"{entry.library} at {entry.ref} is commit {commit[:NAMED_ID]}, and {entry.commit[:NAMED_ID]} is locked"
    return make_finding("CS013", "", LOCK_FILE, None, message, f"{LOOK}; if the tag was moved: common-sync update")


def report_forged(entry: Locked, tree: str) -> Finding | None:
    """Return an error where an entry is not what its commit holds.

    Args:
        entry: The entry.
        tree: The tree digest of what its commit holds.
    """
    if tree == entry.tree:
        return None
    message = (
        f"{entry.library} at {entry.ref}: commit {entry.commit[:NAMED_ID]} holds {tree}, and {entry.tree} is locked"
    )
    return make_finding("CS013", "", LOCK_FILE, None, message, LOOK)


def _explain_unproven(entry: Locked) -> Problem:
    message = f"{entry.library} at {entry.ref} is in another repository, and verify asks none, so its commit cannot be compared"
    return Problem(message, LOCK_FILE, remedy="common-sync update --dry-run fetches it and compares")
