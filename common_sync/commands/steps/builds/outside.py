"""What the build of a service reads outside its folder: what its files lead to, and what compose files give it."""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from common_sync.commands.steps.builds.compositions import (
    Dockerfile,
    list_compositions,
    list_dead_ends,
    list_dockerfiles,
)
from common_sync.core.asked_once import asked_once
from common_sync.core.doctor.view import Service, View
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors, is_below, list_below
from common_sync.core.references.dockerfile.leads import before_wildcards
from common_sync.core.references.kinds import IGNORE, KINDS, is_compose, kind_of
from common_sync.core.references.mentions import find_upward
from common_sync.core.text import UnparsableError
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.folder import ServiceFolder
from common_sync.edges.service.listing import list_paths
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_references

_UNCLEAR = frozenset({"CS102", "CS104", "CS108"})
"""What keeps a file from telling what it reads: a variable, bytes that are no text, text that cannot be parsed.

Compose files that cannot be followed are asked for beside these.
"""


class Outside(NamedTuple):
    """What the build of a service reads outside its folder.

    Attributes:
        paths: Absolute paths of files, and of folders of which everything counts; they need not exist. Compose files that say how
            it is built are not among them.
        builds: How compose files build it.
        unclear: Why there may be more.
    """

    paths: frozenset[str]
    builds: tuple[BuiltService, ...]
    unclear: tuple[Finding, ...]


def find_outside(project: Project, service: str, composes: ComposeFiles) -> Outside:
    """Return what the build of a service reads outside its folder.

    Args:
        project: The project.
        service: The service's path from the root.
        composes: The compose files that tell how services are built.

    Raises:
        TreeError: Something cannot be read.
    """
    looking = _Looking(project, service, composes)
    try:
        looking.follow_references()
        builds = looking.follow_builds()
    except OSError as error:
        raise explain_os_error(error, service, "read the service") from error
    return Outside(frozenset(looking.paths), builds, tuple(looking.unclear))


class _Looking:
    """One service that is looked at."""

    def __init__(self, project: Project, service: str, composes: ComposeFiles) -> None:
        self.paths: set[str] = set()
        self.unclear: list[Finding] = []
        self._project, self._service, self._composes = project, service, composes
        self._root, self._place = project.root, os.path.join(project.root, service)
        taken = project.libraries_of(service) or project.libraries  # it may lead there all the same
        self._libraries = [Location(project.root, library) for library in taken]
        self._copies = [library.copy for library in taken]
        self._masters = {library.master for library in self._libraries}

    def follow_references(self) -> None:
        """Note what the service's files lead to, and what the projects lead to that they lead to."""
        pending, seen = [self._service], set[str]()
        while pending:
            folder = pending.pop()
            if folder in seen:
                continue
            seen.add(folder)
            found = self._look_into(folder)
            self.paths |= found
            inside = (os.path.relpath(path, self._root) for path in found if os.path.isdir(path))
            pending += [one for one in inside if not one.startswith("..")]

    def _look_into(self, folder: str) -> set[str]:
        place = os.path.join(self._root, folder)
        references = read_references(self._libraries, folder, self._project.services, self._composes)
        self.unclear += [one for one in references.findings if one.code in _UNCLEAR]
        paths = self._list_paths(folder)
        links = (os.path.realpath(os.path.join(place, path)) for path in paths if os.path.islink(f"{place}/{path}"))
        led = {*references.outside, *links, *_list_upward(place, paths), *self._list_workspaces(folder, paths)}
        return {path for path in led if self._is_outside(path, place)}

    @asked_once
    def _list_paths(self, folder: str) -> tuple[str, ...]:
        """Return the paths in a folder of the files that are part of it."""
        return tuple(list_paths(os.path.join(self._root, folder), self._list_apart(folder)))

    def _list_apart(self, folder: str) -> set[str]:
        """Return the folders in a folder that are no part of it: copies, and other services."""
        copies = (f"{folder}/{copy}" for copy in self._copies)
        inner = list_below(self._project.services, folder)
        return {os.path.join(self._root, one) for one in (*copies, *inner)}

    def _is_outside(self, path: str, place: str) -> bool:
        """Tell whether a path is one to look at: not above the folder that leads there, nor the library's own folder."""
        apart = not is_below(path, place) and not is_below(path, self._place)
        return apart and not is_below(place, path) and path not in self._masters

    def _list_workspaces(self, folder: str, paths: Iterable[str]) -> Iterator[str]:
        """Yield the files above a project that a uv workspace is made of."""
        if "pyproject.toml" not in paths:
            return
        for above in (os.path.normpath(os.path.join(self._root, one)) for one in _list_above(folder)):
            if "workspace" in (ServiceFolder(above).read("pyproject.toml") or ""):
                yield from (f"{above}/pyproject.toml", f"{above}/uv.lock")

    def follow_builds(self) -> tuple[BuiltService, ...]:
        """Note what the service's images are built from; return how compose files build them."""
        folder = ServiceFolder(self._place)
        files = self._list_paths(self._service)
        first = (self._project.libraries_of(self._service) or self._project.libraries)[0]
        service = Service(self._service, self._place, first.copy, first.name, folder, files, (), ())
        inside = [one for one in files if is_compose(os.path.basename(one))]
        builds = list_compositions(self._composes, service, inside)
        dead_ends = tuple(list_dead_ends(self._composes, service, inside))
        guessed = tuple(one for one in builds if one.doubtful)
        self.unclear += self._find_unfollowed(View(service, (), False, guessed, dead_ends))
        found = {path for build in builds for path in _list_read_by(build)}
        for dockerfile in list_dockerfiles(service, folder, builds):
            if not dockerfile.builds:
                found.update(self._list_taken_from_above(dockerfile, folder))
        self.paths |= {path for path in found if not is_below(path, self._place)}
        return builds

    def _find_unfollowed(self, view: View) -> Iterator[Finding]:
        """Yield the lines of compose files that cannot be followed; those outside the service concern no single one."""
        if not view.compositions and not view.dead_ends:
            return
        from common_sync.core.doctor.catalogue import (
            is_silenced,
        )  # with all that proves a build, only where it is asked
        from common_sync.core.doctor.checks.compose import check_compose

        if any(setting.value == "CS213" for setting in self._project.configuration.ignore):
            return
        for finding in check_compose(view):
            lines = (ServiceFolder(self._root).read(finding.file) or "").splitlines()
            if not is_silenced(finding.code, finding.line, lines):
                yield finding if is_below(finding.file, self._service) else finding._replace(service="")

    def _list_taken_from_above(self, dockerfile: Dockerfile, folder: ServiceFolder) -> Iterator[str]:
        """Yield what a Dockerfile takes that is not in its service: it may be built from any folder above."""
        for path in _list_sources(dockerfile.text, ""):
            beside = os.path.join(os.path.dirname(dockerfile.path), path)
            if path and folder.look(path) is None and folder.look(beside) is None:
                for above in _list_above(self._service):
                    yield os.path.normpath(os.path.join(self._root, above, path))
                    yield os.path.normpath(os.path.join(self._root, above, IGNORE))


def _list_above(folder: str) -> Iterator[str]:
    """Yield the folders above a folder, and the root, as paths from it."""
    yield from ancestors(folder)
    yield ""


def _list_upward(place: str, paths: Iterable[str]) -> Iterator[str]:
    """Yield where the paths lead that a folder's files hold and that lead upward, whatever they are for."""
    folder = ServiceFolder(place)
    for path in paths:
        kind = kind_of(path)
        if kind is not None and not KINDS[kind].holds:
            for above in {place, os.path.dirname(os.path.join(place, path))}:
                words = find_upward(folder.read(path) or "")
                yield from (os.path.normpath(os.path.join(above, word)) for word in words)


def _list_read_by(build: BuiltService) -> Iterator[str]:
    """Yield what a build reads beside the compose files that say how, and its context where that is no folder of the service."""
    yield from (os.path.join(os.path.dirname(build.file), ".env"), os.path.join(build.context, IGNORE))
    if build.dockerfile:
        yield from (build.dockerfile, f"{build.dockerfile}{IGNORE}")
    yield from (one.value for one in build.contexts if one.value is not None)
    above, name = os.path.split(build.dockerfile)
    text = build.inline if build.section.inline else ServiceFolder(above).read_as_docker(name)
    if build.doubtful or text is None:
        yield build.context
    else:
        yield from (os.path.normpath(os.path.join(build.context, path)) for path in _list_sources(text, ""))


def _list_sources(text: str, whole: str) -> Iterator[str]:
    """Yield the paths in its context of what a Dockerfile takes; all of it where that cannot be told."""
    try:
        for source in find_sources(parse_dockerfile(text)):
            literal = before_wildcards(source.path.text)
            path = normalise(literal, within=True)
            yield whole if source.unknown or path == os.curdir else path
    except UnparsableError:
        yield whole
