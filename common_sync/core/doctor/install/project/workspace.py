"""The members of a uv workspace that uv would not take: a folder with files in it, and without a project.

A member that is not there at all is passed over (tried with uv 0.13), as in a build that gets one service alone.
"""

from collections.abc import Iterator
from posixpath import basename, join, normpath

from common_sync.core.doctor.image.files import Context, Image, match_paths
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need, read_text
from common_sync.core.doctor.install.project.projects import read_project
from common_sync.core.doctor.install.upward import upward
from common_sync.core.formats.toml import Document, parse_toml

_TABLE = ("tool", "uv", "workspace")


def find_bare_members(text: str, file: str | None, folder: str, install: Install, image: Image) -> Iterator[Need]:
    """Yield what uv misses in the workspace that a project begins.

    Args:
        text: The text of its pyproject.toml.
        file: The path of that in the build context, or None.
        folder: Where it is in the image.
        install: What is installed.
        image: The files that are there then.
    """
    if install.tool != "uv" or install.has("--frozen" if install.synced else "--no-sources"):
        return
    for line, written, path in _list_members(text, folder, image):
        project = join(path, "pyproject.toml")
        if _has_files(path, image) and image.look(project) is None:
            yield Need("file", written, project, "missing", "", file, line)


def find_doubled_members(
    text: str, file: str | None, folder: str, install: Install, image: Image, context: Context
) -> Iterator[Need]:
    """Yield the members of the workspace that a project begins whose names another member has: uv ends there, even by a lock.

    Args:
        text: The text of its pyproject.toml.
        file: The path of that in the build context, or None.
        folder: Where it is in the image.
        install: What is installed.
        image: The files that are there then.
        context: The build context that they came from.
    """
    if install.tool != "uv" or (not install.synced and install.has("--no-sources")):
        return
    first = read_project(text)
    names = {first.name: folder} if first is not None and first.name else {}
    for line, written, path in _list_members(text, folder, image):
        place = image.look(join(path, "pyproject.toml"))
        project = read_project(read_text(place, context) or "") if place is not None else None
        name = project.name if project is not None else ""
        if name and names.setdefault(name, path) != path:
            refused = f"each member of a uv workspace needs a name of its own, and {names[name]} and {path} are both named `{name}`"
            yield Need("project", written, path, "there", "", file, line, refused=refused, brought=False)


def find_root(folder: str, image: Image, context: Context) -> str:
    """Return the folder whose lock file uv reads for a project: the workspace's that it is a member of, or its own.

    Args:
        folder: Where the project is in the image.
        image: The files that are there then.
        context: The build context that they came from.
    """
    for above in list(upward(folder))[1:]:
        place = image.look(join(above, "pyproject.toml"))
        text = read_text(place, context) if place is not None else None
        if text and any(path == folder for _, _, path in _list_members(text, above, image)):
            return above
    return folder


def _list_members(text: str, folder: str, image: Image) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the pattern and the folder in the image of what matches `members`, and not `exclude`."""
    document = parse_toml(text)
    excluded = {path for _, one in _named(document, "exclude") for path in _matching(folder, one, image)}
    for line, written in _named(document, "members"):
        yield from ((line, written, path) for path in _matching(folder, written, image) if path not in excluded)


def _named(document: Document, key: str) -> Iterator[tuple[int, str]]:
    for string in document.strings:
        if string.keys == (*_TABLE, key):
            yield document.line(string.span.start), string.span.value


def _matching(folder: str, written: str, image: Image) -> list[str]:
    found = match_paths(normpath(join(folder, written)), image)
    return [path for path in found if not basename(path).startswith(".")]


def _has_files(folder: str, image: Image) -> bool:
    """Tell whether there is a file in a folder itself."""
    places = (image.look(join(folder, name)) for name in image.names(folder))
    return any(place is not None and place.kind == "file" for place in places)
