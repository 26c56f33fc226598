"""`units`: the systemd units of services: what they should be, how the installed ones stand, and bringing these in sync."""

import os
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from common_sync.core.environments.units import (
    Service,
    UnitState,
    find_program,
    find_unit_trouble,
    is_untouched,
    judge,
    make_unit,
    name_units,
)
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import NAME, ServiceSettings, is_nameable
from common_sync.edges.environments import systemd
from common_sync.edges.project.load import Project, select_services

UnitAction = Literal["nothing", "written", "removed", "refused"]


class Unit(NamedTuple):
    """A service's unit."""

    service: str  # the service's path from the root
    name: str  # the unit's name, without `.service`
    path: str  # where it is installed, or would be
    text: str  # what it should be; nothing for a service without a command
    held: bytes | None  # what is installed; None where nothing is
    state: UnitState  # how it stands
    enabled: bool  # whether it is started when the machine is
    finding: Finding | None  # what is wrong with it
    action: UnitAction = "nothing"  # what was done
    kept: str = ""  # where the former one is kept; nothing where none is

    @property
    def difference(self) -> tuple[str, str]:
        """What is installed, and what should be."""
        return (self.held or b"").decode("utf-8", "backslashreplace"), self.text


def read_units(project: Project, names: Sequence[str], folder: str) -> tuple[Unit, ...]:
    """Return the units of services: of those with a command, and what is left of those without.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        folder: The folder of units.

    Raises:
        CommonSyncError: A service cannot have a unit, or an installed one cannot be read.
    """
    services = select_services(project, names)
    problems, texts = [], {}
    for service in services:
        found = list(_find_problems(project, service)) if _settings(project, service).command else []
        problems += found
        texts[service] = "" if found else _make_text(project, service)
    problems += _find_equal_units(project)
    if problems:
        raise ConfigurationError(*problems)
    units = [_read(project, service, text, folder) for service, text in texts.items()]
    return tuple(one for one in units if one.text or one.held is not None)


def _settings(project: Project, service: str) -> ServiceSettings:
    return project.settings.get(service) or ServiceSettings(project.configuration.master)


def _short_name(project: Project, service: str) -> str:
    name = _settings(project, service).name
    return name.value if name is not None else service.rpartition("/")[2]


def _unit_name(project: Project, service: str) -> str:
    prefix = project.configuration.prefix
    start = name_units(os.path.basename(project.root), prefix.value if prefix is not None else None)
    return f"{start}{_short_name(project, service)}"


def _user(project: Project, service: str) -> str:
    user = project.configuration.user
    return user.value if user is not None else systemd.owner_of(os.path.join(project.root, service))


def _find_problems(project: Project, service: str) -> Iterator[Problem]:
    """Yield why a service cannot have a unit."""
    configuration, line = project.configuration, _settings(project, service).service.line
    if not NAME.fullmatch(_short_name(project, service)):
        message = f'the last part of "{service}" cannot name a unit'
        yield Problem(message, configuration.file, line, 'name = "…", of small letters, digits and -')
    folder = os.path.join(project.root, service)
    if not is_nameable(folder):
        message = f"no unit can name the folder {folder!r}"
        yield Problem(
            message, configuration.file, line, "move it to a path without quotes, backslashes, $ and wildcards"
        )
    user = _user(project, service)
    if configuration.user is None and user in {"root", "0"}:
        message = f"{service} is root's, and would run as root"
        yield Problem(
            message, configuration.file, line, '[tool.common-sync.deploy] user = "…"; "root" if it is to be so'
        )
    if configuration.user is not None and not systemd.is_user(user):
        yield Problem(f'"user" is {user!r}, and there is no such user', configuration.file, configuration.user.line)


def _find_equal_units(project: Project) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for service in project.services:
        if _settings(project, service).command:
            other = holders.setdefault(_unit_name(project, service), service)
            if other != service:
                message = f"{service} and {other} have the same name, and so would have one unit"
                line = _settings(project, service).service.line
                yield Problem(message, project.configuration.file, line, 'name = "…"')


def _make_text(project: Project, service: str) -> str:
    settings = _settings(project, service)
    return make_unit(_describe(project, service)) if settings.command else ""


def _describe(project: Project, service: str) -> Service:
    settings = _settings(project, service)
    return Service(
        _unit_name(project, service),
        os.path.join(project.root, service),
        settings.command,
        _user(project, service),
        settings.env_file.value if settings.env_file is not None else "",
        tuple(one.value for one in settings.after),
        settings.memory.value if settings.memory is not None else "",
    )


def _read(project: Project, service: str, text: str, folder: str) -> Unit:
    name = _unit_name(project, service)
    path, held = f"{folder}/{name}.service", systemd.read_unit(folder, name)
    state, enabled = judge(held, text), systemd.is_enabled(folder, name)
    read = held is None or systemd.is_read(folder, name)
    trouble = find_unit_trouble(name, shell_word(service), state, enabled=enabled, read=read)
    ignored = any(setting.value == "CS312" for setting in project.configuration.ignore)
    finding = None if trouble is None or ignored else make_finding("CS312", service, path, None, *trouble)
    return Unit(service, name, path, text, held, state, enabled, finding)


def write_units(project: Project, names: Sequence[str], folder: str, *, force: bool) -> tuple[Unit, ...]:
    """Bring the installed units of services in sync; what a person has written stays unless it is forced, and then is kept.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        folder: The folder of units.
        force: Replace units that were edited, or were written by somebody else.

    Raises:
        CommonSyncError: A unit cannot be made or written, or systemd does not take it; then nothing is written.
    """
    with systemd.locked_units(folder) as descriptor:
        units = [one for one in read_units(project, names, folder) if one.text]
        _verify(project, units)
        done = tuple(_write(descriptor, folder, one, force=force) for one in units)
    systemd.reload_units(folder)
    return done


def _verify(project: Project, units: Sequence[Unit]) -> None:
    """Refuse units that systemd does not take, or that start what is not there."""
    problems = []
    for one in units:
        program = find_program(_describe(project, one.service))
        if not os.access(program, os.X_OK):
            remedy = "common-sync env sync" if program.startswith(project.root) else "install it, or name another"
            line = _settings(project, one.service).service.line
            problems.append(
                Problem(f"{one.service}: there is no program {program}", project.configuration.file, line, remedy)
            )
    if not problems and units:
        said = systemd.verify_units({one.name: one.text for one in units})
        problems = [Problem(f"systemd does not take it: {line}") for line in said]
    if problems:
        raise ConfigurationError(*problems)


def _write(descriptor: int, folder: str, unit: Unit, *, force: bool) -> Unit:
    if unit.state == "in sync":
        return unit
    guarded = unit.state in {"edited", "foreign"}
    if guarded and not force:
        return unit._replace(action="refused")
    kept = systemd.write_unit(descriptor, folder, unit.name, unit.held, unit.text, keep=guarded)
    return unit._replace(action="written", kept=kept)


def remove_units(project: Project, names: Sequence[str], folder: str, *, force: bool) -> tuple[Unit, ...]:
    """Remove the installed units of services; one that is enabled, or that a person has written, stays.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        folder: The folder of units.
        force: Remove those that were edited, too; they are kept under another name.

    Raises:
        CommonSyncError: A unit cannot be read or removed.
    """
    with systemd.locked_units(folder) as descriptor:
        units = tuple(
            _remove(descriptor, folder, one, force=force)
            for one in read_units(project, names, folder)
            if one.held is not None
        )
    systemd.reload_units(folder)
    return units


def _remove(descriptor: int, folder: str, unit: Unit, *, force: bool) -> Unit:
    mine = unit.held is not None and is_untouched(unit.held)
    if unit.enabled or not (mine or force):
        return unit._replace(action="refused")
    kept = systemd.write_unit(descriptor, folder, unit.name, unit.held, None, keep=not mine)
    return unit._replace(action="removed", kept=kept)


def list_findings(units: Sequence[Unit]) -> tuple[Finding, ...]:
    """Return what is wrong with units."""
    return tuple(one.finding for one in units if one.finding is not None)
