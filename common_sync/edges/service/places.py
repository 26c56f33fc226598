"""Where the paths in a service's files lead: to the master, to the copy, into the service, or out of it."""

import os
from functools import cached_property
from typing import NamedTuple

from common_sync.core.references.contract import Locate, Place, Site


class Library(NamedTuple):
    """Where the library lies, the same for every service.

    Attributes:
        root: The absolute path of the configuration's folder.
        copy: The copy's path inside a service.
        master: The master's absolute path.
        real: That path, symlinks resolved.
    """

    root: str
    copy: str
    master: str
    real: str


def find_library(root: str, copy: str, master: str) -> Library:
    """Return where the library lies.

    Args:
        root: The absolute path of the configuration's folder.
        copy: The copy's path inside a service.
        master: The master's path from the root.
    """
    full = os.path.join(root, master)
    return Library(root, copy, full, os.path.realpath(full))


class Places:
    """One service, and where paths lead from there.

    Args:
        library: Where the library lies.
        service: The service's path from the root.
    """

    def __init__(self, library: Library, service: str) -> None:
        self.library = library
        self.folder = os.path.join(library.root, service)
        self.copy_folder = os.path.join(self.folder, library.copy)

    def is_own(self, real: str) -> bool:
        """Tell whether a file is the service's.

        Args:
            real: Its path, symlinks resolved.
        """
        return below(real, self.folder) is not None

    def is_of_library(self, real: str) -> bool:
        """Tell whether a file is of the master or of the copy.

        Args:
            real: Its path, symlinks resolved.
        """
        return below(real, self.library.real) is not None or below(real, self.copy_folder) is not None

    def site(self, above: str, real: str, context: str | None = None) -> Site:
        """Return where a file stands.

        Args:
            above: The folder that it was given in.
            real: Its path, symlinks resolved.
            context: For a Dockerfile: the absolute path of the build context, where that is not the service's folder.
        """
        own = self.is_own(real)
        up = os.path.relpath(self.folder, above) + "/" if own and above != self.folder else ""
        wider = os.path.relpath(context, self.folder) if context is not None else ""
        return Site(self._locator(above), self.library.copy, own=own, up=up, context=wider, master=self._up_to_master)

    @cached_property
    def _up_to_master(self) -> str:
        return os.path.relpath(self.library.master, self.folder)

    def _locator(self, above: str) -> Locate:
        def locate(path: str, from_file: bool) -> Place:
            full = os.path.normpath(os.path.join(above if from_file else self.folder, path))
            real = os.path.realpath(full)
            for candidate in (full, real):
                if (rest := below(candidate, self.copy_folder)) is not None:
                    return Place("copy", rest)
                if (rest := below(candidate, self.library.real)) is not None:
                    return Place("master", rest)
            if self.is_own(real):
                return Place("service")
            inside = below(real, self.library.root) is not None
            return Place("outside", holds=inside and self._is_held(real), exists=os.path.lexists(full))

        return locate

    def _is_held(self, folder: str) -> bool:
        return any(below(one, folder) is not None for one in (self.library.real, self.folder))


def below(path: str, folder: str) -> str | None:
    """Return the path relative to a folder, `""` for the folder itself, or None when it is not below it.

    Args:
        path: An absolute path.
        folder: The folder's absolute path.
    """
    if path == folder:
        return ""
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None
