"""Weigh what was found in a repository: which folders may be the master.

A master is what other folders' files lead to, or what other folders hold copies of that somebody made by hand.
"""

from collections.abc import Iterable, Iterator

from common_sync.core.model import ancestors
from common_sync.edges.detection.evidence import Evidence
from common_sync.edges.detection.likeness import COMMONPLACE
from common_sync.edges.detection.links import Link
from common_sync.edges.detection.services import (
    Candidate,
    FoundService,
    Reason,
    examine,
    find_self_contained,
)
from common_sync.edges.detection.tree import Tree, is_below, last

__all__ = ["Candidate", "FoundService", "Reason", "Repository"]


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
        """Return every folder that may be the master and has services, the likeliest first."""
        named = list(dict.fromkeys((*self._pointed_at(), *self._asked_for())))
        copied = [one for one in self._likeness.originals() if not any(is_below(one, other) for other in named)]
        masters = [one for one in (*named, *copied) if self._tree.is_there(one)] or list(self._libraries())
        found = [candidate for master in masters if (candidate := self.examine(master)).services]
        return sorted(found, key=lambda one: (-one.weight, -len(one.services), one.master.count("/"), one.master))

    def examine(self, master: str) -> Candidate:
        """Return what speaks for one folder as the master, and the services that use it.

        Args:
            master: A folder, relative to the root.
        """
        return examine(self._evidence, master)

    def self_contained(self, master: str) -> tuple[FoundService, ...]:
        """Return what looks like a service by itself, for a master that nothing refers to.

        Args:
            master: A folder, relative to the root.
        """
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
        if link.kind == "aside" and (self._tree.is_built(link.target) or self._tree.has_main(link.target)):
            return True
        return link.kind != "install" and last(link.target) in COMMONPLACE

    def _asked_for(self) -> Iterator[str]:
        """Yield what services ask for by a path inside themselves: `-e ./common`."""
        for name, target in {last(link.target): link.target for link in self._evidence.inward}.items():
            if original := self._likeness.original(target):
                yield original
                continue
            named: Iterable[str] = self._likeness.by_name.get(name, ())
            if target in self._tree.python_folders:  # a copy that has drifted, or something else of that name
                named = [one for one in named if self._likeness.share_names(one, target)]
            yield from (one for one in self._likeness.nearest(named) if one != target)

    def _libraries(self) -> Iterator[str]:
        """Yield the folders that are made to be imported, where services ask for a name that no folder has."""
        asking = {link.service for link in self._evidence.inward if last(link.target) not in self._likeness.by_name}
        found: set[str] = set()
        folders = self._tree.python_folders if asking else ()
        for folder in sorted(folders, key=lambda path: (path.count("/"), path)):
            project = self._tree.is_project(folder) or "__init__.py" in self._tree.names[folder]
            taken = any(one in asking or one in found for one in (folder, *ancestors(folder)))
            if project and not taken and not self._tree.is_built(folder) and last(folder) not in COMMONPLACE:
                found.add(folder)
                yield folder
