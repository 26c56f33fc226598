"""Make a Dockerfile that is built from a folder above its service one that is built from the service's own folder."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from common_sync.core.findings import line_finding
from common_sync.core.formats.dockerfile.sources import normalise
from common_sync.core.formats.dockerfile.syntax import Dockerfile
from common_sync.core.model import Edit, Finding
from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import Site
from common_sync.core.references.dockerfile.rewriting import Found, edit_to_copy, is_same, read
from common_sync.core.text import apply_edits


class Narrowed(NamedTuple):
    """What it takes."""

    edits: tuple[Edit, ...] = ()  # the edits; none where there is a problem
    problems: tuple[Finding, ...] = ()  # what it takes from outside the service, other than libraries


class _Taken(NamedTuple):
    """A source as the library sees it that it leads to, or as the first of them does."""

    found: Found
    site: Site
    library: int  # which of the libraries that is

    @property
    def leads(self) -> bool:
        """Whether it leads to the library."""
        return self.found.lead.place.where in {"master", "copy"}


def narrow_dockerfile(characters: str, sites: Sequence[Site], inside: str) -> Narrowed:
    """Make all sources of a Dockerfile relative to the service's folder, or say which cannot be.

    Args:
        characters: The decoded file.
        sites: Where it stands, with the context that it has now, as each library sees it.
        inside: What leads from that context to the service's folder.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    dockerfile, before = _read(characters, sites)
    problems = [_report(one.found) for one in before if _meaning(one, inside) is None]
    if problems:
        return Narrowed(problems=tuple(problems))
    edits = tuple(sorted({edit for one in before for edit in _edit(one, inside)}))

    def holds(_: object) -> bool:
        again, after = _read(apply_edits(characters, edits), [site._replace(context="") for site in sites])
        meant = [_meaning(one, inside) for one in before]
        return meant == [_said(one) for one in after] and is_same(dockerfile, again, edits)

    apart = all(one.end <= other.start for one, other in pairwise(edits))
    if apart and keep_proven([edits], holds)[0]:
        return Narrowed(edits)
    return Narrowed(problems=tuple(_report(one.found) for one in before if one.found.lead.to_master))


def _read(characters: str, sites: Sequence[Site]) -> tuple[Dockerfile, list[_Taken]]:
    """Parse a Dockerfile, and find for each source which library it leads to."""
    readings = [read(characters, site) for site in sites]
    views = [[_Taken(one, sites[at], at) for one in reading.found] for at, reading in enumerate(readings)]
    return readings[0].dockerfile, [max(seen, key=_tells) for seen in zip(*views, strict=True)]


def _tells(taken: _Taken) -> tuple[bool, bool]:
    return taken.leads, bool(taken.found.lead.doubt)


def _report(found: Found) -> Finding:
    message = f"`{found.written}` keeps the image from being built from the service's folder alone"
    return line_finding(
        found.line, "CS112", message, "put what it takes into the service's folder, or into the library"
    )


def _meaning(taken: _Taken, inside: str) -> tuple[str | int, str] | None:
    """Return what a source takes, from which library or from the service; None for anything else."""
    path, lead = taken.found.source.path, taken.found.lead
    if taken.found.source.parents or taken.found.source.unknown or lead.doubt or any(path.origins):
        return None
    if taken.leads:
        return taken.library, taken.found.inside
    cut = normalise(path.text, within=True)
    if cut == inside or cut.startswith(f"{inside}/"):
        return "service", cut[len(inside) + 1 :]
    return None


def _edit(taken: _Taken, inside: str) -> Iterator[Edit]:
    if taken.leads:
        yield from edit_to_copy(taken.found, taken.site.copy)
        return
    path = taken.found.source.path
    ends = (at for at in range(1, len(path.text) + 1) if normalise(path.text[:at], within=True) == inside)
    end = next(at for at in ends if path.text[at : at + 1] in {"", "/"})
    below = path.text[end:].lstrip("/")
    if below:
        yield Edit(path.starts[0], path.ends[len(path.text) - len(below) - 1], "")
    else:
        yield Edit(path.starts[0], path.ends[end - 1], ".")


def _said(taken: _Taken) -> tuple[str | int, str] | None:
    where, text = taken.found.lead.place.where, taken.found.source.path.text
    if where == "copy":
        return taken.library, taken.found.inside
    plain = normalise(text, within=True)
    return ("service", "" if plain == "." else plain) if where == "service" else None
