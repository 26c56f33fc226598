"""`env status`: how the environment of each service stands; reads only."""

from collections.abc import Sequence
from typing import NamedTuple

from common_sync.commands.steps.environments.survey import Situation, find_environment_troubles, observe_readable
from common_sync.core.model import Finding
from common_sync.edges.environments.disk import Size, measure
from common_sync.edges.environments.folder import list_environments, modified, path_of
from common_sync.edges.project.load import Project, select_services

UNREADABLE = "unreadable"
"""The state of a service whose files do not say what its environment is to have."""


class EnvironmentRow(NamedTuple):
    """A service's environment."""

    service: str  # the service's path from the root
    situation: Situation | None = None  # how it stands; None where what it is made from cannot be read
    environment: str = ""  # its name; nothing where there is none
    packages: int = 0  # how many distributions are in it
    size: Size | None = None  # how much of the disk it takes; None where that was not asked
    changed: float | None = None  # when it was finished, in seconds
    others: int = 0  # how many other environments are kept beside it
    release: str = ""  # the current release, which does not run from this environment; nothing where there is none

    @property
    def state(self) -> str:
        """How it stands, in a word."""
        return self.situation.standing.state if self.situation is not None else UNREADABLE


class EnvironmentStatus(NamedTuple):
    """The environments of services, in their order, and what is found about them."""

    rows: tuple[EnvironmentRow, ...]
    findings: tuple[Finding, ...]
    has_releases: bool = False  # whether a folder for releases is configured

    @property
    def in_sync(self) -> bool:
        """Whether all of them are."""
        return all(row.state in {"in sync", "none"} for row in self.rows)


def read_environments(project: Project, names: Sequence[str], *, deep: bool, size: bool) -> EnvironmentStatus:
    """Return how the environments of services stand; one that cannot be told leaves the others to be told.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        deep: Compare every installed file with what it was.
        size: Measure how much of the disk they take.
    """
    services = select_services(project, names)
    situations, unread = observe_readable(project, services, deep=deep)
    known = {one.service: _describe(one, size=size) for one in situations}
    rows = tuple(known.get(service) or EnvironmentRow(service) for service in services)
    if project.configuration.to is not None:
        from common_sync.commands.steps.environments.units import current_release_of  # most projects deploy nothing

        rows = tuple(one._replace(release=current_release_of(project, one.service)) for one in rows)
    ignored = {setting.value for setting in project.configuration.ignore}
    findings = (one for one in unread if one.code not in ignored)
    found = (*findings, *find_environment_troubles(project, situations))
    return EnvironmentStatus(rows, found, project.configuration.to is not None)


def _describe(situation: Situation, *, size: bool) -> EnvironmentRow:
    service, seen = situation.service, situation.folder.current
    if seen is None:
        return EnvironmentRow(service, situation, others=len(list_environments(situation.place)))
    path = path_of(situation.place, seen.name)
    others = len(list_environments(situation.place)) - 1
    taken = measure(path) if size else None
    return EnvironmentRow(service, situation, seen.name, len(seen.distributions), taken, modified(path), others)
