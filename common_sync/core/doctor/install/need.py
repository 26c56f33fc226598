"""What an install needs: a file that it reads, or a project that it builds."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from common_sync.core.doctor.image.files import Context, Place
from common_sync.core.doctor.install.project.projects import Project

State = Literal["there", "missing", "unknown"]
BoundKind = Literal["asked", "constrained", "replaced", "left out"]
"""How a version is asked for: it is to be installed, or only may be no other; or what is to be taken in its place; or never."""


def lacking(*, sure: bool) -> State:
    """Return the state of what is not there, or may not be."""
    return "missing" if sure else "unknown"


class Bound(NamedTuple):
    """What an install asks of a package by its name."""

    name: str  # the package's name, normalised
    specifier: str  # the versions that it wants, or nothing
    written: str  # what says so
    kind: BoundKind
    file: str | None = None  # the file that says so, by its path in the build context; None for the command itself
    line: int | None = None  # the line in that file, counted from 1
    marked: bool = False  # whether it only counts for some Pythons or systems
    path: str = ""  # the absolute path that it wants the package from, or nothing


class Held(NamedTuple):
    """A local project that was installed before: its version, or None where nobody can tell it."""

    version: str | None


class Need(NamedTuple):
    """Something that an install reads."""

    kind: Literal["file", "project"]  # a file, or a project that is installed
    written: str  # what asks for it
    path: str  # the absolute path in the image; nothing where that cannot be told
    state: State  # whether it is there
    reason: str = ""  # more about it, where there is more
    file: str | None = None  # the file that asks for it, by its path in the build context; None for the command itself
    line: int | None = None  # the line in that file, counted from 1
    editable: bool = False  # whether its files are imported where they lie
    direct: bool = False  # whether it is asked for as `name @ file:./path`
    project: Project | None = None  # what its pyproject.toml says, where it could be read
    refused: str = ""  # why the installer takes it in no case, or nothing
    remedy: str = "write it in a form that this installer takes"  # what to do where it is refused
    sure: bool = True  # whether it is sure that the installer refuses it
    unseen: bool = False  # whether nobody can tell what is at its place
    brought: bool = True  # whether it is installed, and not only read
    constrains: bool = False  # whether it is a file that only says which versions may be installed
    bounds: tuple[Bound, ...] = ()  # what its install asks of the project's version
    held: Held | None = None  # what was installed of it before, where it is only asked for by its name


class Before(NamedTuple):
    """What was installed in a stage before."""

    names: frozenset[str] = frozenset()  # the names of all that is there, normalised
    versions: Mapping[str, str | None] = {}

    def with_installed(self, needs: Iterable[Need], names: Iterable[str]) -> "Before":
        """Return what is there once more was installed: local projects, and what came from an index by its name."""
        projects = (need.project for need in needs if need.kind == "project" and need.state == "there")
        more = {project.name: project.version for project in projects if project is not None and project.name}
        return Before(self.names | {*names}, {**self.versions, **more})


BEFORE = Before()


class Asker(NamedTuple):
    """What asks for something: the file and the line, or the command itself."""

    file: str | None = None
    line: int | None = None


def read_text(place: Place, context: Context) -> str | None:
    """Return the text of a file in an image, or None where it cannot be told.

    Args:
        place: The file.
        context: Where it was copied from.
    """
    return place.text if place.text is not None or place.origin is None else context.read(place.origin)
