"""`rollback`: go back to a former release of a service: one symlink, a restart, a proof. Nothing is built, nothing is downloaded."""

from collections.abc import Callable
from typing import NamedTuple

from common_sync.commands.steps.environments.releases import Outcome, Site, bring_up, check_runnable, find_site, go_back
from common_sync.core.configuration import name_table
from common_sync.core.environments.releases import Release, Releases, choose_fallback, choose_target
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.edges.environments import systemd
from common_sync.edges.environments.releases import mark, read_releases
from common_sync.edges.environments.trial import end_trial, find_trial
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive


class Rollback(NamedTuple):
    """What came of a run of `rollback`."""

    site: Site
    releases: Releases  # as before
    target: Release | None  # the release that it goes to; None where nothing is to be done, or only shown
    outcome: Outcome | None  # what came of it; None where nothing was done

    @property
    def is_done(self) -> bool:
        """Whether what was asked for is so."""
        return self.outcome is None or self.outcome.proven or (bool(self.site.stays) and not self.outcome.undone)


def list_releases(project: Project, name: str) -> Rollback:
    """Return the releases of a service.

    Args:
        project: The project.
        name: The service, as the user named it.

    Raises:
        CommonSyncError: They cannot be read.
    """
    site = _find_released(project, name, restart=False)
    return Rollback(site, read_releases(site.place), None, None)


def roll_back(
    project: Project, name: str, number: int | None, say: Callable[[str], None], *, restart: bool, dry_run: bool
) -> Rollback:
    """Go back to a former release of a service.

    Args:
        project: The project.
        name: The service, as the user named it.
        number: The release; None for the newest that was proven before the current one.
        say: Told what it waits for.
        restart: Whether to restart the service.
        dry_run: Switch nothing.

    Raises:
        CommonSyncError: There is no such release, it cannot run any more, or it cannot be switched.
    """
    site = _find_released(project, name, restart=restart and not dry_run)
    if site.is_due:
        remedy = f"common-sync units --write {shell_word(site.service)}, then {' '.join(site.manager.control)} restart {site.unit}"
        site = site._replace(stays=f"its unit {site.unit} does not run its releases: {remedy}")
    releases = read_releases(site.place)
    target = _choose(site, releases, number)
    if dry_run or target is None:
        return Rollback(site, releases, target, None)
    with exclusive(site.place, say):
        releases = read_releases(site.place)
        target = _choose(site, releases, number)
        outcome = bring_up(site, releases, target, say) if target is not None else None
        end_trial(site.manager, site.unit)
        return Rollback(site, releases, target, outcome)


def roll_back_failing(project: Project, name: str, say: Callable[[str], None]) -> Rollback:
    """Go back to the former release where a new one keeps failing; systemd asks for that when it has given up.

    A release is new while nobody has proven it, and for an hour after its deploy. One that fails later is not at fault, and to
    go back would mend nothing.

    Args:
        project: The project.
        name: The service, as the user named it.
        say: Told what it waits for.

    Raises:
        CommonSyncError: It cannot be switched.
    """
    site = find_site(project, select_services(project, [name])[0], restart=True)
    with exclusive(site.place, say):  # a deploy that watches it undoes it first
        releases = read_releases(site.place)
        current = releases.known.get(releases.current)
        before = find_trial(site.manager, site.unit, releases.current)
        is_new = not releases.is_settled or before is not None
        runs = not (site.stays or site.is_due)
        fails = runs and systemd.show_units(site.manager, [site.unit])[site.unit].active == "failed"
        target = choose_fallback(releases, releases.current, before or 0)
        if current is None or target is None or not (is_new and fails):
            return Rollback(site, releases, None, None)
        check_runnable(site, target)
        end_trial(site.manager, site.unit)
        mark(site.place, current.number, proven=False)
        came = go_back(site, releases, current, say, before or 0)
        outcome = came._replace(proven=not came.trouble, reason=came.trouble, undone=False, trouble="")
        return Rollback(site, releases, target, outcome)


def _find_released(project: Project, name: str, *, restart: bool) -> Site:
    """Return where a service's releases are; who keeps none may mean its copy, which `pin` takes back.

    Raises:
        ConfigurationError: It has no such place, or may not be restarted.
    """
    service = select_services(project, [name])[0]
    if project.configuration.to is None:
        message, file = (
            "no folder for releases is configured, so there is none to go back to",
            project.configuration.file,
        )
        back = f"common-sync pin {shell_word(service)} --back takes its copy back"
        remedy = f'{back}, or {name_table(file, "deploy")} to = "/opt/…" is where deploy makes releases'
        raise ConfigurationError(Problem(message, file, remedy=remedy))
    return find_site(project, service, restart=restart)


def _choose(site: Site, releases: Releases, number: int | None) -> Release | None:
    target = choose_target(releases) if number is None else releases.known.get(number)
    if target is None:
        wanted = "to go back to" if number is None else str(number)
        remedy = f"common-sync rollback {shell_word(site.service)} --list"
        raise ConfigurationError(Problem(f"{site.service} has no release {wanted}", site.place, remedy=remedy))
    check_runnable(site, target)
    return None if target.number == releases.current and releases.is_settled else target
