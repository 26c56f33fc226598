"""`env clean`: remove what no service uses any more: former environments, old releases, what killed runs have left, replaced `.venv`s.

And from uv's cache what nothing in it refers to; with `--cache`, packages of which no file is linked from an environment.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.environments.releases import source_of
from common_sync.commands.steps.environments.survey import lock_folder
from common_sync.commands.steps.environments.units import place_of
from common_sync.commands.steps.environments.unneeded import find_unneeded, remove_unneeded
from common_sync.core.environments.resolved import distribution_name
from common_sync.core.environments.state import VENV
from common_sync.core.errors import CommonSyncError
from common_sync.edges.environments.cache import Cached, list_cached
from common_sync.edges.environments.disk import measure
from common_sync.edges.environments.folder import (
    ENVIRONMENTS,
    REPLACED,
    list_distributions,
    list_environments,
    path_of,
    read_folder,
)
from common_sync.edges.environments.live import find_users
from common_sync.edges.environments.placing import remove_environment, remove_replaced, tidy_exchange
from common_sync.edges.environments.releases import RELEASES, find_stranger
from common_sync.edges.environments.uv import Uv, find_uv, start_uv
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive


class Removal(NamedTuple):
    """Something that is removed, or would be: its path, and how many bytes that frees; or who uses it."""

    path: str  # from the root; of releases, which are elsewhere, the absolute one
    size: int
    users: tuple[int, ...] = ()
    denied: bool = False  # whether only another user may remove it

    @property
    def stays(self) -> bool:
        """Whether it is left where it is."""
        return self.denied or bool(self.users)


class Cleaning(NamedTuple):
    """What a run of `env clean` came to."""

    removals: tuple[Removal, ...]
    cached: tuple[Cached, ...]  # packages that are removed from uv's cache, or would be
    pruned: str  # what uv says of its cache; nothing where it was not asked
    dry_run: bool
    error: CommonSyncError | None = None  # why the cache could not be cleaned

    @property
    def freed(self) -> int:
        """How many bytes it frees."""
        environments = sum(one.size for one in self.removals if not one.stays)
        return environments + sum(one.size for one in self.cached)


def clean_environments(
    project: Project, names: Sequence[str], say: Callable[[str], None], *, cache: bool = False, dry_run: bool = False
) -> Cleaning:
    """Remove what no service uses any more; what a process uses stays.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        say: Told whom it waits for.
        cache: Remove packages from uv's cache, too.
        dry_run: Remove nothing.

    Raises:
        CommonSyncError: Something cannot be removed.
    """
    removals: list[Removal] = []
    for service in select_services(project, names):
        if os.path.lexists(os.path.join(project.root, service, VENV)):
            with nullcontext() if dry_run else exclusive(lock_folder(project, service), say):
                removals += _clean(project.root, service, dry_run=dry_run)
        removals += _clean_releases(project, service, say, dry_run=dry_run)
    cleaning = Cleaning(tuple(removals), (), "", dry_run)
    program = find_uv()
    try:
        return _clean_cache(project, start_uv(program), cleaning, cache=cache) if program is not None else cleaning
    except CommonSyncError as error:
        return cleaning._replace(error=error)


def _clean_cache(project: Project, uv: Uv, cleaning: Cleaning, *, cache: bool) -> Cleaning:
    kept = _list_installed(project) if cache else set()
    folder = uv.find_cache(project.root) if cache else ""
    unused = [one for one in list_cached(folder) if not one.linked and one.name not in kept] if cache else []
    if cleaning.dry_run:
        return cleaning._replace(cached=tuple(unused))
    pruned = uv.clean_cache(project.root, [one.name for one in unused])
    left = (
        {one.name for one in list_cached(folder)} if cache else set()
    )  # uv leaves some that it has built from a folder
    return cleaning._replace(cached=tuple(one for one in unused if one.name not in left), pruned=pruned)


def _list_installed(project: Project) -> set[str]:
    """Return the names of all distributions in environments of the project: by links they are not known where files are copied."""
    places = [os.path.join(project.root, service) for service in select_services(project, ())]
    paths = [path_of(place, name) for place in places for name in list_environments(place)]
    return {distribution_name(one) for path in paths for one in list_distributions(path)}


def _clean_releases(project: Project, service: str, say: Callable[[str], None], *, dry_run: bool) -> Iterator[Removal]:
    """Remove what a service's releases do not need any more, as a deploy does; those of another work tree are left alone."""
    place = place_of(project, service)
    if (
        not place
        or not os.path.isdir(os.path.join(place, RELEASES))
        or find_stranger(place, source_of(project, service))
    ):
        return
    denied = not os.access(os.path.join(place, RELEASES), os.W_OK)
    with nullcontext() if dry_run or denied else exclusive(place, say):
        unneeded = find_unneeded(place, project.configuration.keep)
        yield from (Removal(path, measure(path).own, users, denied) for path, users in unneeded.paths)
        if not dry_run and not denied:
            remove_unneeded(unneeded)


def _clean(root: str, service: str, *, dry_run: bool) -> Iterator[Removal]:
    path = os.path.join(root, service)
    if not dry_run:
        tidy_exchange(path)
    folder = read_folder(path)
    if folder.foreign:
        return
    for name in list_environments(path):
        if folder.current is None or name != folder.current.name:
            where = f"{service}/{VENV}/{ENVIRONMENTS}/{name}"
            users = tuple(find_users(os.path.join(root, where)))
            yield Removal(where, measure(os.path.join(root, where)).own, users)
            if not dry_run and not users:
                remove_environment(path, name)
    where = f"{service}/{VENV}/{REPLACED}"
    if os.path.lexists(os.path.join(root, where)):
        yield Removal(where, measure(os.path.join(root, where)).own)
        if not dry_run:
            remove_replaced(path)
