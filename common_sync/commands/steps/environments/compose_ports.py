"""What compose files of this repository say of a port that a unit of the same machine has."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.formats.compose.ports import Published, list_published
from common_sync.core.text import UnparsableError
from common_sync.edges.files.yaml import parse_documents
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.folder import ServiceFolder

_KEY = "ports"


class PortClash(NamedTuple):
    """A line of a compose file that says of a port something else than a service's setting."""

    file: str  # the file's path from the root
    line: int  # the line, counted from 1
    message: str


def find_clashes(project: Project, service: str, port: int, where: str, *, has_unit: bool) -> Iterator[PortClash]:
    """Yield the lines of compose files that disagree with a service's port.

    Another port for the service itself is one, but where its container listens at the one that is set: the machine's is chosen
    apart from it. For another service, the same port of the machine is one.

    Args:
        project: The project.
        service: Its path from the root.
        port: Its port.
        where: The file and the line that say so.
        has_unit: Whether systemd is to run it, so that it takes the port of this machine.
    """
    composes, folder = ComposeFiles(project.root), os.path.join(project.root, service)
    paths = composes.list_above(service)
    published = list(_list_published(project.root, paths))
    if not published:
        return
    inside = [os.path.basename(path) for path in paths if os.path.dirname(path) == folder]
    # what is built from its folder, or has its name
    names = {os.path.basename(service), *(one.name for one in composes.list_services(service, inside))}
    own = [(file, one) for file, one in published if one.service in names]
    if not any(port in one.ports or port in one.targets for _, one in own):
        for file, one in own:
            message = f"publishes `{one.service}` at {_describe(one)}, and {where} says port {port}"
            yield PortClash(file, one.line, message)
    for file, one in published:
        if has_unit and one.service not in names and port in one.ports:
            message = (
                f"publishes `{one.service}` at port {port} of the machine, which the unit of {service} has ({where})"
            )
            yield PortClash(file, one.line, message)


def _describe(one: Published) -> str:
    first, last = one.ports[0], one.ports[-1]
    return str(first) if first == last else f"{first} to {last}"


def _list_published(root: str, paths: Iterable[str]) -> Iterator[tuple[str, Published]]:
    """Yield what compose files publish, each with its path from the root; one that cannot be read is for others to name."""
    for path in paths:
        text = ServiceFolder(os.path.dirname(path)).read(os.path.basename(path)) or ""
        if _KEY in text:  # reading YAML takes its time
            with suppress(UnparsableError):
                found = list(list_published(parse_documents(text)))
                yield from ((os.path.relpath(path, root), one) for one in found)
