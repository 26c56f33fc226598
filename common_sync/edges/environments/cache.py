"""Read uv's cache: which packages are in it, and which of them environments are linked from."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.environments.resolved import DIST_INFO, distribution_name
from common_sync.edges.environments.disk import measure

_ARCHIVES = "archive-v"
"""What the names of the folders begin with that hold unpacked wheels, one in each folder."""


class Cached(NamedTuple):
    """A package in the cache, of whatever versions: its name, its bytes, and whether a file of it is linked from elsewhere."""

    name: str
    size: int
    linked: bool


def list_cached(cache: str) -> list[Cached]:
    """Return the packages of a cache, by name.

    Args:
        cache: Its absolute path.
    """
    found: dict[str, Cached] = {}
    for archive in _list_archives(cache):
        size = measure(archive)
        for name in {distribution_name(one) for one in os.listdir(archive) if one.endswith(DIST_INFO)}:
            known = found.get(name, Cached(name, 0, linked=False))
            found[name] = Cached(name, known.size + size.total, known.linked or size.shared > 0)
    return [found[name] for name in sorted(found)]


def _list_archives(cache: str) -> Iterator[str]:
    with suppress(OSError):
        for above in sorted(name for name in os.listdir(cache) if name.startswith(_ARCHIVES)):
            with os.scandir(os.path.join(cache, above)) as entries:
                yield from (entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
