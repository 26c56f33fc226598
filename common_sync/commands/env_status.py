"""`env status`: how the environment of each service stands; reads only."""

from collections.abc import Sequence
from typing import NamedTuple

from common_sync.commands.steps.environments import Situation, find_environment_troubles, observe
from common_sync.core.model import Finding
from common_sync.edges.environments.disk import Size, measure
from common_sync.edges.environments.folder import list_environments, modified, path_of
from common_sync.edges.project.load import Project, select_services


class EnvironmentRow(NamedTuple):
    """A service's environment."""

    situation: Situation  # how it stands
    environment: str  # its name; nothing where there is none
    packages: int  # how many distributions are in it
    size: Size | None  # how much of the disk it takes; None where that was not asked
    changed: float | None  # when it was finished, in seconds
    others: int  # how many other environments are kept beside it
    release: str = ""  # the current release, which does not run from this environment; nothing where there is none


class EnvironmentStatus(NamedTuple):
    """The environments of services, in their order, and what is found about them."""

    rows: tuple[EnvironmentRow, ...]
    findings: tuple[Finding, ...]
    has_releases: bool = False  # whether a folder for releases is configured

    @property
    def in_sync(self) -> bool:
        """Whether all of them are."""
        return all(row.situation.standing.state in {"in sync", "none"} for row in self.rows)


def read_environments(project: Project, names: Sequence[str], *, deep: bool, size: bool) -> EnvironmentStatus:
    """Return how the environments of services stand.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        deep: Compare every installed file with what it was.
        size: Measure how much of the disk they take.

    Raises:
        CommonSyncError: What they are made from cannot be read.
    """
    situations = [observe(project, service, deep=deep) for service in select_services(project, names)]
    rows = tuple(_describe(one, size=size) for one in situations)
    if project.configuration.to is not None:
        from common_sync.commands.steps.units import current_release_of  # most projects deploy nothing

        rows = tuple(one._replace(release=current_release_of(project, one.situation.service)) for one in rows)
    findings = find_environment_troubles(project, situations)
    return EnvironmentStatus(rows, findings, project.configuration.to is not None)


def _describe(situation: Situation, *, size: bool) -> EnvironmentRow:
    seen = situation.folder.current
    if seen is None:
        return EnvironmentRow(situation, "", 0, None, None, len(list_environments(situation.place)))
    path = path_of(situation.place, seen.name)
    others = len(list_environments(situation.place)) - 1
    return EnvironmentRow(
        situation, seen.name, len(seen.distributions), measure(path) if size else None, modified(path), others
    )
