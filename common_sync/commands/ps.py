"""`ps`: what runs: the unit, the environment, the memory, the disk and the port of each service, and what is wrong with them."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.commands.steps.environments.ports import Ports, is_proven_by_port
from common_sync.commands.steps.environments.survey import observe
from common_sync.commands.steps.environments.unit_checks import check_set_up
from common_sync.commands.steps.environments.units import (
    Unit,
    UnitKind,
    is_ignored,
    list_findings,
    manager_of,
    place_of,
    read_units,
    released_place_of,
    settings_of,
)
from common_sync.core.environments.health import why_unheard
from common_sync.core.environments.releases import Releases
from common_sync.core.environments.running import (
    Holder,
    Process,
    Shown,
    find_environment_trouble,
    find_port_trouble,
    is_late,
)
from common_sync.core.environments.state import VENV
from common_sync.core.environments.units import name_socket
from common_sync.core.errors import CommonSyncError, ConfigurationError, Problem, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import URL, ServiceSettings
from common_sync.edges.environments import processes
from common_sync.edges.environments.disk import Size, measure
from common_sync.edges.environments.folder import CURRENT, path_of, see
from common_sync.edges.environments.health import why_sick
from common_sync.edges.environments.manager import whoami
from common_sync.edges.environments.releases import read_releases
from common_sync.edges.project.load import Project, select_services

UNKNOWN = "unknown"
_SYSTEMD = 1


class Row(NamedTuple):
    """What runs of a service."""

    service: str  # its path from the root
    unit: str  # its unit's name, without `.service`; nothing where it has no command
    shown: Shown  # what systemd says of the unit
    environment: str  # how its environment stands; `unknown` where it cannot be read
    processes: tuple[Process, ...]  # the unit's
    since: float | None  # for how many seconds its unit is in its state
    port: str  # its port; nothing where it has none
    listens: bool  # whether it listens there
    holders: tuple[Holder, ...]  # who else does
    release: int = 0  # its current release; 0 where it runs from the work tree
    is_proven: bool = False  # whether that was proven since it was switched to
    used: str = ""  # the absolute path of the environment that it should run from; nothing for none
    socket: Shown | None = None  # what systemd says of the unit that listens for it; None where there is none
    sick: str | None = None  # why it is not healthy; nothing where it is, None where that is not asked
    disk: Size = Size()  # what its releases, their environments and what outlives them take; or its `.venv`

    @property
    def memory(self) -> int:
        """How many bytes its processes take."""
        return sum(one.memory for one in self.processes)

    @property
    def is_share(self) -> bool:
        """Whether pages that several processes use are shared out among them."""
        return all(one.is_share for one in self.processes)

    @property
    def is_up(self) -> bool:
        """Whether it runs, if it is to."""
        return not self.unit or self.shown.active == "active"


class Running(NamedTuple):
    """What runs of the services, in their order, and what is found about it."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether all that is to run does, and nothing is wrong."""
        is_well = all(one.is_up and not one.sick for one in self.rows)
        return is_well and not any(one.severity == "error" for one in self.findings)


def read_running(project: Project, names: Sequence[str]) -> Running:
    """Return what runs of services.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.

    Raises:
        CommonSyncError: No systemd runs here, or a service cannot have a unit.
    """
    manager = manager_of(project)
    if not manager.is_running:
        whose = f"of {whoami()} " if manager.is_of_user else ""
        message = f"no systemd {whose}runs here, so nothing tells what runs"
        raise ConfigurationError(
            Problem(message, remedy=manager.remedy or "common-sync env status shows the environments")
        )
    units = read_units(project, names, manager)
    services = select_services(project, names)
    ports = Ports(setting.value for one in services if (setting := settings_of(project, one).port) is not None)
    held = {service: {one.kind: one for one in units if one.service == service} for service in services}
    rows = tuple(_read_row(project, service, held[service], ports) for service in services)
    found = (one for row in rows for one in _find_troubles(project, row) if not is_ignored(project, one))
    active = [row.service for row in rows if row.shown.active == "active"]
    return Running(rows, (*list_findings(units), *check_set_up(project, services, active), *found))


def _read_row(project: Project, service: str, units: Mapping[UnitKind, Unit], ports: "Ports") -> Row:
    place = released_place_of(project, service)
    releases = read_releases(place) if place else Releases({})
    unit, socket = units.get("service"), units.get("socket")
    above, shown = os.path.realpath(place or project.root), unit.shown if unit is not None else Shown()
    seen = (processes.look_at_process(number, above) for number in processes.list_processes(shown.group))
    found = tuple(one for one in seen if one is not None)
    settings = settings_of(project, service)
    setting = settings.port
    own_processes = {one.number for one in found}
    if socket is not None and socket.shown.active == "active":
        own_processes.add(_SYSTEMD)  # it listens for the service
    own, others = ports.look_at(setting.value, own_processes) if setting is not None else (False, ())
    since = time.monotonic() - shown.changed / 1_000_000 if shown.changed else None
    name, port = unit.name if unit is not None else "", setting.value if setting is not None else ""
    return Row(
        *(service, name, shown, _environment(project, service, place or None), found, since, port, own, others),
        *(releases.current, releases.is_settled, _find_used(project, service, releases)),
        *(socket.shown if socket is not None else None, _find_sickness(settings, shown, others, listens=own)),
        measure(place or os.path.join(project.root, service, VENV)),
    )


def _find_sickness(settings: ServiceSettings, shown: Shown, holders: Sequence[Holder], *, listens: bool) -> str | None:
    """Say why a service that runs is not healthy; a command of its settings is not run for that."""
    if shown.active != "active":
        return None
    if settings.port is not None and is_proven_by_port(settings):
        return "" if listens else why_unheard(settings.port.value, holders)
    is_url = bool(settings.health) and settings.health[0].startswith(URL)
    return why_sick(settings.health, "/", None) if is_url else None


def _environment(project: Project, service: str, place: str | None) -> str:
    """Return how the environment of a service stands, in the work tree or in its current release."""
    try:
        if place is None:
            return observe(project, service).standing.state
        releases = read_releases(place)
        release = releases.known.get(releases.current)
        name = release.made.environment if release is not None else ""
        return "none" if not name else "in sync" if see(place, name).is_intact else "damaged"
    except CommonSyncError:
        return UNKNOWN


def _find_used(project: Project, service: str, releases: Releases) -> str:
    """Return the path of the environment that a service should run from; nothing where it runs from none."""
    command = settings_of(project, service).command
    if not command or command[0].startswith("/"):
        return ""
    release = releases.known.get(releases.current)
    if release is not None:
        path = path_of(place_of(project, service), release.made.environment)
        return os.path.realpath(path) if release.made.environment else ""
    link = os.path.join(os.path.realpath(project.root), service, VENV, CURRENT)
    return os.path.realpath(link) if os.path.islink(link) else ""


def _find_troubles(project: Project, row: Row) -> Iterator[Finding]:
    settings, file = settings_of(project, row.service), project.configuration.file
    control = " ".join(manager_of(project).control)
    if row.unit and settings.port is not None:
        trouble = find_port_trouble(row.unit, row.port, row.holders, own=row.listens)
        if trouble is not None:
            yield make_finding("CS306", row.service, file, settings.port.line, *trouble)
    if row.unit and row.socket is not None and row.socket.active != "active":
        name = name_socket(row.unit)
        message = f"{name} does not listen: it is {row.socket.described}"
        yield make_finding("CS312", row.service, file, settings.service.line, message, f"{control} restart {name}")
    if row.unit and row.used:
        link = os.path.join(project.root, row.service, VENV, CURRENT)
        late = not row.release and is_late(row.shown, os.lstat(link).st_mtime, time.time(), time.monotonic_ns() // 1000)
        trouble = find_environment_trouble(row.unit, row.used, row.processes, late=late, control=control)
        if trouble is not None:
            yield make_finding("CS304", row.service, f"{row.service}/{VENV}", None, *trouble)
    if row.release and not row.is_proven:
        message = f"release {row.release} is current, and not proven yet"
        proof = (
            f"common-sync rollback {shell_word(row.service)} --to {row.release}"  # deploy brings what the work tree has
        )
        remedy = f"{proof} proves it, or undoes it; without --to, it goes back"
        yield make_finding("CS314", row.service, place_of(project, row.service), None, message, remedy)
