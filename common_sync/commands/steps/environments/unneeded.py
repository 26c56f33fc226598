"""What `deploy` and `env clean` remove of a service's releases: those above `keep`, what killed runs have left, and environments of none."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common_sync.core.environments.releases import list_old
from common_sync.edges.environments.folder import list_environments, path_of
from common_sync.edges.environments.live import find_users
from common_sync.edges.environments.placing import remove_environment
from common_sync.edges.environments.releases import read_releases, release_path, remove_releases

Users = tuple[int, ...]
"""The processes that use something, and so keep it from being removed."""


class Unneeded(NamedTuple):
    """Releases of a service that are no longer needed, and environments that no needed one has, with who uses them."""

    place: str  # the absolute path of the folder of the releases
    releases: Mapping[int, Users]  # by their numbers
    environments: Mapping[str, Users]  # by their names

    @property
    def paths(self) -> Iterator[tuple[str, Users]]:
        """The absolute path of each."""
        yield from ((release_path(self.place, number), users) for number, users in self.releases.items())
        yield from ((path_of(self.place, name), users) for name, users in self.environments.items())


def find_unneeded(place: str, keep: int) -> Unneeded:
    """Return what is no longer needed of a service's releases; a release that a process uses keeps its environment.

    Args:
        place: The absolute path of the folder of the releases.
        keep: How many releases are kept.

    Raises:
        TreeError: They cannot be read.
    """
    releases = read_releases(place)
    old = {number: tuple(find_users(release_path(place, number))) for number in list_old(releases, keep)}
    used = {one.made.environment for number, one in releases.known.items() if number not in old or old[number]}
    unused = (name for name in list_environments(place) if name not in used)
    return Unneeded(place, old, {name: tuple(find_users(path_of(place, name))) for name in unused})


def remove_unneeded(unneeded: Unneeded) -> tuple[int, ...]:
    """Remove what is no longer needed and that no process uses; return the releases that were removed.

    Raises:
        TreeError: Something cannot be removed.
    """
    removed = tuple(number for number, users in unneeded.releases.items() if not users)
    remove_releases(unneeded.place, removed)
    for name, users in unneeded.environments.items():
        if not users:
            remove_environment(unneeded.place, name)
    return removed
