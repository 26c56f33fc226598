"""What an install needs: a file that it reads, or a project that it builds."""

from typing import Literal, NamedTuple

from common_sync.core.doctor.image.files import Context, Place
from common_sync.core.doctor.install.projects import Project

State = Literal["there", "missing", "unknown"]


def lacking(*, sure: bool) -> State:
    """Return the state of what is not there, or may not be."""
    return "missing" if sure else "unknown"


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
    unseen: bool = False  # whether nobody can tell what is at its place


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
