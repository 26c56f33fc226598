"""What a run of `promote` decides, which edits are taken over and which cannot be; and the one way in which a master is written."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from common_sync.commands.steps.promote.edit import Edit, Step
from common_sync.commands.steps.promote.edits import Edits
from common_sync.core.copies.promotion import How, digest_file, make_entry
from common_sync.core.errors import Problem, TreeError, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Version
from common_sync.core.paths import is_foreign
from common_sync.edges.files.folders import explained, opened
from common_sync.edges.files.replacing import read_version, write_version
from common_sync.edges.project.load import Project
from common_sync.edges.state.promoting import DONE, Merges, Take, Taken, write_journal

Result = tuple[str, Version | None, Version]
"""A file of a master: its path, what it holds and what it is to hold."""


class Promoted(NamedTuple):
    """An edit that was taken over, or with `--dry-run` would be."""

    edit: Edit  # the edit
    how: How  # how it was taken
    added: int  # lines that the master has more, by it
    removed: int  # lines that the master has no more


class Decided(NamedTuple):
    """What becomes of the edits; each is taken over, or nothing is written."""

    promoted: tuple[Promoted, ...]  # what is taken over; nothing where anything is refused
    refused: tuple[Finding, ...]  # what cannot be


def decide(root: str, edits: Edits, merges: Merges, *, dry_run: bool) -> Decided:
    """Take edits over, in memory; where one cannot be, keep what a person has to finish.

    Args:
        root: The absolute path of the configuration's folder.
        edits: The edits.
        merges: Merges that a person has to finish, or has finished.
        dry_run: Write nothing.

    Raises:
        CommonSyncError: Something cannot be read, or a merge cannot be kept.
    """
    outcomes = [(edit, edits.take(edit)) for edit in edits.list()]
    refused = tuple(
        _refuse(root, edit, outcome.refusal, merges if outcome.conflict else None)
        for edit, outcome in outcomes
        if outcome.result is None
    )
    if refused and not dry_run:
        edits.keep_conflicts()
    hows = () if refused else (outcome.how for _, outcome in outcomes)
    return Decided(tuple(_describe(step, how) for step, how in zip(edits.steps, hows, strict=False)), refused)


def _refuse(root: str, edit: Edit, why: str, merges: Merges | None) -> Finding:
    discards = "common-sync distribute --force discards it"
    if merges is not None:
        place = os.path.relpath(merges.place(edit.file), root)
        remedy = f"finish the merge in {place}, then run this again"
    elif is_foreign(edit.home):
        command = f"common-sync promote {shell_word(edit.copy.service)}"
        remedy = (
            f"{command} --to CHECKOUT takes it into one of that repository, --patch FILE into a patch; or {discards}"
        )
    else:
        remedy = f"take it over to {edit.master_file} by hand, or {discards}"
    return make_finding("CS017", edit.copy.service, edit.file, None, f"{why}, so nothing was promoted", remedy)


def _describe(step: Step, how: How) -> Promoted:
    was, now = (Counter(one.data.splitlines() if one is not None else ()) for one in (step.before, step.after))
    return Promoted(step.edit, how, added=(now - was).total(), removed=(was - now).total())


def _check_unchanged(folder: int, path: str, before: Version | None) -> None:
    """Refuse a file that is not what was read any more, None being nothing."""
    above, _, name = path.rpartition("/")
    held: Version | None = None
    with explained(path, "read it"):
        try:
            with opened(above, folder) as inside:
                held = read_version(name, inside)
        except FileNotFoundError:
            held = None
    if held != before:
        raise TreeError(Problem("has changed while common-sync ran: nothing was promoted", path, remedy="run it again"))


def write_taken(
    project: Project,
    edits: Edits,
    journal: Taken,
    folder: int,
    results: Sequence[Result],
    keep: Callable[[], str | None],
) -> str | None:
    """Write a master, once the files from before are kept and the journal says what is taken; return where they are.

    Args:
        project: The project.
        edits: The edits, taken over in memory.
        journal: The journal as it is.
        folder: The folder that the paths of the results begin at, an open descriptor.
        results: The files of the master, as they are and as they are to be.
        keep: Keeps the files from before, and returns where, or None where none is replaced.

    Raises:
        CommonSyncError: A file has changed meanwhile, and nothing was written. Or something cannot be kept or written.
    """
    for path, before, _ in results:
        _check_unchanged(folder, path, before)
    kept = keep()
    journal = _add_taken(journal, edits)
    write_journal(project.root, journal)
    for path, before, after in results:
        if after != before:
            write_version(folder, path, before, after)
    write_journal(project.root, _end_taking(project, journal))
    return kept


def _add_taken(journal: Taken, edits: Edits) -> Taken:
    """Return a journal with the edits that are about to be taken over."""
    added: dict[str, dict[str, Take]] = {copy: {**files} for copy, files in journal.items()}
    for edit, *_ in edits.steps:
        before, path = edits.masters[edit.copy.master, edit.path][0], edit.path
        take = Take(
            digest_file(path, None if before is None else make_entry(before)),
            digest_file(path, edit.operation.before),
            digest_file(path, make_entry(edits.final(edit))),
        )
        known = added.setdefault(edit.copy.path, {}).get(path)
        if edit.follows or known is None or not known.was_taken(take.theirs, take.ours):
            added[edit.copy.path][path] = take
    return added


def _end_taking(project: Project, journal: Taken) -> Taken:
    """Return a journal once the master was written: copies that are locked keep their edits, and these are done."""
    locked = list_locked(project)
    return {
        copy: {path: take._replace(done=DONE) for path, take in files.items()} if copy in locked else files
        for copy, files in journal.items()
    }


def list_locked(project: Project) -> frozenset[str]:
    """Return the paths of the copies that are held to the lock, and follow no master."""
    return frozenset(
        f"{service}/{library.copy}"
        for service in project.services
        for library in project.libraries_of(service)
        if library.ref_for(service) is not None
    )
