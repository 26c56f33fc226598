"""`env try`: other versions of what a service installs, in an environment beside the one that it has, which goes afterwards."""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from common_sync.commands.steps.environments.building import Building
from common_sync.commands.steps.environments.survey import Situation, lock_folder, observe
from common_sync.core.environments.inputs import list_items
from common_sync.core.environments.resolved import Change, compare_versions
from common_sync.core.errors import ConfigurationError, Problem, TreeError, shell_word
from common_sync.core.formats.pip.paths import find_target
from common_sync.edges.environments.folder import path_of, read_folder, see
from common_sync.edges.environments.live import find_users
from common_sync.edges.environments.placing import remove_environment
from common_sync.edges.environments.program import find_stray, run_inside
from common_sync.edges.environments.sources import add_project
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive


class TryWish(NamedTuple):
    """What a user asks for, beside a service."""

    requirements: tuple[str, ...]  # what takes the place of the service's own, or is added
    command: tuple[str, ...] = ()  # what is run; nothing for the service's own check, where it has one
    keep: bool = False  # leave the environment where it is
    offline: bool = False  # ask no network
    aside: bool = False  # what the command prints goes to standard error


class Trial(NamedTuple):
    """What came of a run of `env try`."""

    service: str  # its path from the root
    requirements: tuple[str, ...]
    environment: str  # the name of the environment that was tried
    built: bool  # whether it had to be built
    is_current: bool  # whether it is the one that the service has
    kept: bool  # whether it is still there
    changes: tuple[Change, ...]  # the distributions whose versions differ
    packages: int  # how many distributions it has
    code: int | None = None  # how the command has ended; None where there was none


def try_requirements(project: Project, name: str, wish: TryWish, say: Callable[[str], None]) -> Trial:
    """Make an environment with other requirements beside a service's own, run a command in it, and remove it.

    Args:
        project: The project.
        name: The service that the user named.
        wish: What else is asked for.
        say: Told what it waits for.

    Raises:
        CommonSyncError: The environment cannot be made, or the command not be started.
    """
    (service,) = select_services(project, [name])
    requirements, paths = _settle_paths(wish.requirements)
    settings = project.settings.get(service)
    wish = wish._replace(command=wish.command or (settings.check if settings is not None else ()))
    with exclusive(lock_folder(project, service), say) as keep:
        situation = _add(project, _observe(project, service), paths)
        building = Building(project, situation, keep, offline=wish.offline, overrides=requirements)
        environment, built = building.build_beside()
    before, after = situation.folder.current, see(situation.place, environment)
    assert before is not None
    changes = compare_versions(before.distributions, after.distributions)
    trial = Trial(
        *(service, requirements, environment, built, before.name == environment, not built or wish.keep, changes),
        len(after.distributions),
    )
    if trial.kept:
        return trial._replace(code=_run(situation, environment, wish, say))
    try:
        code = _run(situation, environment, wish, say)
    finally:
        left = not _remove(project, situation, environment, say)
    return trial._replace(code=code, kept=left)


def _settle_paths(requirements: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return requirements whose paths are absolute, and these paths: a person's are from the current folder."""
    settled, paths = list[str](), list[str]()
    for one in requirements:
        target = find_target(one, editable=False)
        if target is None:
            settled.append(one)
            continue
        path = os.path.abspath(target.path)
        paths.append(path)
        settled.append(one if target.url else one[: target.start] + path + one[target.end :])
    return tuple(settled), paths


def _observe(project: Project, service: str) -> Situation:
    """Return how the service's environment stands.

    Raises:
        CommonSyncError: It is none that another could be held against.
    """
    situation = observe(project, service)
    sync = f"common-sync env sync {shell_word(service)}"
    if situation.sources is None:
        raise ConfigurationError(Problem("has no requirements, so there is nothing to try", service))
    if situation.folder.current is None:
        raise TreeError(Problem("has no environment that another could be held against", service, remedy=sync))
    where = f"{service}/{situation.sources.closure.first}"
    if where.endswith("pylock.toml"):
        remedy = 'requirements = "requirements.txt" in its settings'
        raise ConfigurationError(Problem("is installed as it is: nothing in it can be tried", where, remedy=remedy))
    if situation.options.installer != "uv":
        message = "is set up by pip, which cannot put a requirement in the place of another"
        remedy = "pip install 'common-sync[env]' brings uv; a service with system packages changes its requirements"
        raise ConfigurationError(Problem(message, service, remedy=remedy))
    return situation


def _add(project: Project, situation: Situation, paths: Sequence[str]) -> Situation:
    """Return a situation with projects that are tried: what is in them counts."""
    sources = situation.sources
    assert sources is not None
    for path in paths:
        sources = add_project(sources, project.root, situation.service, path)
    items = list_items(situation.noted.interpreter, situation.options, sources.items) if situation.noted else {}
    return situation._replace(sources=sources, items=items)


def _run(situation: Situation, environment: str, wish: TryWish, say: Callable[[str], None]) -> int | None:
    if not wish.command:
        return None
    path, word = path_of(situation.place, environment), wish.command[0]
    if stray := find_stray(path, word):
        say(f"{word} is none of the environment's programs: {stray} is run")
    try:
        return run_inside(path, wish.command, situation.path, aside=wish.aside)
    except OSError as error:
        remedy = f"common-sync env try … {word} -- {word} installs it too" if "/" not in word else None
        raise ConfigurationError(Problem(f"cannot be run: {error.strerror}", word, remedy=remedy)) from error


def _remove(project: Project, situation: Situation, name: str, say: Callable[[str], None]) -> bool:
    """Remove the environment, unless somebody else has begun to use it; tell whether it was removed."""
    place = situation.place
    with exclusive(lock_folder(project, situation.service), say):
        current = read_folder(place).current
        if current is not None and current.name == name:
            return False
        if users := list(find_users(path_of(place, name))):
            say(f"{name} is still used by process {users[0]}, and stays; common-sync env clean removes it")
            return False
        remove_environment(place, name)
    return True
