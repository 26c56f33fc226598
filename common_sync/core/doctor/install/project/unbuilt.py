"""What is there and cannot be installed all the same: folders that are no project, lines of requirements that are refused."""

from collections.abc import Iterator
from posixpath import dirname

from common_sync.core.doctor.image.files import Context, Image, Place
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.formats.pip.lines import find_refused_lines

PROJECT_FILES = ("pyproject.toml", "setup.py")
"""The files of which one makes a folder a project."""


def why_no_project(path: str, image: Image, context: Context) -> str:
    """Return why a folder cannot be installed, and the rule that keeps its project file out, where there is one.

    Args:
        path: The folder's absolute path.
        image: The files that are there then.
        context: The build context that they came from.
    """
    place = image.look(path)
    origin = place.origin if place is not None else None
    rules = (context.why_dropped(f"{origin}/{name}") for name in PROJECT_FILES if origin)
    rule = next((rule for rule in rules if rule is not None), None)
    kept_out = f", which {rule} keeps out" if rule else ""
    return f"the folder {path} holds neither pyproject.toml nor setup.py{kept_out}"


def find_absent(path: str, place: Place, image: Image, context: Context) -> str | None:
    """Return a package of a project that the build context has and the image has not.

    Args:
        path: The absolute path of the project's folder.
        place: Its project file.
        image: The files that are there then.
        context: The build context that they came from.
    """
    above = dirname(place.origin or "")
    if not above:
        return None  # made by the build; or the service itself, whose own packages may come later
    for name in sorted(context.names(above)):
        inner = f"{above}/{name}".lstrip("/")
        package = name == "src" or context.look(f"{inner}/__init__.py") is not None
        if package and name != "tests" and image.look(f"{path}/{name}") is None:
            return name
    return None


def refuse_lines(text: str, file: str | None, install: Install) -> Iterator[Need]:
    """Yield the lines of a requirements file that pip or uv refuses, and with that all of it.

    Args:
        text: The file's text.
        file: Its path in the build context, or None.
        install: What reads it.
    """
    for one in find_refused_lines(text, install.tool) if install.tool in {"pip", "uv"} else ():
        yield Need(
            "project", one.written, "", "there", "", file, one.line, refused=one.reason, sure=one.sure, brought=False
        )
