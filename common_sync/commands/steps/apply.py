"""Apply plans: the one place that writes what `distribute` and the hook have planned."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.manifest import format_manifest, make_manifest
from common_sync.core.copies.plan import Operation
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import GUARDED, Entry, FileEdit
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.service_plan import CopySurvey, FormerCopy, ServicePlan
from common_sync.edges.files.folders import FOLDER, explain_os_error, opened, remove_tree
from common_sync.edges.files.reading import STAGING, TEMPORARY
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.files.writing import lay_out, remove_copy, replace_bytes, stage_copy, update_copy
from common_sync.edges.library.targets import Target
from common_sync.edges.service.blocks import Managed
from common_sync.edges.state.discarded import keep_files


def check_writable(found: Survey, plans: Sequence[ServicePlan]) -> None:
    """Refuse before anything is written when a service, or the root, cannot be written at all.

    Raises:
        TreeError: Some cannot be written.
    """
    problems = []
    wanted = [
        [plan.service, *(copy.path for copy in plan.copies if copy.exists), *(copy.path for copy in plan.former)]
        for plan in plans
    ]
    for places in [*wanted, *([["."]] if found.root.edits else [])]:
        closed = [
            place for place in places if not os.access(os.path.join(found.project.root, place), os.W_OK | os.X_OK)
        ]
        if closed:
            remedy = "make it writable, or name the other services on the command line"
            problems.append(Problem("cannot be written: nothing was changed anywhere", closed[0], remedy=remedy))
    if problems:
        raise TreeError(*problems)


class Writer:
    """Applies the plans of services, each by itself; it is what the worker processes run.

    Args:
        found: What was read and planned.
        force: Whether edits are discarded.
        kept: The folder that what is discarded is kept in, or None.
    """

    def __init__(self, found: Survey, *, force: bool, kept: str | None) -> None:
        self._root = os.open(found.project.root, FOLDER)  # closed with the process
        self._targets, self._force, self._kept = found.targets, force, kept
        self._layouts = {key: lay_out(target.snapshot.entries) for key, target in found.targets.items()}

    def write(self, plan: ServicePlan) -> tuple[Problem, ...]:
        """Apply the plan of one service; return what went wrong."""
        return attempt(lambda: self._write(plan), plan.service)

    def _write(self, plan: ServicePlan) -> None:
        with opened(plan.service, self._root) as service:
            for copy in plan.copies:
                self._write_copy(service, copy)
            self._write_files(service, plan.edits, leftover=plan.leftover)
            for former in plan.former:
                self._remove(service, former)

    def _remove(self, service: int, former: FormerCopy) -> None:
        """Take a former copy away, once the new one is there and what led to the old one is turned."""
        if former.goes(force=self._force):
            operations = former.plan.operations
            if self._kept is not None:
                with opened(former.place, service) as folder:
                    keep_files(self._kept, former.path, folder, discarded(operations))
            remove_copy(service, former.place, operations, former.plan.caches, former.path)

    def _write_files(self, folder: int, edits: Iterable[FileEdit], *, leftover: bool) -> None:
        if leftover:
            remove_tree(TEMPORARY, folder)
        for edit in edits:
            write_edit(self._root, edit)

    def write_root(self, root: Managed) -> tuple[Problem, ...]:
        """Write what belongs to no service; return what went wrong."""
        return attempt(lambda: self._write_files(self._root, root.edits, leftover=root.leftover), ".")

    def _write_copy(self, service: int, copy: CopySurvey) -> None:
        target = self._targets[copy.target]
        if not copy.known:
            return
        if not copy.exists:
            layout = self._layouts[copy.target]
            stage_copy(service, copy.place, layout, target.content, target.manifest_bytes, copy.path)
            return
        if copy.leftover:
            with opened(copy.place.rpartition("/")[0], service) as above:
                remove_tree(STAGING, above)
        if copy.plan.is_empty and not copy.plan.caches:
            return
        with opened(copy.place, service) as folder:
            operations = copy.applicable(force=self._force)
            if self._kept is not None:
                keep_files(self._kept, copy.path, folder, discarded(operations))
            if copy.plan.settled is not None:
                replace_bytes(folder, MANIFEST_NAME, format_manifest(copy.plan.settled))
            manifest = self._manifest(copy, target)
            update_copy(folder, operations, copy.plan.caches, target.content, manifest, copy.path)

    def _manifest(self, copy: CopySurvey, target: Target) -> bytes:
        files = copy.files_after(target.snapshot.entries, force=self._force)
        if files is target.snapshot.entries:
            return target.manifest_bytes
        return format_manifest(make_manifest(target.manifest.library, files))


def attempt(write: Callable[[], None], where: str) -> tuple[Problem, ...]:
    """Write to a service; return what went wrong."""
    try:
        write()
    except CommonSyncError as error:
        return error.problems
    except OSError as error:
        return explain_os_error(error, where, "write the service").problems
    return ()


def discarded(operations: Sequence[Operation]) -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of everything that operations would discard of somebody's own bytes."""
    for operation in operations:
        if operation.state in GUARDED and operation.before is not None:
            yield operation.path, operation.before
