"""Edits of a library of another repository: taken into a checkout of it, or into a patch. No copy follows: what it is locked at stays."""

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from common_sync.commands.steps.promote.edits import Edits
from common_sync.commands.steps.promote.homes import Goal, check_repository, find_checkout, find_patched, select_foreign
from common_sync.commands.steps.promote.promoted import clean
from common_sync.commands.steps.promote.taking import Decided, Result, decide, write_taken
from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.library import Library
from common_sync.core.copies.promotion import make_entry
from common_sync.edges.files.folders import FOLDER, opened
from common_sync.edges.files.replacing import writing_output
from common_sync.edges.git.patching import format_patch
from common_sync.edges.project.load import Project
from common_sync.edges.state.discarded import keep_files, new_set, prune_sets
from common_sync.edges.state.lock import exclusive, state_folder
from common_sync.edges.state.promoting import Merges, Taken, read_journal

if TYPE_CHECKING:
    from common_sync.core.model import Version


def promote_elsewhere(
    found: Survey, places: Sequence[str], goal: Goal, say: Callable[[str], None], *, dry_run: bool
) -> tuple[Decided, str | None]:
    """Take edits over into another repository; return what became of them, and where files from before are kept.

    Args:
        found: What was read and planned.
        places: Paths from the root below which edits are taken over; everywhere when there are none.
        goal: Where they go.
        say: Told when another run has to be waited for.
        dry_run: Write nothing.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be written.
    """
    library = select_foreign(found, places, goal.option)
    if library is None:
        return Decided((), ()), None
    if goal.patch:
        return _patch(found, places, library, goal, dry_run=dry_run), None
    check_repository(found.project.root, library, goal.checkout)
    with nullcontext() if dry_run else exclusive(state_folder(os.path.realpath(goal.checkout)), say):
        return _take(found, places, library, goal, dry_run=dry_run)


def _take(
    found: Survey, places: Sequence[str], library: Library, goal: Goal, *, dry_run: bool
) -> tuple[Decided, str | None]:
    root, home = found.project.root, find_checkout(library, goal.checkout)
    journal, merges = read_journal(root), Merges(root)
    if not dry_run:
        clean(home.folder, [file for files in journal.values() for file in files])
    edits = Edits(found, places, journal, merges, {library.name: home})
    decided = decide(root, edits, merges, dry_run=dry_run)
    if decided.refused or dry_run or not decided.promoted:
        return decided, None
    kept = _write(found.project, home.folder, os.path.realpath(goal.checkout), edits, journal)
    merges.drop(one.edit.file for one in decided.promoted)
    return decided, kept


def _write(project: Project, folder: str, top: str, edits: Edits, journal: Taken) -> str | None:
    """Write the master's files in a checkout; return where those from before are kept there.

    Args:
        project: The project.
        folder: The absolute path of the master's folder in the checkout.
        top: The absolute path of the checkout.
        edits: The edits, taken over in memory.
        journal: The journal as it is.
    """
    results = [(path, before, after) for (_, path), (before, after) in edits.masters.items()]
    descriptor = os.open(folder, FOLDER)
    try:
        keep = partial(_keep, descriptor, os.path.relpath(folder, top), top, results)
        return write_taken(project, edits, journal, descriptor, results, keep)
    finally:
        os.close(descriptor)


def _keep(folder: int, inside: str, top: str, results: Sequence[Result]) -> str | None:
    replaced = [(path, make_entry(before)) for path, before, after in results if before is not None and after != before]
    if not replaced:
        return None
    kept = new_set(top)
    with opened("", folder) as tree:
        keep_files(kept, os.path.normpath(inside), tree, replaced)
    prune_sets(top)
    return kept


def _patch(found: Survey, places: Sequence[str], library: Library, goal: Goal, *, dry_run: bool) -> Decided:
    root, merges = found.project.root, Merges(found.project.root)
    listed = [edit for edit in Edits(found, places, {}, merges).list() if edit.copy.target.library == library.name]
    home = find_patched(found, library, listed)
    edits = Edits(found, places, {}, merges, {library.name: home})
    decided = decide(root, edits, merges, dry_run=dry_run)
    if decided.refused or dry_run or not decided.promoted:
        return decided
    before: dict[str, Version] = {}
    after: dict[str, Version] = {}
    for (_, path), (was, now) in edits.masters.items():
        place = f"{home.shown}/{path}" if home.shown else path
        after[place] = now
        if was is not None:
            before[place] = was
    with writing_output(goal.patch) as stream:
        stream.write(format_patch(before, after, root))
    return decided
