"""`watch`: where a change calls for a new `distribute`: in a master, or in what decides what a copy holds."""

import os
from collections.abc import Iterator

from common_sync.core.copies.library import LOCK_FILE, Library
from common_sync.edges.project.load import CONFIGURATION_FILES, Project

_BESIDE = frozenset({*CONFIGURATION_FILES, LOCK_FILE, ".gitignore"})
"""Files in the configuration's folder whose change may change every copy."""


def find_folders(project: Project) -> frozenset[str]:
    """Return the absolute paths of the folders to be watched, each without the folders in it.

    No copy is among them, so that what `distribute` writes leads to no further round.
    """
    found = {project.root}
    for library in project.libraries:
        found.update(_above(project.root, library), _inside(project.root, library))
    return frozenset(found)


def _above(root: str, library: Library) -> Iterator[str]:
    """Yield the folders that the master stands in: it may go, and come back."""
    folder = os.path.dirname(os.path.join(root, library.master))
    while folder != root:
        if os.path.isdir(folder):
            yield folder
        folder = os.path.dirname(folder)


def _inside(root: str, library: Library) -> Iterator[str]:
    """Yield the folders of the master, without those that are never copied."""
    master = os.path.join(root, library.master)
    for folder, names, _ in os.walk(master):
        yield folder
        inside = "" if folder == master else f"{folder[len(master) + 1 :]}/"
        names[:] = [name for name in names if library.rules.exclusion(inside + name, folder=True) is None]


def concerns(project: Project, path: str) -> bool:
    """Tell whether a change calls for a new round.

    Args:
        project: The project.
        path: An absolute path in one of the watched folders.
    """
    inside = path.removeprefix(project.root).lstrip("/")
    return inside in _BESIDE or any(_is_of(library, inside, path) for library in project.libraries)


def _is_of(library: Library, inside: str, path: str) -> bool:
    """Tell whether something is a folder above the master, the master, or belongs in it."""
    if f"{library.master}/".startswith(f"{inside}/"):
        return True
    part = inside.removeprefix(f"{library.master}/")
    return part != inside and library.rules.exclusion(part, folder=os.path.isdir(path)) is None
