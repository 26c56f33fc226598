"""`promote`: take edits of copies over into the master, all or nothing; then every copy follows."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from common_sync.commands.distribute import Distribution, bring_in_sync
from common_sync.commands.steps.promote.edits import Edits, select_edits
from common_sync.commands.steps.promote.taking import Promoted, decide, list_locked, write_taken
from common_sync.commands.steps.survey import survey
from common_sync.core.copies.promotion import make_entry
from common_sync.core.model import Finding, Version
from common_sync.edges.files.folders import FOLDER, opened
from common_sync.edges.processes.workers import Phases, no_progress
from common_sync.edges.project.load import Project
from common_sync.edges.state.discarded import keep_files, new_set, prune_sets
from common_sync.edges.state.lock import exclusive, state_folder
from common_sync.edges.state.promoting import Merges, Taken, read_journal

if TYPE_CHECKING:
    from common_sync.commands.steps.promote.homes import Goal


class Promotion(NamedTuple):
    """What a run of `promote` came to."""

    root: str  # the absolute path of the configuration's folder
    promoted: tuple[Promoted, ...]  # what was taken over; nothing where anything was refused
    refused: tuple[Finding, ...]  # what cannot be
    kept: str | None  # the folder that the files from before are kept in, or None where none was replaced
    distribution: Distribution | None  # how the copies followed
    dry_run: bool  # whether nothing was written
    goal: "Goal | None" = None  # where edits of a library of another repository went

    @property
    def passes(self) -> bool:
        """Whether all that was asked for was done, and every copy follows."""
        return not self.refused and (self.distribution is None or self.distribution.in_sync)

    def findings(self) -> list[Finding]:
        """Return what was refused, and what is still to be said of the services."""
        return [*self.refused, *(self.distribution.findings() if self.distribution is not None else ())]


def promote(
    project: Project,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
    goal: "Goal | None" = None,
    phases: Phases = no_progress,
) -> Promotion:
    """Take edits over.

    Args:
        project: The project.
        names: Services, or files and folders of copies; all when there are none.
        say: Told when another run has to be waited for.
        dry_run: Write nothing.
        goal: Where edits of a library of another repository go; None for those whose master is here.
        phases: Told of every few services that are read, then written.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be
            written: the next run finishes the work.
    """
    root = project.root
    with nullcontext() if dry_run else exclusive(state_folder(root), say):
        services, places = select_edits(project, names)
        found = survey(project, services, phases=phases)
        if goal is not None:
            from common_sync.commands.steps.promote.elsewhere import promote_elsewhere  # most masters are here

            decided, kept = promote_elsewhere(found, places, goal, say, dry_run=dry_run)
            return Promotion(root, *decided, kept, None, dry_run, goal)
        journal, merges = read_journal(root), Merges(root)
        edits = Edits(found, places, journal, merges)
        promoted, refused = decide(root, edits, merges, dry_run=dry_run)
        if refused or dry_run or not (promoted or journal.keys() - list_locked(project)):
            return Promotion(root, promoted, refused, None, None, dry_run)
        kept = _write(project, edits, journal) if promoted else None
        merges.drop(one.edit.file for one in promoted)
        following = survey(project, phases=phases)
        done = bring_in_sync(following, dry_run=False, force=False, tracked=None, say=say, phases=phases)
    return Promotion(root, promoted, (), kept, done, dry_run)


def _write(project: Project, edits: Edits, journal: Taken) -> str | None:
    """Write the master; return where the files from before are."""
    root = project.root
    descriptor = os.open(root, FOLDER)
    try:
        kept = write_taken(
            project, edits, journal, descriptor, [*edits.results()], partial(_keep, root, descriptor, edits)
        )
        if kept is not None:
            prune_sets(root)
    finally:
        os.close(descriptor)
    return kept


def _keep(root: str, descriptor: int, edits: Edits) -> str | None:
    replaced = [*_list_replaced(edits)]
    kept = new_set(root) if replaced else None
    for folder, path, version in replaced:
        assert kept is not None
        with opened(folder, descriptor) as tree:
            keep_files(kept, folder, tree, [(path, make_entry(version))])
    return kept


def _list_replaced(edits: Edits) -> Iterator[tuple[str, str, Version]]:
    """Yield what is about to be replaced: of the master, and in the copies the edits that were merged."""
    for (master, path), (before, after) in edits.masters.items():
        if before is not None and after != before:
            yield master, path, before
    for edit, *_ in edits.steps:
        if edits.final(edit) != edit.theirs and edit.follows:
            yield edit.copy.path, edit.path, edit.theirs
