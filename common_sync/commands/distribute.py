"""`distribute`: bring every copy and every reference in sync."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from common_sync.commands.steps.apply import Writer, check_writable, discarded
from common_sync.commands.steps.kept import said_what_is_kept
from common_sync.commands.steps.survey import Survey, count_workers, survey
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.plan import Operation
from common_sync.core.errors import TreeError
from common_sync.core.model import FileEdit, Finding
from common_sync.core.references.kinds import is_dockerfile
from common_sync.core.service_plan import CopySurvey, FormerCopy, ServicePlan
from common_sync.edges.library.targets import NO_FILES, Tracked, Unadded, find_changes
from common_sync.edges.processes.workers import Phases, fork_map, no_progress
from common_sync.edges.project.load import Project
from common_sync.edges.state.discarded import new_set, prune_sets
from common_sync.edges.state.lock import PROMOTING, exclusive, state_folder

if TYPE_CHECKING:
    from common_sync.commands.steps.versions.locking import Locking


class CopyOutcome(NamedTuple):
    """What was done, or with `--dry-run` would be done, to one copy."""

    copy: CopySurvey  # how it stood
    done: tuple[Operation, ...] = ()  # the operations that were applied
    left: tuple[Operation, ...] = ()  # the operations that were not: somebody's own bytes, and what waits for them
    changed: bool = False  # whether anything in it was written, be it only the manifest


class Outcome(NamedTuple):
    """What was done, or with `--dry-run` would be done, to one service."""

    plan: ServicePlan  # what would have brought it in sync
    copies: tuple[CopyOutcome, ...]  # what was done to each of its copies
    changed: bool  # whether anything in it was written: files, a manifest, or references
    findings: tuple[Finding, ...]  # what is still to be said about it
    gone: tuple[FormerCopy, ...] = ()  # the former copies that were taken away

    @property
    def done(self) -> tuple[Operation, ...]:
        """The operations that were applied."""
        return tuple(operation for copy in self.copies for operation in copy.done)

    @property
    def left(self) -> tuple[Operation, ...]:
        """The operations that were not."""
        return tuple(operation for copy in self.copies for operation in copy.left)

    @property
    def in_sync(self) -> bool:
        """Whether the service is in sync now."""
        return not self.left and not any(finding.severity == "error" for finding in self.findings)


class Distribution(NamedTuple):
    """What a run of `distribute` came to."""

    survey: Survey  # what it began with
    outcomes: tuple[Outcome, ...]  # one for each service
    dry_run: bool  # whether nothing was written
    force: bool  # whether the user gave his say to discard edits
    kept: str | None  # the folder that what was discarded is kept in, or None when nothing was
    scripts: tuple[Finding, ...] = ()  # lines of scripts that make copies by hand, where a copy is new

    @property
    def in_sync(self) -> bool:
        """Whether every service is in sync now (or would be), and what belongs to none."""
        wrong = any(finding.severity == "error" for finding in self.survey.root.findings)
        return not wrong and all(outcome.in_sync for outcome in self.outcomes)

    @property
    def checkouts(self) -> dict[str, str]:
        """Where libraries of other repositories were read from for this run, by their names."""
        return {key.library: target.checkout for key, target in self.survey.targets.items() if target.checkout}

    @property
    def changed(self) -> bool:
        """Whether anything was written (or would be)."""
        return bool(self.survey.root.edits) or any(outcome.changed for outcome in self.outcomes)

    def findings(self) -> list[Finding]:
        """Return what is still to be said, in the order of the services, and of what belongs to none."""
        of_services = (finding for outcome in self.outcomes for finding in outcome.findings)
        return [*of_services, *self.survey.root.findings, *self.scripts]


class Locks(NamedTuple):
    """How a run takes the lock."""

    may_connect: bool = True  # whether other repositories are asked for what is missing here; no hook asks them
    stays: bool = False  # whether it has to be as the configuration asks for
    checkouts: Mapping[str, str] = MappingProxyType({})  # where libraries of other repositories are read from instead


ANY_LOCK = Locks()
"""What it lacks is locked."""


def _silent(_: str) -> None:
    """Say nothing."""


def distribute(
    project: Project,
    names: Sequence[str] = (),
    *,
    dry_run: bool = False,
    force: bool = False,
    contexts: bool = False,
    tracked: Tracked = None,
    unadded: Unadded = NO_FILES,
    locks: Locks = ANY_LOCK,
    say: Callable[[str], None] = _silent,
    phases: Phases = no_progress,
) -> Distribution:
    """Bring services in sync.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        dry_run: Write nothing.
        force: Overwrite and delete what was edited in a copy.
        contexts: Build images from their service's own folder that are built from one above it.
        tracked: What git tracks of each master (in a hook), or None to take what git does not know as well.
        unadded: As for `survey`.
        locks: How the lock is taken.
        say: Told when another run has to be waited for, and what a run that fails has discarded.
        phases: Told of every few services that are read, then written.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be
            written: each such service is named, and is as it was or finished by the next run.
    """
    with nullcontext() if dry_run else exclusive(state_folder(project.root), say):
        locking = _find_lock(project, locks._replace(may_connect=locks.may_connect and tracked is None))
        found = survey(
            project, names, tracked=tracked, unadded=unadded, phases=phases, locking=locking, beside=contexts
        )
        if contexts:
            from common_sync.commands.steps.builds.narrowing import narrow_contexts  # asked for once, if ever
            from common_sync.commands.steps.builds.unfinished import finish_contexts

            found = narrow_contexts(finish_contexts(found))
        return bring_in_sync(found, dry_run=dry_run, force=force, tracked=tracked, say=say, phases=phases)


def _find_lock(project: Project, locks: Locks) -> "Locking | None":
    """Return what the pins come to, resolved where the lock lacks them and may change; no hook asks another repository."""
    if not project.may_lock:
        return None
    from common_sync.commands.steps.versions.locking import (  # most projects pin nothing
        complete_lock,
        look_at_lock,
        require_lock,
    )

    if not (locks.stays or locks.checkouts):
        return complete_lock(project, may_connect=locks.may_connect)
    locking = require_lock(project) if locks.stays else look_at_lock(project)
    return locking._replace(may_connect=locks.may_connect, checkouts=locks.checkouts)


def bring_in_sync(
    found: Survey, *, dry_run: bool, force: bool, tracked: Tracked, say: Callable[[str], None], phases: Phases
) -> Distribution:
    """Apply what was planned, while the lock is held.

    Args:
        found: What was read and planned.
        dry_run: As for `distribute`, and so are the others.
        force: Overwrite and delete what was edited in a copy.
        tracked: What git tracks of each master, or None.
        say: Told what a run that fails has discarded.
        phases: Told of every few services that are written.

    Raises:
        CommonSyncError: As for `distribute`.
    """
    project, kept = found.project, None
    state = state_folder(project.root)
    if not dry_run:
        _write_down(state, found)
        kept = new_set(project.root) if force and _discards(found) else None
    with said_what_is_kept(kept, project.root, say):
        if not dry_run:
            _apply(found, tracked, force=force, kept=kept, phases=phases)
            if kept is not None:
                prune_sets(project.root)
            if os.path.lexists(os.path.join(state, PROMOTING)):
                from common_sync.commands.steps.promote.promoted import settle  # only after a `promote`

                settle(project)
        outcomes = tuple(_outcome(plan, force=force, dry_run=dry_run) for plan in found.plans)
        if tracked is None and not dry_run:  # the hook has its own words for what the commit lacks
            outcomes = _with_ignored(found, outcomes)
    scripts = _report_scripts(found) if tracked is None else ()
    return Distribution(found, outcomes, dry_run, force, kept, scripts)


def _report_scripts(found: Survey) -> tuple[Finding, ...]:
    """Return what scripts do beside it by hand; they are looked through only where a copy is new, or a Dockerfile another."""
    is_new = not all(copy.exists for plan in found.plans for copy in plan.copies)
    turned = {
        plan.service for plan in found.plans if any(is_dockerfile(os.path.basename(one.path)) for one in plan.edits)
    }
    if not is_new and not turned:
        return ()
    from common_sync.commands.steps.builds.hand_builds import report_hand_builds  # most runs do neither
    from common_sync.commands.steps.builds.hand_copies import report_hand_copies
    from common_sync.edges.detection.tree import read_tree

    tree = read_tree(found.project.root)
    return (*(report_hand_copies(found, tree) if is_new else ()), *report_hand_builds(found, tree, turned))


def _with_ignored(found: Survey, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Add what would keep new files out of a commit; git is asked only where there are any."""
    new = [one.copy for outcome in outcomes for one in outcome.copies if any(op.action == "create" for op in one.done)]
    if not new:
        return outcomes
    from common_sync.commands.steps.doctor.ignored_copies import find_ignored_copies  # most runs make no file

    ignored = find_ignored_copies(found, new)
    return tuple(one._replace(findings=(*one.findings, *ignored.get(one.plan.service, ()))) for one in outcomes)


def _write_down(state: str, found: Survey) -> None:
    """Keep what references said before they are rewritten, for `eject`."""
    # a block tells by itself what is to be taken out
    if edits := [
        edit for edit in found.edits() if edit.before is not None and not edit.managed and edit.path != LOCK_FILE
    ]:
        from common_sync.edges.state.rewritten import add_to_record  # most runs rewrite nothing

        add_to_record(state, edits)


def _discards(found: Survey) -> bool:
    copies = (copy for plan in found.plans for copy in plan.copies)
    former = (one for plan in found.plans for one in plan.former if one.goes(force=True))
    operations = (*(copy.applicable(force=True) for copy in copies), *(one.plan.operations for one in former))
    return any(True for several in operations for _ in discarded(several))


def _outcome(plan: ServicePlan, *, force: bool, dry_run: bool) -> Outcome:
    if plan.is_empty:
        return Outcome(plan, tuple(map(CopyOutcome, plan.copies)), changed=False, findings=plan.problems)
    copies = tuple(_copy_outcome(copy, force=force) for copy in plan.copies)
    gone = tuple(former for former in plan.former if former.goes(force=force))
    changed = bool(plan.edits or gone) or any(one.changed for one in copies)
    added = {} if dry_run else {edit.path: _added_lines(edit) for edit in plan.edits}
    stays = (finding for former in plan.former if former not in gone for finding in former.findings())
    return Outcome(plan, copies, changed, (*_still(plan, copies, added), *stays), gone)


def _copy_outcome(copy: CopySurvey, *, force: bool) -> CopyOutcome:
    planned = copy.plan.operations
    done = copy.applicable(force=force)
    changed = bool(done) or copy.rewrites_manifest(force=force)
    if len(done) == len(planned):
        return CopyOutcome(copy, done, changed=changed)
    applied = set(done)
    return CopyOutcome(copy, done, tuple(operation for operation in planned if operation not in applied), changed)


def _still(plan: ServicePlan, copies: Iterable[CopyOutcome], added: Mapping[str, int]) -> Iterator[Finding]:
    """Yield what is not in sync once the plan was applied; a block above a line has moved it down."""
    for one in copies:
        yield from one.copy.lacks
        yield from one.copy.findings_of(one.left)
    for finding in plan.problems:
        line = finding.line
        yield finding._replace(line=line + added.get(finding.file, 0)) if line is not None else finding


def _added_lines(edit: FileEdit) -> int:
    return (edit.after or b"").count(b"\n") - (edit.before or b"").count(b"\n")


def _apply(found: Survey, tracked: Tracked, *, force: bool, kept: str | None, phases: Phases) -> None:
    plans = [plan for plan in found.plans if not plan.is_untouched]
    if not plans and not found.root.edits and not found.root.leftover:
        return
    check_writable(found, plans)
    writer, targets = Writer(found, force=force, kept=kept), found.targets.values()
    problems = fork_map(writer.write, plans, count_workers(targets, len(plans)), phases("writing", len(plans)))
    problems.append(writer.write_root(found.root))
    problems += (find_changes(target, found.project.root, tracked) for target in targets)
    if any(problems):
        raise TreeError(*(problem for several in problems for problem in several))
