"""Read everything once and plan: what every command that looks at copies begins with."""

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import ELOOP
from stat import S_ISLNK
from typing import NamedTuple

from common_sync.core.digest import digest_tree
from common_sync.core.errors import CommonSyncError, ManifestError, Problem, TreeError
from common_sync.core.findings import drift_findings, missing_copy, reference_findings
from common_sync.core.manifest import LARGEST, Manifest, parse_manifest
from common_sync.core.manifest import NAME as MANIFEST_NAME
from common_sync.core.model import Finding, Reference, Snapshot
from common_sync.core.plan import CopyPlan, build_plan
from common_sync.core.rules import BUILT_IN, Rules
from common_sync.edges.builds import RootBuilds, Widened
from common_sync.edges.folders import explain_os_error, open_below, opened
from common_sync.edges.master import Master, read_master
from common_sync.edges.project import Project, select_services
from common_sync.edges.reading import ANNOUNCED, STAGING, Expected, read_bytes, walk
from common_sync.edges.references import FileEdit, read_references
from common_sync.edges.workers import Phases, fork_map, no_progress, processors

_COPY_RULES = Rules(BUILT_IN)

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
        leftover: Whether a killed run left a staged copy beside it.
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
            *self.problems,
        ]


class Survey(NamedTuple):
    """A project, its master and the plan of each service that was asked for.

    Attributes:
        project: The project.
        master: Its master.
        plans: The plan of each service.
        root_edits: The files at the root to rewrite, with their paths from there; only `--contexts` rewrites any.
    """

    project: Project
    master: Master
    plans: tuple[ServicePlan, ...]
    root_edits: tuple[FileEdit, ...] = ()

    @property
    def in_sync(self) -> bool:
        """Whether every plan is empty."""
        return all(plan.is_empty for plan in self.plans)

    def findings(self) -> list[Finding]:
        """Return the findings of all services, in the order of the services."""
        return [finding for plan in self.plans for finding in plan.findings(self.project.master)]


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
    builds = RootBuilds(project.root)

    def look(service: str) -> ServicePlan | tuple[Problem, ...]:
        try:
            return survey_service(project, master, service, builds)
        except CommonSyncError as error:
            return error.problems

    found = fork_map(look, services, count_workers(master, len(services)), phases("reading", len(services)))
    problems = [problem for one in found if not isinstance(one, ServicePlan) for problem in one]
    if problems:
        raise TreeError(*problems)
    plans = [one for one in found if isinstance(one, ServicePlan)]
    return Survey(project, master, tuple(_with_first_plan(plan, master) for plan in plans))


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


def survey_service(project: Project, master: Master, service: str, builds: RootBuilds | None = None) -> ServicePlan:
    """Return the plan of one service; where there is no copy yet, `copy` is left for the caller to fill in.

    Args:
        project: The project.
        master: The master.
        service: The service's path from the root.
        builds: What the compose files at the root build.

    Raises:
        CommonSyncError: Its copy, its manifest or a file of its own cannot be used.
    """
    copy_path = f"{service}/{project.copy}"
    try:
        with opened(project.root) as root, opened(service, root) as folder:
            copy, base = read_copy(folder, project.copy, copy_path, master)
            announced = _read_announced(folder, project.copy, copy)
            leftover = _has_leftover(folder, project.copy)
        files = master.snapshot.entries
        found = read_references(project.root, service, project.copy, project.master, files, project.services, builds)
    except OSError as error:
        raise explain_os_error(error, service, "read the service") from error
    plan = build_plan(master.manifest, base, copy, announced) if copy is not None else _NOT_PLANNED
    return ServicePlan(
        service,
        copy_path,
        plan,
        found.edits,
        found.references,
        found.findings,
        exists=copy is not None,
        files=len(copy.entries) if copy is not None else 0,
        digest=_digest(copy, master),
        version=base.library.version if base is not None else None,
        leftover=leftover,
        widened=found.widened,
    )


_NOT_PLANNED = CopyPlan("missing", (), {}, touched=False, behind=True, catches_up=True)


def _digest(copy: Snapshot | None, master: Master) -> str | None:
    if copy is None:
        return None
    return master.manifest.tree if copy.entries == master.snapshot.entries else digest_tree(copy.entries)


def read_copy(
    folder: int, copy: str, where: str, master: Master | None = None
) -> tuple[Snapshot | None, Manifest | None]:
    """Return what a copy holds and what its manifest says; None for what is not there.

    Args:
        folder: The service's folder, an open descriptor.
        copy: The copy's path inside it.
        where: The copy's path as the user knows it.
        master: The master; a manifest with the very bytes that it would get need not be parsed.

    Raises:
        TreeError: The copy's place is taken by something else, or something in it cannot be read.
        ManifestError: Its manifest cannot be used.
    """
    try:
        inner = open_below(folder, copy)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise _refuse_place(folder, copy, where, error) from error
    try:
        base = _read_manifest(inner, f"{where}/{MANIFEST_NAME}", master)
        if base is None and master is None:
            return Snapshot({}), None  # there is nothing to hold it against, and it may be anything, even `/`
        expected = master.expected if master is not None and base is master.manifest else _expect(base, master)
        return walk(inner, where, _COPY_RULES, expected), base
    finally:
        os.close(inner)


def _expect(base: Manifest | None, master: Master | None) -> Expected:
    stated = base.files if base is not None else ()
    return Expected(stated, master.snapshot.entries, held=master.held) if master is not None else Expected(stated)


def _refuse_place(folder: int, copy: str, where: str, error: OSError) -> TreeError:
    with suppress(OSError):
        if S_ISLNK(os.stat(copy, dir_fd=folder, follow_symlinks=False).st_mode):
            error = OSError(ELOOP, "")
    if error.errno == ELOOP:
        remedy = "remove it, so that a folder can be made there"
        return TreeError(Problem("the copy's folder is a symlink, which is not followed", where, remedy=remedy))
    if isinstance(error, NotADirectoryError):
        return TreeError(Problem("the copy's place is taken by what is no real folder", where, remedy="move it away"))
    return explain_os_error(error, where, "open the copy")


def _read_manifest(folder: int, where: str, master: Master | None) -> Manifest | None:
    try:
        data = read_bytes(MANIFEST_NAME, folder, LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(*explain_os_error(error, where, "read the manifest").problems) from error
    if master is not None and data == master.manifest_bytes:
        return master.manifest
    return parse_manifest(data, where)


def _read_announced(folder: int, copy: str, held: Snapshot | None) -> Manifest | None:
    """Return what a run that was stopped was about to make of the copy; None where it had not yet said so in full."""
    if held is None or ANNOUNCED not in held.caches:
        return None
    with suppress(OSError, ManifestError), opened(copy, folder) as inner:
        return parse_manifest(read_bytes(ANNOUNCED, inner, LARGEST), ANNOUNCED)
    return None


def _has_leftover(folder: int, copy: str) -> bool:
    above = copy.rpartition("/")[0]
    try:
        os.stat(f"{above}/{STAGING}" if above else STAGING, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True
