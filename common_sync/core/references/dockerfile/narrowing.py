"""Make a Dockerfile that is built from a folder above its service one that is built from the service's own folder."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.core.findings import line_finding
from common_sync.core.formats.dockerfile.sources import normalise
from common_sync.core.model import Edit, Finding
from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import Site
from common_sync.core.references.dockerfile.rewriting import Found, Reading, edit_to_copy, is_same, read
from common_sync.core.text import apply_edits


class Narrowed(NamedTuple):
    """What it takes."""

    edits: tuple[Edit, ...] = ()  # the edits; none where there is a problem
    problems: tuple[Finding, ...] = ()  # what it takes from outside the service, other than the library


def narrow_dockerfile(characters: str, site: Site, inside: str) -> Narrowed:
    """Make all sources of a Dockerfile relative to the service's folder, or say which cannot be.

    Args:
        characters: The decoded file.
        site: Where it stands, with the context that it has now.
        inside: What leads from that context to the service's folder.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    before = read(characters, site)
    problems = [_report(found) for found in before.found if _meaning(found, inside) is None]
    if problems:
        return Narrowed(problems=tuple(problems))
    edits = tuple(sorted({edit for found in before.found for edit in _edit(found, site.copy, inside)}))
    proven, _ = keep_proven([edits], lambda _: _holds(before, inside, apply_edits(characters, edits), site, edits))
    refused = () if proven else tuple(_report(found) for found in before.found if found.lead.to_master)
    return Narrowed(edits if proven else (), refused)


def _report(found: Found) -> Finding:
    message = f"`{found.written}` keeps the image from being built from the service's folder alone"
    return line_finding(
        found.line, "CS112", message, "put what it takes into the service's folder, or into the library"
    )


def _meaning(found: Found, inside: str) -> tuple[str, str] | None:
    """Return what a source takes, from the library or from the service; None for anything else."""
    path, lead = found.source.path, found.lead
    if found.source.parents or found.source.unknown or lead.doubt or any(path.origins):
        return None
    if lead.place.where in {"master", "copy"}:
        return "library", found.inside
    cut = normalise(path.text, within=True)
    if cut == inside or cut.startswith(f"{inside}/"):
        return "service", cut[len(inside) + 1 :]
    return None


def _edit(found: Found, copy: str, inside: str) -> Iterator[Edit]:
    if found.lead.place.where in {"master", "copy"}:
        yield from edit_to_copy(found, copy)
        return
    path = found.source.path
    ends = (at for at in range(1, len(path.text) + 1) if normalise(path.text[:at], within=True) == inside)
    end = next(at for at in ends if path.text[at : at + 1] in {"", "/"})
    below = path.text[end:].lstrip("/")
    if below:
        yield Edit(path.starts[0], path.ends[len(path.text) - len(below) - 1], "")
    else:
        yield Edit(path.starts[0], path.ends[end - 1], ".")


def _holds(before: Reading, inside: str, after: str, site: Site, edits: Sequence[Edit]) -> bool:
    """Read again and compare: the same is taken, from the service's folder now."""
    again = read(after, site._replace(context=""))
    meant = [_meaning(found, inside) for found in before.found]
    return meant == [_said(found) for found in again.found] and is_same(before.dockerfile, again.dockerfile, edits)


def _said(found: Found) -> tuple[str, str] | None:
    where, text = found.lead.place.where, found.source.path.text
    if where == "copy":
        return "library", found.inside
    plain = normalise(text, within=True)
    return ("service", "" if plain == "." else plain) if where == "service" else None
