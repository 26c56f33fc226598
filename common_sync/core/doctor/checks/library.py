"""What can go wrong with the library itself: its names, its layout, and what an old build has left in it."""

from collections.abc import Container, Iterable, Iterator
from posixpath import basename, join
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed
from common_sync.core.doctor.checks.layout import find_packages, find_shadow
from common_sync.core.doctor.image.files import Context
from common_sync.core.doctor.install.needs import Need
from common_sync.core.doctor.install.projects import normalise, read_project
from common_sync.core.findings import file_finding
from common_sync.core.model import Finding


def find_name_troubles(name: str, packages: Iterable[str], public: Container[str], file: str) -> Iterator[Finding]:
    """Yield the names of the library that a stranger's package has, or may have any day.

    Args:
        name: The distribution's name.
        packages: The names that are imported.
        public: Names that are likely to be on the public index, normalised.
        file: The file that declares the name, from the root.
    """
    own = normalise(name)
    if own in public:
        message = f"`{name}` may be a name on the public index, too: where a reference is forgotten, a stranger's package is installed"
        yield file_finding("CS209", file, None, message, f"give it a name of your own, such as `yourcompany-{own}`")
    for package in packages:
        if (other := normalise(package)) != own and other in public:
            message = f"the package `{package}` of `{name}` may be a name on the public index, too: whoever installs what is imported gets a stranger's package"
            yield file_finding(
                "CS209", file, None, message, f"give it a name of your own, such as `yourcompany_{package}`"
            )


class Running(NamedTuple):
    """Where a service runs.

    Attributes:
        place: Where the copy lies.
        folder: The folder that the program runs in.
        file: The file to name in a finding: the Dockerfile, or the copy.
    """

    place: str
    folder: str
    file: str


def find_layout_trouble(running: Running, needs: Iterable[Need], context: Context, copy: str) -> Finding | None:
    """Return that an import finds the copy's folder, and not the package in it.

    Args:
        running: Where the service runs.
        needs: What is installed.
        context: The service's files.
        copy: The copy's path in them.
    """
    itself = context.look(f"{copy}/__init__.py") is not None
    package = find_shadow(running.place, running.folder, find_packages(context, copy), package_itself=itself)
    if package is None:
        return None
    found = [need for need in needs if need.kind == "project" and basename(need.path) == basename(running.place)]
    inner = f"{running.place}/{'src/' if package.in_source else ''}{package.name}"
    message = (
        f"`import {package.name}` in {running.folder} finds the folder {running.place}, and not the package {inner}"
    )
    if not found:
        return file_finding(
            "CS208", running.file, None, message, "install it, or give the copies a folder of another name"
        )
    by_finder = any(need.editable and (need.project is None or need.project.backend == "setuptools") for need in found)
    if not by_finder or package.in_source or package.empty or any(not need.editable for need in found):
        return None
    message += "; its __init__.py is passed over, because setuptools' editable install comes after the current folder"
    return file_finding(
        "CS217", running.file, None, message, "install it without -e, or give the copies a folder of another name"
    )


_THE_SERVICE = frozenset({".", "./", "-e .", "-e ./"})


def find_absence(build: Build, packages: Iterable[str], copy: str, file: str) -> Finding | None:
    """Return that the service imports the library, and that nothing brings it into the last image.

    Args:
        build: What the build comes upon.
        packages: The packages of the library that the service imports.
        copy: The copy's path in the service.
        file: The Dockerfile's path in the service.
    """
    events = [event for stage in build.stages for event in stage.events]
    needs = [need for one in events if isinstance(one, Installed) for need in one.needs]
    installed = any(need.kind == "project" and need.written not in _THE_SERVICE for need in needs)
    if installed or any(isinstance(one, NotFollowed) for one in events):
        return None
    end = build.stages[-1]
    for package in packages:
        folders = (end.workdir, *(end.python_path or ()))
        if end.python_path is not None and all(end.image.look(join(folder, package)) is None for folder in folders):
            message = f"the service imports `{package}`, and nothing brings it into the image"
            return file_finding(
                "CS216", file, None, message, f"copy the library and install it: `RUN pip install ./{copy}`"
            )
    return None


def find_stale_trouble(context: Context, copy: str) -> Finding | None:
    """Return that an old build lies in a copy, from which setuptools packs what the library no longer has.

    Args:
        context: The files that the build gets.
        copy: The copy's path in them.
    """
    build = f"{copy}/build/lib"
    project = read_project(context.read(f"{copy}/pyproject.toml") or "")
    if context.look(build) is None or (project is not None and project.backend != "setuptools"):
        return None
    message = "an old build lies in the copy: setuptools packs modules from it that the library no longer has"
    return file_finding(
        "CS211", f"{copy}/build", None, message, f"remove {copy}/build, and keep `**/build` out by .dockerignore"
    )
