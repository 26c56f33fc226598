"""Find the services of one master: the folders whose files lead to it, or ask for a copy, or that hold one already."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from common_sync.core.model import ancestors
from common_sync.edges.detection.evidence import Evidence
from common_sync.edges.detection.likeness import COMMONPLACE
from common_sync.edges.detection.links import Link, service_of
from common_sync.edges.detection.reading import Strength
from common_sync.edges.detection.tree import Tree, above, is_below, last

_CONTAINERS = frozenset(
    (
        *("app", "src", "code", "srv", "usr", "opt", "home", "lib", "libs", "python", "packages", "site-packages"),
        *("workspace", "var", "tmp"),
    )
)
"""Folders of an image into which contents are copied; none is what the library is imported as."""

_SAYS: dict[Strength, int] = {"install": 0, "copy": 1, "aside": 2}


class Reason(NamedTuple):
    """Why something was taken for what it is.

    Attributes:
        file: The file or folder that says so, relative to the root.
        line: Its line, counted from 1, or None when it is about the whole.
        text: That line, or a sentence.
    """

    file: str
    line: int | None
    text: str


class FoundService(NamedTuple):
    """A service, and why it counts as one of a library's: what says most comes first."""

    path: str
    reasons: tuple[Reason, ...]


class Candidate(NamedTuple):
    """A folder that may be the master.

    Attributes:
        master: Its path from the root.
        copy: What the copy's folder inside each service would be.
        services: The services that use it, sorted.
        weight: How much speaks for it: 3 when it is installed from there or was copied by hand more than once, 2 when
            it is copied into images, 1 when there is less.
        notes: What a person should know before it is written down.
    """

    master: str
    copy: str
    services: tuple[FoundService, ...]
    weight: int
    notes: tuple[Reason, ...]


def examine(evidence: Evidence, master: str) -> Candidate:
    """Return what speaks for one folder as the master, and the services that use it.

    Args:
        evidence: What the repository says.
        master: A folder, relative to the root.
    """
    return _Examination(evidence, master).candidate()


def find_self_contained(tree: Tree, master: str) -> tuple[FoundService, ...]:
    """Return what looks like a service by itself: the outermost such folders, neither in the master nor around it.

    Args:
        tree: The repository's files.
        master: A folder, relative to the root.
    """
    found: dict[str, FoundService] = {}
    for folder in sorted(tree.python_folders, key=lambda path: (path.count("/"), path)):
        apart = not is_below(folder, master) and not is_below(master, folder)
        if apart and not found.keys() & set(ancestors(folder)) and looks_deployed(tree, folder):
            found[folder] = FoundService(folder, (Reason(folder, None, "looks like a service by itself"),))
    return tuple(found[folder] for folder in sorted(found))


def looks_deployed(tree: Tree, folder: str) -> bool:
    """Tell whether a folder that refers to nothing may be a service: it has modules, and files to build or start it."""
    aside = last(folder) in COMMONPLACE and not tree.is_built(folder)
    return folder in tree.python_folders and not aside and tree.looks_like_service(folder)


class _Examination:
    """Collects, for one master, which folders use it and why."""

    def __init__(self, evidence: Evidence, master: str) -> None:
        self._evidence, self._master = evidence, master
        self._tree, self._likeness = evidence.tree, evidence.likeness
        self._reasons: dict[str, list[Reason]] = {}
        self._notes: list[Reason] = []

    def candidate(self) -> Candidate:
        """Return all that was found."""
        for link in sorted((*self._outward, *self._inward), key=lambda link: _SAYS[link.kind]):
            self._add(link.service, Reason(link.file, link.line, link.text))
        for copy, holder in self._copies.items():
            self._add(holder, Reason(copy, None, self._describe(copy)))
        self._add_folders_of_that_name()
        self._add_users_of_the_name()
        self._settle_nesting()
        self._add_siblings()
        copy = self._copy_name()
        self._leave_out_what_a_copy_would_hold(copy)
        self._note_what_is_in_the_way(copy)
        services = tuple(FoundService(path, tuple(self._reasons[path])) for path in sorted(self._reasons))
        return Candidate(self._master, copy, services, self._weigh(), tuple(self._notes))

    @cached_property
    def _outward(self) -> list[Link]:
        links = self._evidence.outward
        return [one for one in links if is_below(one.target, self._master) or one.target in self._copies]

    @cached_property
    def _inward(self) -> list[Link]:
        return [link for link in self._evidence.inward if self._is_asked_for(link.target)]

    def _is_asked_for(self, target: str) -> bool:
        if target in self._tree.python_folders:
            return target in self._copies
        unknown = last(target) not in self._likeness.by_name and not self._outward
        return unknown or last(target) == last(self._master)

    @cached_property
    def _copies(self) -> dict[str, str]:
        """Copy made by hand → the service that holds it: the nearest folder that has the files of one."""
        copies = self._likeness.copies_of(self._master)
        held = Counter(folder for copy in copies for folder in ancestors(copy))

        def holds(folder: str) -> bool:
            alone = held[folder] == 1 and not is_below(self._master, folder)
            return alone and (self._tree.looks_like_service(folder) or self._tree.is_project(folder))

        return {copy: next(filter(holds, ancestors(copy)), above(copy)) for copy in copies}

    def _describe(self, copy: str) -> str:
        shared = len(self._likeness.share_names(copy, self._master))
        return f"a copy: {shared} of the {len(self._tree.modules(self._master))} modules of {self._master}"

    def _add(self, service: str, reason: Reason) -> None:
        if not service or is_below(service, self._master) or is_below(self._master, service):
            return
        inside_a_copy = any(one in self._copies for one in (service, *ancestors(service)))
        if inside_a_copy or not self._tree.is_there(service):
            return
        if last(service) in COMMONPLACE and not self._tree.is_built(service):
            text = f"{service} uses {self._master}, too, but does not look like a service"
            self._notes.append(reason._replace(text=text))
        elif service not in self._libraries or self._tree.is_built(service):
            self._reasons.setdefault(service, []).append(reason)

    @cached_property
    def _libraries(self) -> frozenset[str]:
        """The folders that others install: a library may refer to another, which makes it no service."""
        return frozenset(link.target for link in self._evidence.outward if link.kind == "install")

    def _add_folders_of_that_name(self) -> None:
        """Add the services that hold a folder of the master's name and with its modules, however drifted by now."""
        for folder in self._likeness.by_name.get(last(self._master), ()):
            holder = above(folder)
            shared = {module for module in self._likeness.share_names(folder, self._master) if "__init__" not in module}
            known = folder in self._copies or holder in self._reasons
            if shared and not known and (self._tree.looks_like_service(holder) or self._tree.is_project(holder)):
                self._add(holder, Reason(folder, None, self._describe(folder)))

    def _add_users_of_the_name(self) -> None:
        """Add the services whose files ask for the library's distribution by its name alone."""
        name = self._evidence.declared.get(self._master, "")
        for request in self._evidence.asked_by_name.get(name, ()):
            service = service_of(above(request.file))
            if service not in self._reasons:
                text = f"asks for {name} by its name, which no copy can answer"
                self._add(service, Reason(request.file, request.line, text))

    def _settle_nesting(self) -> None:
        """Of a service inside another keep the one that is built; what holds nothing else of its own is no service."""
        nested: dict[str, list[str]] = {}
        for path in self._reasons:
            for outer in ancestors(path):
                if outer in self._reasons:
                    nested.setdefault(outer, []).append(path)
        for outer in sorted(nested, key=lambda path: -path.count("/")):
            inner = [path for path in nested[outer] if path in self._reasons]
            kept = self._has_own_modules(outer, inner)
            lost = [path for path in inner if not self._tree.is_built(path) and not self._tree.is_project(path)]
            for path in lost if kept else [outer]:
                del self._reasons[path]

    def _has_own_modules(self, outer: str, inner: Iterable[str]) -> bool:
        others = tuple(f"{path[len(outer) + 1 :]}/" for path in (*inner, *self._copies) if is_below(path, outer))
        return any(not module.startswith(others) for module in self._tree.modules(outer))

    def _add_siblings(self) -> None:
        """Add what looks like a service beside those that were found, where these are at least half of all."""
        around = {folder for path in self._reasons for folder in (path, *ancestors(path))}
        for parent in sorted({above(path) for path in self._reasons if above(path)}):
            folders = self._tree.inner.get(parent, ())
            found = [folder for folder in folders if folder in self._reasons]
            others = [folder for folder in folders if folder not in around and self._may_be_sibling(folder)]
            for folder in others if len(found) >= len(others) else ():
                self._add(folder, Reason(folder, None, f"looks like a service, beside {found[0]}"))

    @cached_property
    def _users_of_others(self) -> frozenset[str]:
        """The folders that install some library of the repository, and would install this one if they used it."""
        links = (*self._evidence.outward, *self._evidence.inward)
        return frozenset(link.service for link in links if link.kind == "install" and link.target in self._tree.names)

    def _may_be_sibling(self, folder: str) -> bool:
        if folder in self._copies or folder in self._libraries or folder in self._users_of_others:
            return False
        project = self._tree.is_project(folder) and folder in self._tree.python_folders
        return project or looks_deployed(self._tree, folder)

    def _copy_name(self) -> str:
        """Return what the copies, or the lines that ask for them, call the library; else what its own folder does."""
        made = [copy[len(holder) + 1 :] for copy, holder in self._copies.items() if holder in self._reasons]
        asked = [link.target[len(link.service) + 1 :] for link in self._inward]
        for names in (made, asked, self._names_in_images()):
            for name, _ in Counter(sorted(names)).most_common(1):
                return name
        return last(self._master)

    def _names_in_images(self) -> set[str]:
        """Return the one name that the master is copied to, where nothing installs it: it is imported by that."""
        installed = any(link.kind == "install" for link in self._outward)
        names = {link.name for link in self._outward if link.name and link.target == self._master} - _CONTAINERS
        taken = any(f"{service}/{name}" in self._tree.names for name in names for service in self._reasons)
        return set() if installed or taken or len(names) > 1 else names

    def _leave_out_what_a_copy_would_hold(self, copy: str) -> None:
        for service in list(self._reasons):
            if any(is_below(service, f"{outer}/{copy}") for outer in ancestors(service) if outer in self._reasons):
                del self._reasons[service]
                self._notes.append(Reason(service, None, "is where a copy will be, and no service"))

    def _note_what_is_in_the_way(self, copy: str) -> None:
        for service in sorted(self._reasons):
            folder = f"{service}/{copy}"
            if folder in self._tree.names and folder not in self._copies:
                self._notes.append(Reason(folder, None, f"is there already, and differs from {self._master}"))
        for made, holder in self._copies.items():
            if holder in self._reasons and made != f"{holder}/{copy}":
                self._notes.append(
                    Reason(made, None, f"is a copy, too, but the copy of {holder} will be {holder}/{copy}")
                )

    def _weigh(self) -> int:
        links = [link for link in (*self._outward, *self._inward) if link.service in self._reasons]
        copies = [copy for copy, holder in self._copies.items() if holder in self._reasons]
        if len(copies) > 1 or any(link.kind == "install" for link in links):
            return 3
        return 2 if any(link.kind == "copy" for link in links) and self._is_library() else 1

    def _is_library(self) -> bool:
        """Tell whether what is copied into an image is no part of a service, and no scripts or configuration."""
        apart = not any(map(self._tree.is_built, (self._master, *ancestors(self._master))))
        return apart and last(self._master) not in COMMONPLACE
