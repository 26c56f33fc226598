"""Apply plans: the one place that writes what `distribute` and the hook have planned."""

import os
from collections.abc import Iterator, Sequence

from common_sync.commands.steps.survey import ServicePlan, Survey
from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.copies.manifest import format_manifest, make_manifest
from common_sync.core.copies.plan import Operation
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import GUARDED, Entry
from common_sync.edges.files.folders import FOLDER, explain_os_error, open_below, opened, remove_tree
from common_sync.edges.files.reading import STAGING, TEMPORARY
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.files.source import Source
from common_sync.edges.files.writing import Layout, lay_out, replace_bytes, stage_copy, update_copy
from common_sync.edges.service.blocks import Managed
from common_sync.edges.state.discarded import keep_files


def check_writable(found: Survey, plans: Sequence[ServicePlan]) -> None:
    """Refuse before anything is written when a service, or the root, cannot be written at all.

    Args:
        found: What was read and planned.
        plans: The services that are to be written.

    Raises:
        TreeError: Some cannot be written.
    """
    problems = []
    wanted = [[plan.service, plan.copy_path] if plan.exists else [plan.service] for plan in plans]
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
        self._copy, self._force, self._kept = found.project.copy, force, kept
        self._master = found.master
        self._source = Source(found.master.path, found.master.held)
        self._layout: Layout = lay_out(found.master.snapshot.entries)

    def write(self, plan: ServicePlan) -> tuple[Problem, ...]:
        """Apply the plan of one service; return what went wrong.

        Args:
            plan: The plan.
        """
        try:
            with opened(plan.service, self._root) as service:
                self._write_copy(service, plan)
                if plan.leftover:
                    remove_tree(TEMPORARY, service)
                for edit in plan.edits:
                    write_edit(self._root, edit)
        except CommonSyncError as error:
            return error.problems
        except OSError as error:
            return explain_os_error(error, plan.service, "write the service").problems
        return ()

    def write_root(self, root: Managed) -> tuple[Problem, ...]:
        """Write what belongs to no service; return what went wrong.

        Args:
            root: What is to be done.
        """
        try:
            if root.leftover:
                remove_tree(TEMPORARY, self._root)
            for edit in root.edits:
                write_edit(self._root, edit)
        except CommonSyncError as error:
            return error.problems
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
