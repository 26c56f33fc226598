"""Read everything once and plan: what every command that looks at copies begins with."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.copies.digest import Digests
from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import GUARDED, FileEdit, Finding, State
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.service_plan import CopySurvey, FormerCopy, ServicePlan, block_findings
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.copies import has_leftover, read_announced, read_copy, read_removal
from common_sync.edges.library.targets import NO_FILES, Target, Tracked, Unadded, read_targets
from common_sync.edges.processes.workers import Phases, fork_map, no_progress, processors
from common_sync.edges.project.load import Project, select_copied
from common_sync.edges.service.blocks import Dockerignores, Managed, look_at_attributes
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import References, read_references

if TYPE_CHECKING:
    from common_sync.commands.steps.takers import Takers
    from common_sync.commands.steps.versions.locking import Locking
    from common_sync.edges.git.former import FormerStates
    from common_sync.edges.state.promoting import Taken

_MANY_FILES = 1500
_MANY_BYTES = 16 << 20


class Survey(NamedTuple):
    """A project, what its copies should hold, and the plan of each service that was asked for."""

    project: Project  # the project
    targets: Mapping[TargetKey, Target]  # what each copy should hold: first the masters, in the libraries' order
    plans: tuple[ServicePlan, ...]  # one for each service
    root: Managed  # what is to be done about the root's own files
    composes: ComposeFiles  # the compose files that tell how services are built

    @property
    def first(self) -> Target:
        """What a copy of the first library should hold: what JSON's `master` is about."""
        return next(iter(self.targets.values()))

    @property
    def masters(self) -> tuple[Target, ...]:
        """What copies that are not pinned should hold, in the order of the libraries."""
        return tuple(target for key, target in self.targets.items() if key.ref is None)

    def targets_of(self, plan: ServicePlan) -> tuple[Target, ...]:
        """Return what the copies of a service should hold, in the order of the libraries."""
        return tuple(self.targets[copy.target] for copy in plan.copies)

    @property
    def in_sync(self) -> bool:
        """Whether every plan is empty, and the root's."""
        return self.root.is_empty and all(plan.is_empty for plan in self.plans)

    def with_root_findings(self, more: Iterable[Finding]) -> "Survey":
        """Return the same with more findings about files of no service.

        Args:
            more: The findings.
        """
        return self._replace(root=self.root._replace(findings=(*self.root.findings, *more)))

    def edits(self) -> Iterator[FileEdit]:
        """Yield what is to be done to files that people write."""
        for plan in self.plans:
            yield from plan.edits
        yield from self.root.edits

    def findings(self) -> list[Finding]:
        """Return the findings of all services, in the order of the services, and those of the root."""
        found = [finding for plan in self.plans for finding in plan.findings()]
        return [*found, *block_findings("", self.root.edits), *self.root.findings]


def survey(
    project: Project,
    names: Sequence[str] = (),
    *,
    tracked: Tracked = None,
    unadded: Unadded = NO_FILES,
    phases: Phases = no_progress,
    locking: "Locking | None" = None,
    beside: bool = False,
) -> Survey:
    """Read every master once and every copy once, and plan.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        tracked: What git tracks of each master (in a hook), or None to take what git does not know as well.
        unadded: What git does not know of each master (in a hook): copies may hold it, and nobody looks at it there.
        phases: Told of every few services that are read.
        locking: What the pins come to, where that is not for the lock alone to say; None to read it.
        beside: Read compose files in folders beside the services, too.

    Raises:
        CommonSyncError: Something cannot be read or makes no sense; everything of that kind is reported at once.
    """
    services = select_copied(project, names)
    here = [library for library in project.libraries if library.upstream is None]
    targets = read_targets(project.root, here, tracked)
    if project.may_lock:
        from common_sync.commands.steps.versions.pinning import add_pinned  # most projects pin nothing

        locking, targets = add_pinned(project, services, targets, locking)
    composes = ComposeFiles(project.root, _list_beside(project) if beside else ())
    looking = _Looking(
        project,
        targets,
        cache(partial(_make_view, project, targets)),
        composes,
        cache(partial(_former_states, project.root)),
        cache(partial(_read_taken, project.root)),
        Digests(),
        _read_takers(project, composes),
        unadded,
    )

    def look(service: str) -> ServicePlan | tuple[Problem, ...]:
        try:
            return survey_service(service, looking)
        except CommonSyncError as error:
            return error.problems

    found = fork_map(look, services, count_workers(targets.values(), len(services)), phases("reading", len(services)))
    problems = [problem for one in found if not isinstance(one, ServicePlan) for problem in one]
    if problems:
        raise TreeError(*problems)
    plans = [one for one in found if isinstance(one, ServicePlan)]
    root = _survey_root(project, services, looking.takers, locking)
    return Survey(project, targets, tuple(_with_first_plans(plan, targets) for plan in plans), root, composes)


def _list_beside(project: Project) -> Iterator[str]:
    from common_sync.edges.service.beside import list_compose_files  # neither the hook nor `verify` looks there

    masters = (library.master for library in project.libraries)
    return list_compose_files(project.root, {*project.services, *masters})


def locate(root: str, targets: Iterable[Target]) -> list[Location]:
    """Return where libraries lie.

    Args:
        root: The absolute path of the configuration's folder.
        targets: What copies of them should hold.
    """
    return [Location(root, target.library, target.snapshot.entries) for target in targets]


class _View(NamedTuple):
    """How a service sees the libraries; the same for all whose copies should hold the same."""

    targets: Sequence[Target]  # what its copies should hold
    libraries: Sequence[Location]  # where the libraries lie
    ignores: Dockerignores  # looks at its ignore files


def _make_view(project: Project, targets: Mapping[TargetKey, Target], keys: tuple[TargetKey, ...]) -> _View:
    some = [targets[key] for key in keys]
    # where this clone does not have the locked state, the master is nearest to it
    like = [one if one.is_here else targets[TargetKey(one.library.name)] for one in some]
    copies = {one.library.copy: (*one.snapshot.entries, MANIFEST_NAME) for one in like}
    ignores = Dockerignores(project.root, copies, managed="dockerignore" in project.configuration.managed)
    return _View(some, locate(project.root, like), ignores)


def _former_states(root: str, target: Target) -> "FormerStates":
    from common_sync.edges.git.former import FormerStates  # only where a copy has no manifest

    return FormerStates(os.path.join(root, target.library.master))


def _read_takers(project: Project, composes: ComposeFiles) -> "Takers | None":
    if not project.configuration.library:
        return None
    from common_sync.commands.steps.takers import Takers  # most projects have one library

    return Takers(project, composes)


def _read_taken(root: str) -> "Taken":
    from common_sync.edges.state.promoting import read_journal  # only where a copy was edited

    return read_journal(root)


def survey_root(project: Project, services: Sequence[str]) -> Managed:
    """Return what is to be done about the root's own files, for some services.

    Raises:
        CommonSyncError: A file cannot be read.
    """
    if "gitattributes" not in project.configuration.managed or find_top(project.root) is None:
        return Managed()
    copies = project.list_copies(services)
    return look_at_attributes(project.root, copies, services, project.services, project.copies)


def _survey_root(
    project: Project, services: Sequence[str], takers: "Takers | None", locking: "Locking | None"
) -> Managed:
    """Return what is to be done about the root's files, with what is wrong with the libraries and the lock."""
    root = survey_root(project, services)
    if takers is not None:
        root = root._replace(findings=(*root.findings, *takers.find_misplaced()))
    if locking is not None:
        edits = (locking.edit,) if locking.edit is not None else ()
        root = root._replace(edits=(*root.edits, *edits), findings=(*root.findings, *locking.findings))
    return root


def _with_first_plans(plan: ServicePlan, targets: Mapping[TargetKey, Target]) -> ServicePlan:
    if all(copy.exists for copy in plan.copies):
        return plan
    copies = (
        copy if copy.exists or not targets[copy.target].is_here else copy._replace(plan=targets[copy.target].first_plan)
        for copy in plan.copies
    )
    return plan._replace(copies=tuple(copies))


def count_workers(targets: Iterable[Target], services: int) -> int:
    """Return how many processes are worth starting: forking costs as much as reading a few hundred files."""
    snapshots = [target.snapshot for target in targets]
    files, size = (sum(len(one.entries) for one in snapshots), sum(one.size for one in snapshots))
    many = services * files > _MANY_FILES or services * size > _MANY_BYTES
    return min(processors(), services) if many else 1


class _Looking(NamedTuple):
    """What every service is looked at with."""

    project: Project  # the project
    targets: Mapping[TargetKey, Target]  # what copies should hold
    view: Callable[[tuple[TargetKey, ...]], _View]  # how a service sees the libraries that it gets
    composes: ComposeFiles  # the compose files that tell how services are built
    former: Callable[[Target], "FormerStates"]  # what the master of a target once held
    taken: Callable[[], "Taken"]  # the edits that a stopped `promote` has taken over
    digests: Digests  # digests what copies hold
    takers: "Takers | None"  # checks which services get which libraries; None where all get the only one
    unadded: Unadded  # what git does not know of the masters, and so of no copy, in a hook


def survey_service(service: str, looking: _Looking) -> ServicePlan:
    """Return the plan of one service; where there is no copy yet, its plan is left for the caller to fill in.

    Raises:
        CommonSyncError: A copy, its manifest or a file of its own cannot be used.
    """
    project = looking.project
    view = looking.view(tuple(library.key_for(service) for library in project.libraries_of(service)))
    try:
        with opened(project.root) as root, opened(service, root) as folder:
            copies = tuple(_survey_copy(folder, service, target, looking) for target in view.targets)
        if len(copies) > 1:
            copies = tuple(copy._replace(alone=False) for copy in copies)
        found = read_references(view.libraries, service, project.services, looking.composes)
        managed = view.ignores.look_at(service, found.dockerfiles)
        former = tuple(_survey_former(service, found, looking, view)) if found.former else ()
        untaken = looking.takers.check(service) if looking.takers is not None else ()
    except OSError as error:
        raise explain_os_error(error, service, "read the service") from error
    return ServicePlan(
        service,
        copies,
        (*found.edits, *managed.edits),
        found.references,
        (*found.findings, *managed.findings, *untaken),
        blocks=managed.blocks,
        widened=found.widened,
        former=former,
    )


def _survey_former(service: str, found: References, looking: _Looking, view: _View) -> Iterator[FormerCopy]:
    """Yield what takes the former copies away; they stay while something leads there, or may do so, that cannot be turned."""
    needed = any(one.severity == "error" for one in found.findings)
    targets = {one.library.name: one for one in view.targets}
    with opened(looking.project.root) as root, opened(service, root) as folder:
        for one in found.former:
            target = targets[one.library.name]
            place = one.library.master.removeprefix(f"{service}/")
            removal = read_removal(folder, place, one.library.master)
            if removal is not None:
                yield FormerCopy(target.key, target.library.master, service, place, removal[1], needed)


def _survey_copy(folder: int, service: str, target: Target, looking: _Looking) -> CopySurvey:
    place, master = target.library.copy, target.library.master
    if not target.is_here:
        from common_sync.commands.steps.versions.pinning import survey_unknown  # only where nothing has what is locked

        return survey_unknown(folder, service, target)
    copy, base = read_copy(folder, place, f"{service}/{place}", target)
    leftover = has_leftover(folder, place)
    if base is None:
        from common_sync.commands.steps.refusing import refuse_nested, refuse_own  # most copies have a manifest

        refuse_nested(folder, service, place, copy.entries if copy is not None else {})
    elif looking.takers is not None:
        looking.takers.refuse_exchanged(service, target.library, base.library.master)
    if copy is None:
        if looking.takers is not None:
            looking.takers.refuse_exchanged_elsewhere(target.library)
        return CopySurvey(target.key, master, service, place, _NOT_PLANNED, leftover)
    if target.key.ref is None and (unadded := looking.unadded.get(target.library.name)):
        copy, base = copy.without(unadded), base.without(unadded) if base is not None else None
    announced = read_announced(folder, place, copy)
    former: Collection[str] = ()
    if base is None:
        former = looking.former(target).select(
            copy.differing_from(target.snapshot.entries), os.path.join(looking.project.root, service, place)
        )
        if announced is None and not former:
            refuse_own(copy.entries, target.snapshot.entries, f"{service}/{place}", place)
    plan = build_plan(target.manifest, base, copy, announced, former)
    if plan.state in _MAY_BE_TAKEN and (taken := looking.taken().get(f"{service}/{place}")):
        ours = {path for path, one in taken.items() if one.is_done(path, copy.entries, target.snapshot.entries)}
        plan = build_plan(target.manifest, base, copy, announced, former, ours)
    plan = _mark_unfinished(plan, folder, place)
    version = base.library.version if base is not None else None
    digest = target.manifest.tree if copy.entries == target.snapshot.entries else looking.digests.digest(copy.entries)
    return CopySurvey(target.key, master, service, place, plan, leftover, True, len(copy.entries), digest, version)


def _mark_unfinished(plan: CopyPlan, folder: int, place: str) -> CopyPlan:
    if plan.state in _MAY_BE_TAKEN:
        from common_sync.commands.steps.unfinished import mark_unfinished  # most copies hold no edit

        plan = mark_unfinished(plan, folder, place)
    return plan


_MAY_BE_TAKEN: frozenset[State] = GUARDED | {"unmanaged"}

_NOT_PLANNED = CopyPlan("missing", (), {}, touched=False, behind=True, catches_up=True)
