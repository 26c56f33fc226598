"""`update`: resolve the tags of pins anew, and lock what they are now."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.versions.between import Between, find_between
from common_sync.commands.steps.versions.locking import LOOK, complete_lock, list_pins, lock_pin, report_forged
from common_sync.core.copies.library import LOCK_FILE, Library
from common_sync.core.copies.lockfile import Locked
from common_sync.core.errors import CommonSyncError
from common_sync.core.findings import make_finding
from common_sync.core.model import NAMED_ID, Finding
from common_sync.edges.files.folders import opened
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.project.libraries import select_libraries
from common_sync.edges.project.load import Project
from common_sync.edges.project.lockfile import read_lock
from common_sync.edges.state.lock import exclusive, state_folder


class Moved(NamedTuple):
    """An entry of the lock."""

    was: Locked | None  # as it was, or None where there was none
    now: Locked  # as it is, or with `--dry-run` would be
    services: tuple[str, ...]  # the services that are pinned to it
    between: Between | None = None  # what lies between the two; None where it stays at its commit, or there was none

    @property
    def is_moved(self) -> bool:
        """Whether it is another one."""
        return self.was != self.now


class Update(NamedTuple):
    """What a run of `update` came to."""

    entries: tuple[Moved, ...]  # every pin, sorted
    dry_run: bool  # whether nothing was written
    forged: tuple[Finding, ...] = ()  # what was locked and is not what its commit holds

    @property
    def passes(self) -> bool:
        """Whether everything that was locked is what its commit holds; and, where nothing was written, what tags are now."""
        drift = self.dry_run and any(one.is_moved for one in self.entries)
        return not drift and not any(finding.severity == "error" for finding in self.findings())

    def findings(self) -> list[Finding]:
        """Return a warning for each tag that was moved, and an error for what was not its commit's."""
        pairs = [(one.was, one.now) for one in self.entries if one.was is not None]
        first = "common-sync update, then " if self.dry_run else ""
        remedy = f"{first}common-sync distribute brings the copies there"
        return [*(_warn(was, now, remedy) for was, now in pairs if was.commit != now.commit), *self.forged]


def _warn(was: Locked, now: Locked, remedy: str) -> Finding:
    what = f"{now.library} at {now.ref} was commit {was.commit[:NAMED_ID]}, and is {now.commit[:NAMED_ID]}"
    return make_finding("CS014", "", LOCK_FILE, None, f"{what}: the tag was moved, or the lock was changed", remedy)


def update(project: Project, names: Sequence[str], say: Callable[[str], None], *, dry_run: bool = False) -> Update:
    """Lock what tags are now.

    Args:
        project: The project.
        names: Libraries, all when there are none.
        say: Told when another run has to be waited for.
        dry_run: Write nothing.

    Raises:
        CommonSyncError: A name is no library, or a tag is unknown here; nothing was written.
    """
    chosen = {library.name for library in select_libraries(project, names)}
    with nullcontext() if dry_run else exclusive(state_folder(project.root), say):
        _, before = read_lock(project.root)
        asked = {key: one for key, one in list_pins(project).items() if key.library in chosen}
        # one of another repository is fetched anew: only so it is known to be what is locked
        moving = [key for key, one in asked.items() if one.upstream or key not in before or not before[key].is_commit]
        locking = complete_lock(project, moving, may_connect=True)
        if locking.edit is not None and not dry_run:
            with opened(project.root) as folder:
                write_edit(folder, locking.edit)
    entries = (_compare(project, before.get(key), one) for key, one in locking.lock.items())
    pairs = ((asked[key], before[key], locking.lock[key]) for key in sorted(asked, key=str) if key in before)
    forged = (_find_forged(project.root, library, was, now, dry_run=dry_run) for library, was, now in pairs if now.git)
    return Update(tuple(sorted(entries, key=lambda one: one.now)), dry_run, tuple(one for one in forged if one))


def _compare(project: Project, was: Locked | None, now: Locked) -> Moved:
    between = None
    if was is not None and was.commit != now.commit:
        library = next(one for one in project.libraries if one.name == now.library)
        between = find_between(project.root, library, was, now)
    return Moved(was, now, tuple(_list_pinned(project, now)), between)


def _find_forged(root: str, library: Library, was: Locked, now: Locked, *, dry_run: bool) -> Finding | None:
    """Return an error where what was locked of another repository is not what its commit holds, or nobody can tell.

    Who forges a lock may have written another commit into it as well. So that commit is asked, and not only what the ref is now.
    """
    if (was.master, was.exclude) != (now.master, now.exclude):
        return None  # CS011 says so
    if was.commit == now.commit:
        return report_forged(was, now.tree)
    if now.is_commit:
        message = (
            f"{now.library} at {now.ref} is commit {now.commit[:NAMED_ID]}, and {was.commit[:NAMED_ID]} was locked"
        )
        return make_finding("CS013", "", LOCK_FILE, None, message, LOOK)
    try:
        return report_forged(was, lock_pin(root, library, was.ref, was.commit).tree)
    except CommonSyncError as error:
        if not dry_run:
            return None  # what it was is gone from the lock
        message = f"{was.library} at {was.ref}: nobody can tell what was locked: {error.problems[0].message}"
        return make_finding("CS013", "", LOCK_FILE, None, message, LOOK)


def _list_pinned(project: Project, entry: Locked) -> Iterator[str]:
    for library in project.libraries:
        for service in project.services if library.name == entry.library else ():
            if library.takes(service) and library.ref_for(service) == entry.ref:
                yield service
