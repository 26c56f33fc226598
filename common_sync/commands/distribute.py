"""`distribute`: bring every copy and every reference in sync."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from common_sync.commands.survey import ServicePlan, Survey, count_workers, survey
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.findings import drift_findings
from common_sync.core.manifest import NAME as MANIFEST_NAME
from common_sync.core.manifest import format_manifest, make_manifest
from common_sync.core.model import GUARDED, Entry, Finding
from common_sync.core.plan import Operation
from common_sync.edges.folders import FOLDER, explain_os_error, open_below, opened, remove_tree
from common_sync.edges.keeping import keep_files, list_kept, new_set, prune_sets, restore_command
from common_sync.edges.lock import exclusive, state_folder
from common_sync.edges.master import find_changes
from common_sync.edges.project import Project
from common_sync.edges.reading import STAGING
from common_sync.edges.source import Source
from common_sync.edges.workers import Phases, fork_map, no_progress
from common_sync.edges.writing import (
    Layout,
    lay_out,
    replace_bytes,
    replace_users_file,
    stage_copy,
    update_copy,
)


class Outcome(NamedTuple):
    """What was done, or with `--dry-run` would be done, to one service.

    Attributes:
        plan: What would have brought it in sync.
        done: The operations that were applied.
        left: The operations that were not: somebody's own bytes, and what waits for them.
        changed: Whether anything in it was written: files, the manifest, or references.
        findings: What is still to be said about it.
    """

    plan: ServicePlan
    done: tuple[Operation, ...]
    left: tuple[Operation, ...]
    changed: bool
    findings: tuple[Finding, ...]

    @property
    def in_sync(self) -> bool:
        """Whether the service is in sync now."""
        return not self.left and not any(finding.severity == "error" for finding in self.findings)


class Distribution(NamedTuple):
    """What a run of `distribute` came to.

    Attributes:
        survey: What it began with.
        outcomes: One for each service.
        dry_run: Whether nothing was written.
        force: Whether the user gave his say to discard edits.
        kept: The folder that what was discarded is kept in, or None when nothing was.
    """

    survey: Survey
    outcomes: tuple[Outcome, ...]
    dry_run: bool
    force: bool
    kept: str | None

    @property
    def in_sync(self) -> bool:
        """Whether every service is in sync now (or would be)."""
        return all(outcome.in_sync for outcome in self.outcomes)

    @property
    def changed(self) -> bool:
        """Whether anything was written (or would be)."""
        return any(outcome.changed for outcome in self.outcomes)

    def findings(self) -> list[Finding]:
        """Return what is still to be said, in the order of the services."""
        return [finding for outcome in self.outcomes for finding in outcome.findings]


def _silent(_: str) -> None:
    """Say nothing."""


def distribute(
    project: Project,
    names: Sequence[str] = (),
    *,
    dry_run: bool = False,
    force: bool = False,
    contexts: bool = False,
    tracked: Sequence[str] | None = None,
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
        tracked: What git tracks of the master (in a hook), or None to take what git does not know as well.
        say: Told when another run has to be waited for, and what a run that fails has discarded.
        phases: Told of every few services that are read, then written.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be
            written: each such service is named, and is as it was or finished by the next run.
    """
    state = state_folder(project.root)
    kept = None
    with nullcontext() if dry_run else exclusive(state, say):
        found = survey(project, names, tracked=tracked, phases=phases)
        if contexts:
            from common_sync.commands.contexts import narrow_contexts  # asked for once, if ever

            found = narrow_contexts(found)
        if not dry_run:
            _write_down(state, found)
            kept = new_set(state) if force and _discards(found) else None
            with _said_what_is_kept(kept, project.root, say):
                _apply(found, tracked, force=force, kept=kept, phases=phases)
                if kept is not None:
                    prune_sets(state)
        outcomes = tuple(_outcome(plan, found.project.master, force=force) for plan in found.plans)
    return Distribution(found, outcomes, dry_run, force, kept)


def _write_down(state: str, found: Survey) -> None:
    """Keep what references said before they are rewritten, for `eject`."""
    edits = [(f"{plan.service}/{edit.path}", edit.before, edit.after) for plan in found.plans for edit in plan.edits]
    edits += found.root_edits
    if edits:
        from common_sync.edges.record import add_to_record  # most runs rewrite nothing

        add_to_record(state, edits)


def _discards(found: Survey) -> bool:
    return any(True for plan in found.plans for _ in discarded(plan.copy.applicable(force=True)))


@contextmanager
def _said_what_is_kept(kept: str | None, root: str, say: Callable[[str], None]) -> Iterator[None]:
    """Name what a run has discarded even when it fails, or is interrupted."""
    try:
        yield
    except BaseException:
        files = list_kept(kept) if kept is not None else []
        for file in files:
            say(f"{file}: discarded, or about to be")
        if kept is not None and files:
            say(f"it is kept; this brings it back: {restore_command(kept, root)}")
        raise


def _outcome(plan: ServicePlan, master: str, *, force: bool) -> Outcome:
    if plan.is_empty:
        return Outcome(plan, (), (), changed=False, findings=plan.problems)
    done = plan.copy.applicable(force=force) if plan.exists else plan.copy.operations
    left: tuple[Operation, ...] = ()
    if len(done) < len(plan.copy.operations):
        applied = set(done)
        left = tuple(operation for operation in plan.copy.operations if operation not in applied)
    changed = bool(done or plan.edits or plan.copy.rewrites_manifest(force=force))
    return Outcome(plan, done, left, changed, tuple(_still(plan, left, master)))


def _still(plan: ServicePlan, left: tuple[Operation, ...], master: str) -> Iterator[Finding]:
    """Yield what is not in sync once the plan was applied."""
    rest = plan.copy._replace(state="current", operations=left, behind=False)
    yield from drift_findings(rest, plan.service, plan.copy_path, master)
    yield from plan.problems


def _apply(found: Survey, tracked: Sequence[str] | None, *, force: bool, kept: str | None, phases: Phases) -> None:
    plans = [plan for plan in found.plans if not plan.is_empty or plan.copy.caches or plan.leftover]
    if not plans:
        return
    _check_writable(found.project, plans)
    writer = _Writer(found, force=force, kept=kept)
    problems = fork_map(writer.write, plans, count_workers(found.master, len(plans)), phases("writing", len(plans)))
    problems.append(_write_root(found))
    problems.append(find_changes(found.master, found.project.root, found.project.rules, tracked))
    if any(problems):
        raise TreeError(*(problem for several in problems for problem in several))


def _write_root(found: Survey) -> tuple[Problem, ...]:
    """Rewrite the files at the root; return what went wrong."""
    try:
        with opened(found.project.root) as root:
            for edit in found.root_edits:
                replace_users_file(root, edit.path, edit.before, edit.after, edit.path)
    except CommonSyncError as error:
        return error.problems
    return ()


def _check_writable(project: Project, plans: Sequence[ServicePlan]) -> None:
    """Refuse before anything is written when a service cannot be written at all."""
    problems = []
    for plan in plans:
        places = [plan.service, plan.copy_path] if plan.exists else [plan.service]
        closed = [place for place in places if not os.access(os.path.join(project.root, place), os.W_OK | os.X_OK)]
        if closed:
            remedy = "make it writable, or name the other services on the command line"
            problems.append(Problem("cannot be written: nothing was changed anywhere", closed[0], remedy=remedy))
    if problems:
        raise TreeError(*problems)


class _Writer:
    """Applies the plans of services, each by itself; it is what the worker processes run."""

    def __init__(self, found: Survey, *, force: bool, kept: str | None) -> None:
        self._root = os.open(found.project.root, FOLDER)  # closed with the process
        self._copy, self._force, self._kept = found.project.copy, force, kept
        self._master = found.master
        self._source = Source(found.master.path, found.master.held)
        self._layout: Layout = lay_out(found.master.snapshot.entries)

    def write(self, plan: ServicePlan) -> tuple[Problem, ...]:
        """Apply the plan of one service; return what went wrong."""
        try:
            with opened(plan.service, self._root) as service:
                self._write_copy(service, plan)
                for edit in plan.edits:
                    where = f"{plan.service}/{edit.path}"
                    replace_users_file(service, edit.path, edit.before, edit.after, where)
        except CommonSyncError as error:
            return error.problems
        except OSError as error:
            return explain_os_error(error, plan.service, "write the service").problems
        return ()

    def _write_copy(self, service: int, plan: ServicePlan) -> None:
        where = plan.copy_path
        if not plan.exists:
            stage_copy(service, self._copy, self._layout, self._source, self._master.manifest_bytes, where)
            return
        if plan.leftover:
            with opened(self._copy.rpartition("/")[0], service) as above:
                remove_tree(STAGING, above)
        if plan.copy.is_empty and not plan.copy.caches:
            return
        folder = open_below(service, self._copy)
        try:
            operations = plan.copy.applicable(force=self._force)
            if self._kept is not None:
                keep_files(self._kept, where, folder, discarded(operations))
            if plan.copy.settled is not None:
                replace_bytes(folder, MANIFEST_NAME, format_manifest(plan.copy.settled))
            update_copy(folder, operations, plan.copy.caches, self._source, self._manifest(plan), where)
        finally:
            os.close(folder)

    def _manifest(self, plan: ServicePlan) -> bytes:
        files = plan.copy.files_after(self._master.snapshot.entries, force=self._force)
        if files is self._master.snapshot.entries:
            return self._master.manifest_bytes
        return format_manifest(make_manifest(self._master.manifest.library, files))


def discarded(operations: Sequence[Operation]) -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of everything that operations would discard of somebody's own bytes.

    Args:
        operations: What is to be applied.
    """
    for operation in operations:
        if operation.state in GUARDED and operation.before is not None:
            yield operation.path, operation.before
