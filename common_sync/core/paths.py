"""Paths as text: what lies above and below one, and what the path of a master says.

They stand apart from the values of `model.py`, which take longer to make than all of this: a Tab needs none of those.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

MANIFEST_NAME = ".common-sync.json"
"""Where the manifest is in a copy; docs/manifest.md has its format."""

TOP = "."
"""The path of a master that is its repository as a whole."""

FOREIGN, SUBDIRECTORY = "git+", "#subdirectory="
"""What stands before the URL of a master in another repository, and between it and the path there."""


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or lies in it; nothing is the folder that both are relative to."""
    return path == folder or not folder or path.startswith(f"{folder}/")


def overlap(one: str, other: str) -> bool:
    """Tell whether one of two folders is the other, or lies in it."""
    return is_below(one, other) or is_below(other, one)


def below(path: str, folder: str) -> str | None:
    """Return the path relative to a folder, nothing for the folder itself, or None when it is not below it.

    Args:
        path: An absolute path, or one relative to the same place as the folder.
        folder: `/`, or nothing, holds everything.
    """
    if path == folder:
        return ""
    prefix = folder if folder.endswith("/") or not folder else f"{folder}/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders above a path, the nearest first, without the root."""
    while path := path.rpartition("/")[0]:
        yield path


def list_below(paths: Sequence[str], folder: str) -> Iterator[str]:
    """Yield those of some sorted paths that are below a folder; of many, none before the first is looked at."""
    inside = f"{folder}/"
    at = bisect_left(paths, inside)
    while at < len(paths) and paths[at].startswith(inside):
        yield paths[at]
        at += 1


def name_after(master: str) -> str:
    """Return what a library, and the folder of its copies, are called where the configuration does not say.

    Args:
        master: The path of its master.
    """
    return master.rpartition("/")[2]


def is_foreign(master: str) -> bool:
    """Tell whether what stands for a master's path is that of a master in another repository."""
    return master.startswith(FOREIGN) and SUBDIRECTORY in master
