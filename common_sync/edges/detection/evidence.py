"""What a repository says about the use of its folders, whatever the master: read once, asked for each candidate."""

from functools import cached_property

from common_sync.edges.detection.likeness import Likeness
from common_sync.edges.detection.links import find_links
from common_sync.edges.detection.names import Request, find_declared, find_requests
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
    def declared(self) -> dict[str, str]:
        """Folder of a project → the normalised name of the distribution that it declares."""
        return find_declared(self.tree)

    @cached_property
    def asked_by_name(self) -> dict[str, list[Request]]:
        """Normalised name of one of the repository's own projects → the lines that ask for it by its name alone."""
        found: dict[str, list[Request]] = {}
        names = frozenset(self.declared.values())
        for request in find_requests(self.tree, names) if names else ():
            found.setdefault(request.name, []).append(request)
        return found
