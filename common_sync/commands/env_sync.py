"""`env sync`: bring the environment of each service in sync: built aside, finished, and switched to by one rename."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple

from common_sync.commands.steps.environments import (
    Situation,
    find_environment_troubles,
    list_removable,
    lock_folder,
    no_python,
    observe,
)
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.environments.inputs import digest_inputs, name_environment
from common_sync.core.environments.record import Environment, Led
from common_sync.core.environments.resolved import EDITABLE, find_missing, redirect
from common_sync.core.environments.state import may_be_exchanged
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import Finding, Symlink
from common_sync.edges.environments.disk import free_bytes
from common_sync.edges.environments.folder import list_distributions, list_environments, path_of, see
from common_sync.edges.environments.installer import Installer, InstallError, Job
from common_sync.edges.environments.pip import Pip, find_pip
from common_sync.edges.environments.placing import (
    finish,
    has_exchanged,
    remember,
    remove_environment,
    replace_foreign,
    switch,
    tidy_exchange,
    working,
)
from common_sync.edges.environments.uv import find_uv, start_uv
from common_sync.edges.files.folders import explained, opened
from common_sync.edges.files.reading import walk
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive

Action = Literal["nothing", "switched", "built", "refused", "failed"]


class Wish(NamedTuple):
    """What a user asks for, beside services."""

    upgrade: bool = False  # resolve anew although nothing has changed
    offline: bool = False  # ask no network
    force: bool = False  # exchange a `.venv` that is somebody else's
    deep: bool = False  # compare every installed file with what it was
    editable_master: bool | None = None  # install the library from its master, or not; None for as it is
    dry_run: bool = False  # write nothing, and start nothing that does


class Synced(NamedTuple):
    """What came of a service."""

    service: str  # its path from the root
    situation: Situation | None  # how it stood before; None where that could not be told
    action: Action  # what was done, or would be
    environment: str = ""  # the name of the environment that it has now; nothing where that is not known
    packages: int = 0  # how many distributions are in it
    error: CommonSyncError | None = None  # why it failed


class EnvironmentSync(NamedTuple):
    """What a run of `env sync` came to: the services, in their order, and what is found about those left alone."""

    services: tuple[Synced, ...]
    findings: tuple[Finding, ...]
    dry_run: bool

    @property
    def in_sync(self) -> bool:
        """Whether every service's environment is in sync now."""
        would = self.dry_run and any(one.action != "nothing" for one in self.services)
        return not would and all(one.action not in {"refused", "failed"} for one in self.services)


def sync_environments(
    project: Project, names: Sequence[str], wish: Wish, say: Callable[[str], None]
) -> EnvironmentSync:
    """Bring environments in sync; one that fails leaves the others to be done.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        wish: What else is asked for.
        say: Told whom it waits for.
    """
    services = tuple(_sync(project, service, wish, say) for service in select_services(project, names))
    refused = [one.situation for one in services if one.action == "refused" and one.situation is not None]
    return EnvironmentSync(services, find_environment_troubles(project, refused), wish.dry_run)


def _sync(project: Project, service: str, wish: Wish, say: Callable[[str], None]) -> Synced:
    situation = None
    try:
        situation = observe(project, service, editable_master=wish.editable_master, deep=wish.deep)
        planned = _plan(situation, wish)
        if wish.dry_run or (planned != "built" and not has_exchanged(situation.path)):
            return Synced(service, situation, planned)
        with exclusive(lock_folder(project, service), say) as keep:
            tidy_exchange(situation.path)
            situation = observe(project, service, editable_master=wish.editable_master, deep=wish.deep)
            planned = _plan(situation, wish)
            if planned != "built":  # somebody else was faster, or only an exchange was to be finished
                return Synced(service, situation, planned)
            return _Making(project, situation, wish, keep).make()
    except CommonSyncError as error:
        return Synced(service, situation, "failed", error=error)


def _plan(situation: Situation, wish: Wish) -> Action:
    """Return what is to be done: nothing, or to leave it alone, or to make an environment."""
    state = situation.standing.state
    if state == "none" or (state == "in sync" and not wish.upgrade):
        return "nothing"
    return "refused" if state == "foreign" and not wish.force else "built"


class _Making:
    """Makes the environment of one service, under its lock."""

    def __init__(self, project: Project, situation: Situation, wish: Wish, keep: int) -> None:
        self._project, self._situation, self._wish, self._keep = project, situation, wish, keep
        self._path = situation.path

    def make(self) -> Synced:
        """Find the environment that the inputs lead to, or make it; then switch to it."""
        situation, memory = self._situation, self._situation.folder.memory
        if situation.noted is None or situation.sources is None:
            raise TreeError(no_python(situation, self._project.configuration.file))
        self._check_place()
        digest = digest_inputs(situation.items)
        led = memory.led.get(digest)
        action: Action = "switched"
        if led is None or self._wish.upgrade or not self._is_intact(led.environment):
            name, action = self._resolve()
        else:
            name = led.environment
        remember(self._path, memory._replace(noted=situation.noted).remember(digest, Led(name, situation.items)))
        if situation.folder.foreign:
            replace_foreign(self._path, name)
        elif not (situation.folder.wired and situation.folder.current and situation.folder.current.name == name):
            switch(self._path, name)
        return Synced(situation.service, situation, action, name, len(see(self._path, name).distributions))

    def _check_place(self) -> None:
        foreign = self._situation.folder.foreign
        if foreign and not may_be_exchanged(foreign):
            message = f"{foreign}, and only a folder can be exchanged"
            raise TreeError(Problem(message, f"{self._situation.service}/.venv", remedy="move it away"))
        for name in list_environments(self._path):
            if see(self._path, name).environment is None:
                remove_environment(self._path, name)  # a killed run's
        free, least = free_bytes(self._path), self._project.configuration.min_free
        if free < least:
            removable = ", ".join(list_removable(self._project, [self._situation]))
            message = f"only {free >> 20} MB are free, and min-free is {least >> 20} MB: nothing was written"
            remedy = f"common-sync env clean ({removable})" if removable else "make room, or lower min-free"
            raise TreeError(Problem(message, self._situation.service, remedy=remedy))

    def _resolve(self) -> tuple[str, Action]:
        """Resolve the requirements; return the environment that they come to, and whether it had to be built."""
        installer = self._choose()
        with working(self._path) as temporary:
            job = self._make_job(temporary)
            lines = installer.resolve(job, self._former())
            name, there = self._find(lines)
            if there:
                return name, "switched"
            with self._removed_on_failure(name):
                self._build(installer, job, name, lines)
        return name, "built"

    def _choose(self) -> Installer:
        situation = self._situation
        program = find_uv() if situation.options.installer == "uv" else None
        if program is not None:
            return start_uv(program)
        command = find_pip(situation.noted.interpreter) if situation.noted is not None else None
        if situation.options.installer == "uv" or command is None:
            message = f"there is no {situation.options.installer} to make its environment with"
            raise TreeError(Problem(message, situation.service, remedy="pip install 'common-sync[env]'"))
        return Pip(command)

    def _make_job(self, temporary: str) -> Job:
        one = self._situation
        assert one.noted is not None
        assert one.sources is not None
        return Job(
            *(one.path, one.service, one.noted.interpreter, one.options, one.sources.closure, one.sources.indexes),
            *(temporary, self._wish.offline, self._keep),
        )

    def _former(self) -> tuple[str, ...]:
        """Return what is installed now, so that only what has to changes."""
        current = self._situation.folder.current
        if self._wish.upgrade or current is None or current.environment is None:
            return ()
        return tuple(line.partition(" --hash")[0] for line in current.environment.resolved if "/" not in line)

    def _find(self, lines: Sequence[str]) -> tuple[str, bool]:
        """Return the environment's name, and whether it is there, as it was when it was finished.

        One that somebody has changed stays as it is, and another takes its place.
        """
        there, attempt = set(list_environments(self._path)), 1
        while (name := name_environment(self._situation.items, lines, attempt)) in there:
            if self._is_intact(name):
                return name, True
            attempt += 1
        return name, False

    def _is_intact(self, name: str) -> bool:
        current = self._situation.folder.current
        damaged = self._situation.standing.state == "damaged" and current is not None and current.name == name
        return not damaged and see(self._path, name).is_intact

    @contextmanager
    def _removed_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(CommonSyncError):
                remove_environment(self._path, name)
            raise

    def _build(self, installer: Installer, job: Job, name: str, lines: Sequence[str]) -> None:
        path = path_of(self._path, name)
        installed = tuple(redirect(lines, self._path, self._list_redirected(job, name)))
        if self._situation.edited:
            installer.forget(job, self._situation.edited)
        installer.build(job, path, installed)
        there = tuple(sorted(list_distributions(path)))
        if (
            not job.options.system_site_packages
            and (missing := find_missing(installed, there))
            and not job.closure.is_lock
        ):
            message = f"{installer.name} has not installed {', '.join(missing)}"
            raise InstallError(Problem(message, f"{job.service}/{job.closure.first}"))
        environment = Environment(job.interpreter, installer.name, tuple(lines), there, job.options.editable_master)
        finish(self._path, name, environment)

    def _list_redirected(self, job: Job, name: str) -> dict[str, str]:
        """Return what is installed from elsewhere: the master itself, or a clean copy of what is not edited.

        Built where they are, projects get folders of build tools; and uv hands out an old build of a folder of which only
        nested files have changed (astral-sh/uv#13685): by its name, the place of the copy is another for other contents.
        """
        found = {copy: f"{EDITABLE}{master}" for copy, master in self._situation.masters.items()}
        for local in job.closure.locals:
            path = os.path.normpath(os.path.join(self._path, local.path))
            if not local.editable and path not in found and os.path.isdir(path):
                # two projects' folders may have one name, and a folder of its own keeps them apart
                found[path] = _stage(path, os.path.join(job.temporary, name, str(len(found))))
        return found


def _stage(source: str, above: str) -> str:
    """Copy a project into a folder, without what tools have made in it; return its path there."""
    with explained(source, "copy it"), opened(source) as folder:
        snapshot = walk(folder, source, Rules(BUILT_IN))
        for path, entry in snapshot.entries.items():
            target = os.path.join(above, os.path.basename(source), path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if isinstance(entry, Symlink):
                os.symlink(entry.target, target)
            else:
                shutil.copy2(os.path.join(source, path), target)
    return os.path.join(above, os.path.basename(source))
