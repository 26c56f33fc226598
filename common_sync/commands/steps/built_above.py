"""Dockerfiles that lie outside of services and take files of one, without a compose file that says so: CI builds them from above."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.findings import make_finding
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding, ancestors, is_below
from common_sync.core.text import UnparsableError
from common_sync.edges.project.load import Project
from common_sync.edges.service.beside import list_dockerfiles
from common_sync.edges.service.folder import ServiceFolder


class _Taken(NamedTuple):
    """Something that a Dockerfile takes from its context."""

    file: str  # the Dockerfile, from the root
    line: int  # the line, counted from 1
    path: str  # what it takes, from its context


class BuiltAbove:
    """The Dockerfiles outside of services; they are read once somebody asks.

    Args:
        project: The project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._taken: list[_Taken] | None = None

    def find(self, service: str) -> Iterator[Finding]:
        """Yield the Dockerfiles that take files of a service, each with the first line that does.

        Args:
            service: The service, which has no Dockerfile of its own.
        """
        if self._taken is None:
            self._taken = list(self._read())
        lines = [one for one in self._taken if self._is_of(one, service)]
        for file, line in {one.file: one.line for one in reversed(lines)}.items():
            message = f"`{file}` cannot be followed: it takes `{service}` from a folder above, and no compose file tells how it is built"
            remedy = "give the service a Dockerfile of its own, and make its folder the context"
            yield make_finding("CS213", service, file, line, message, remedy)

    def _read(self) -> Iterator[_Taken]:
        masters = (library.master for library in self._project.libraries)
        root = ServiceFolder(self._project.root)
        for file in list_dockerfiles(self._project.root, {*self._project.services, *masters}):
            text = root.read_as_docker(file) or ""
            try:
                for source in find_sources(parse_dockerfile(text)):
                    line = text.count("\n", 0, source.written.start) + 1
                    if not source.unknown:
                        yield _Taken(file, line, normalise(source.path.text, within=True))
            except UnparsableError:
                continue  # Docker refuses it

    def _is_of(self, taken: _Taken, service: str) -> bool:
        """Tell whether something lies in a service, from any folder that its Dockerfile may be built from."""
        above = (*ancestors(taken.file), "")
        return any(is_below(os.path.normpath(os.path.join(base, taken.path)), service) for base in above)
