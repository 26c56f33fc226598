"""Where the lines of a repository's files lead: each mention of a path, resolved to a folder."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.model import ancestors
from common_sync.edges.detection.mentions import Kind, Mention, read_mentions, says_something
from common_sync.edges.detection.tree import Tree, above, is_below, last

_OF_THE_FOLDER_ABOVE = frozenset({"requirements", "docker", "deploy", "deployment", "compose", "ci"})
"""Folders in which people keep the files by which the folder above is built."""


class Link(NamedTuple):
    """A line of a service's file that leads to a folder: a mention whose place is known.

    Attributes:
        service: The folder whose file it is.
        target: Where it leads; below the service when it asks for a copy there, which need not exist.
        kind: How much it says.
        file: The file, relative to the root.
        line: Its line, counted from 1; None for a symlink.
        text: The line, to be shown.
        name: What the folder is called where it is copied or mounted to, or nothing.
    """

    service: str
    target: str
    kind: Kind
    file: str
    line: int | None
    text: str
    name: str

    @property
    def leads_inside(self) -> bool:
        """Whether it asks for a folder of the service itself."""
        return is_below(self.target, self.service)


def find_links(tree: Tree) -> list[Link]:
    """Return every line, and every symlink, by which one folder leads to another, in the order of the files.

    Args:
        tree: The repository.
    """
    links: list[Link] = []
    for file in sorted(path for path in tree.files if says_something(path)):
        for mention in read_mentions(file, tree.text(file)):
            links.extend(_resolve(tree, file, mention))
    for file, place in sorted(tree.symlinks.items()):
        holder = next(filter(tree.looks_like_service, ancestors(file)), above(file))
        if holder and not is_below(place, holder) and not is_below(holder, place):
            links.append(Link(holder, place, "copy", file, None, f"a symlink to {place}", last(file)))
    return links


def _resolve(tree: Tree, file: str, mention: Mention) -> Iterator[Link]:
    service = service_of(above(file))
    if mention.built is not None:
        built = tree.locate(above(file), mention.built)
        service = service_of(built) if built and service_of(built) else service
    kind = mention.kind
    places = (tree.locate(base, mention.path) for base in _bases(file, mention))
    place = next((place for place in places if place is not None), None)
    if place is None:
        place = posixpath.normpath(posixpath.join(service, mention.path))
        if kind != "install" or not is_below(place, service):
            return
    elif place not in tree.names and not tree.is_there(place):
        place, kind = above(place), "aside"  # a file of it
    if service and place != service and not is_below(service, place):
        target = place if is_below(place, service) else library_of(tree, place, service)
        yield Link(service, target, kind, file, mention.line, mention.text, mention.name)


def _bases(file: str, mention: Mention) -> Iterator[str]:
    """Yield the folders that a path may be relative to, the likeliest first."""
    folder = above(file)
    if mention.kind == "install" and last(folder) == "requirements":
        yield above(folder)  # pip resolves against the current folder
    yield folder
    if mention.kind == "copy":
        yield from (*ancestors(folder), "")  # the build's context is any folder above the Dockerfile


def service_of(folder: str) -> str:
    """Return the folder that is built by the files in a folder: most often that folder itself."""
    while last(folder) in _OF_THE_FOLDER_ABOVE or last(folder).startswith("."):
        folder = above(folder)
    return folder


def library_of(tree: Tree, place: str, service: str) -> str:
    """Return the library that a place belongs to: the project around it, or the outermost package, or itself.

    Args:
        tree: The repository.
        place: A folder.
        service: The folder that refers to it, which is no part of the library.
    """

    def apart(folder: str) -> bool:
        return not is_below(service, folder)

    around = (folder for folder in (place, *ancestors(place)) if apart(folder))
    project = next((folder for folder in around if tree.is_project(folder)), None)
    if project is not None and (project == place or not tree.looks_like_service(project)):
        return project
    while above(place) and apart(above(place)) and "__init__.py" in tree.names.get(above(place), ()):
        place = above(place)
    return place
