"""What an install needs: a file that it reads, or a project that it builds."""

from typing import Literal, NamedTuple

from common_sync.core.doctor.image.files import Context, Place
from common_sync.core.doctor.install.projects import Project


class Need(NamedTuple):
    """Something that an install reads.

    Attributes:
        kind: A file, or a project that is installed.
        written: What asks for it.
        path: The absolute path in the image; nothing where that cannot be told.
        state: Whether it is there.
        reason: More about it, where there is more.
        file: The file that asks for it, by its path in the build context; None for the command itself.
        line: The line in that file, counted from 1.
        editable: Whether its files are imported where they lie.
        direct: Whether it is asked for as `name @ file:./path`.
        project: What its pyproject.toml says, where it could be read.
        refused: Why the installer takes it in no case, or nothing.
        unseen: Whether nobody can tell what is at its place.
    """

    kind: Literal["file", "project"]
    written: str
    path: str
    state: Literal["there", "missing", "unknown"]
    reason: str = ""
    file: str | None = None
    line: int | None = None
    editable: bool = False
    direct: bool = False
    project: Project | None = None
    refused: str = ""
    unseen: bool = False


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
