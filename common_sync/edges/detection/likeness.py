"""Tell copies that somebody made by hand, which may have drifted since, from folders that are merely called alike."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from common_sync.core.asked_once import asked_once
from common_sync.core.copies.ancestry import Blob
from common_sync.core.paths import ancestors, is_below, overlap
from common_sync.edges.detection.tree import COMMONPLACE, Tree, last
from common_sync.edges.git.checkout import name_contents
from common_sync.edges.git.former import FormerStates

_SAMPLE = 3
_ENOUGH = 3
"""Shared modules that make a copy of whatever size likely; of a small folder, a third of the larger one."""
_OF_ANY_PROJECT = frozenset({"setup.py", "conftest.py"})
_MOST_ASKED = 10
"""Folders whose history git is asked for."""
_VERSIONS = 0.6
"""How alike two files are that are versions of one: twice the lines in both, by the lines of each."""


class Likeness:
    """Compares the folders of a repository by the modules that they hold.

    Args:
        tree: The repository.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._asked: dict[str, FormerStates] = {}

    def share_names(self, one: str, other: str) -> frozenset[str]:
        """Return the modules that two folders have in common; none unless they are half of what one of them holds."""
        ours, theirs = self._tree.modules(one), self._tree.modules(other)
        shared = ours & theirs
        return shared if 2 * len(shared) >= min(len(ours), len(theirs)) else frozenset()

    def _share_enough(self, one: str, other: str) -> frozenset[str]:
        """Return the modules in common that may be one's own; none where they are few of many."""
        shared = self.share_names(one, other) - _OF_ANY_PROJECT
        telling = sum(_part(name) not in COMMONPLACE and last(name) != "__init__.py" for name in shared)
        larger = max(len(self._tree.modules(folder)) for folder in (one, other))
        return shared if telling >= min(_ENOUGH, larger / 3) or len(shared) == larger else frozenset()

    def alike(self, one: str, other: str) -> bool:
        """Tell whether two folders are versions of one: most parts of the smaller are, by the lines of a few modules.

        A part is a folder in it, or what lies directly in it. Two services that hold copies of one library have many
        modules in common, but all in one part.
        """
        shared = self._share_enough(one, other)
        if not shared or self._only_holds(one) or self._only_holds(other):
            return False
        smaller = min(one, other, key=lambda folder: len(self._tree.modules(folder)))
        verdicts = [self._part_alike(one, other, part, shared) for part in self._parts(smaller)]
        judged = [verdict for verdict in verdicts if verdict is not None]
        return 2 * sum(judged) > len(judged)

    def count_former(self, one: str, folder: str) -> int:
        """Return how many modules of a folder are as another one once had them, in git's history; 0 unless most of them are.

        A test or a script that a template gave to both says nothing. Git is asked about a few folders only, since each answer is about their whole history.
        """
        names = sorted(self._share_enough(one, folder))
        shared = [name for name in names if _part(name) not in COMMONPLACE and self._tree.data(f"{one}/{name}")]
        if not shared or self._only_holds(one) or self._only_holds(folder):
            return 0
        if folder not in self._asked:
            if len(self._asked) == _MOST_ASKED:
                return 0
            self._asked[folder] = FormerStates(os.path.join(self._tree.root, folder))
        states = self._asked[folder]
        former = sum(self._is_former(f"{one}/{module}", states.list_states(module)) for module in shared)
        return former if 2 * former >= len(shared) else 0

    def _is_former(self, path: str, states: Iterable[Blob]) -> bool:
        data = self._tree.data(path)
        return any(not one.is_link and one.name == name_contents(len(data), [data], len(one.name)) for one in states)

    def former_copies_of(self, folder: str) -> tuple[str, ...]:
        """Return the folders, whatever they are called, that are what a folder once was and are no versions of it any more."""
        around = dict.fromkeys(one for one in self._holding_the_same(folder) if not overlap(one, folder))
        known = self.copies_of(folder)
        apart = (one for one in around if one not in known and not self._tree.is_of_tests(one))
        return tuple(sorted(one for one in apart if self.count_former(one, folder)))

    @asked_once
    def _parts(self, folder: str) -> frozenset[str]:
        return frozenset(_part(module) for module in self._tree.modules(folder)) - COMMONPLACE

    def _only_holds(self, folder: str) -> bool:
        """Tell whether all that is in a folder is in one folder in it: then that one may be a copy."""
        return not self._tree.is_project(folder) and "" not in self._parts(folder) and len(self._parts(folder)) == 1

    def _part_alike(self, one: str, other: str, part: str, shared: Iterable[str]) -> bool | None:
        """Return whether most of a few modules are versions of each other; None when they are all empty."""
        modules = sorted(module for module in shared if _part(module) == part)
        if not modules:
            return False
        verdicts = list(islice(self._compare(one, other, modules), _SAMPLE))
        return 2 * sum(verdicts) >= len(verdicts) if verdicts else None

    def _compare(self, one: str, other: str, modules: Iterable[str]) -> Iterator[bool]:
        for module in modules:
            ours, theirs = self._read(f"{one}/{module}"), self._read(f"{other}/{module}")
            if ours or theirs:  # that two files are empty says nothing
                yield 2 * len(ours & theirs) >= _VERSIONS * (len(ours) + len(theirs))

    @asked_once
    def _read(self, path: str) -> frozenset[bytes]:
        return frozenset(filter(None, map(bytes.strip, self._tree.read(path).splitlines())))

    @asked_once
    def copies_of(self, folder: str) -> tuple[str, ...]:
        """Return the versions of a folder, whatever they are called: folders that are neither in it nor around it."""
        around = (one for one in self._holding_the_same(folder) if not overlap(one, folder))
        alike = {
            one for one in dict.fromkeys(around) if not self._tree.is_of_tests(one) and self._is_version(one, folder)
        }
        return tuple(sorted(one for one in alike if not any(above in alike for above in ancestors(one))))

    def _is_version(self, one: str, folder: str) -> bool:
        return self.alike(one, folder) or (last(one) == last(folder) and self.count_former(one, folder) > 0)

    def _holding_the_same(self, folder: str) -> Iterator[str]:
        """Yield the folders that hold one of a few modules of a folder: those of its rarest and its commonest names."""
        modules = self._tree.modules(folder)
        telling = [module for module in modules if last(module) != "__init__.py"] or modules  # every package has that
        found = ((module, self._tree.sources_by_name[last(module)]) for module in telling)
        shared = sorted((len(paths), module) for module, paths in found if len(paths) > 1)
        for _, module in {*shared[:_SAMPLE], *shared[-_SAMPLE:]}:
            for path in self._tree.sources_by_name[last(module)]:
                if path.endswith(f"/{module}"):
                    yield path[: -len(module) - 1]

    def original(self, folder: str) -> str | None:
        """Return the folder that a folder and its copies are made from: the one that is nearest to the root.

        None when it has no copies, when each is inside a service, or when two are as near as each other.

        Args:
            folder: A folder with modules.
        """
        copies = self.copies_of(folder)
        nearest = self.nearest((folder, *copies)) if copies else []
        return nearest[0] if len(nearest) == 1 else None

    def nearest(self, cluster: Iterable[str]) -> list[str]:
        """Return those of some folders that are inside no service, and as near to the root as any of them."""
        free = self.outside_services(cluster)
        depth = min((one.count("/") for one in free), default=0)
        return [one for one in free if one.count("/") == depth]

    def outside_services(self, cluster: Iterable[str]) -> list[str]:
        """Return those of some folders that are not inside what looks like a service.

        Args:
            cluster: Folders that are taken for one and its copies: what holds several holds services, and is none.
        """
        cluster = list(cluster)
        held = Counter(above for one in cluster for above in ancestors(one))

        def in_service(folder: str) -> bool:
            return any(held[above] == 1 and self._is_service(above) for above in ancestors(folder))

        return [one for one in cluster if not in_service(one)]

    def _is_service(self, folder: str) -> bool:
        built = self._tree.is_built(folder)
        return built or (self._tree.looks_like_service(folder) and not self._tree.is_project(folder))

    def originals(self) -> Iterator[str]:
        """Yield the folders of which copies were made by hand; not those inside one of them."""
        found: list[str] = []
        for name, folders in self._tree.folders_by_name.items():
            if len(folders) == 1 or name in COMMONPLACE or any(map(self.copies_of, ancestors(folders[0]))):
                continue  # what is in a copied folder is copied with it
            original = next(filter(None, map(self.original, folders[:2])), None)
            if original is not None and not any(is_below(original, one) for one in found):
                found.append(original)
                yield original


def _part(module: str) -> str:
    return module.partition("/")[0] if "/" in module else ""
