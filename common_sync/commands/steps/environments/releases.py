"""What `deploy`, `rollback` and `ps` share: where a service's releases are, and how one is brought up, proven, or undone."""

import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from common_sync.commands.steps.environments.ports import Ports, is_proven_by_port
from common_sync.commands.steps.environments.units import (
    find_problems,
    manager_of,
    name_unit,
    place_of,
    settings_of,
    user_of,
)
from common_sync.core.configuration import name_table
from common_sync.core.environments.health import Watch, judge_start, why_unheard
from common_sync.core.environments.releases import Release, Releases, choose_fallback, find_release_program
from common_sync.core.environments.running import Shown
from common_sync.core.environments.unit_text import is_untouched
from common_sync.core.environments.units import runs_releases
from common_sync.core.errors import ConfigurationError, Problem, TreeError, shell_word
from common_sync.core.service_settings import URL, ServiceSettings
from common_sync.edges.environments import systemd
from common_sync.edges.environments.folder import path_of, see
from common_sync.edges.environments.health import Identity, why_sick
from common_sync.edges.environments.manager import SYSTEM, Manager
from common_sync.edges.environments.processes import find_account, find_identity, list_processes
from common_sync.edges.environments.releases import (
    APP,
    find_stranger,
    mark,
    release_path,
    settle,
    switch_release,
)
from common_sync.edges.project.load import Project

_PAUSE = 0.2
"""Seconds between two looks at a service that was started."""

_LOG_LINES = 20


class Site(NamedTuple):
    """Where a service's releases are, and how they run."""

    service: str  # the service's path from the root
    place: str  # the absolute path of the folder that its releases are in
    settings: ServiceSettings  # how it is set up
    unit: str  # its unit's name, without `.service`
    user: str  # who runs it
    manager: Manager = SYSTEM  # whose systemd runs it
    stays: str = ""  # why it is not restarted; nothing where it is
    is_due: bool = False  # whether its unit is to be installed before that, or starts the work tree

    @property
    def identity(self) -> Identity | None:
        """The user who runs it, where this process can become another."""
        return None if os.geteuid() else Identity(*find_account(self.user), find_identity(self.user)[1])


class Outcome(NamedTuple):
    """What came of a switch."""

    current: int  # the release that is current now
    proven: bool = False  # whether the release that was wanted is proven
    reason: str = ""  # why it is not
    log: tuple[str, ...] = ()  # what it has last written
    undone: bool = False  # whether the former release is current again
    trouble: str = ""  # why that one is not healthy either
    seconds: float = 0  # how long it took from the switch until the release that is current now was proven


def find_site(project: Project, service: str, *, restart: bool) -> Site:
    """Return where a service's releases are.

    Args:
        project: The project.
        service: The service's path from the root.
        restart: Whether it is to be restarted, where that is possible.

    Raises:
        ConfigurationError: It has no such place, or may not be restarted.
    """
    place, settings, file = place_of(project, service), settings_of(project, service), project.configuration.file
    to = project.configuration.to
    if to is None:
        remedy = f'{name_table(file, "deploy")} to = "/opt/…", a folder outside the repository'
        raise ConfigurationError(Problem("no folder for releases is configured", file, remedy=remedy))
    if f"{os.path.realpath(place)}/".startswith(f"{os.path.realpath(project.root)}/"):
        message = f'"to" is {to.value!r}, which is inside the repository'
        raise ConfigurationError(Problem(message, file, to.line, "name a folder outside of it"))
    problems = list(find_problems(project, service)) if settings.command else []
    for other in project.services:
        if other != service and place_of(project, other) == place:
            message = f"{service} and {other} have the same name, and so would have their releases in one folder"
            problems.append(Problem(message, file, settings.service.line, 'name = "…"'))
    if stranger := find_stranger(place, source_of(project, service)):
        message = f"{place} has the releases of {stranger}"
        problems.append(Problem(message, file, settings.service.line, 'name = "…", or another folder as "to"'))
    if problems:
        raise ConfigurationError(*problems)
    site = Site(service, place, settings, name_unit(project, service), user_of(project, service), manager_of(project))
    return _look_at_unit(site, restart=restart) if settings.command else site


def source_of(project: Project, service: str) -> str:
    """Return the absolute path of a service in the work tree, without symlinks."""
    return os.path.realpath(os.path.join(project.root, service))


def _look_at_unit(site: Site, *, restart: bool) -> Site:
    """Return a site with why the service is not restarted, and whether its unit is to be installed first.

    Raises:
        ConfigurationError: This user may not restart it.
    """
    if not restart:
        return site._replace(stays="it was not restarted (--no-restart)")
    if not site.manager.is_running:
        remedy = site.manager.remedy
        whose, then = (f"of {site.user} ", f": {remedy}, then deploy again") if remedy else ("", "")
        return site._replace(stays=f"no systemd {whose}runs here to restart it{then}")
    if os.geteuid() != 0 and not site.manager.is_of_user:
        message = f"only root may restart {site.unit}; nothing was done"
        raise ConfigurationError(Problem(message, remedy="sudo, or --no-restart"))
    held = systemd.read_unit(site.manager.folder, site.unit)
    if held is None or not runs_releases(held, site.place):
        return _install_or_leave(site, held)
    if systemd.show_units(site.manager, [site.unit])[site.unit].unread:
        control = " ".join(site.manager.control)
        message = f"systemd has not read its unit {site.unit} since it was written: {control} daemon-reload"
        return site._replace(stays=message)
    return site


def _install_or_leave(site: Site, held: bytes | None) -> Site:
    if held is None or is_untouched(held):
        return site._replace(is_due=True)
    write = f"common-sync units --write --force {shell_word(site.service)}"
    message = f"its unit {site.unit} does not run its releases, and common-sync has not written it"
    return site._replace(stays=f"{message}: {write} replaces it and keeps it beside; then deploy again")


def check_runnable(site: Site, release: Release) -> None:
    """Refuse a release that cannot run any more.

    Raises:
        TreeError: Its environment or its interpreter is gone, or is not what it was.
    """
    path, name = release_path(site.place, release.number), release.made.environment
    seen = see(site.place, name) if name else None
    if seen is not None and (seen.environment is None or not seen.is_intact):
        message = f"its environment {name} was changed or removed; nothing was switched"
        raise TreeError(Problem(message, path, remedy="deploy what it was made from again"))
    if seen is not None and seen.environment is not None and not os.access(seen.environment.interpreter.path, os.X_OK):
        message = f"its interpreter {seen.environment.interpreter.path} is gone; nothing was switched"
        raise TreeError(Problem(message, path, remedy="install that, or deploy what it was made from again"))


def bring_up(
    site: Site,
    releases: Releases,
    release: Release,
    say: Callable[[str], None],
    prepare: Callable[[], None] = lambda: None,
) -> Outcome:
    """Switch to a release, restart the service, and prove it; go back where it is not healthy.

    Args:
        site: Where it is.
        releases: All releases, as before.
        release: The release.
        say: Told what it waits for.
        prepare: Called between the switch and the restart.

    Raises:
        CommonSyncError: Something cannot be switched or noted.
    """
    switch_release(site.place, release.number, releases.trusted)
    if site.stays:
        return Outcome(release.number, reason=site.stays)
    prepare()
    began = time.monotonic()
    reason = _start(site, release, say) if release.made.command else ""
    if not reason:
        mark(site.place, release.number, proven=True)
        settle(site.place)
        return Outcome(release.number, proven=True, seconds=time.monotonic() - began)
    log = systemd.read_journal(site.manager, site.unit, _LOG_LINES)
    mark(site.place, release.number, proven=False)
    return go_back(site, releases, release, say)._replace(reason=reason, log=log)


def go_back(site: Site, releases: Releases, failed: Release, say: Callable[[str], None], before: int = 0) -> Outcome:
    """Switch from a release that has failed to the one before it, and restart that.

    Args:
        site: Where it is.
        releases: All releases, as before.
        failed: The release that has failed.
        say: Told what it waits for.
        before: The release that ran before, where only a note of the deploy has it; 0 where there is none.

    Raises:
        CommonSyncError: It cannot be switched.
    """
    fallback = choose_fallback(releases, failed.number, before)
    if fallback is None:
        return Outcome(failed.number, trouble="there is no release to go back to")
    switch_release(site.place, fallback.number, releases.trusted)
    began = time.monotonic()
    trouble = _start(site, fallback, say) if fallback.made.command else ""
    if not trouble:
        mark(site.place, fallback.number, proven=True)
        settle(site.place)
    return Outcome(fallback.number, undone=True, trouble=trouble, seconds=time.monotonic() - began)


def _start(site: Site, release: Release, say: Callable[[str], None]) -> str:
    """Restart a service, and watch until it is proven; say why it is not, or return nothing."""
    say(f"{site.unit} is restarted with release {release.number}, and watched")
    if failure := systemd.restart_unit(site.manager, site.unit):
        return f"systemd does not start it: {failure}"
    folder, settings = os.path.join(release_path(site.place, release.number), APP), site.settings
    words = find_words(site, release.made.environment, settings.health)
    shown = systemd.show_units(site.manager, [site.unit])[site.unit]
    until = time.monotonic() + settings.start_timeout
    watch = Watch(shown.restarts, until, settings.settle, started=shown.started)
    while True:
        sick = _find_sickness(site, words, folder, shown) if shown.active == "active" else ""
        verdict = judge_start(watch, time.monotonic(), shown, sick)
        if verdict.proven or verdict.reason:
            return verdict.reason
        watch = verdict.watch
        time.sleep(_PAUSE)
        shown = systemd.show_units(site.manager, [site.unit])[site.unit]


def _find_sickness(site: Site, words: Sequence[str], folder: str, shown: Shown) -> str:
    """Say why a service is not healthy, or return nothing where it is."""
    port = site.settings.port
    if port is None or not is_proven_by_port(site.settings):
        return why_sick(words, folder, site.identity)
    own, others = Ports([port.value]).look_at(port.value, set(list_processes(shown.group)))
    return "" if own else why_unheard(port.value, others)


def find_words(site: Site, environment: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command whose program is one of a release's environment; of a URL, that.

    Args:
        site: Where the releases are.
        environment: The name of the environment.
        words: As the settings say them.
    """
    if not words or words[0].startswith(URL):
        return tuple(words)
    return (find_release_program(path_of(site.place, environment), words[0]), *words[1:])
