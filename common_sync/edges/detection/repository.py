"""Weigh what was found in a repository: which folders may be the master.

A master is what other folders' files lead to, or what other folders hold copies of that somebody made by hand.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.paths import ancestors, is_below
from common_sync.edges.detection.evidence import Evidence
from common_sync.edges.detection.links import Link
from common_sync.edges.detection.services import (
    Candidate,
    FoundService,
    Reason,
    examine,
    find_self_contained,
)
from common_sync.edges.detection.several import combine, drop_holders
from common_sync.edges.detection.tree import COMMONPLACE, Tree, above, last

__all__ = ["Candidate", "FoundService", "Likely", "Reason", "Repository"]

_LIBRARY_NAMES = frozenset(
    (
        *("common", "commons", "shared", "lib", "libs", "core", "utils", "util", "helpers", "base", "pkg", "packages"),
        *("library", "libraries", "sdk", "internal", "toolkit", "commonlib", "shared_lib", "shared-lib"),
    )
)
"""Names that people give to a library, or to the folder of several."""

_SERVICE_FOLDERS = frozenset(
    {"services", "apps", "applications", "microservices", "jobs", "workers", "functions", "lambdas"}
)
"""Names of folders that hold services: a project in one is no library for that alone."""

_MOST_LIKELY = 5


class Likely(NamedTuple):
    """A folder that may be the master, where nothing decides."""

    master: str  # its path from the root
    says: tuple[str, ...]  # what speaks for it, what says most first


class Repository:
    """What a repository holds, and what may be made of it.

    Args:
        tree: Its files.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._evidence = Evidence(tree)
        self._likeness = self._evidence.likeness

    def candidates(self) -> list[Candidate]:
        """Return every folder that may be the master and has services, the likeliest first, those that little speaks for, too."""
        named = list(dict.fromkeys((*self._pointed_at(), *self._asked_for())))
        copied = [one for one in self._likeness.originals() if not any(is_below(one, other) for other in named)]
        likely = [one for one in (*named, *copied) if self._tree.is_there(one) and not self._tree.is_of_tests(one)]
        masters = [one for one in likely if not self._only_holds_one_of(one, likely)]
        examined = (self.examine(master, alone=not masters) for master in masters or self._libraries())
        found = [candidate for candidate in examined if candidate.services]
        ranked = sorted(found, key=lambda one: (-one.weight, -len(one.services), one.master.count("/"), one.master))
        return drop_holders(self._tree, ranked)

    def _only_holds_one_of(self, folder: str, others: Iterable[str]) -> bool:
        """Tell whether all modules of a folder are in one folder below it that may be the master, too: `libs` for `libs/common`."""
        inner = [one for one in others if one != folder and is_below(one, folder)]
        return any(len(self._tree.modules(one)) == len(self._tree.modules(folder)) for one in inner)

    def examine(self, master: str, *, alone: bool = True) -> Candidate:
        """Return what speaks for one folder as the master, and the services that use it.

        Args:
            master: A folder, relative to the root.
            alone: Whether nothing else may be the master.
        """
        return examine(self._evidence, master, alone=alone)

    def combine(self, chosen: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return several libraries with the services that get them, each library with a place of its own there.

        Args:
            chosen: The libraries, none inside another.
        """
        return combine(self._evidence, chosen)

    def likely(self) -> list[Likely]:
        """Return the folders that may be the master where nothing decides, the likeliest first, each with what speaks for it."""
        found = [Likely(folder, tuple(self._say(folder))) for folder in self._libraries_by_look()]
        ranked = sorted(found, key=lambda one: (-len(one.says), one.master.count("/"), one.master))
        return [one for one in ranked if one.says][:_MOST_LIKELY]

    def _libraries_by_look(self) -> list[str]:
        """Return the outermost folders with modules that are no services, are called like a library or are a project."""
        found: list[str] = []
        for folder in sorted(self._tree.python_folders, key=lambda path: (path.count("/"), path)):
            several = (
                last(folder) in _LIBRARY_NAMES and not self._tree.is_project(folder) and not self._has_modules(folder)
            )
            around = (folder, *ancestors(folder))
            taken = any(one in found or self._is_service(one) for one in around)
            aside = any(last(one) in COMMONPLACE for one in around)
            if not several and not taken and not aside and self._looks_like_library(folder):
                found.append(folder)
        return found

    def _is_service(self, folder: str) -> bool:
        """Tell whether a folder is started by itself, or is a project among services and has no name of a library."""
        among = last(above(folder)) in _SERVICE_FOLDERS and last(folder) not in _LIBRARY_NAMES
        return self._tree.is_program(folder) or (among and self._tree.is_project(folder))

    def _looks_like_library(self, folder: str) -> bool:
        held = bool(self._likeness.copies_of(folder)) or folder in self._imported
        return (
            held
            or self._tree.is_project(folder)
            or last(folder) in _LIBRARY_NAMES
            or last(above(folder)) in _LIBRARY_NAMES
        )

    def _has_modules(self, folder: str) -> bool:
        return any(name.endswith(".py") for name in self._tree.names[folder])

    @property
    def _imported(self) -> Counter[str]:
        return Counter(link.target for link in self._evidence.outward if link.kind == "use")

    def _say(self, folder: str) -> Iterator[str]:
        if number := self._imported[folder]:
            yield f"{number} {'services import' if number > 1 else 'service imports'} it"
        elif number := len(self._evidence.find_importers(folder)):
            yield f"{number} {'folders import' if number > 1 else 'folder imports'} it"
        candidate = self.examine(folder, alone=False)
        for service in candidate.services[:1]:
            yield f"{service.reasons[0].file}: {service.reasons[0].text}"
        if last(folder) in _LIBRARY_NAMES or last(above(folder)) in _LIBRARY_NAMES:
            yield "its name is one of a library"
        if self._tree.is_project(folder):
            yield f"it is a project of its own{self._named(folder)}"

    def _named(self, folder: str) -> str:
        name = self._evidence.declared.get(folder)
        return f", {name}" if name else ""

    def importers(self, master: str) -> tuple[FoundService, ...]:
        """Return the folders that import a library, where nothing builds or starts them by themselves: guesses."""
        lines = self._evidence.find_importers(master)
        reasons = {path: (Reason(one.file, one.line, one.text),) for path, one in sorted(lines.items())}
        return tuple(FoundService(path, why, guess=True) for path, why in reasons.items())

    def self_contained(self, master: str) -> tuple[FoundService, ...]:
        """Return what looks like a service by itself, for a master that nothing refers to."""
        return find_self_contained(self._tree, master)

    def _pointed_at(self) -> Iterator[str]:
        """Yield the folders with modules that lines lead to; for one that is a service's own copy, what it copies."""
        links = (link for link in self._evidence.outward if not self._names_no_library(link))
        for target in dict.fromkeys(link.target for link in links):
            if target not in self._tree.python_folders:
                continue
            copies = self._likeness.copies_of(target)
            if copies and target not in self._likeness.outside_services((target, *copies)):
                yield self._likeness.original(target) or target
            else:
                yield target

    def _names_no_library(self, link: Link) -> bool:
        """Tell whether a line is more likely about another service, or about scripts: those are named in passing."""
        if link.kind in {"aside", "use"} and self._tree.is_program(link.target):
            return True
        return link.kind != "install" and last(link.target) in COMMONPLACE

    def _asked_for(self) -> Iterator[str]:
        """Yield what services ask for by a path inside themselves: `-e ./common`."""
        for name, target in {last(link.target): link.target for link in self._evidence.inward}.items():
            if original := self._likeness.original(target):
                yield original
                continue
            named: Iterable[str] = self._tree.folders_by_name.get(name, ())
            if target in self._tree.python_folders:  # a copy that has drifted, or something else of that name
                named = [one for one in named if self._likeness.share_names(one, target)]
            yield from (one for one in self._likeness.nearest(named) if one != target)

    def _libraries(self) -> Iterator[str]:
        """Yield the folders that are made to be imported, where services ask for a name that no folder has."""
        asking = {link.service for link in self._evidence.inward if last(link.target) not in self._tree.folders_by_name}
        found: set[str] = set()
        folders = self._tree.python_folders if asking else ()
        for folder in sorted(folders, key=lambda path: (path.count("/"), path)):
            project = self._tree.is_project(folder) or "__init__.py" in self._tree.names[folder]
            taken = any(one in asking or one in found for one in (folder, *ancestors(folder)))
            if project and not taken and not self._tree.is_built(folder) and last(folder) not in COMMONPLACE:
                found.add(folder)
                yield folder
