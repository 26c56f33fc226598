"""`doctor`: prove, without Docker and without a network, that each service builds from its own folder alone."""

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.builds.builders import Builders
from common_sync.commands.steps.builds.built_above import BuiltAbove
from common_sync.commands.steps.builds.classic_builds import ClassicBuilds
from common_sync.commands.steps.builds.hand_builds import report_hand_builds
from common_sync.commands.steps.builds.hand_copies import report_hand_copies
from common_sync.commands.steps.builds.lost_builds import report_lost_builds
from common_sync.commands.steps.doctor.ignored_copies import find_ignored_copies
from common_sync.commands.steps.doctor.indexed import check_indexed
from common_sync.commands.steps.doctor.other_tools import find_doubled_projects
from common_sync.commands.steps.doctor.service_check import Fixed, ServiceCheck, check_service
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.doctor.checks.library import find_name_troubles
from common_sync.core.errors import Problem, TreeError
from common_sync.core.findings import make_finding
from common_sync.core.model import FileEdit, Finding
from common_sync.core.text import decode_bytes, encode_bytes
from common_sync.edges.detection.tree import read_tree
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.library.public_names import read_public_names
from common_sync.edges.library.targets import Target
from common_sync.edges.processes.workers import Phases, no_progress
from common_sync.edges.project.load import Project, select_member, select_services
from common_sync.edges.state.lock import exclusive, state_folder
from common_sync.edges.state.rewritten import add_to_record

ENVIRONMENTS = ".venv/envs"
"""What a service has that the tool has made an environment for."""


class Diagnosis(NamedTuple):
    """What a run of `doctor` came to."""

    survey: Survey  # the project, its master and how the copies stand
    shared: tuple[Finding, ...]  # what was found about the libraries themselves
    services: tuple[ServiceCheck, ...]  # one for each service
    scripts: tuple[
        Finding, ...
    ] = ()  # lines of scripts that make copies by hand, and of compose files whose service is gone
    indexed: tuple[str, ...] = ()  # the services that take their libraries from an index, and are not proven
    from_index: tuple[Finding, ...] = ()  # what was found in these
    environments: tuple[Finding, ...] = ()  # what was found about their environments, which proves nothing about builds
    members: tuple[
        str, ...
    ] = ()  # the services that take their libraries from a uv workspace; those without a Dockerfile are not looked at

    @property
    def findings(self) -> list[Finding]:
        """What was found, in the order of the services; what is about the library first, scripts and environments last."""
        found = (finding for one in self.services for finding in one.findings)
        return [*self.shared, *found, *self.from_index, *self.scripts, *self.environments]

    @property
    def passes(self) -> bool:
        """Whether there is no error; what could not be followed is none."""
        return not any(finding.severity == "error" for finding in self.findings)


def diagnose(
    project: Project,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    fix: bool = False,
    phases: Phases = no_progress,
) -> Diagnosis:
    """Check services, and put into their Dockerfiles what is missing for sure.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        say: Told when another run has to be waited for.
        fix: Write what is missing.
        phases: Told of every few services that are read.

    Raises:
        CommonSyncError: Something cannot be read, or not be written.
    """
    state = state_folder(project.root)
    with exclusive(state, say) if fix else nullcontext():
        members, others = _split(project, names)
        chosen = select_services(project, others) if others or not names else ()
        indexed = [one for one in chosen if one in project.indexed]
        copied = [one for one in chosen if one not in indexed] if names else []
        looked_at = project if copied or not names else project._replace(services=())
        found = survey(looked_at, copied, phases=phases, beside=True)
        shared = tuple(finding for target in found.masters for finding in _check_library(found.project, target))
        tree = read_tree(project.root)
        builders = Builders(BuiltAbove(found.project), ClassicBuilds(found, tree))
        checks = (check_service(found, plan, shared, builders, fix=fix) for plan in found.plans)
        ignored = find_ignored_copies(found, [copy for plan in found.plans for copy in plan.copies if copy.exists])
        services = tuple(one._replace(findings=(*one.findings, *ignored.get(one.service, ()))) for one in checks)
        services += _check_members(project, members, shared)
        for one in services:
            for fixed in one.fixed:
                _write(project.root, state, one.service, fixed)
    from_index = tuple(check_indexed(project, indexed, found.masters))
    environments = _check_environments(found.project, [plan.service for plan in found.plans])
    scripts = (*report_hand_copies(found, tree), *report_hand_builds(found, tree, _list_own(found, services)))
    scripts += report_lost_builds(found) if not names else ()
    return Diagnosis(found, shared, services, scripts, (*indexed,), from_index, environments, members)


def _list_own(found: Survey, services: Sequence[ServiceCheck]) -> set[str]:
    """Return the services whose Dockerfiles are written for their own folder; for the others that is what is said of them."""
    copied = {plan.service for plan in found.plans}
    broken = {one.service for one in services if any(finding.code in ("CS112", "CS202") for finding in one.findings)}
    return copied - broken


def _split(project: Project, names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the services of a uv workspace that are meant, and the other names."""
    if not project.members or not names:
        return project.members, [*names]
    found = {name: select_member(project, name) for name in names}
    members = (member for member in found.values() if member is not None)
    return tuple(dict.fromkeys(members)), [name for name, member in found.items() if member is None]


def _check_members(project: Project, members: Sequence[str], shared: Sequence[Finding]) -> tuple[ServiceCheck, ...]:
    if not members:
        return ()
    from common_sync.commands.steps.doctor.space_check import check_spaces  # most projects are no workspace

    return check_spaces(project, members, shared)


def _check_environments(project: Project, services: Sequence[str]) -> tuple[Finding, ...]:
    """Return what is found about the environments that the tool has made here, and about ports that are set."""
    found: tuple[Finding, ...] = ()
    made = [service for service in services if os.path.isdir(os.path.join(project.root, service, ENVIRONMENTS))]
    if made:
        from common_sync.commands.steps.environments.survey import inspect_environments  # most projects have none

        found += inspect_environments(project, made)
        if any(one.command or one.check for one in project.settings.values()):
            from common_sync.commands.steps.environments.import_checks import check_imports  # most projects run nothing

            for service in made:
                folder = os.path.join(project.root, service)
                found += check_imports(project, service, folder, os.path.join(folder, ".venv/bin/python"))
    if any(one.port is not None for one in project.settings.values()):
        from common_sync.commands.steps.environments.unit_checks import check_ports  # most projects set none

        found += check_ports(project, services)
    return found


def _check_library(project: Project, target: Target) -> tuple[Finding, ...]:
    """Return what is found about a library's names, and about what is copied of it."""
    ignored = {setting.value for setting in project.configuration.ignore}
    found = (*_find_names(target), *find_doubled_projects(project, target))
    return tuple(one for one in found if one.code not in ignored)


def _find_names(target: Target) -> tuple[Finding, ...]:
    master, entries = target.library.master, target.snapshot.entries
    packages = {
        path.removesuffix("/__init__.py").removeprefix("src/") for path in entries if path.endswith("/__init__.py")
    }
    if not {"pyproject.toml", "setup.py", "setup.cfg"} & set(entries):
        packages = set()  # nothing is installed: its folders are imported below its own name
    tops = sorted(name for name in packages if name.isidentifier() and name not in {"tests", "docs"})
    file = f"{master}/pyproject.toml" if "pyproject.toml" in entries else master
    name = target.manifest.library.name
    troubles = find_name_troubles(name, tops, read_public_names(), file)
    return tuple(make_finding(one.code, master, one.file, one.line, one.message, one.remedy) for one in troubles)


def _write(root: str, state: str, service: str, fixed: Fixed) -> None:
    path = f"{service}/{fixed.path}"
    try:
        with opened(root) as top:
            with open(os.path.join(root, path), "rb") as file:
                before = file.read()
            text = decode_bytes(before)
            if text.characters != fixed.examined:
                message, remedy = "has changed while common-sync ran, and was left alone", "run it again"
                raise TreeError(Problem(message, path, remedy=remedy))
            edit = FileEdit(path, before, encode_bytes(text._replace(characters=fixed.text)))
            add_to_record(state, [edit])  # so that `eject` can take it out
            write_edit(top, edit)
    except OSError as error:
        raise explain_os_error(error, path, "write it") from error
