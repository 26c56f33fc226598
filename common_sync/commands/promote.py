"""`promote`: take edits of copies over into the master, all or nothing; then every copy follows."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.distribute import Distribution, bring_in_sync
from common_sync.commands.steps.edits import Edit, Edits, Step, select_edits
from common_sync.commands.steps.survey import survey
from common_sync.core.copies.drift import TAKE_OVER_THERE
from common_sync.core.copies.promotion import How, digest_file, make_entry
from common_sync.core.errors import Problem, TreeError
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Version, is_foreign
from common_sync.edges.files.folders import FOLDER, explained, opened
from common_sync.edges.files.replacing import read_version, write_version
from common_sync.edges.processes.workers import Phases, no_progress
from common_sync.edges.project.load import Project
from common_sync.edges.state.discarded import keep_files, new_set, prune_sets
from common_sync.edges.state.lock import exclusive, state_folder
from common_sync.edges.state.promoting import Merges, Take, Taken, read_journal, write_journal


class Promoted(NamedTuple):
    """An edit that was taken over, or with `--dry-run` would be."""

    edit: Edit  # the edit
    how: How  # how it was taken
    added: int  # lines that the master has more, by it
    removed: int  # lines that the master has no more


class Promotion(NamedTuple):
    """What a run of `promote` came to."""

    root: str  # the absolute path of the configuration's folder
    promoted: tuple[Promoted, ...]  # what was taken over; nothing where anything was refused
    refused: tuple[Finding, ...]  # what cannot be
    kept: str | None  # the folder that the files from before are kept in, or None where none was replaced
    distribution: Distribution | None  # how the copies followed
    dry_run: bool  # whether nothing was written

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
    phases: Phases = no_progress,
) -> Promotion:
    """Take edits over.

    Args:
        project: The project.
        names: Services, or files and folders of copies; all when there are none.
        say: Told when another run has to be waited for.
        dry_run: Write nothing.
        phases: Told of every few services that are read, then written.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be
            written: the next run finishes the work.
    """
    root = project.root
    with nullcontext() if dry_run else exclusive(state_folder(root), say):
        services, places = select_edits(project, names)
        found = survey(project, services, phases=phases)
        journal, merges = read_journal(root), Merges(root)
        edits = Edits(found, places, journal, merges)
        outcomes = [(edit, edits.take(edit)) for edit in edits.list()]
        refused = tuple(
            _refuse(root, edit, outcome.refusal, merges if outcome.conflict else None)
            for edit, outcome in outcomes
            if outcome.result is None
        )
        hows = () if refused else (outcome.how for _, outcome in outcomes)
        promoted = tuple(_describe(step, how) for step, how in zip(edits.steps, hows, strict=False))
        if refused and not dry_run:
            edits.keep_conflicts()
        if refused or dry_run or not (promoted or journal):
            return Promotion(root, promoted, refused, None, None, dry_run)
        kept = _write(root, edits, journal) if promoted else None
        merges.drop(edit.file for edit, _ in outcomes)
        following = survey(project, phases=phases)
        done = bring_in_sync(following, dry_run=False, force=False, tracked=None, say=say, phases=phases)
    return Promotion(root, promoted, (), kept, done, dry_run)


def _refuse(root: str, edit: Edit, why: str, merges: Merges | None) -> Finding:
    if merges is not None:
        place = os.path.relpath(merges.place(edit.file), root)
        remedy = f"finish the merge in {place}, then run this again"
    else:
        by_hand = f"take it over to {edit.master_file} by hand"
        way = TAKE_OVER_THERE if is_foreign(edit.copy.master) else by_hand
        remedy = f"{way}, or common-sync distribute --force discards it"
    return make_finding("CS017", edit.copy.service, edit.file, None, f"{why}, so nothing was promoted", remedy)


def _describe(step: Step, how: How) -> Promoted:
    was, now = (Counter(one.data.splitlines() if one is not None else ()) for one in (step.before, step.after))
    return Promoted(step.edit, how, added=(now - was).total(), removed=(was - now).total())


def _write(root: str, edits: Edits, journal: Taken) -> str:
    """Write the master, once the files from before are kept and the journal says what is taken; return where they are."""
    descriptor = os.open(root, FOLDER)
    try:
        for path, before, _ in edits.results():
            _check_unchanged(descriptor, path, before)
        kept = new_set(root)
        for folder, path, version in _list_replaced(edits):
            with opened(folder, descriptor) as tree:
                keep_files(kept, folder, tree, [(path, make_entry(version))])
        write_journal(root, _add(journal, edits))
        for path, before, after in edits.results():
            if after != before:
                write_version(descriptor, path, before, after)
        prune_sets(root)
    finally:
        os.close(descriptor)
    return kept


def _check_unchanged(root: int, path: str, before: Version | None) -> None:
    above, _, name = path.rpartition("/")
    held: Version | None = None
    with explained(path, "read it"):
        try:
            with opened(above, root) as folder:
                held = read_version(name, folder)
        except FileNotFoundError:
            held = None
    if held != before:
        raise TreeError(Problem("has changed while common-sync ran: nothing was promoted", path, remedy="run it again"))


def _list_replaced(edits: Edits) -> Iterator[tuple[str, str, Version]]:
    """Yield what is about to be replaced: of the master, and in the copies the edits that were merged."""
    for (master, path), (before, after) in edits.masters.items():
        if before is not None and after != before:
            yield master, path, before
    for edit, *_ in edits.steps:
        if edits.final(edit) != edit.theirs:
            yield edit.copy.path, edit.path, edit.theirs


def _add(journal: Taken, edits: Edits) -> Taken:
    added: dict[str, dict[str, Take]] = {copy: {**files} for copy, files in journal.items()}
    for edit, *_ in edits.steps:
        before, path = edits.masters[edit.copy.master, edit.path][0], edit.path
        take = Take(
            digest_file(path, None if before is None else make_entry(before)),
            digest_file(path, edit.operation.before),
            digest_file(path, make_entry(edits.final(edit))),
        )
        added.setdefault(edit.copy.path, {})[path] = take
    return added
