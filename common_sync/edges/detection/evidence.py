"""What a repository says about the use of its folders, whatever the master: read once, asked for each candidate."""

from functools import cached_property

from common_sync.edges.detection.likeness import Likeness
from common_sync.edges.detection.links import find_links
from common_sync.edges.detection.mentions import read_names, says_something
from common_sync.edges.detection.tree import Tree


class Evidence:
    """What a repository says, whatever the master.

    Args:
        tree: Its files.

    Attributes:
        likeness: Which of its folders are versions of each other.
        outward: The lines that lead from one folder to another.
        inward: The lines that ask for a folder inside the folder that they are in.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree, self.likeness = tree, Likeness(tree)
        links = find_links(tree)
        self.outward = [link for link in links if not link.leads_inside]
        self.inward = [link for link in links if link.leads_inside and link.kind == "install"]

    @cached_property
    def asked_by_name(self) -> dict[str, list[tuple[str, int]]]:
        """Normalised name of a distribution → the files and lines that ask for it by its name alone."""
        found: dict[str, list[tuple[str, int]]] = {}
        normal: dict[str, str] = {}
        for file in sorted(path for path in self.tree.files if says_something(path)):
            for name, line in read_names(file, self.tree.text(file)):
                found.setdefault(normal.setdefault(name, normalise(name)), []).append((file, line))
        return found


def normalise(name: str) -> str:
    """Return the name of a distribution as an index compares it."""
    from packaging.utils import canonicalize_name  # only a library that can be installed needs it

    return canonicalize_name(name)
