"""Read everything once and plan: what every command that looks at copies begins with."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.drift import drift_findings
from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.findings import managed_finding, missing_copy, reference_findings
from common_sync.core.model import Entries, FileEdit, Finding, Reference, Snapshot
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.copies import has_leftover, read_announced, read_copy
from common_sync.edges.library.master import Master, read_master
from common_sync.edges.processes.workers import Phases, fork_map, no_progress, processors
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.service.blocks import Dockerignores, Managed, look_at_attributes
from common_sync.edges.service.compose import ComposeFiles, Widened
from common_sync.edges.service.places import Library, find_library
from common_sync.edges.service.references import read_references

if TYPE_CHECKING:
    from common_sync.edges.git.former import FormerStates

_MANY_FILES = 1500
_MANY_BYTES = 16 << 20


class ServicePlan(NamedTuple):
    """What would bring one service in sync: it is in sync when this is empty, and nothing else says so.

    Attributes:
        service: The service's path from the root.
        copy_path: The copy's path from the root.
        copy: The plan for the copy.
        edits: The service's own files to rewrite.
        references: What points at the library.
        problems: Findings that no plan can mend.
        exists: Whether there is a folder for the copy.
        files: How many files the copy holds.
        digest: The tree digest of what the copy holds, or None when there is no copy.
        version: The version that its manifest states.
        leftover: Whether a killed run left something beside it: a staged copy, or a file of the service's.
        blocks: Its own files that a managed block is kept in, in sync or not; paths from the root.
        widened: The Dockerfiles that take the library from the master by another build context than the service's folder.
    """

    service: str
    copy_path: str
    copy: CopyPlan
    edits: tuple[FileEdit, ...]
    references: tuple[Reference, ...]
    problems: tuple[Finding, ...]
    exists: bool
    files: int
    digest: str | None
    version: str | None
    leftover: bool
    blocks: tuple[str, ...] = ()
    widened: tuple[Widened, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the service is in sync; a warning is no drift."""
        return self.copy.is_empty and not self.edits and not any(one.severity == "error" for one in self.problems)

    def findings(self, master: str) -> list[Finding]:
        """Return a finding for everything that is not in sync, and the warnings.

        Args:
            master: The master's path from the root.
        """
        drift = (
            drift_findings(self.copy, self.service, self.copy_path, master)
            if self.exists
            else [missing_copy(self.service, self.copy_path, len(self.copy.operations))]
        )
        return [
            *drift,
            *reference_findings(self.service, self.references),
            *_block_findings(self.service, self.edits),
            *self.problems,
        ]


def _block_findings(service: str, edits: Sequence[FileEdit]) -> Iterator[Finding]:
    """Yield a finding for each managed block that is to be written."""
    for edit in edits:
        if edit.managed:
            yield managed_finding(service, edit.path, exists=edit.before is not None)


class Survey(NamedTuple):
    """A project, its master and the plan of each service that was asked for.

    Attributes:
        project: The project.
        master: The master.
        plans: One for each service.
        root: What is to be done about the root's own files.
        composes: The compose files that tell how services are built.
    """

    project: Project
    master: Master
    plans: tuple[ServicePlan, ...]
    root: Managed
    composes: ComposeFiles

    @property
    def in_sync(self) -> bool:
        """Whether every plan is empty, and the root's."""
        return self.root.is_empty and all(plan.is_empty for plan in self.plans)

    def edits(self) -> Iterator[FileEdit]:
        """Yield what is to be done to files that people write."""
        for plan in self.plans:
            yield from plan.edits
        yield from self.root.edits

    def findings(self) -> list[Finding]:
        """Return the findings of all services, in the order of the services, and those of the root."""
        found = [finding for plan in self.plans for finding in plan.findings(self.project.master)]
        return [*found, *_block_findings("", self.root.edits), *self.root.findings]


def survey(
    project: Project,
    names: Sequence[str] = (),
    *,
    tracked: Sequence[str] | None = None,
    phases: Phases = no_progress,
) -> Survey:
    """Read the master once and every copy once, and plan.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        tracked: What git tracks of the master (in a hook), or None to take what git does not know as well.
        phases: Told of every few services that are read.

    Raises:
        CommonSyncError: Something cannot be read or makes no sense; everything of that kind is reported at once.
    """
    services = select_services(project, names)
    master = read_master(project.root, project.master, project.rules, tracked=tracked)
    composes = ComposeFiles(project.root)
    library = find_library(project.root, project.copy, project.master)
    looking = _Looking(library, _dockerignores(project, master), composes, cache(lambda: _former_states(master)))

    def look(service: str) -> ServicePlan | tuple[Problem, ...]:
        try:
            return survey_service(project, master, service, looking)
        except CommonSyncError as error:
            return error.problems

    found = fork_map(look, services, count_workers(master, len(services)), phases("reading", len(services)))
    problems = [problem for one in found if not isinstance(one, ServicePlan) for problem in one]
    if problems:
        raise TreeError(*problems)
    plans = [one for one in found if isinstance(one, ServicePlan)]
    root = survey_root(project, services)
    return Survey(project, master, tuple(_with_first_plan(plan, master) for plan in plans), root, composes)


def _dockerignores(project: Project, master: Master) -> Dockerignores:
    files = (*master.snapshot.entries, MANIFEST_NAME)
    return Dockerignores(project.root, project.copy, files, managed="dockerignore" in project.configuration.managed)


def _former_states(master: Master) -> "FormerStates":
    from common_sync.edges.git.former import FormerStates  # only where a copy has no manifest

    return FormerStates(master.path)


def survey_root(project: Project, services: Sequence[str]) -> Managed:
    """Return what is to be done about the root's own files, for some services.

    Args:
        project: The project.
        services: Their paths from the root.

    Raises:
        CommonSyncError: A file cannot be read.
    """
    if "gitattributes" not in project.configuration.managed or find_top(project.root) is None:
        return Managed()
    return look_at_attributes(project.root, project.copy, services, project.services)


def _with_first_plan(plan: ServicePlan, master: Master) -> ServicePlan:
    return plan if plan.exists else plan._replace(copy=master.first_plan)


def count_workers(master: Master, services: int) -> int:
    """Return how many processes are worth starting: forking costs as much as reading a few hundred files.

    Args:
        master: The master.
        services: How many services there are.
    """
    many = services * len(master.snapshot.entries) > _MANY_FILES or services * master.snapshot.size > _MANY_BYTES
    return min(processors(), services) if many else 1


class _Looking(NamedTuple):
    """What every service is looked at with.

    Attributes:
        library: Where the library lies.
        ignores: Looks at its ignore files.
        composes: The compose files that tell how services are built.
        former: What the master once held.
    """

    library: Library
    ignores: Dockerignores
    composes: ComposeFiles
    former: Callable[[], "FormerStates"]


def survey_service(project: Project, master: Master, service: str, looking: _Looking) -> ServicePlan:
    """Return the plan of one service; where there is no copy yet, `copy` is left for the caller to fill in.

    Args:
        project: The project.
        master: The master.
        service: The service's path from the root.
        looking: What every service is looked at with.

    Raises:
        CommonSyncError: Its copy, its manifest or a file of its own cannot be used.
    """
    copy_path = f"{service}/{project.copy}"
    try:
        with opened(project.root) as root, opened(service, root) as folder:
            copy, base = read_copy(folder, project.copy, copy_path, master)
            announced = read_announced(folder, project.copy, copy)
            leftover = has_leftover(folder, project.copy)
        files = master.snapshot.entries
        found = read_references(looking.library, service, files, project.services, looking.composes)
        managed = looking.ignores.look_at(service, found.dockerfiles)
        former = (
            looking.former().select(_differing(copy, files), os.path.join(project.root, copy_path))
            if base is None
            else ()
        )
    except OSError as error:
        raise explain_os_error(error, service, "read the service") from error
    plan = build_plan(master.manifest, base, copy, announced, former) if copy is not None else _NOT_PLANNED
    return ServicePlan(
        service,
        copy_path,
        plan,
        (*found.edits, *managed.edits),
        found.references,
        (*found.findings, *managed.findings),
        exists=copy is not None,
        files=len(copy.entries) if copy is not None else 0,
        digest=_digest(copy, master),
        version=base.library.version if base is not None else None,
        leftover=leftover,
        blocks=managed.blocks,
        widened=found.widened,
    )


_NOT_PLANNED = CopyPlan("missing", (), {}, touched=False, behind=True, catches_up=True)


def _differing(copy: Snapshot | None, master: Entries) -> Entries:
    """Return what a copy holds that the master does not have now."""
    entries = copy.entries if copy is not None else {}
    return {path: entry for path, entry in entries.items() if master.get(path) != entry}


def _digest(copy: Snapshot | None, master: Master) -> str | None:
    if copy is None:
        return None
    return master.manifest.tree if copy.entries == master.snapshot.entries else digest_tree(copy.entries)
