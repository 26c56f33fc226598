"""`logs`: what the journal is asked for: all that units have written, or what one release has."""

from collections.abc import Sequence

from common_sync.commands.steps.environments.units import manager_of, name_unit, settings_of
from common_sync.core.environments.releases import say_release
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.edges.environments import systemd
from common_sync.edges.project.load import Project, select_services

_REMEDY = 'command = "…" in its table, then: common-sync units --write'


def find_journals(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return what asks the journal for the units of services.

    Args:
        project: The project.
        names: The services that the user named; all that have a command when there are none.

    Raises:
        ConfigurationError: One has no unit.
    """
    services, file = select_services(project, names), project.configuration.file
    without = [one for one in services if not settings_of(project, one).command]
    if names and without:
        raise ConfigurationError(
            *(Problem(f"{one} has no command, and so no log", file, remedy=_REMEDY) for one in without)
        )
    units = tuple(
        systemd.ask_journal(manager_of(project), name_unit(project, one)) for one in services if one not in without
    )
    if not units:
        raise ConfigurationError(Problem("no service has a command, and so none has a log", file, remedy=_REMEDY))
    return units


def find_release_journal(project: Project, names: Sequence[str], number: int) -> tuple[str, ...]:
    """Return what asks the journal for what a service has written while it ran a release.

    Args:
        project: The project.
        names: The service, as the user named it.
        number: The release.

    Raises:
        ConfigurationError: None or several are named, it has no unit, or the journal has nothing of that release.
    """
    if len(names) != 1:
        raise ConfigurationError(Problem("--release is of one service", remedy="common-sync logs SERVICE --release 7"))
    find_journals(project, names)
    service = select_services(project, names)[0]
    starts = systemd.find_starts(manager_of(project), name_unit(project, service), say_release(number))
    if not starts:
        message = f"the journal has nothing of release {number} of {service}"
        remedy = f"common-sync rollback {shell_word(service)} --list shows the releases; to read the journal takes root"
        raise ConfigurationError(Problem(message, remedy=remedy))
    return tuple(f"{systemd.INVOCATION}={one}" for one in starts)
