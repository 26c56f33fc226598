"""What `units --check`, `ps` and `doctor` find about how a service is to run: ports, memory, and what its user may execute."""

import itertools
import os
from collections.abc import Collection, Iterator, Sequence

from common_sync.commands.steps.environments.compose_ports import find_clashes
from common_sync.commands.steps.environments.import_checks import check_imports
from common_sync.commands.steps.environments.units import describe, is_ignored, released_place_of, settings_of, user_of
from common_sync.core.environments.unit_checks import (
    DATA,
    find_barrier,
    find_command_ports,
    find_health_ports,
    find_unkept,
    find_variable_ports,
    limits_memory,
)
from common_sync.core.environments.units import find_program
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.edges.environments import processes, systemd
from common_sync.edges.environments.disk import is_in_memory
from common_sync.edges.environments.folder import path_of
from common_sync.edges.environments.manager import is_lingering, whoami
from common_sync.edges.environments.releases import APP, read_releases, release_path
from common_sync.edges.git.ask import list_unknown
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder

_VARIABLES = ".env"
_PYTHON = ".venv/bin/python"
_OPEN = 'let them (chmod a+x), or take a Python that all may execute, as python = "/usr/bin/python3"'
_TAKE_DESCRIPTOR = "have it take descriptor 3, as uvicorn --fd 3 does; gunicorn takes it by itself, without --bind"
_ONE_PORT = "write one port for one service in all places, and no port for two"
_UNKEPT = (
    "it looks like data, and is not in `persistent`: the next release would not have what the service writes there"
)
_ENABLE_MEMORY = "add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt (before Debian 12: /boot/cmdline.txt), then reboot"


_UNIFY_GROUPS = 'start the kernel with systemd.unified_cgroup_hierarchy=1, or take scope = "system"'


def check_set_up(project: Project, services: Sequence[str], running: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return what is found about services that have a command, on this machine.

    Args:
        project: The project.
        services: Their paths from the root.
        running: Those that run, and so have found what they import.
    """
    run = [service for service in services if settings_of(project, service).command]
    found = [*check_ports(project, run), *_check_memory(project, run), *_check_access(project, run)]
    found += [one for service in run for one in check_data(project, service)]
    found += (*check_lingering(project), *check_place(project)) if run else ()
    return (
        *(one for one in found if not is_ignored(project, one)),
        *_check_imports(project, [one for one in run if one not in running]),
    )


def check_place(project: Project) -> tuple[Finding, ...]:
    """Return what is found about the folder that releases are in: in memory, they are gone after a restart, with what outlives them.

    Args:
        project: The project.
    """
    to = project.configuration.to
    if to is None or not is_in_memory(to.value):
        return ()
    message = f'"to" is {to.value}, which is in memory: releases, and data of services, are gone after a restart'
    found = make_finding("CS309", "", project.configuration.file, to.line, message, "name a folder on the disk")
    return () if is_ignored(project, found) else (found,)


def check_lingering(project: Project) -> tuple[Finding, ...]:
    """Return what keeps a user's units from running while nobody is logged in.

    Args:
        project: The project.
    """
    scope, user = project.configuration.scope, whoami()
    if scope is None or not project.configuration.is_of_user or is_lingering(user):
        return ()
    message = f"units of {user} end when {user} has logged out, and do not start with the machine"
    found = make_finding("CS312", "", project.configuration.file, scope.line, message, f"loginctl enable-linger {user}")
    return () if is_ignored(project, found) else (found,)


def check_data(project: Project, service: str) -> tuple[Finding, ...]:
    """Return what is found about data of a service that is deployed: what git does not track, and no release would have.

    Args:
        project: The project.
        service: Its path from the root.
    """
    folder, persistent = os.path.join(project.root, service), settings_of(project, service).persistent
    if project.configuration.to is None or find_top(folder) is None:
        return ()
    kept = [one.value for one in persistent]
    found = (
        make_finding("CS316", service, f"{service}/{path}", None, _UNKEPT, f'persistent = ["{path}"] in its settings')
        for path in find_unkept(list_unknown(folder, DATA), kept)
    )
    return tuple(one for one in found if not is_ignored(project, one))


def check_ports(project: Project, services: Sequence[str]) -> tuple[Finding, ...]:
    """Return what says of a service's port something else than its setting; from files alone.

    Args:
        project: The project.
        services: Their paths from the root.
    """
    found = (one for service in services for check in (_check_port, _check_compose) for one in check(project, service))
    return tuple(one for one in found if not is_ignored(project, one))


def _check_port(project: Project, service: str) -> Iterator[Finding]:
    settings = settings_of(project, service)
    if settings.port is None:
        return
    port, file = settings.port.value, project.configuration.file
    remedy = f"write one port in all places; {{port}} in `command` is the one of {file}:{settings.port.line}"
    for other in find_command_ports(settings.command):
        if settings.socket is not None and other == port:
            message = f'systemd listens at port {port} for it (`socket`), and "command" would listen there itself'
            yield make_finding("CS307", service, file, settings.port.line, message, _TAKE_DESCRIPTOR)
        if other != port:
            message = f'the port is {port}, and "command" listens at {other}'
            yield make_finding("CS307", service, file, settings.port.line, message, remedy)
    for other in find_health_ports(settings.health):
        if other != port:
            message = f'the port is {port}, and "health" asks at {other}'
            yield make_finding("CS307", service, file, settings.port.line, message, remedy)
    for path, where in _list_variable_files(project, service):
        text = ServiceFolder(os.path.dirname(path)).read(os.path.basename(path))
        for line in find_variable_ports(text or ""):
            if line.port != port:
                message = f"the port is {port} by {file}:{settings.port.line}, and {line.variable} is {line.port}"
                yield make_finding("CS307", service, where, line.line, message, remedy)


def _check_compose(project: Project, service: str) -> Iterator[Finding]:
    settings = settings_of(project, service)
    if settings.port is not None:
        port, where = int(settings.port.value), f"{project.configuration.file}:{settings.port.line}"
        for clash in find_clashes(project, service, port, where, has_unit=bool(settings.command)):
            yield make_finding("CS307", service, clash.file, clash.line, clash.message, _ONE_PORT)


def _list_variable_files(project: Project, service: str) -> Iterator[tuple[str, str]]:
    """Yield the files of variables of a service: the absolute path, and the path as the user knows it."""
    where = f"{service}/{_VARIABLES}"
    yield os.path.join(project.root, where), where
    file = settings_of(project, service).env_file
    if file is not None:
        yield file.value, file.value


def _check_memory(project: Project, services: Sequence[str]) -> Iterator[Finding]:
    limited = [(one, memory) for one in services if (memory := settings_of(project, one).memory) is not None]
    unified, table = processes.read_controllers()
    if project.configuration.is_of_user and unified is None:
        for service, memory in limited:
            message = (
                f"memory = {memory.value!r} has no effect for units of a user: that takes control groups of version 2"
            )
            yield make_finding("CS311", service, project.configuration.file, memory.line, message, _UNIFY_GROUPS)
    elif limited and limits_memory(unified, table) is False:
        for service, memory in limited:
            message = f"memory = {memory.value!r} has no effect: the kernel's memory controller is off"
            yield make_finding("CS311", service, project.configuration.file, memory.line, message, _ENABLE_MEMORY)


def _check_access(project: Project, services: Sequence[str]) -> Iterator[Finding]:
    for service in services:
        user, command = user_of(project, service), settings_of(project, service).command
        if not systemd.is_user(user):
            continue
        program, python = find_program(describe(project, service)), _find_python(project, service)
        paths = (program,) if command[0].startswith("/") or not python else (program, python)
        yield from itertools.islice(_find_barriers(service, user, paths), 1)


def _check_imports(project: Project, services: Sequence[str]) -> Iterator[Finding]:
    for service in services:
        place, folder = released_place_of(project, service), os.path.join(project.root, service)
        if place:
            folder = os.path.join(release_path(place, read_releases(place).current), APP)
        if python := _find_python(project, service):
            yield from check_imports(project, service, folder, python)


def find_closed(project: Project, service: str, paths: Sequence[str]) -> tuple[Finding, ...]:
    """Return which programs the user who runs a service may not execute.

    Args:
        project: The project.
        service: The service's path from the root.
        paths: The programs.
    """
    found = _find_barriers(service, user_of(project, service), paths)
    return tuple(one for one in found if not is_ignored(project, one))


def _find_barriers(service: str, user: str, paths: Sequence[str]) -> Iterator[Finding]:
    identity = processes.find_identity(user)
    for path in paths:
        if barrier := find_barrier(processes.list_steps(path), *identity):
            real = os.path.realpath(path)
            message = f"{user}, who runs it, may not {'execute' if barrier == real else 'enter'} {barrier}"
            yield make_finding("CS313", service, service, None, f"{message}, and so not start {real}", _OPEN)


def _find_python(project: Project, service: str) -> str:
    """Return the Python that a service runs by, of its current release or of the work tree; nothing where that has none."""
    place = released_place_of(project, service)
    if not place:
        return os.path.join(project.root, service, _PYTHON)
    releases = read_releases(place)
    release = releases.known.get(releases.current)
    name = release.made.environment if release is not None else ""
    return os.path.join(path_of(place, name), "bin/python") if name else ""
