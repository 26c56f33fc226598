"""`deploy`: make a release of a service aside, switch to it by one symlink, prove it, and go back where it is not healthy."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Literal, NamedTuple

from common_sync.commands.deploy_content import Content
from common_sync.commands.deploy_source import LEAVES, Source, clear_staged, committed, read_work_tree
from common_sync.commands.steps.environments.building import Building
from common_sync.commands.steps.environments.release_check import prepare_release
from common_sync.commands.steps.environments.releases import Outcome, Site, bring_up, find_site, source_of
from common_sync.commands.steps.environments.survey import Situation, observe
from common_sync.commands.steps.environments.unit_checks import check_data, check_lingering, check_place, find_closed
from common_sync.commands.steps.environments.units import describe, settings_of
from common_sync.commands.steps.environments.unneeded import find_unneeded, remove_unneeded
from common_sync.commands.units import write_units
from common_sync.core.environments.inputs import digest_inputs
from common_sync.core.environments.releases import Made, Release, find_prepared, find_release_program
from common_sync.core.environments.unit_text import is_untouched
from common_sync.core.environments.units import name_socket
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import Finding
from common_sync.core.service_settings import ServiceSettings
from common_sync.edges.environments import systemd
from common_sync.edges.environments.folder import path_of, see
from common_sync.edges.environments.processes import find_account
from common_sync.edges.environments.releases import (
    make_release,
    note_origin,
    packed,
    read_releases,
    remove_releases,
    share,
)
from common_sync.edges.environments.trial import begin_trial
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive

DeployAction = Literal["nothing", "refused", "would", "prepared", "released", "again"]
"""What was done: nothing was to be, it is not in sync or leaves its folder, a release would be made, is made aside, was made, or the current one was proven."""


class Deployment(NamedTuple):
    """What came of a run of `deploy`."""

    site: Site
    action: DeployAction
    number: int = 0  # the release; 0 where there is none
    former: int = 0  # the release that was current before; 0 for none
    environment: str = ""  # its environment; nothing where it has none, or it would have to be built
    built: bool = False  # whether the environment was built, or would have to be
    files: int = 0  # how many files and links it has
    outcome: Outcome | None = None  # what came of the switch
    removed: tuple[int, ...] = ()  # the releases that were removed
    findings: tuple[Finding, ...] = ()  # why it is not in sync, or leaves its folder
    installed: bool = False  # whether its unit was written, and enabled
    revision: str = ""  # what named the commit; nothing for the work tree
    warnings: tuple[Finding, ...] = ()  # what does not keep it from being deployed

    @property
    def leaves(self) -> bool:
        """Whether it is refused since it needs what is outside its folder."""
        return any(one.code in LEAVES for one in self.findings)

    @property
    def is_done(self) -> bool:
        """Whether the release is current, and is healthy or was not to be restarted."""
        if self.outcome is None:
            return self.action in ("nothing", "prepared")
        return self.outcome.proven or (bool(self.site.stays) and not self.outcome.undone)


class Rollout(NamedTuple):
    """What came of a run of `deploy`: one service after the other, up to the first that fails."""

    done: tuple[Deployment, ...]
    failed: str = ""  # the service that could not be deployed; nothing where there is none
    error: CommonSyncError | None = None  # why
    left: tuple[str, ...] = ()  # the services that it did not come to

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why services are not deployed, and what is to be known of those that are."""
        return tuple(finding for one in self.done for finding in (*one.findings, *one.warnings))

    @property
    def is_done(self) -> bool:
        """Whether what was asked for is so."""
        return not self.error and not self.left and all(one.is_done for one in self.done)


class DeployWish(NamedTuple):
    """What a user asks for, beside a service."""

    offline: bool = False  # ask no network
    restart: bool = True  # restart the service, where that is possible
    dry_run: bool = False  # write nothing
    only_prepare: bool = False  # make the release aside, and do not switch to it
    revision: str = ""  # names the commit to take; nothing for the work tree


def deploy_services(project: Project, names: Sequence[str], wish: DeployWish, say: Callable[[str], None]) -> Rollout:
    """Bring services to what the work tree or a commit has, each as a release of its own; stop at the first that fails.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        wish: What else is asked for.
        say: Told what it waits for.

    Raises:
        CommonSyncError: One of them cannot be deployed as it is set up; then none is.
    """
    services, done = select_services(project, names), list[Deployment]()
    for service in services:
        find_site(project, service, restart=wish.restart and not wish.dry_run)
    for at, service in enumerate(services, 1):
        try:
            one = _deploy_service(project, service, wish, say)
            warnings = [*check_data(project, service), *(check_lingering(project) if one.installed else ())]
            warnings += check_place(project) if at == 1 else ()  # it is the same for all
            done.append(one._replace(revision=wish.revision, warnings=tuple(warnings)))
        except CommonSyncError as error:
            return Rollout(tuple(done), service, error, services[at:])
        if not (done[-1].is_done or done[-1].action == "would"):
            return Rollout(tuple(done), left=services[at:])
    return Rollout(tuple(done))


def _deploy_service(project: Project, service: str, wish: DeployWish, say: Callable[[str], None]) -> Deployment:
    site = find_site(project, service, restart=wish.restart and not wish.dry_run)
    if wish.dry_run:
        with _opened(project, service, wish, None) as source:
            return _refuse(site, source) or _Deploying(project, site._replace(stays=""), source, wish, say).foresee()
    with exclusive(site.place, say) as keep, _opened(project, service, wish, site.place) as source:
        return _refuse(site, source) or _Deploying(project, site, source, wish, say, keep).deploy()


@contextmanager
def _opened(project: Project, service: str, wish: DeployWish, place: str | None) -> Iterator[Source]:
    if place is not None:
        clear_staged(place)
    if not wish.revision:
        yield read_work_tree(project, service)
        return
    with committed(project, service, wish.revision, place) as source:
        yield source


def _refuse(site: Site, source: Source) -> Deployment | None:
    return Deployment(site, "refused", findings=source.refused) if source.refused else None


def _set_up(site: Site, settings: ServiceSettings) -> Site:
    """Return a site with the settings of the commit that is deployed; its unit is that of the work tree."""
    has_none = bool(settings.command) and not site.settings.command
    stays = "the work tree's settings have no command for it, and so it has no unit" if has_none else ""
    return site._replace(settings=settings, stays=site.stays or stays)


class _Deploying:
    """Makes a release of one service, under the lock of its releases."""

    def __init__(
        self,
        project: Project,
        site: Site,
        source: Source,
        wish: DeployWish,
        say: Callable[[str], None],
        keep: int = -1,
    ) -> None:
        self._project, self._wish, self._say, self._keep = project, wish, say, keep
        self._tree, self._commit = source.project, source.commit
        self._site = _set_up(site, settings_of(self._tree, site.service))
        self._source = source_of(project, site.service)
        self._releases = read_releases(site.place)
        self._content = Content(source.listing, self._site, self._source)

    def foresee(self) -> Deployment:
        """Return what would be done; write nothing."""
        situation = self._observe()
        led = situation.folder.memory.led.get(digest_inputs(situation.items))
        environment = led.environment if led is not None and see(self._site.place, led.environment).is_intact else ""
        with open(os.devnull, "wb") as nowhere:
            made = self._made(self._content.pack(nowhere), environment)
        current, former = self._releases.known.get(self._releases.current), self._releases.current
        built = situation.sources is not None and not environment
        if current is not None and current.made == made and self._releases.is_settled:
            return Deployment(self._site, "nothing", former, former, environment, files=len(self._content.members))
        number = former if current is not None and current.made == made else self._releases.next_number
        return Deployment(self._site, "would", number, former, environment, built, len(self._content.members))

    def deploy(self) -> Deployment:
        """Make a release, switch to it and prove it; the current one is proven where it is the same."""
        releases, place = self._releases, self._site.place
        remove_releases(place, [one for one in releases.numbers if one not in releases.known])  # a killed run's
        note_origin(place, self._source)
        environment, built = self._build()
        self._check_program(environment)
        done = Deployment(self._site, "nothing", releases.current, releases.current, environment, built)
        done = done._replace(files=len(self._content.members))
        with packed(place) as file:
            made = self._made(self._content.pack(file), environment)
            current = releases.known.get(releases.current)
            if current is not None and current.made == made:
                return self._prove(done, current)
            release = find_prepared(releases, made, self._commit) or self._make(made, file)
        self._check(release)
        if self._wish.only_prepare:
            return done._replace(action="prepared", number=release.number)
        done = self._bring_up(done._replace(action="released", number=release.number), release)
        return done._replace(removed=remove_unneeded(find_unneeded(self._site.place, self._project.configuration.keep)))

    def _prove(self, done: Deployment, current: Release) -> Deployment:
        """Prove the current release, where nobody has, and it is not only to be prepared."""
        if (self._releases.is_settled and not self._is_due) or self._site.stays:
            return done
        if self._wish.only_prepare:
            return done._replace(action="prepared")
        return self._bring_up(done._replace(action="again"), current)

    def _make(self, made: Made, file: IO[bytes]) -> Release:
        """Make a release that nothing leads to yet."""
        place, release = self._site.place, Release(self._releases.next_number, made, self._commit)
        file.seek(0)
        owner = find_account(self._site.user) if os.geteuid() == 0 else None
        share(place, self._source, self._content.persistent, owner)
        make_release(place, release, file)
        return release

    def _check(self, release: Release) -> None:
        """Run what the service wants to be run in a release before the switch; what changes more than that only right before it."""
        service, file = describe(self._project, self._site.service), self._project.configuration.file
        prepare_release(self._tree, self._site, release, service, file, only_check=self._wish.only_prepare)

    @property
    def _is_due(self) -> bool:
        """Whether the unit is to be installed: it is not, or nobody has seen the service run and it does not start at boot."""
        if self._site.stays or not self._site.settings.command:
            return False
        is_new = not any(one.proven for one in self._releases.known.values())
        is_unseen = is_new and not systemd.is_enabled(self._site.manager.folder, self._site.unit)
        return self._site.is_due or is_unseen or self._lacks_socket

    @property
    def _lacks_socket(self) -> bool:
        """Whether systemd is to listen for the service and does not know it yet; a unit that a person has edited stays."""
        if settings_of(self._project, self._site.service).socket is None:
            return False
        folder = self._site.manager.folder
        held = systemd.read_unit(folder, self._site.unit)
        has_none = systemd.read_unit(folder, name_socket(self._site.unit)) is None
        return has_none and held is not None and is_untouched(held)

    def _bring_up(self, done: Deployment, release: Release) -> Deployment:
        due = self._is_due
        outcome = bring_up(self._site, self._releases, release, self._say, self._install if due else lambda: None)
        if outcome.proven:
            begin_trial(self._site.manager, self._site.unit, release.number, self._releases.trusted)
        return done._replace(outcome=outcome, installed=due)

    def _install(self) -> None:
        """Install the unit of the service, and have it started at boot."""
        manager = self._site.manager
        write_units(self._project, [self._site.service], manager, force=False)
        systemd.enable_unit(manager, self._site.unit)
        if settings_of(self._project, self._site.service).socket is not None:
            systemd.enable_unit(manager, name_socket(self._site.unit))

    def _observe(self) -> Situation:
        situation = observe(self._tree, self._site.service, place=self._site.place)
        closure = situation.sources.closure if situation.sources is not None else None
        if closure is not None and closure.first.endswith("pylock.toml") and closure.locals:
            where, local = f"{self._site.service}/{closure.first}", closure.locals[0]
            message = f"it installs {local.path} from the service's folder, and a release needs a copy of it"
            raise TreeError(Problem(message, where, local.line, 'requirements = "requirements.txt" in its settings'))
        return situation

    def _build(self) -> tuple[str, bool]:
        """Return the name of the release's environment, and whether it had to be built."""
        situation = self._observe()
        if situation.sources is None:
            return "", False
        built = Building(self._tree, situation, self._keep, offline=self._wish.offline).find_or_build()
        if digest_inputs(self._observe().items) != digest_inputs(situation.items):
            message = "has changed while its environment was made; nothing was switched"
            raise TreeError(Problem(message, self._site.service, remedy="run it again"))
        return built

    def _check_program(self, environment: str) -> None:
        command = self._site.settings.command
        program = find_release_program(path_of(self._site.place, environment), command[0]) if command else ""
        if command and not os.access(program, os.X_OK):
            message = f"{self._site.service}: there is no program {program}; nothing was switched"
            line = self._site.settings.service.line
            remedy = "name one that its requirements install, or an absolute path"
            raise TreeError(Problem(message, self._project.configuration.file, line, remedy))
        if command and not self._site.stays:
            python = os.path.join(path_of(self._site.place, environment), "bin/python") if environment else program
            for closed in find_closed(self._project, self._site.service, (program, python)):
                message = f"{closed.message}; nothing was switched"
                raise TreeError(Problem(message, self._project.configuration.file, None, closed.remedy))

    def _made(self, content: str, environment: str) -> Made:
        return Made(content, environment, self._site.settings.command, self._content.persistent)
