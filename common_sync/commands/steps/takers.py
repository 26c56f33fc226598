"""What goes wrong with who gets which of several libraries."""

from collections.abc import Iterator
from itertools import permutations

from common_sync.core.copies.library import Library
from common_sync.core.copies.needs import Need, find_incomplete, find_misplaced
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Reference, is_below
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_references

_LEADS_THERE = ("points-at-master", "foreign")


class Takers:
    """Which services get which of several libraries, and what is wrong with that.

    Args:
        project: The project.
        composes: The compose files that tell how services are built.

    Raises:
        TreeError: A file of a master cannot be read.
    """

    def __init__(self, project: Project, composes: ComposeFiles) -> None:
        self._project, self._composes = project, composes
        self._needs = tuple(self._find_needs())

    def find_misplaced(self) -> Iterator[Finding]:
        """Return an error for each line of a library that would lead elsewhere in a copy."""
        return find_misplaced(self._needs)

    def check(self, service: str) -> tuple[Finding, ...]:
        """Return an error for each library that a service would need, and does not get.

        Raises:
            TreeError: A file of the service cannot be read.
        """
        return (*self._find_untaken(service), *find_incomplete(service, self._needs))

    def _find_needs(self) -> Iterator[Need]:
        """Yield the lines by which libraries lead to each other."""
        for one, other in permutations(self._project.libraries, 2):
            for found in _find_leading(self._project, one.master, other, self._composes):
                yield Need(one, other, found.file, found.line)

    def _find_untaken(self, service: str) -> Iterator[Finding]:
        copies = [*self._project.list_copies([service])]
        for library in self._project.libraries:
            for one in () if library.takes(service) else _find_leading(self._project, service, library, self._composes):
                if not any(is_below(one.file, copy) for copy in copies):
                    message = f"leads to {library.name} ({library.master}), a library that the service does not get"
                    remedy = f'add "{service}" to the `services` of {library.name}'
                    yield make_finding("CS018", service, one.file, one.line, message, remedy)


def _find_leading(project: Project, folder: str, library: Library, composes: ComposeFiles) -> list[Reference]:
    """Return the lines in a folder that lead to a library of which it has no copy."""
    location = Location(project.root, library._replace(copy=library.master))
    found = read_references([location], folder, project.services, composes).references
    return [one for one in found if one.state in _LEADS_THERE and is_below(one.file, folder)]
