"""Dockerfiles that lie outside of services and take files of one, without a compose file that says so: CI builds them from above."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property

from common_sync.core.findings import make_finding
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors
from common_sync.core.text import UnparsableError
from common_sync.edges.project.load import Project
from common_sync.edges.service.beside import list_dockerfiles
from common_sync.edges.service.folder import ServiceFolder


class BuiltAbove:
    """The Dockerfiles outside of services; they are read once somebody asks.

    Args:
        project: The project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def find(self, service: str) -> Iterator[Finding]:
        """Yield the Dockerfiles that take files of a service, each with the first line that does.

        Args:
            service: The service, which has no Dockerfile of its own.
        """
        for file, line in self._lines.get(service, {}).items():
            message = f"it is built by `{file}` from a folder above, and not from its own folder alone: that cannot be followed"
            remedy = "give the service a Dockerfile of its own, and make its folder the context"
            yield make_finding("CS213", service, file, line, message, remedy)

    @cached_property
    def _lines(self) -> dict[str, dict[str, int]]:
        """A folder → the Dockerfiles that take something in it → the first line that does."""
        lines: dict[str, dict[str, int]] = {}
        for file, line, path in self._read():
            for base in (*ancestors(file), ""):  # from any of these it may be built
                place = os.path.normpath(os.path.join(base, path))
                for folder in (place, *ancestors(place)):
                    lines.setdefault(folder, {}).setdefault(file, line)
        return lines

    def _read(self) -> Iterator[tuple[str, int, str]]:
        """Yield each path that a Dockerfile takes: the Dockerfile, the line, and the path from the context."""
        masters = (library.master for library in self._project.libraries)
        root = ServiceFolder(self._project.root)
        for file in list_dockerfiles(self._project.root, {*self._project.services, *masters}):
            text = root.read_as_docker(file) or ""
            with suppress(UnparsableError):  # Docker refuses it
                for source in find_sources(parse_dockerfile(text)):
                    if not source.unknown:
                        line = text.count("\n", 0, source.written.start) + 1
                        yield file, line, normalise(source.path.text, within=True)
