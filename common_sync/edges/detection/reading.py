"""Read where a file's lines lead, by the rewriter of its kind: what `distribute` would rewrite is what `init` finds.

A rewriter names each line whose path leads to the library. Here any place of the repository is taken for the library, and
nothing for the service's own, so that it names them all. A file that cannot be parsed is searched for paths line by line.
"""

import os
import posixpath
from collections.abc import Iterator
from typing import Literal, NamedTuple

from common_sync.core.references.contract import Locate, LocatedReference, Place, Site
from common_sync.core.references.kinds import KINDS, Kind
from common_sync.core.references.mentions import find_mentions, list_mentions
from common_sync.core.text import UnparsableError
from common_sync.edges.detection.tree import Tree, above
from common_sync.edges.service.rewriters import rewriter_of

Strength = Literal["install", "copy", "use", "aside"]
"""How much a line says: installed from there; copied from there, into an image or by a script; imported from there, or asked for by
its name; or named in passing (a volume, a file that is included)."""

_LOCKS = frozenset(kind for kind, row in KINDS.items() if row.locks)
"""What only repeats the project file, may be huge, and has a line for each path: its text is enough."""

_SCREENS: dict[Kind, tuple[bytes, ...]] = {
    "project": (b"..", b"path", b"file:", b"./"),
    "pipfile": (b"..", b"path"),
    "environment": (b"..", b"-e", b"file:", b"./"),
    **dict.fromkeys(_LOCKS, (b"..",)),
    "mention": (b"..",),
}
"""What a file of a kind holds that leads anywhere in the repository, as an absolute path of it does; the parser is asked only then."""


class Lead(NamedTuple):
    """A line that leads to a place of the repository."""

    place: str  # the place, relative to the root; where the line installs it, it need not be there
    strength: Strength  # how much the line says
    line: int  # its line, counted from 1
    text: str  # the line, to be shown
    name: str = ""  # what the place is called where it is copied or mounted to, or nothing
    reads: bool = False  # whether pip reads the place for more lines
    wide: bool = False  # whether it leads there only where an image is built from a folder above the service's


def read_leads(tree: Tree, file: str, kind: Kind, service: str) -> list[Lead]:
    """Return where the lines of a file lead, in their order.

    Args:
        tree: The repository.
        file: The file's path.
        kind: What it is.
        service: The folder that is built by it, in which pip would run.
    """
    hints = _SCREENS.get(kind)
    if hints is not None and not any(hint in tree.data(file) for hint in (*hints, os.fsencode(tree.root))):
        return []
    text, locate = tree.text(file), _locator(tree, above(file), service)
    leads = list(_parse(text, kind, locate))
    known = {lead.line for lead in leads}
    passing: Strength = "install" if kind in _LOCKS else "aside"
    leads += (lead for lead in search_lines(text, locate, passing) if lead.line not in known)
    return sorted(leads, key=lambda lead: lead.line)


def search_lines(text: str, locate: Locate, strength: Strength = "aside") -> Iterator[Lead]:
    """Yield where the paths lead that a file names in any way.

    Args:
        text: Its characters.
        locate: Tells where a path leads.
        strength: How much such a line says.
    """
    lines = text.split("\n")
    for line, mention in list_mentions(text, locate):
        yield Lead(mention.rest, strength, line, lines[line - 1].strip())


def _parse(text: str, kind: Kind, locate: Locate) -> Iterator[Lead]:
    """Yield where the lines lead that a rewriter would take for references."""
    if kind in _LOCKS or kind == "mention":
        return
    try:
        references = rewriter_of(kind)[0](text, Site(locate, "", own=False)).references
    except UnparsableError:
        return
    lines = text.split("\n")
    for one in references:
        strength: Strength = "aside" if one.includes else "install"
        for place in _places(one, locate):
            yield Lead(place, strength, one.line, lines[one.line - 1].strip(), reads=one.includes)


def _places(reference: LocatedReference, locate: Locate) -> Iterator[str]:
    if reference.state != "unresolved":
        yield reference.rest
    else:  # a variable, taken for the folder that it is most often set to
        yield from (mention.rest for mention in find_mentions(reference.value, locate))


def _locator(tree: Tree, folder: str, service: str) -> Locate:
    """Return what takes each place of the repository for the master, and what could be there but is not for a copy."""

    def locate(path: str, from_file: bool) -> Place:
        bases = (folder,) if from_file else (service, folder)  # pip starts from the current folder
        places = (tree.locate(base, path) for base in bases)
        place = next((place for place in places if place is not None), None)
        if place is not None:
            return Place("master", place)
        meant = posixpath.normpath(posixpath.join(service, path))
        return Place("outside") if meant.startswith(("/", "..")) else Place("copy", meant)

    return locate
