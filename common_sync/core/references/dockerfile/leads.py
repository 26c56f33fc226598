"""Where what a Dockerfile takes from its build context leads."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.sources import Source, normalise
from common_sync.core.references.contract import Place, Site
from common_sync.core.text import is_no_path

_WILDCARD = expression(r"[*?\[\\]")


class Lead(NamedTuple):
    """Where a source leads.

    Attributes:
        place: The place.
        head: How many characters of the path lead to the library's own folder, or, where only the whole path leads to the
            library, to `place`.
        below: What of `place` the head leads to, below the library's folder: mostly nothing.
        outside: Whether the path leads out of the context, so that it means something only because BuildKit cuts `..` off.
        doubt: Why nobody can tell whether it leads to the library; nothing where that is plain.
    """

    place: Place
    head: int = 0
    below: str = ""
    outside: bool = False
    doubt: str = ""

    @property
    def to_master(self) -> bool:
        """Whether it leads to the library by a way that is not there where the service is built."""
        return self.place.where == "master" or (self.place.where == "copy" and self.outside)


def locate_source(source: Source, site: Site) -> Lead:
    """Tell where a source leads."""
    path = source.path.text
    if source.unknown:
        return Lead(Place("outside"), doubt="it holds a variable" if ".." in path.split("/") else "")
    if is_no_path(path):
        return Lead(Place("outside"))
    literal = before_wildcards(path)
    if literal != path and _may_match(path, site):
        return Lead(Place("outside"), doubt="its wildcard may match more than the library")
    lead = _locate(literal, site)
    if lead.place.where not in {"master", "copy"}:
        return lead
    library = lead.place._replace(rest="")
    head = next((end for end in _ends(literal) if _locate(literal[:end], site).place == library), None)
    if head is None:  # a symlink leads into the library
        return lead._replace(head=len(literal), below=lead.place.rest)
    return lead._replace(head=head)


def _ends(path: str) -> Iterator[int]:
    """Yield where a part of a path ends, the last first; a dot that something follows may be the pivot of `--parents`."""
    for end in range(len(path), 0, -1):
        begun = path[:end]
        if (
            path[end : end + 1] in {"", "/"}
            and not begun.endswith("/")
            and (end == len(path) or not begun.endswith("/."))
        ):
            yield end


def _locate(path: str, site: Site) -> Lead:
    """Tell where a path without wildcards leads: as it is written, or else as BuildKit takes it."""
    cut = normalise(path, within=True)
    plain = normalise(path)
    outside = not path.startswith("/") and plain.split("/")[0] == ".."
    place = site.locate(_join(site.context, plain if outside else cut), False)
    if not outside or place.where in {"master", "copy"}:
        return Lead(place, outside=outside)
    built = site.locate(_join(site.context, cut), False)
    if built.where != "copy":
        return Lead(place, outside=True)
    if place.exists:
        return Lead(place, outside=True, doubt="there is another folder at that path, but a build takes the copy")
    return Lead(Place("master", built.rest), outside=True)


def before_wildcards(path: str) -> str:
    """Return the folders of a path before the first part that holds a wildcard."""
    found = _WILDCARD.search(path)
    return path[: path.rfind("/", 0, found.start()) + 1].rstrip("/") if found else path


def _may_match(pattern: str, site: Site) -> bool:
    """Tell whether one of the parts that lead to the master is a wildcard that matches."""
    if pattern.startswith("/") or not site.master:
        return False
    parts = normalise(_join(site.context, pattern)).split("/")
    master = normalise(site.master).split("/")
    pairs = list(zip(parts, master, strict=False))
    return (
        len(pairs) == len(master)
        and any(_WILDCARD.search(part) for part, _ in pairs)
        and all(_compile(part).fullmatch(name) for part, name in pairs)
    )


_PATTERN = expression(r"(?P<any>\*)|(?P<one>\?|\[(?:\\.|[^\]\\])+\])|\\?(?P<itself>.)", re.DOTALL)


def _compile(pattern: str) -> re.Pattern[str]:
    """Translate one part of a Go `filepath.Match` pattern; a set of characters counts as any of them."""
    pieces = (
        ".*" if match["any"] else "." if match["one"] else re.escape(match["itself"])
        for match in _PATTERN.finditer(pattern)
    )
    return re.compile("".join(pieces), re.DOTALL)


def _join(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path
