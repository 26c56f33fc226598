"""Where the paths in a service's files lead: to the master, to the copy, into the service, or out of it."""

import os
from collections.abc import Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.copies.library import Library
from common_sync.core.model import Entries
from common_sync.core.paths import ancestors, below
from common_sync.core.references.contract import Locate, LocatedReference, Place, Site
from common_sync.core.references.hints import may_concern
from common_sync.core.references.kinds import Kind
from common_sync.edges.files.folders import follow

if TYPE_CHECKING:
    from common_sync.core.formats.compose.built import BuiltService


class Location(NamedTuple):
    """Where a library lies, the same for every service; no symlink leads to its master."""

    root: str  # the absolute path of the configuration's folder
    library: Library  # the library
    copied: Entries = MappingProxyType({})  # what copies hold of the master

    @property
    def master(self) -> str:
        """The master's absolute path."""
        return os.path.join(self.root, self.library.master)


def see_from(libraries: Sequence[Location], service: str) -> "tuple[Places, ...]":
    """Return a service as each library sees it."""
    return tuple(Places(one, service, [other for other in libraries if other is not one]) for one in libraries)


class Places:
    """One service, and where paths lead from there, as one library sees it: other libraries count as in the service.

    Args:
        here: Where the library lies.
        service: The service's path from the root.
        others: Where the others lie.

    Attributes:
        former: The path inside the service of a former copy that stands for the master, or None.
        outside: The absolute paths that were asked for and lead out of the service, or to a part of the master.
    """

    def __init__(self, here: Location, service: str, others: Sequence[Location] = ()) -> None:
        self.root, self.library, self.copied = here
        self.folder = os.path.join(here.root, service)
        self.copy_folder = os.path.normpath(os.path.join(self.folder, here.library.copy))
        self.master, *masters = (one.master for one in (here, *others))
        self._others = (*masters, *(os.path.join(self.folder, other.library.copy) for other in others))
        self._held = (self.master, *masters, self.folder)
        self.former = below(self.master, self.folder)
        self.outside: set[str] = set()

    def is_own(self, real: str) -> bool:
        """Tell whether a file is the service's.

        Args:
            real: Its path, symlinks resolved.
        """
        return below(real, self.folder) is not None

    def is_of_library(self, real: str) -> bool:
        """Tell whether a file is of a master or of a copy.

        Args:
            real: Its path, symlinks resolved.
        """
        return any(below(real, one) is not None for one in (self.master, self.copy_folder, *self._others))

    def is_copied(self, reference: LocatedReference) -> bool:
        """Tell whether a copy holds what a reference leads to: a file, or a folder with something in it."""
        rest = reference.rest
        return rest in self.copied if reference.includes else not rest or self.holds(rest)

    def holds(self, rest: str) -> bool:
        """Tell whether a copy has a file, or a folder with something in it.

        Args:
            rest: Its path in the master.
        """
        if rest in self.copied:
            return True
        if any(above in self.copied for above in ancestors(rest)):
            return True  # it is beyond a symlink
        from fnmatch import fnmatchcase  # only for what is a part of the library

        return any(
            path.startswith(f"{rest}/") or fnmatchcase(path, rest) or fnmatchcase(path, f"{rest}/*")
            for path in self.copied
        )

    def may_be_in(self, data: bytes, kind: Kind) -> bool:
        """Tell whether a file could lead to the library."""
        names = (self.library.copy, self.former) if self.former is not None else (self.library.copy,)
        return any(may_concern(data, kind, (os.fsencode(self.root),), os.fsencode(name)) for name in names)

    def site(self, above: str, real: str, wider: "Sequence[BuiltService]" = ()) -> Site:
        """Return where a file stands.

        Args:
            above: The folder that it was given in.
            real: Its path, symlinks resolved.
            wider: For a Dockerfile: how it is built from other folders than the service's.
        """
        own = self.is_own(real)
        up = os.path.relpath(self.folder, above) + "/" if own and above != self.folder else ""
        context = os.path.relpath(wider[0].context, self.folder) if wider else ""
        master = self._up_to_master
        return Site(
            self._locator(above), self.library.copy, own, up, context, master, self.holds if self.copied else bool
        )

    @cached_property
    def _up_to_master(self) -> str:
        return os.path.relpath(self.master, self.folder)

    def _locator(self, above: str) -> Locate:
        def locate(path: str, from_file: bool) -> Place:
            full = os.path.normpath(os.path.join(above if from_file else self.folder, path))
            if (place := self._find_in_library(full)) is not None:
                return place  # as nearly always; to follow symlinks asks for every folder above
            real = follow(full)
            if (place := self._find_in_library(real)) is not None:
                return place
            if self.is_own(real) or any(below(real, other) is not None for other in self._others):
                return Place("service")
            holds = below(real, self.root) is not None and self._is_held(real)
            self.outside.update([] if holds else [full, real])
            return Place("outside", holds=holds, exists=os.path.lexists(full))

        return locate

    def _find_in_library(self, path: str) -> Place | None:
        if (rest := below(path, self.copy_folder)) is not None:
            return Place("copy", rest)
        if (rest := below(path, self.master)) is None:
            return None
        if rest:
            self.outside.add(path)
        return Place("master", rest)

    def _is_held(self, folder: str) -> bool:
        return any(below(one, folder) is not None for one in self._held)
