"""Find the services of one master: the folders whose files lead to it, or ask for a copy, or that hold one already."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from common_sync.core.paths import ancestors, is_below, overlap
from common_sync.edges.detection.evidence import Evidence
from common_sync.edges.detection.links import Link, WideImage
from common_sync.edges.detection.reading import Strength
from common_sync.edges.detection.tree import COMMONPLACE, Tree, above, last

_CONTAINERS = frozenset(
    (
        *("app", "src", "code", "srv", "usr", "opt", "home", "lib", "libs", "python", "packages", "site-packages"),
        *("workspace", "var", "tmp"),
    )
)
"""Folders of an image into which contents are copied; none is what the library is imported as."""

_SAYS: dict[Strength, int] = {"install": 0, "copy": 1, "use": 2, "aside": 3}


class Reason(NamedTuple):
    """Why something was taken for what it is."""

    file: str  # the file or folder that says so, relative to the root
    line: int | None  # its line, counted from 1, or None when it is about the whole
    text: str  # that line, or a sentence


class FoundService(NamedTuple):
    """A service, and why it counts as one of a library's: what says most comes first.

    Attributes:
        path: Its path from the root.
        reasons: What says so.
        guess: Whether nothing says that it uses the library; it only looks like a service, or holds something like a copy.
    """

    path: str
    reasons: tuple[Reason, ...]
    guess: bool = False


class Candidate(NamedTuple):
    """A folder that may be the master.

    Attributes:
        master: Its path from the root.
        copy: What the copy's folder inside each service would be.
        services: The services that use it, sorted.
        weight: How much speaks for it: 3 when it is installed from there or was copied by hand more than once, 2 when
            it is copied into images or by scripts, 1 when it is imported, mounted or named, 0 when there is one copy and no more.
        notes: What a person should know before it is written down.
        wide: The images that take it from there and are built from a folder above their service, sorted.
        imported: Whether a service imports it, or asks for it by its name.
        unused: The folders beside the services that look like one, and never use it.
        name: What it is called among several; its folder's name where that is nothing.
    """

    master: str
    copy: str
    services: tuple[FoundService, ...]
    weight: int
    notes: tuple[Reason, ...]
    wide: tuple[WideImage, ...] = ()
    imported: bool = False
    unused: tuple[str, ...] = ()
    name: str = ""


def examine(evidence: Evidence, master: str, *, alone: bool, copy: str = "") -> Candidate:
    """Return what speaks for one folder as the master, and the services that use it.

    Args:
        evidence: What the repository says.
        master: A folder, relative to the root.
        alone: Whether nothing else may be the master: then it is meant by a name that no folder has.
        copy: Where the copy is to be inside each service; found where that is nothing.
    """
    return _Examination(evidence, master, alone=alone).candidate(copy)


def find_self_contained(tree: Tree, master: str) -> tuple[FoundService, ...]:
    """Return what looks like a service by itself: the outermost such folders, neither in the master nor around it."""
    found: dict[str, FoundService] = {}
    for folder in sorted(tree.python_folders, key=lambda path: (path.count("/"), path)):
        if not overlap(folder, master) and not found.keys() & set(ancestors(folder)) and looks_deployed(tree, folder):
            reason = Reason(folder, None, "looks like a service by itself")
            found[folder] = FoundService(folder, (reason,), guess=True)
    return tuple(found[folder] for folder in sorted(found))


def looks_deployed(tree: Tree, folder: str) -> bool:
    """Tell whether a folder that refers to nothing may be a service: it has modules, and files to build or start it."""
    aside = last(folder) in COMMONPLACE and not tree.is_built(folder)
    return folder in tree.python_folders and not aside and tree.looks_like_service(folder)


def find_lost(tree: Tree, services: Iterable[str], copies: Iterable[str]) -> set[str]:
    """Return which of some services are none: of one inside another the one that is built stays, and what holds modules of its own.

    Args:
        tree: The repository.
        services: The folders that may be services.
        copies: The copies that somebody made by hand.
    """
    left = dict.fromkeys(services)
    nested: dict[str, list[str]] = {}
    for path in left:
        for outer in ancestors(path):
            if outer in left:
                nested.setdefault(outer, []).append(path)
    lost: set[str] = set()
    for outer in sorted(nested, key=lambda path: -path.count("/")):
        inner = [path for path in nested[outer] if path not in lost]
        alone = [path for path in inner if not tree.is_built(path) and not tree.is_project(path)]
        lost.update(alone if _has_own_modules(tree, outer, (*inner, *copies)) else [outer])
    return lost


def _has_own_modules(tree: Tree, outer: str, inner: Iterable[str]) -> bool:
    others = tuple(f"{path[len(outer) + 1 :]}/" for path in inner if is_below(path, outer))
    return any(not module.startswith(others) for module in tree.modules(outer))


class _Examination:
    """Collects, for one master, which folders use it and why."""

    def __init__(self, evidence: Evidence, master: str, *, alone: bool) -> None:
        self._evidence, self._master, self._alone = evidence, master, alone
        self._tree, self._likeness = evidence.tree, evidence.likeness
        self._reasons: dict[str, list[Reason]] = {}
        self._notes: list[Reason] = []
        self._guessed: set[str] = set()
        self._imported = False

    def candidate(self, copy: str) -> Candidate:
        """Return all that was found."""
        telling = filter(self._tells, (*self._outward, *self._inward))
        for link in sorted(telling, key=lambda link: _SAYS[link.kind]):
            self._add(link.service, Reason(link.file, link.line, link.text))
        for made, holder in self._copies.items():
            self._add(holder, Reason(made, None, self._describe(made)))
        self._add_folders_of_that_name()
        self._add_importers()
        self._settle_nesting()
        unused = tuple(self._find_unused())
        copy = copy or self._copy_name()
        self._leave_out_what_a_copy_would_hold(copy)
        self._note_what_is_in_the_way(copy)
        services = tuple(self._found(path) for path in sorted(self._reasons))
        wide = {
            WideImage(link.file, link.service, link.composed)
            for link in self._outward
            if link.wide and link.service in self._reasons
        }
        links, notes = self._links, tuple(self._notes)
        imported = self._imported or any(link.kind == "use" for link in links)
        return Candidate(self._master, copy, services, self._weigh(links), notes, tuple(sorted(wide)), imported, unused)

    def _tells(self, link: Link) -> bool:
        """Tell whether a line speaks for its service; of an image for several, where some import the library, for these only."""
        known = link.service in self._evidence.imports.services
        return not (link.shared and known and self._importing) or link.service in self._importing

    @cached_property
    def _importing(self) -> frozenset[str]:
        """The services of images for several that import the library."""
        shared = {link.service for link in self._outward if link.shared}
        return frozenset(one for one in shared if self._evidence.find_use(one, self._master) is not None)

    def _found(self, service: str) -> FoundService:
        reasons = tuple(self._reasons[service])
        return FoundService(service, reasons, all(reason.file in self._guessed for reason in reasons))

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
        unknown = self._alone and last(target) not in self._tree.folders_by_name and not self._outward
        called = {last(self._master), *(link.name for link in self._outward)}
        return unknown or last(target) in called

    @cached_property
    def _copies(self) -> dict[str, str]:
        """Copy made by hand → the service that holds it: the nearest folder that has the files of one."""
        copies = (*self._likeness.copies_of(self._master), *self._likeness.former_copies_of(self._master))
        held = Counter(folder for copy in copies for folder in ancestors(copy))

        def holds(folder: str) -> bool:
            alone = held[folder] == 1 and not is_below(self._master, folder)
            return alone and (self._tree.looks_like_service(folder) or self._tree.is_project(folder))

        return {copy: next(filter(holds, ancestors(copy)), above(copy)) for copy in copies}

    def _describe(self, copy: str) -> str:
        if not self._likeness.alike(copy, self._master) and (former := self._likeness.count_former(copy, self._master)):
            return f"a copy of before: {former} of its modules are as {self._master} once had them"
        shared = len(self._likeness.share_names(copy, self._master))
        return f"a copy: {shared} of the {len(self._tree.modules(self._master))} modules of {self._master}"

    def _add(self, service: str, reason: Reason) -> None:
        if not service or overlap(service, self._master):
            return
        inside_a_copy = any(one in self._copies for one in (service, *ancestors(service)))
        if inside_a_copy or not self._tree.is_there(service):
            return
        if (last(service) in COMMONPLACE and not self._tree.is_built(service)) or self._tree.is_of_tests(service):
            text = f"{service} uses {self._master}, too, but does not look like a service"
            self._notes.append(reason._replace(text=text))
        elif self._tree.only_holds_base_image(service) and service not in self._composed:
            text = f"{service} takes {self._master}, too, but holds only a Dockerfile that starts nothing: no service"
            self._notes.append(reason._replace(text=text))
        elif service not in self._libraries or self._tree.is_built(service):
            self._reasons.setdefault(service, []).append(reason)

    @cached_property
    def _composed(self) -> frozenset[str]:
        """The folders whose Dockerfile a compose file builds: that may say what is started."""
        return frozenset(link.service for link in self._evidence.outward if link.composed)

    @cached_property
    def _libraries(self) -> frozenset[str]:
        """The folders that others install: a library may refer to another, which makes it no service."""
        return frozenset(link.target for link in self._evidence.outward if link.kind == "install")

    def _add_folders_of_that_name(self) -> None:
        """Add the services that hold a folder of the master's name and with its modules, however drifted by now."""
        for folder in self._tree.folders_by_name.get(last(self._master), ()):
            holder = above(folder)
            shared = {module for module in self._likeness.share_names(folder, self._master) if "__init__" not in module}
            known = folder in self._copies or holder in self._reasons
            if shared and not known and (self._tree.looks_like_service(holder) or self._tree.is_project(holder)):
                self._guessed.add(folder)
                self._add(holder, Reason(folder, None, self._describe(folder)))

    def _add_importers(self) -> None:
        """Add the services that import the library and do not hold it, by names that others may have, too."""
        for service in self._evidence.imports.services if self._reasons else ():
            if service not in self._reasons and (line := self._evidence.find_use(service, self._master)):
                self._imported = True
                self._add(service, Reason(line.file, line.line, line.text))

    def _settle_nesting(self) -> None:
        for path in find_lost(self._tree, self._reasons, self._copies):
            del self._reasons[path]

    def _find_unused(self) -> Iterator[str]:
        """Yield what looks like a service beside those that were found, and never uses the library."""
        around = {folder for path in self._reasons for folder in (path, *ancestors(path))}
        for parent in sorted({above(path) for path in self._reasons if above(path)}):
            for folder in self._tree.inner.get(parent, ()):
                known = folder in around or folder in self._copies or folder in self._libraries
                if not known and not is_below(self._master, folder) and looks_deployed(self._tree, folder):
                    yield folder

    def _copy_name(self) -> str:
        """Return what the copies, or the lines that ask for them, call the library; else what its own folder does."""
        made = [copy[len(holder) + 1 :] for copy, holder in self._copies.items() if holder in self._reasons]
        asked = [link.target[len(link.service) + 1 :] for link in self._inward]
        for names in (made, asked, self._names_in_images()):
            for name, _ in Counter(sorted(names)).most_common(1):
                return name
        return self._free_name(last(self._master))

    def _free_name(self, name: str) -> str:
        """Return a name for copies that no service has for a package of its own; the library's own where there is such."""
        taken = [service for service in self._reasons if self._is_own(f"{service}/{name}")]
        other = f"libs/{name}"
        if not taken or any(f"{service}/{other}" in self._tree.names for service in self._reasons):
            return name
        text = f"is a package of the service's own, and no copy: copies go to {other} instead"
        self._notes.extend(Reason(f"{service}/{name}", None, text) for service in taken)
        return other

    def _is_own(self, folder: str) -> bool:
        """Tell whether a folder of the copy's name holds modules, and none of the library's."""
        inner = tuple(f"{path[len(folder) + 1 :]}/" for path in self._reasons if is_below(path, folder))
        found = (module for module in self._tree.modules(folder) if last(module) != "__init__.py")
        modules = {module for module in found if not module.startswith(inner)}
        return bool(modules) and not modules & self._tree.modules(self._master)

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

    @property
    def _links(self) -> list[Link]:
        """The lines that speak for it in what was found to be a service."""
        return [link for link in (*self._outward, *self._inward) if link.service in self._reasons]

    def _weigh(self, links: Iterable[Link]) -> int:
        copies = [copy for copy, holder in self._copies.items() if holder in self._reasons]
        if len(copies) > 1 or any(link.kind == "install" for link in links):
            return 3
        if any(link.kind == "copy" for link in links) and self._is_library():
            return 2
        return 1 if links or any(path not in self._copies.values() for path in self._reasons) else 0

    def _is_library(self) -> bool:
        """Tell whether what is copied into an image is no part of a service, and no scripts or configuration."""
        apart = not any(map(self._tree.has_dockerfile, (self._master, *ancestors(self._master))))
        return apart and last(self._master) not in COMMONPLACE
