"""What `units`, `ps` and `logs` share: the systemd units of services, what they should be, and how the installed ones stand."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from common_sync.core.configuration import name_table
from common_sync.core.environments.running import Shown
from common_sync.core.environments.unit_text import UnitState, judge
from common_sync.core.environments.units import (
    Service,
    find_unit_trouble,
    make_back_unit,
    make_clean_unit,
    make_socket_unit,
    make_timer_unit,
    make_unit,
    name_back,
    name_clean,
    name_file,
    name_socket,
    name_timer,
    name_units,
)
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import NAME, ServiceSettings, is_nameable
from common_sync.edges.environments import systemd
from common_sync.edges.environments.manager import SYSTEM, Manager, may_confine, of_user, whoami
from common_sync.edges.environments.releases import has_releases, read_current
from common_sync.edges.project.load import Project, select_services

UnitAction = Literal["nothing", "written", "removed", "refused"]
UnitKind = Literal["service", "socket", "back", "clean", "timer"]
"""What runs a service, listens for it, and goes back where a release of it keeps failing; of the project, what cleans, and when."""

_HELPERS: tuple[UnitKind, ...] = ("back", "clean")
"""Those that another unit starts."""


class Wanted(NamedTuple):
    """A unit as it should be."""

    kind: UnitKind
    name: str  # without `.service`
    text: str  # nothing where there should be none


class Unit(NamedTuple):
    """A service's unit."""

    service: str  # the service's path from the root; nothing for one of the whole project
    name: str  # the unit's name, without `.service`
    path: str  # where it is installed, or would be
    text: str  # what it should be; nothing where there should be none
    held: bytes | None  # what is installed; None where nothing is
    state: UnitState  # how it stands
    enabled: bool  # whether it is started when the machine is
    shown: Shown  # what systemd says of it; nothing known where none runs that reads this folder
    finding: Finding | None  # what is wrong with it
    action: UnitAction = "nothing"  # what was done
    kept: str = ""  # where the former one is kept; nothing where none is
    kind: UnitKind = "service"  # which of the service's units it is

    @property
    def is_helper(self) -> bool:
        """Whether another unit starts it, and not the machine."""
        return self.kind in _HELPERS

    @property
    def difference(self) -> tuple[str, str]:
        """What is installed, and what should be."""
        return (self.held or b"").decode("utf-8", "backslashreplace"), self.text


def read_units(project: Project, names: Sequence[str], manager: Manager) -> tuple[Unit, ...]:
    """Return the units of services: of those with a command, and what is left of those without.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        manager: Whose units.

    Raises:
        CommonSyncError: A service cannot have a unit, or an installed one cannot be read.
    """
    services = select_services(project, names)
    run = [service for service in services if settings_of(project, service).command]
    problems = [one for service in run for one in find_problems(project, service)]
    problems += _find_equal_units(project)
    if problems:
        raise ConfigurationError(*problems)
    wanted = [(service, one) for service in services for one in _list_wanted(project, service)]
    wanted += [("", one) for one in _list_cleaning(project)] if not names else []
    known = [one.name for _, one in wanted if one.kind not in _HELPERS]
    shown = systemd.show_units(manager, known) if manager.is_running else {}
    units = (_read(project, service, one, manager, shown.get(one.name, Shown())) for service, one in wanted)
    return tuple(one for one in units if one.text or one.held is not None)


def _list_wanted(project: Project, service: str) -> Iterator[Wanted]:
    one, is_run = describe(project, service), bool(settings_of(project, service).command)
    yield Wanted("service", one.unit, make_unit(one) if is_run else "")
    yield Wanted("socket", name_socket(one.unit), make_socket_unit(one) if is_run and one.socket else "")
    words = ("-I", "-m", "common_sync", "rollback", service, "--if-failing", "--root", project.root)
    text = make_back_unit(one, (sys.executable, *words)) if is_run and one.back else ""
    yield Wanted("back", _name_back(project, service), text)


def _list_cleaning(project: Project) -> Iterator[Wanted]:
    name, setting = name_clean(_prefix(project)), project.configuration.clean
    words = (sys.executable, "-I", "-m", "common_sync", "env", "clean", "--root", project.root)
    own, owner = project.configuration.is_of_user, systemd.owner_of(project.root)
    text = make_clean_unit(name, owner, words, is_of_user=own) if setting is not None else ""
    yield Wanted("clean", name, text)
    text = make_timer_unit(name, setting.value, is_of_user=own) if setting is not None else ""
    yield Wanted("timer", name_timer(name), text)


def manager_of(project: Project) -> Manager:
    """Return whose systemd runs the services."""
    return of_user() if project.configuration.is_of_user else SYSTEM


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
    if project.configuration.is_of_user:
        return whoami()
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
    if configuration.is_of_user and user in {"root", "0"}:
        message, owner = f"{service} would run as root", systemd.owner_of(folder)
        remedy = f"run it as {owner}, without sudo" if owner != user else 'scope = "system"'
        yield Problem(f"{message}: units are of the user who runs common-sync", configuration.file, line, remedy)
    elif configuration.user is None and user in {"root", "0"}:
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
        f"{settings.socket.value}:{settings.port.value}" if settings.socket and settings.port else "",
        (own := project.configuration.is_of_user),
        not own or may_confine(),
    )


def _read(project: Project, service: str, wanted: Wanted, manager: Manager, shown: Shown) -> Unit:
    (kind, name, text), folder = wanted, manager.folder
    path, held = f"{folder}/{name_file(name)}", systemd.read_unit(folder, name)
    state, enabled = judge(held, text), kind not in _HELPERS and systemd.is_enabled(folder, name)
    is_started, shell = enabled or kind in _HELPERS, shell_word(service) if service else ""
    trouble = find_unit_trouble(
        name, shell, state, enabled=is_started, read=not shown.unread, is_of_user=manager.is_of_user
    )
    finding = None if trouble is None else make_finding("CS312", service, path, None, *trouble)
    if finding is not None and is_ignored(project, finding):
        finding = None
    return Unit(service, name, path, text, held, state, enabled, shown, finding, kind=kind)


def is_ignored(project: Project, finding: Finding) -> bool:
    """Tell whether the configuration switches off the check that a finding comes from."""
    return any(setting.value == finding.code for setting in project.configuration.ignore)
