"""What goes wrong with who gets which of several libraries."""

import os
from collections.abc import Iterator
from functools import cached_property
from itertools import permutations

from common_sync.commands.steps.refusing import move_in_two_steps
from common_sync.core.copies.library import Library
from common_sync.core.copies.needs import Need, find_incomplete, find_misplaced
from common_sync.core.errors import Problem, TreeError
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Reference
from common_sync.core.paths import is_below
from common_sync.core.references.kinds import installs, kind_of
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_references
from common_sync.edges.service.strays import read_stated

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
        following = [one for one in self._needs if one.library.ref_for(service) is None]
        return (*self._find_untaken(service), *find_incomplete(service, following))

    def refuse_exchanged(self, service: str, library: Library, master: str) -> None:
        """Refuse to make a copy of one library of that of another: what leads there would lead to another library in silence.

        Args:
            service: The service's path from the root.
            library: The library of which there is to be a copy.
            master: The master that the copy there was made of, as its manifest says.

        Raises:
            TreeError: It is that of another library.
        """
        other = next((one for one in self._project.libraries if one.master == master != library.master), None)
        if other is not None:
            message = (
                f"holds a copy of {other.name}, and the configuration has {library.name} there: nothing was written"
            )
            remedy = move_in_two_steps(library.copy, library.name)
            raise TreeError(Problem(message, f"{service}/{library.copy}", remedy=remedy))

    def refuse_exchanged_elsewhere(self, library: Library) -> None:
        """Refuse to make a new copy where other services have copies of another library at that place: half would be exchanged.

        Args:
            library: The library of which there is to be a copy.

        Raises:
            TreeError: A service has one.
        """
        for service, master in self._made_of.get(library.copy, ()):
            self.refuse_exchanged(service, library, master)

    @cached_property
    def _made_of(self) -> dict[str, list[tuple[str, str]]]:
        """The place of copies → each service that has one there, and the master that it was made of."""
        found: dict[str, list[tuple[str, str]]] = {}
        for service in self._project.services:
            for library in self._project.libraries_of(service):
                copy = os.path.join(self._project.root, service, library.copy)
                if (manifest := read_stated(copy)) is not None:
                    found.setdefault(library.copy, []).append((service, manifest.library.master))
        return found

    def _find_needs(self) -> Iterator[Need]:
        """Yield the lines by which libraries lead to each other."""
        for one, other in permutations(self._project.libraries, 2):
            if one.upstream is not None:
                continue  # its files are in copies only, which are asked themselves
            for found in _find_leading(self._project, one.master, other, self._composes):
                if found.state in _LEADS_THERE:
                    yield Need(one, other, found.file, found.line)

    def _find_untaken(self, service: str) -> Iterator[Finding]:
        """Yield an error for each line that leads to a library which the service does not get: its own, or a pinned copy's."""
        copies = {f"{service}/{library.copy}": library for library in self._project.libraries_of(service)}
        for library in self._project.libraries:
            for one in () if library.takes(service) else _find_leading(self._project, service, library, self._composes):
                holder = next((held for copy, held in copies.items() if is_below(one.file, copy)), None)
                if holder is None:
                    yield _report_untaken(service, library, one)
                elif holder.ref_for(service) is not None:  # it may need what its master needs no more
                    yield from find_incomplete(service, [Need(holder, library, one.file, one.line)])


def _report_untaken(service: str, library: Library, one: Reference) -> Finding:
    add = f'add "{service}" to the `services` of {library.name}'
    if one.state == "points-at-copy":
        message = f"leads to where a copy of {library.name} would be, a library that the service does not get"
        return make_finding("CS018", service, one.file, one.line, message, f"take it out, or {add}")
    message = f"leads to {library.name} ({library.master}), a library that the service does not get"
    return make_finding("CS018", service, one.file, one.line, message, add)


def _find_leading(project: Project, folder: str, library: Library, composes: ComposeFiles) -> list[Reference]:
    """Return the lines in a folder that lead to a library of which it has no copy, or install what is not there."""
    is_gone = not os.path.lexists(os.path.join(project.root, folder, library.copy))
    if not is_gone:
        library = library._replace(copy=library.master)  # what is there is something else
    found = read_references([Location(project.root, library)], folder, project.services, composes).references
    inside = (one for one in found if is_below(one.file, folder))
    return [one for one in inside if one.state in _LEADS_THERE or (is_gone and _installs_copy(one, folder))]


def _installs_copy(one: Reference, folder: str) -> bool:
    """Tell whether a line installs a copy; anything else may make that folder, as a volume does."""
    return one.state == "points-at-copy" and installs(kind_of(one.file.removeprefix(f"{folder}/")))
