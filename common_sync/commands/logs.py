"""`logs`: which units' journal is to be shown."""

from collections.abc import Sequence

from common_sync.commands.steps.units import name_unit, settings_of
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import Project, select_services

_REMEDY = 'command = "…" in its table, then: common-sync units --write'


def find_journals(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the units of services, without `.service`.

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
    units = tuple(name_unit(project, one) for one in services if one not in without)
    if not units:
        raise ConfigurationError(Problem("no service has a command, and so none has a log", file, remedy=_REMEDY))
    return units
