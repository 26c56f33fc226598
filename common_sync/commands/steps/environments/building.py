"""Build environments aside: what `env sync` and `deploy` share. Nothing that is used is changed, and nothing is switched."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from common_sync.commands.steps.environments.survey import Situation, list_removable, no_python
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.environments.inputs import digest_inputs, name_environment
from common_sync.core.environments.record import Environment, Interpreter, Led
from common_sync.core.environments.resolved import EDITABLE, find_missing, redirect, settle
from common_sync.core.environments.state import may_be_exchanged
from common_sync.core.errors import CommonSyncError, Problem, TreeError
from common_sync.core.model import Symlink
from common_sync.edges.environments.disk import free_bytes
from common_sync.edges.environments.folder import list_distributions, list_environments, modified, path_of, see
from common_sync.edges.environments.installer import Installer, InstallError, Job
from common_sync.edges.environments.pip import Pip, find_pip
from common_sync.edges.environments.placing import finish, remember, remove_environment, working
from common_sync.edges.environments.uv import find_uv, start_uv
from common_sync.edges.files.folders import explained, opened
from common_sync.edges.files.reading import walk
from common_sync.edges.project.load import Project


class Building:
    """Finds the environment that a service's inputs lead to, or makes it, under its lock; what is used is not touched.

    Args:
        project: The project.
        situation: How the service's environment stands.
        keep: The lock's descriptor.
        upgrade: Resolve anew although nothing has changed.
        offline: Ask no network.
        overrides: Requirements that are tried, in the place of others of their names.
    """

    def __init__(
        self,
        project: Project,
        situation: Situation,
        keep: int,
        *,
        upgrade: bool = False,
        offline: bool = False,
        overrides: tuple[str, ...] = (),
    ) -> None:
        self._project, self._situation, self._keep = project, situation, keep
        self._upgrade, self._offline, self._overrides = upgrade, offline, overrides
        self._place = situation.place

    def find_or_build(self) -> tuple[str, bool]:
        """Return the environment's name, and whether it had to be built.

        Raises:
            CommonSyncError: It cannot be made.
        """
        situation, memory = self._situation, self._situation.folder.memory
        self._check_place()
        digest = digest_inputs(situation.items)
        led = memory.led.get(digest)
        if led is None or self._upgrade or not self._is_intact(led.environment):
            name, built = self._resolve()
        else:
            name, built = led.environment, False
        remember(self._place, memory._replace(noted=situation.noted).remember(digest, Led(name, situation.items)))
        return name, built

    def build_beside(self) -> tuple[str, bool]:
        """Return the name of an environment that is only tried, and whether it had to be built; nothing leads to it.

        Raises:
            CommonSyncError: It cannot be made.
        """
        self._check_place()
        return self._resolve()

    def _check_place(self) -> None:
        if self._situation.noted is None or self._situation.sources is None:
            raise TreeError(no_python(self._situation, self._project.configuration.file))
        foreign = self._situation.folder.foreign
        if foreign and not may_be_exchanged(foreign):
            message = f"{foreign}, and only a folder can be exchanged"
            raise TreeError(Problem(message, f"{self._situation.service}/.venv", remedy="move it away"))
        for name in list_environments(self._place):
            if see(self._place, name).environment is None:
                remove_environment(self._place, name)  # a killed run's
        free, least = free_bytes(self._place), self._project.configuration.min_free
        if free < least:
            removable = ", ".join(list_removable(self._project, [self._situation]))
            message = f"only {free >> 20} MB are free, and min-free is {least >> 20} MB: nothing was written"
            remedy = f"common-sync env clean ({removable})" if removable else "make room, or lower min-free"
            raise TreeError(Problem(message, self._situation.service, remedy=remedy))

    def _resolve(self) -> tuple[str, bool]:
        """Resolve the requirements; return the environment that they come to, and whether it had to be built."""
        installer = self._choose()
        with working(self._place) as temporary:
            job = self._make_job(temporary)
            known = {one.path for one in job.closure.locals if one.file in job.closure.files}
            lines = tuple(settle(installer.resolve(job, self._former()), known, self._situation.copies))
            name, there = self._find(lines)
            if there:
                return name, False
            with self._removed_on_failure(name):
                self._build(installer, job, name, lines)
        return name, True

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
            *(temporary, self._offline, self._keep, self._overrides, tuple(self._list_alike(one.noted.interpreter))),
        )

    def _list_alike(self, interpreter: Interpreter) -> Iterator[str]:
        """Yield the environments of the same Python whose compiled files may be linked: all beside it, one of each other service."""
        if self._situation.edited:
            return  # a file that is linked was edited: nothing is taken from others
        for place in (self._place, *self._list_places()):
            names = sorted(list_environments(place), key=lambda name: modified(path_of(place, name)) or 0)
            for name in names if place == self._place else names[-1:]:
                seen = see(place, name)
                if seen.is_intact and seen.environment is not None and seen.environment.interpreter == interpreter:
                    yield path_of(place, name)

    def _list_places(self) -> Iterator[str]:
        """Yield where the other services have their environments: in the work tree, or beside these releases."""
        if self._place == self._situation.path:
            places = [os.path.join(self._project.root, service) for service in self._project.services]
        else:
            above = os.path.dirname(self._place)
            places = [self._situation.path, *(os.path.join(above, name) for name in sorted(os.listdir(above)))]
        yield from (place for place in places if place != self._place)

    def _former(self) -> tuple[str, ...]:
        """Return what is installed now, so that only what has to changes."""
        current = self._situation.folder.current
        if self._upgrade or current is None or current.environment is None:
            return ()
        return tuple(line.partition(" --hash")[0] for line in current.environment.resolved if "/" not in line)

    def _find(self, lines: Sequence[str]) -> tuple[str, bool]:
        """Return the environment's name, and whether it is there, as it was when it was finished.

        One that somebody has changed stays as it is, and another takes its place.
        """
        there, attempt = set(list_environments(self._place)), 1
        while (name := name_environment(self._situation.items, lines, attempt)) in there:
            if self._is_intact(name):
                return name, True
            attempt += 1
        return name, False

    def _is_intact(self, name: str) -> bool:
        current = self._situation.folder.current
        damaged = self._situation.standing.state == "damaged" and current is not None and current.name == name
        return not damaged and see(self._place, name).is_intact

    @contextmanager
    def _removed_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(CommonSyncError):
                remove_environment(self._place, name)
            raise

    def _build(self, installer: Installer, job: Job, name: str, lines: Sequence[str]) -> None:
        path = path_of(self._place, name)
        installed = tuple(redirect(lines, self._situation.path, self._list_redirected(job, name)))
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
        finish(self._place, name, environment)

    def _list_redirected(self, job: Job, name: str) -> dict[str, str]:
        """Return what is installed from elsewhere: the master itself, or a clean copy of what is not edited.

        Built where they are, projects get folders of build tools; and uv hands out an old build of a folder of which only
        nested files have changed (astral-sh/uv#13685): by its name, the place of the copy is another for other contents.
        """
        found = {copy: f"{EDITABLE}{master}" for copy, master in self._situation.masters.items()}
        for local in job.closure.locals:
            path = os.path.normpath(os.path.join(self._situation.path, local.path))
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
