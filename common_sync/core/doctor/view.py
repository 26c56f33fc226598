"""What the checks of a service look at: its files, its images, and what the tool knows of it from elsewhere."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from posixpath import relpath
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.doctor.image.files import BuildContext, Folder
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.compose.names import DeadEnd
from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.model import Reference

if TYPE_CHECKING:
    from common_sync.core.doctor.build.outcome import Build  # who looks at no image needs none of it

IF_HARMLESS = "if you know that it does no harm: # common-sync: ignore[CS213] in the line above"
"""What to do about something that cannot be followed."""

Admits = Callable[[str, str], bool]
"""Tells whether a version specifier takes a version: `>=3.10`, `3.9.0`."""


class Import(NamedTuple):
    """A line of a service that imports a package of the library."""

    package: str
    file: str
    line: int


class Service(NamedTuple):
    """A service as it lies on the disk."""

    path: str  # its path from the root
    place: str  # the absolute path of its folder
    copy: str  # the copy's path in it
    library: str  # the library's name
    folder: Folder  # its files
    files: tuple[str, ...]  # the paths in it of what is its own; the copy and other services are left out
    references: tuple[Reference, ...]  # what points at the library
    imports: tuple[Import, ...]  # the library's packages that it imports
    masters: tuple[str, ...] = ()  # the master's path from the root, then those of the other libraries that it gets

    @property
    def top(self) -> str:
        """Its folder where the root of the repository is `/`."""
        return f"/{self.path}"

    @property
    def context(self) -> BuildContext:
        """All of its files, as a build context without a `.dockerignore`."""
        return BuildContext(self.folder, parse_dockerignore(""))


class ImageView(NamedTuple):
    """An image of a service, and what its build would come upon."""

    service: Service  # the service
    dockerfile: str  # the Dockerfile's path in it
    context: BuildContext  # the files that the build gets
    build: "Build"  # what it would come upon
    targets: tuple[str, ...]  # the stages that compose files build besides the last one
    admits: Admits  # compares a version with a specifier
    builds: tuple[BuiltService, ...] = ()  # what compose files build so


class View(NamedTuple):
    """A service with its images.

    Attributes:
        service: The service.
        images: Those that can be followed.
        in_image: Whether it is built into any, followed or not.
        compositions: What compose files build of it.
        dead_ends: The lines of compose files that nobody can follow, and that may be about it.
    """

    service: Service
    images: tuple[ImageView, ...]
    in_image: bool
    compositions: tuple[BuiltService, ...] = ()
    dead_ends: tuple[DeadEnd, ...] = ()

    def image_of(self, built: BuiltService) -> ImageView | None:
        """Return the image that a compose file builds, where it is one of the service's."""
        return next((one for one in self.images if built in one.builds), None)

    def path_of(self, file: str) -> str:
        """Return the path from the root of a file that an absolute path names."""
        return relpath(file, self.service.place.removesuffix(self.service.path))


_TEST = re.compile(r"(?:^|/)(?:tests?/|test_|conftest)")


def is_test(file: str) -> bool:
    """Tell by its path whether a file is for tests, which no image runs."""
    return _TEST.search(file) is not None


def find_imports(folder: Folder, files: Iterable[str], packages: Iterable[str]) -> tuple[Import, ...]:
    """Return which of a library's packages a service imports, and where; what its tests import does not count."""
    sources = [file for file in files if file.endswith(".py") and not is_test(file)]
    names = tuple(packages)
    found = []
    for file in sources if names else ():
        text = folder.read(file) or ""
        matches = ((name, _importing(name).search(text)) for name in names)
        found += [Import(name, file, text.count("\n", 0, match.start()) + 1) for name, match in matches if match]
    return tuple(sorted(found))


@cache
def _importing(package: str) -> re.Pattern[str]:
    above, _, last = package.rpartition(".")
    from_above = rf"|^from\s+{re.escape(above)}\s+import\s+\(?[^\n]*\b{last}\b" if above else ""
    return re.compile(rf"^(?:from|import)\s+{re.escape(package)}\b{from_above}", re.MULTILINE)
