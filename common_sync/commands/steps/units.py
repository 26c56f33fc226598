"""What `units`, `ps` and `logs` share: the systemd units of services, what they should be, and how the installed ones stand."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from common_sync.core.configuration import name_table
from common_sync.core.environments.running import Shown
from common_sync.core.environments.units import (
    Service,
    UnitState,
    find_unit_trouble,
    judge,
    make_back_unit,
    make_unit,
    name_back,
    name_units,
)
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import NAME, ServiceSettings, is_nameable
from common_sync.edges.environments import systemd
from common_sync.edges.environments.releases import has_releases, read_current
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
    shown: Shown  # what systemd says of it; nothing known where none runs that reads this folder
    finding: Finding | None  # what is wrong with it
    action: UnitAction = "nothing"  # what was done
    kept: str = ""  # where the former one is kept; nothing where none is
    is_back: bool = False  # whether it is the one that goes back where a release keeps failing

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
        found = list(find_problems(project, service)) if settings_of(project, service).command else []
        problems += found
        texts[service] = "" if found else _make_text(project, service)
    problems += _find_equal_units(project)
    if problems:
        raise ConfigurationError(*problems)
    known = {service: name_unit(project, service) for service in services}
    shown = systemd.show_units([*known.values()]) if systemd.is_running(folder) else {}
    units = [
        _read(project, service, text, folder, shown.get(known[service], Shown())) for service, text in texts.items()
    ]
    backs = [_read_back(project, one, folder) for one in units]
    pairs = (one for pair in zip(units, backs, strict=True) for one in pair)
    return tuple(one for one in pairs if one.text or one.held is not None)


def list_findings(units: Sequence[Unit]) -> tuple[Finding, ...]:
    """Return what is wrong with installed units."""
    return tuple(one.finding for one in units if one.finding is not None)


def settings_of(project: Project, service: str) -> ServiceSettings:
    """Return how a service is set up."""
    return project.settings.get(service) or ServiceSettings(project.configuration.master)


def _short_name(project: Project, service: str) -> str:
    name = settings_of(project, service).name
    return name.value if name is not None else service.rpartition("/")[2]


def name_unit(project: Project, service: str) -> str:
    """Return the name of a service's unit, without `.service`."""
    return f"{_prefix(project)}{_short_name(project, service)}"


def _prefix(project: Project) -> str:
    prefix = project.configuration.prefix
    return name_units(os.path.basename(project.root), prefix.value if prefix is not None else None)


def _name_back(project: Project, service: str) -> str:
    return name_back(_prefix(project), _short_name(project, service))


def user_of(project: Project, service: str) -> str:
    """Return who runs a service."""
    user = project.configuration.user
    return user.value if user is not None else systemd.owner_of(os.path.join(project.root, service))


def find_problems(project: Project, service: str) -> Iterator[Problem]:
    """Yield why a service cannot have a unit."""
    configuration, line = project.configuration, settings_of(project, service).service.line
    if not NAME.fullmatch(_short_name(project, service)):
        message = f'the last part of "{service}" cannot name a unit'
        yield Problem(message, configuration.file, line, 'name = "…", of small letters, digits and -')
    folder = os.path.join(project.root, service)
    if not is_nameable(folder):
        message = f"no unit can name the folder {folder!r}"
        yield Problem(
            message, configuration.file, line, "move it to a path without quotes, backslashes, $ and wildcards"
        )
    user = user_of(project, service)
    if configuration.user is None and user in {"root", "0"}:
        message = f"{service} belongs to root, and would run as root"
        header = name_table(configuration.file, "deploy")
        yield Problem(message, configuration.file, line, f'{header} user = "…"; "root" to run it as root')
    if configuration.user is not None and not systemd.is_user(user):
        yield Problem(f'"user" is {user!r}, and there is no such user', configuration.file, configuration.user.line)


def _find_equal_units(project: Project) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for service in project.services:
        if settings_of(project, service).command:
            other = holders.setdefault(name_unit(project, service), service)
            if other != service:
                message = f"{service} and {other} have the same name, and so would have one unit"
                line = settings_of(project, service).service.line
                yield Problem(message, project.configuration.file, line, 'name = "…"')


def place_of(project: Project, service: str) -> str:
    """Return the absolute path of the folder that a service's releases are in; nothing where none is configured."""
    to = project.configuration.to
    return f"{to.value}/{_short_name(project, service)}" if to is not None else ""


def current_release_of(project: Project, service: str) -> str:
    """Return the current release of a service, in a word or two; nothing where it has none, or none is configured."""
    place = place_of(project, service)
    number, is_proven = read_current(place) if place else (0, True)
    return (str(number) if is_proven else f"{number}, unproven") if number else ""


def released_place_of(project: Project, service: str) -> str:
    """Return that folder where there is a current release in it, else nothing."""
    place = place_of(project, service)
    return place if place and has_releases(place) else ""


def _make_text(project: Project, service: str) -> str:
    settings = settings_of(project, service)
    return make_unit(describe(project, service)) if settings.command else ""


def describe(project: Project, service: str) -> Service:
    """Return what a service's unit is about."""
    settings, released = settings_of(project, service), released_place_of(project, service)
    return Service(
        name_unit(project, service),
        os.path.join(project.root, service),
        settings.command,
        user_of(project, service),
        settings.env_file.value if settings.env_file is not None else "",
        tuple(one.value for one in settings.after),
        settings.memory.value if settings.memory is not None else "",
        released,
        _name_back(project, service) if released else "",
    )


def _read(project: Project, service: str, text: str, folder: str, shown: Shown) -> Unit:
    name = name_unit(project, service)
    path, held = f"{folder}/{name}.service", systemd.read_unit(folder, name)
    state, enabled = judge(held, text), systemd.is_enabled(folder, name)
    trouble = find_unit_trouble(name, shell_word(service), state, enabled=enabled, read=not shown.unread)
    finding = None if trouble is None else make_finding("CS312", service, path, None, *trouble)
    if finding is not None and is_ignored(project, finding):
        finding = None
    return Unit(service, name, path, text, held, state, enabled, shown, finding)


def _read_back(project: Project, unit: Unit, folder: str) -> Unit:
    """Return the unit that goes back where a release of a service keeps failing; one without a text where it has no releases."""
    name, described = _name_back(project, unit.service), describe(project, unit.service)
    words = (
        sys.executable,
        "-I",
        "-m",
        "common_sync",
        "rollback",
        unit.service,
        "--if-failing",
        "--root",
        project.root,
    )
    text = make_back_unit(described, words) if unit.text and described.back else ""
    held = systemd.read_unit(folder, name)
    state = judge(held, text)
    trouble = (
        find_unit_trouble(name, shell_word(unit.service), state, enabled=True, read=True) if text or held else None
    )
    path = f"{folder}/{name}.service"
    finding = None if trouble is None else make_finding("CS312", unit.service, path, None, *trouble)
    if finding is not None and is_ignored(project, finding):
        finding = None
    return Unit(
        unit.service, name, path, text, held, state, enabled=False, shown=Shown(), finding=finding, is_back=True
    )


def is_ignored(project: Project, finding: Finding) -> bool:
    """Tell whether the configuration switches off the check that a finding comes from."""
    return any(setting.value == finding.code for setting in project.configuration.ignore)
