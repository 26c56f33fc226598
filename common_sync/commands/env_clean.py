"""`env clean`: remove what no service uses any more: former environments, what killed runs have left, replaced `.venv`s."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.environments import lock_folder
from common_sync.core.environments.state import VENV
from common_sync.edges.environments.disk import measure
from common_sync.edges.environments.folder import ENVIRONMENTS, REPLACED, list_environments, read_folder
from common_sync.edges.environments.live import find_users
from common_sync.edges.environments.placing import remove_environment, remove_replaced, tidy_exchange
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.lock import exclusive


class Removal(NamedTuple):
    """Something that is removed, or would be: its path from the root, and how many bytes that frees; or who uses it."""

    path: str
    size: int
    users: tuple[int, ...] = ()


class Cleaning(NamedTuple):
    """What a run of `env clean` came to."""

    removals: tuple[Removal, ...]
    dry_run: bool

    @property
    def freed(self) -> int:
        """How many bytes it frees."""
        return sum(one.size for one in self.removals if not one.users)


def clean_environments(
    project: Project, names: Sequence[str], say: Callable[[str], None], *, dry_run: bool = False
) -> Cleaning:
    """Remove what no service uses any more; what a process uses stays.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        say: Told whom it waits for.
        dry_run: Remove nothing.

    Raises:
        CommonSyncError: Something cannot be removed.
    """
    removals: list[Removal] = []
    for service in select_services(project, names):
        if os.path.lexists(os.path.join(project.root, service, VENV)):
            with nullcontext() if dry_run else exclusive(lock_folder(project, service), say):
                removals += _clean(project.root, service, dry_run=dry_run)
    return Cleaning(tuple(removals), dry_run)


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
