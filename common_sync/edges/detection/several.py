"""Several libraries of one repository: which candidates are libraries, and what each service gets of them together."""

import posixpath
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, permutations

from common_sync.core.expressions import expression
from common_sync.core.paths import ancestors, is_below, overlap
from common_sync.edges.detection.evidence import Evidence
from common_sync.edges.detection.links import Link
from common_sync.edges.detection.services import Candidate, FoundService, Reason, examine, find_lost
from common_sync.edges.detection.tree import Tree, above, last

_UPWARD = expression(r"(?:\.\./)+[\w./-]+")
_NO_NAME = expression(r"[^A-Za-z0-9._-]+|^[^A-Za-z0-9]+")
"""What the name of a library does not hold."""

_KINDS: tuple[Callable[[Candidate], bool], ...] = (
    lambda one: one.weight > 1,
    lambda one: one.imported,
    lambda one: one.weight > 0,
)
"""What speaks for a library, the surest first."""


def find_likeliest(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return those for which the surest evidence speaks; one copy by itself decides nothing."""
    groups = (tuple(filter(kind, candidates)) for kind in _KINDS)
    return next(filter(None, groups), ())


def stand_together(candidates: Sequence[Candidate]) -> bool:
    """Tell whether several candidates are all libraries: none is only mounted, and no two are taken for the same one."""
    certain = all(one.weight > 1 or one.imported for one in candidates)
    return certain and not any(_are_rivals(*pair) for pair in combinations(candidates, 2))


def _are_rivals(one: Candidate, other: Candidate) -> bool:
    if overlap(one.master, other.master):
        return True
    lines = [{reason[:2] for service in each.services for reason in service.reasons} for each in (one, other)]
    return one.copy == other.copy and not lines[0].isdisjoint(lines[1])


def drop_holders(tree: Tree, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out folders that hold libraries and are none: `libs`, where services take `libs/common` and `libs/events`.

    Args:
        tree: The repository.
        candidates: The likeliest first.
    """
    inner = {one.master: [two for two in candidates if _is_inside(two.master, one.master)] for one in candidates}
    left = [one for one in candidates if not _only_holds(tree, one.master, inner[one.master])]
    for outer in (one for one in candidates if one not in left):
        known = {service.path for one in inner[outer.master] for service in one.services}
        whole = [service for service in outer.services if service.path not in known]
        left = [_note_whole(one, outer.master, whole) if _is_inside(one.master, outer.master) else one for one in left]
    return left


def _is_inside(path: str, folder: str) -> bool:
    return path != folder and is_below(path, folder)


def _only_holds(tree: Tree, folder: str, inner: Sequence[Candidate]) -> bool:
    likely = [one for one in inner if one.weight > 1 or one.imported]
    if not likely or tree.is_project(folder):
        return False
    own = any(name.endswith(".py") and name != "__init__.py" for name in tree.names[folder])
    holds_services = any(is_below(service.path, folder) for one in likely for service in one.services)
    return holds_services or (len(likely) > 1 and not own)


def _note_whole(library: Candidate, outer: str, services: Sequence[FoundService]) -> Candidate:
    """Note the services that take the folder of several libraries, and none of these by itself."""
    text = "takes {} as a whole, {}: add it to the `services` of the libraries that it needs"
    notes = tuple(Reason(one.path, None, text.format(outer, _tell(one))) for one in services)
    paths = {one.path for one in services}
    return library._replace(
        notes=library.notes + notes, unused=tuple(one for one in library.unused if one not in paths)
    )


def _tell(service: FoundService) -> str:
    file, line, _ = service.reasons[0]
    return file if line is None else f"{file}:{line}"


def combine(evidence: Evidence, chosen: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return several libraries of one repository, each with a place of its own in services, and those that get it.

    Args:
        evidence: What the repository says.
        chosen: The libraries, none inside another, the likeliest first.
    """
    needs = list(_find_needs(evidence, [one.master for one in chosen]))
    found = tuple(_place(evidence, chosen, needs))
    services = _settle(evidence, found)
    for _ in found:  # what a library needs may need another
        for holder, needed, link in needs:
            reason = Reason(link.file, link.line, link.text)
            for path in services[holder].keys() - services[needed].keys():
                services[needed][path] = FoundService(path, (reason,))
    return tuple(
        one._replace(services=tuple(services[one.master][path] for path in sorted(services[one.master])))
        for one in found
    )


_Need = tuple[str, str, Link]
"""A library, one that it needs, and the line that says so."""


def _find_needs(evidence: Evidence, masters: Sequence[str]) -> Iterator[_Need]:
    for holder, needed in permutations(masters, 2):
        link = next(_list_leads(evidence, holder, needed, {"install", "use"}), None)
        if link is not None:
            yield holder, needed, link


def _list_leads(evidence: Evidence, holder: str, needed: str, kinds: Container[str]) -> Iterator[Link]:
    """Yield the lines by which a library leads to another one."""
    for link in evidence.outward:
        if link.kind in kinds and is_below(link.service, holder) and is_below(link.target, needed):
            yield link


def _place(evidence: Evidence, chosen: Sequence[Candidate], needs: Iterable[_Need]) -> Iterator[Candidate]:
    """Yield the libraries, each with a copy and a name of its own."""
    masters = [one.master for one in chosen]
    copies = _spread([one.copy for one in chosen], masters)
    at = dict(zip(masters, copies, strict=True))
    ways = [(holder, needed) for holder, needed, link in needs if link.kind == "install"]
    if any(posixpath.relpath(at[a], at[b]) != posixpath.relpath(a, b) for a, b in ways):
        common = posixpath.commonpath(masters)
        at = {master: posixpath.relpath(master, common or ".") for master in masters}
    leads = (
        (holder, needed, link)
        for holder, needed, _ in needs
        for link in _list_leads(evidence, holder, needed, {"install"})
    )
    if any(_leads_above(*lead, at) for lead in leads):
        at = {master: master for master in masters}
    names: list[str] = []
    for one in chosen:
        moved = at[one.master] != one.copy
        again = examine(evidence, one.master, alone=False, copy=at[one.master]) if moved else one
        name = last(one.master)
        names.append(_free_name(one.master, names) if name in names else name)
        yield again._replace(name=names[-1], services=again.services or one.services)


def _leads_above(holder: str, needed: str, link: Link, at: Mapping[str, str]) -> bool:
    """Tell whether a library names one that it needs by a folder above both, which copies have only at the masters' paths.

    From `libs/api`, `../../libs/common` leads to `../common` there, and to nothing from a copy in `api`.
    """
    inside = posixpath.relpath(above(link.file), holder)
    for written in _UPWARD.findall(link.text):
        there = posixpath.normpath(posixpath.join(above(link.file), written))
        here = posixpath.normpath(posixpath.join(at[holder], inside, written))
        if is_below(there, needed):
            return here != posixpath.normpath(posixpath.join(at[needed], posixpath.relpath(there, needed)))
    return False


def _spread(copies: Sequence[str], masters: Sequence[str]) -> list[str]:
    """Return places that do not overlap: a library that would lie in an earlier one's gets its master's path."""
    placed: list[str] = []
    for copy, master in zip(copies, masters, strict=True):
        taken = any(overlap(copy.casefold(), one.casefold()) for one in placed)
        placed.append(master if taken else copy)
    clash = any(overlap(one.casefold(), other.casefold()) for one, other in combinations(placed, 2))
    return list(masters) if clash else placed


def _free_name(master: str, taken: Sequence[str]) -> str:
    name = _NO_NAME.sub("-", master).strip("-.") or "library"
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 999))) if one not in taken)


def _settle(evidence: Evidence, libraries: Sequence[Candidate]) -> dict[str, dict[str, FoundService]]:
    """Return each master's services, by their paths: neither a library, nor in a copy, nor in another service that is kept."""
    masters = [one.master for one in libraries]
    copies = [copy for master in masters for copy in evidence.likeness.copies_of(master)]
    able = {
        one.master: [service for service in one.services if _is_apart(service.path, masters, copies)]
        for one in libraries
    }
    paths = {service.path for services in able.values() for service in services}
    lost = find_lost(evidence.tree, paths, copies)
    inside = {path for path in paths for up in ancestors(path) if up in paths and _in_a_copy(path, up, libraries)}
    kept = paths - lost - inside
    return {master: _move_in(services, kept) for master, services in able.items()}


def _is_apart(path: str, masters: Iterable[str], copies: Iterable[str]) -> bool:
    return not any(overlap(path, master) for master in masters) and not any(is_below(path, copy) for copy in copies)


def _in_a_copy(path: str, service: str, libraries: Iterable[Candidate]) -> bool:
    return any(is_below(path, f"{service}/{one.copy}") for one in libraries)


def _move_in(services: Iterable[FoundService], kept: set[str]) -> dict[str, FoundService]:
    """Return services that are kept; what one says that is not counts for the service around it."""
    found: dict[str, FoundService] = {}
    for one in services:
        path = next((path for path in (one.path, *ancestors(one.path)) if path in kept), None)
        if path is not None:
            known = found.get(path)
            found[path] = FoundService(
                path,
                (known.reasons if known else ()) + one.reasons,
                one.guess and (known is None or known.guess),
            )
    return found
