"""What goes wrong with who gets which of several libraries."""

from collections.abc import Iterator, Sequence

from common_sync.core.copies.library import Library
from common_sync.core.copies.needs import Need, find_incomplete
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Reference, is_below
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_references

_LEADS_THERE = ("points-at-master", "foreign")


def find_needs(project: Project) -> tuple[Need, ...]:
    """Return the lines by which libraries lead to each other.

    Raises:
        TreeError: A file of a master cannot be read.
    """
    composes = ComposeFiles(project.root)
    pairs = [(one, other) for one in project.libraries for other in project.libraries if one is not other]
    return tuple(
        Need(one, other, found.file, found.line)
        for one, other in pairs
        for found in _find_leading(project, one.master, other, composes)
    )


def check_taken(project: Project, service: str, needs: Sequence[Need], composes: ComposeFiles) -> tuple[Finding, ...]:
    """Return an error for each library that a service would need, and does not get.

    Args:
        project: The project.
        service: The service.
        needs: What the libraries need.
        composes: The compose files that tell how services are built.

    Raises:
        TreeError: A file of the service cannot be read.
    """
    return (*_find_untaken(project, service, composes), *find_incomplete(service, needs))


def _find_untaken(project: Project, service: str, composes: ComposeFiles) -> Iterator[Finding]:
    copies = [*project.list_copies([service])]
    for library in project.libraries:
        for one in () if library.takes(service) else _find_leading(project, service, library, composes):
            if not any(is_below(one.file, copy) for copy in copies):
                message = f"leads to {library.name} ({library.master}), a library that the service does not get"
                remedy = f'add "{service}" to the `services` of {library.name}'
                yield make_finding("CS018", service, one.file, one.line, message, remedy)


def _find_leading(project: Project, folder: str, library: Library, composes: ComposeFiles) -> list[Reference]:
    """Return the lines in a folder that lead to a library of which it has no copy."""
    location = Location(project.root, library._replace(copy=library.master))
    found = read_references([location], folder, project.services, composes).references
    return [one for one in found if one.state in _LEADS_THERE and is_below(one.file, folder)]
