"""The lock against the configuration: what it lacks is resolved from what is here, and what nobody asks for goes."""

from collections.abc import Collection
from typing import NamedTuple

from common_sync.core.copies.library import LOCK_FILE, Library, TargetKey
from common_sync.core.copies.lockfile import Lock, Locked, find_lock_faults, keep_own
from common_sync.core.findings import make_finding
from common_sync.core.model import NAMED_ID, FileEdit, Finding
from common_sync.edges.git.revisions import resolve_pin
from common_sync.edges.library.committed import read_committed
from common_sync.edges.library.targets import HELD
from common_sync.edges.project.load import Project
from common_sync.edges.project.lockfile import plan_lock, read_lock


class Locking(NamedTuple):
    """What the pins of a project come to."""

    lock: Lock  # the entries
    edit: FileEdit | None = None  # what makes the file say so
    findings: tuple[Finding, ...] = ()  # in what it is not what the configuration asks for


def look_at_lock(project: Project) -> Locking:
    """Return the lock as it is, and what is wrong with it.

    Raises:
        CommonSyncError: It cannot be read, or makes no sense.
    """
    _, lock = read_lock(project.root)
    wanted = {key: library.exclude for key, library in list_pins(project).items()}
    owners = _list_owners(project)
    return Locking(keep_own(lock, owners), findings=tuple(find_lock_faults(lock, wanted, owners)))


def complete_lock(project: Project, moving: Collection[TargetKey] = ()) -> Locking:
    """Return the lock as it should be: only what is missing, was made with other excludes, or is to move is resolved.

    Args:
        project: The project.
        moving: The entries to resolve anew.

    Raises:
        CommonSyncError: It cannot be read, or a pin is unknown here.
    """
    before, known = read_lock(project.root)
    own = keep_own(known, _list_owners(project))
    entries: dict[TargetKey, Locked] = {}
    for key, library in list_pins(project).items():
        entry = own.get(key)
        if entry is None or key in moving:
            entry = lock_pin(
                project.root, library, key.ref or "", resolve_pin(project.root, key.ref or "", library.name)
            )
        elif entry.exclude != library.exclude:
            entry = lock_pin(project.root, library, entry.ref, entry.commit, entry.path)
        entries[key] = entry
    return Locking(entries, plan_lock(before, known, entries))


def _list_owners(project: Project) -> dict[str, str]:
    return {library.master: library.name for library in project.libraries}


def list_pins(project: Project) -> dict[TargetKey, Library]:
    """Return each thing that a service is pinned to, and its library."""
    return {TargetKey(one.name, ref): one for one in project.libraries for ref in sorted(set(one.pins.values()))}


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
    place = path if path is not None else library.master
    found = read_committed(root, library, commit, place, HELD)
    return Locked(library.name, place, ref, commit, found.tree, library.exclude)


def find_forged(project: Project) -> list[Finding]:
    """Return a finding for each entry of the lock that is not what its commit holds.

    Raises:
        CommonSyncError: A commit is not here, so nobody can tell; or the lock makes no sense.
    """
    _, lock = read_lock(project.root)
    libraries = list_pins(project)
    findings = []
    for key, entry in keep_own(lock, _list_owners(project)).items():
        if key not in libraries or libraries[key].exclude != entry.exclude:
            continue  # CS011 says so
        tree = read_committed(project.root, libraries[key], entry.commit, entry.path, HELD).tree
        if tree != entry.tree:
            message = f"{entry.library} at {entry.ref}: commit {entry.commit[:NAMED_ID]} holds {tree}, and {entry.tree} is locked"
            remedy = f"look who changed {LOCK_FILE}, and what the copies hold"
            findings.append(make_finding("CS013", "", LOCK_FILE, None, message, remedy))
    return findings
