"""`update`: resolve the tags of pins anew, and lock what they are now."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.locking import complete_lock, list_pins
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.lockfile import Locked
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

    @property
    def is_moved(self) -> bool:
        """Whether it is another one."""
        return self.was != self.now


class Update(NamedTuple):
    """What a run of `update` came to."""

    entries: tuple[Moved, ...]  # every pin, sorted
    dry_run: bool  # whether nothing was written

    @property
    def passes(self) -> bool:
        """Whether everything that was locked is what its commit holds."""
        return not any(finding.severity == "error" for finding in self.findings())

    def findings(self) -> list[Finding]:
        """Return a warning for each tag that was moved, and an error for what was not its commit's."""
        pairs = [(one.was, one.now) for one in self.entries if one.was is not None]
        forged = [_report_forged(was, now) for was, now in pairs if now.git and _is_forged(was, now)]
        return [*(_warn(was, now) for was, now in pairs if was.commit != now.commit), *forged]


def _is_forged(was: Locked, now: Locked) -> bool:
    return was.tree != now.tree and was == now._replace(tree=was.tree)


def _report_forged(was: Locked, now: Locked) -> Finding:
    message = f"{now.library} at {now.ref}: commit {now.commit[:NAMED_ID]} holds {now.tree}, and {was.tree} was locked"
    remedy = f"look who changed {LOCK_FILE}, and what the copies hold"
    return make_finding("CS013", "", LOCK_FILE, None, message, remedy)


def _warn(was: Locked, now: Locked) -> Finding:
    message = f"{now.library} at {now.ref} was commit {was.commit[:NAMED_ID]}, and is {now.commit[:NAMED_ID]}: the tag was moved"
    return make_finding("CS014", "", LOCK_FILE, None, message, "common-sync distribute brings the copies there")


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
    chosen = {library.name for library in select_libraries(project.libraries, names)}
    with nullcontext() if dry_run else exclusive(state_folder(project.root), say):
        _, before = read_lock(project.root)
        asked = {key: one for key, one in list_pins(project).items() if key.library in chosen}
        # one of another repository is fetched anew: only so it is known to be what is locked
        moving = [key for key, one in asked.items() if one.upstream or key not in before or not before[key].is_commit]
        locking = complete_lock(project, moving, may_connect=True)
        if locking.edit is not None and not dry_run:
            with opened(project.root) as folder:
                write_edit(folder, locking.edit)
    entries = (Moved(before.get(key), one, tuple(_list_pinned(project, one))) for key, one in locking.lock.items())
    return Update(tuple(sorted(entries, key=lambda one: one.now)), dry_run)


def _list_pinned(project: Project, entry: Locked) -> Iterator[str]:
    for library in project.libraries:
        for service in project.services if library.name == entry.library else ():
            if library.takes(service) and library.ref_for(service) == entry.ref:
                yield service
