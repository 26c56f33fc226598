"""`eject`: put every reference back as it was and, where that is asked for, remove the copies."""

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from common_sync.commands.steps.apply import attempt, discarded
from common_sync.commands.steps.eject.former_masters import list_former_masters
from common_sync.commands.steps.eject.putting_back import GONE, restore_file
from common_sync.commands.steps.eject.widening import widen
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.copies.library import Library
from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.errors import TreeError
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.model import FileEdit, Finding
from common_sync.core.paths import is_below
from common_sync.core.references.kinds import kind_of
from common_sync.core.references.undoing import put_back
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.files.writing import remove_copy
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.copies import read_removal
from common_sync.edges.project.libraries import select_libraries, select_library
from common_sync.edges.project.load import Project
from common_sync.edges.service.blocks import unblock_attributes, unblock_dockerignore
from common_sync.edges.state.discarded import keep_files, new_set, prune_sets
from common_sync.edges.state.lock import exclusive, state_folder
from common_sync.edges.state.rewritten import Record, recall, take_out


class Removal(NamedTuple):
    """What takes a copy away."""

    copy: CopySurvey  # how the copy stands
    plan: CopyPlan  # the plan for a master without files
    stays: tuple[str, ...]  # what is in the copy's folder, is none of the copy's, and stays there


class Ejected(NamedTuple):
    """What was done, or with `--dry-run` would be done, to one service."""

    service: str  # the service's path from the root; `.` for the files at the root themselves
    copies: tuple[str, ...]  # the paths of its copies from the root
    edits: tuple[FileEdit, ...]  # the files in which references are put back
    unblocked: tuple[FileEdit, ...]  # the files that a managed block is taken out of
    removals: tuple[Removal, ...]  # what takes its copies away; nothing of those that stay
    findings: tuple[Finding, ...]  # what was left, and needs a person
    rewritten: Record = MappingProxyType({})  # of the files, what is rewritten in them still, for other libraries


class Ejection(NamedTuple):
    """What a run of `eject` came to."""

    root: str  # the absolute path of the configuration's folder
    services: tuple[Ejected, ...]  # one for each service
    unblocked: tuple[FileEdit, ...]  # the root's own files that a managed block is taken out of, or lines of one
    dry_run: bool  # whether nothing was written
    kept: str | None  # the folder that discarded edits are kept in, or None when nothing was discarded
    hooks: str | None = None  # the path from the root of the file that has pre-commit run common-sync; None for none

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for is done."""
        return not any(one.severity == "error" for one in self.findings())

    def findings(self) -> list[Finding]:
        """Return what was left, in the order of the services."""
        return [finding for ejected in self.services for finding in ejected.findings]


def eject(
    project: Project,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    library: str | None = None,
    copies: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Ejection:
    """Put references back, and remove copies.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        say: Told when another run has to be waited for.
        library: The library that is ejected, where there are several; None for all.
        copies: Remove the copies as well.
        force: Remove a copy that was edited, too.
        dry_run: Write nothing.

    Raises:
        CommonSyncError: Something is wrong with what was found; nothing was written. Or something could not be written.
    """
    state = state_folder(project.root)
    with nullcontext() if dry_run else exclusive(state, say):
        record = recall(state, project.root)
        meant = None if library is None else select_libraries(project, [library])[0]
        found = survey(project, names, beside=True)
        plans = _select(project, found.plans, meant, names)
        former = list_former_masters(project)
        services = tuple(_plan(project, plan, meant, record, former, copies=copies, force=force) for plan in plans)
        gone = {copy.path for plan in plans for copy in plan.copies if copies and not copy.exists}
        gone.update(removal.copy.path for one in services for removal in one.removals)
        attributes = unblock_attributes(project.root, gone)
        unblocked = () if attributes is None else (attributes,)
        services += () if names or meant is not None else _plan_root(project, record)
        services = _widen(found, plans, services, record)
        kept = None
        if not dry_run:
            discards = (
                edit for one in services for removal in one.removals for edit in discarded(removal.plan.operations)
            )
            kept = new_set(project.root) if any(True for _ in discards) else None
            _apply(project, services, unblocked, kept)
            rewritten = {file: hunks for one in services for file, hunks in one.rewritten.items()}
            take_out(state, record, {edit: rewritten.get(edit.path, []) for one in services for edit in one.edits})
            if kept is not None:
                prune_sets(project.root)
    return Ejection(project.root, services, unblocked, dry_run, kept, _find_hooks(project.root))


def _find_hooks(root: str) -> str | None:
    """Return the path of the configuration of pre-commit where that names a hook of common-sync."""
    for folder in dict.fromkeys((root, find_top(root) or root)):
        path = os.path.join(folder, ".pre-commit-config.yaml")
        with suppress(OSError), open(path, "rb") as stream:
            if _HOOK.search(stream.read().decode("utf-8", "replace")):
                return os.path.relpath(path, root)
    return None


_HOOK = expression(r"(?m)^[ \t-]*\bid:[ \t]*[\"']?common-sync")


def _widen(
    found: Survey, plans: Sequence[ServicePlan], services: Sequence[Ejected], record: Record
) -> tuple[Ejected, ...]:
    """Put back Dockerfiles together with the build contexts that stand in other files."""
    edits = {edit.path: edit for one in services for edit in one.edits}
    own, root = services[: len(plans)], services[len(plans) :]
    told = [_widen_service(found, plan, one, edits, record) for plan, one in zip(plans, own, strict=True)]
    changed = {path: edit for path, edit in edits.items() if edit.before != edit.after}
    widened = [one._replace(edits=_take(changed, one.service)) for one in told]
    rest = tuple(changed.values())
    if rest and not root:
        root = (Ejected(".", (".",), (), (), (), ()),)
    return (*widened, *(one._replace(edits=rest) for one in root))


def _widen_service(
    found: Survey, plan: ServicePlan, one: Ejected, edits: dict[str, FileEdit], record: Record
) -> Ejected:
    """Add to the edits what puts a service's images back; return it with what is left to a person."""
    findings, rewritten = list(one.findings), dict(one.rewritten)
    for file in _list_dockerfiles(plan, one):
        widened = widen(found, plan, file, {path: edit.after or b"" for path, edit in edits.items()}, record)
        for edit in widened.edits:
            edits[edit.path] = edits.get(edit.path, edit)._replace(after=edit.after)
        rewritten |= widened.rewritten
        lines = {reference.line for reference in widened.left}
        findings = [
            finding
            for finding in findings
            if finding.code not in _LEADING or finding.file != file or finding.line in lines
        ]
        findings += widened.findings
    return one._replace(findings=tuple(findings), rewritten=rewritten)


def _take(edits: dict[str, FileEdit], service: str) -> tuple[FileEdit, ...]:
    """Take the edits of a service's own files out of all of them."""
    return tuple(edits.pop(path) for path in sorted(edits) if is_below(path, service))


_LEADING = frozenset(("CS117", "CS118"))


def _list_dockerfiles(plan: ServicePlan, one: Ejected) -> list[str]:
    """Return the Dockerfiles of a service that lead to the copy, or did so."""
    meant = {copy.target.library for copy in plan.copies}
    found = (reference for reference in plan.references if reference.library in meant)
    leading = {reference.file for reference in found if reference.state == "points-at-copy"}
    files = sorted(leading.union(edit.path for edit in one.edits))
    return [file for file in files if kind_of(file.removeprefix(f"{plan.service}/")) == "dockerfile"]


def _select(
    project: Project, plans: Sequence[ServicePlan], library: Library | None, names: Sequence[str]
) -> Sequence[ServicePlan]:
    """Return the plans of the services that get a library, each with that copy alone."""
    if library is None:
        return plans
    for plan in plans if names else ():
        select_library(project, plan.service, library.name)
    taking = (plan for plan in plans if library.takes(plan.service))
    return [
        plan._replace(copies=tuple(copy for copy in plan.copies if copy.target.library == library.name))
        for plan in taking
    ]


def _plan(
    project: Project,
    plan: ServicePlan,
    library: Library | None,
    record: Record,
    former: Sequence[Library],
    *,
    copies: bool,
    force: bool,
) -> Ejected:
    files = _files(plan, library, record, project.services)
    restored = {file: restore_file(project, plan, library, file, record.get(file), former) for file in files}
    findings = [finding for one in restored.values() for finding in one.findings]
    removals = []
    for copy in plan.copies if copies else ():
        removal, left = _plan_removal(project, copy, force=force)
        findings += left
        removals += [removal] if removal is not None else []
    edits = tuple(one.edit for one in restored.values() if one.edit is not None)
    findings += (one for one in plan.problems if library is None and one.code == "CS116")  # a block that is torn stays
    block = unblock_dockerignore(project.root, plan.service) if library is None else None  # the others need it
    unblocked = () if block is None else (block,)
    paths = tuple(copy.path for copy in plan.copies)
    rewritten = {file: [*one.left] for file, one in restored.items()}
    return Ejected(plan.service, paths, edits, unblocked, tuple(removals), tuple(findings), rewritten)


def _files(plan: ServicePlan, library: Library | None, record: Record, services: Sequence[str]) -> list[str]:
    """Return the files in which there may be something to put back."""
    found = (one for one in plan.references if library is None or one.library == library.name)
    pointing = {reference.file for reference in found if reference.state == "points-at-copy"}
    return sorted(pointing.union(file for file in record if _holder(file, services) == plan.service))


def _holder(file: str, services: Sequence[str]) -> str | None:
    """Return the service that a file belongs to: the innermost of those whose folder it is in."""
    return max((service for service in services if file.startswith(f"{service}/")), key=len, default=None)


def _plan_root(project: Project, record: Record) -> tuple[Ejected, ...]:
    """Put back the files at the root, which several services share."""
    edits = []
    for file in (file for file in record if _holder(file, project.services) is None):
        with suppress(*GONE), open(os.path.join(project.root, file), "rb") as stream:
            before = stream.read()
            edits.append(FileEdit(file, before, os.fsencode(put_back(os.fsdecode(before), record[file]))))
    return (Ejected(".", (".",), tuple(edits), (), (), ()),) if edits else ()


def _report_edited(copy: CopySurvey, operation: Operation) -> Finding:
    file, remedy = f"{copy.path}/{operation.path}", "take it over to the master, or add --force, which discards it"
    code = "CS005" if operation.state == "extra" else "CS003"
    return make_finding(code, copy.service, file, None, "is not what the manifest says, so the copy stays", remedy)


def _plan_removal(project: Project, copy: CopySurvey, *, force: bool) -> tuple[Removal | None, list[Finding]]:
    """Return what takes a copy away, or why it stays.

    A copy without a manifest stays: nobody knows whose files they are.
    """
    if not copy.exists:
        return None, []
    try:
        with opened(project.root) as root, opened(copy.service, root) as folder:
            removal = read_removal(folder, copy.place, copy.path)
    except OSError as error:
        raise explain_os_error(error, copy.path, "read the copy") from error
    if removal is None:
        message, remedy = "has no manifest, so it is left alone", "remove it by hand"
        return None, [make_finding("CS006", copy.service, copy.path, None, message, remedy)]
    held, plan = removal
    edited = [operation for operation in plan.operations if operation.guarded]
    if edited and not force:
        return None, [_report_edited(copy, operation) for operation in edited]
    return Removal(copy, plan, held.ignored), []


def _apply(project: Project, services: Sequence[Ejected], unblocked: Sequence[FileEdit], kept: str | None) -> None:
    with opened(project.root) as root:
        problems = [attempt(partial(_write, root, one, kept), one.service) for one in services]
        blocks = (*(block for one in services for block in one.unblocked), *unblocked)
        problems += (attempt(partial(write_edit, root, block), block.path) for block in blocks)
    if any(problems):
        raise TreeError(*(problem for several in problems for problem in several))


def _write(root: int, one: Ejected, kept: str | None) -> None:
    with opened(one.service, root) as service:
        for edit in one.edits:
            write_edit(root, edit)
        for copy, plan, _ in one.removals:
            if kept is not None:
                with opened(copy.place, service) as folder:
                    keep_files(kept, copy.path, folder, discarded(plan.operations))
            remove_copy(service, copy.place, plan.operations, plan.caches, copy.path)
