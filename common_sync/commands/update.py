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

    def findings(self) -> list[Finding]:
        """Return a warning for each tag that was moved."""
        return [_warn(one.was, one.now) for one in self.entries if one.was and one.was.commit != one.now.commit]


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
        asked = [key for key in list_pins(project) if key.library in chosen]
        locking = complete_lock(project, [key for key in asked if key not in before or not before[key].is_commit])
        if locking.edit is not None and not dry_run:
            with opened(project.root) as folder:
                write_edit(folder, locking.edit)
    entries = (Moved(before.get(key), one, tuple(_list_pinned(project, one))) for key, one in locking.lock.items())
    return Update(tuple(sorted(entries, key=lambda one: one.now)), dry_run)


def _list_pinned(project: Project, entry: Locked) -> Iterator[str]:
    for library in project.libraries:
        yield from (one for one in sorted(library.pins) if library.key_for(one) == entry.key)
