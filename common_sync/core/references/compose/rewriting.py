"""References to the library in a compose file, and the edits that make them lead to the copy.

A reference is recognised by where it leads; an edit replaces the path inside its scalar and nothing else, and is proven by
parsing the result. Format: https://github.com/compose-spec/compose-spec.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial

from common_sync.core.findings import by_line, line_finding
from common_sync.core.formats.compose.file import Build, read_compose_file
from common_sync.core.formats.compose.paths import Paths, has_variable, list_paths
from common_sync.core.formats.yaml.edits import Change, prove
from common_sync.core.formats.yaml.tree import Node, Parse
from common_sync.core.model import Edit, Finding, ReferenceState
from common_sync.core.references.compose.places import Located, list_held, list_others, locate_paths
from common_sync.core.references.contract import (
    Include,
    LocatedReference,
    Rewrite,
    Site,
    report_foreign,
    report_variable,
)

_SHARED = "something else in the file has the same value by an alias, and would change with it"
_HELD = "it is a build context, and its Dockerfile is elsewhere"
_ABSOLUTE = "it is relative to a build context that is an absolute path"
_SPELLED = "it stands on several lines, or the copy's path would be read as something else there"
_OWN = "write it in a compose file of the service's own, as `./{}`"

Refusals = list[tuple[Located, str]]
"""What leads to the master and stays, and why."""


def read_compose(characters: str, site: Site, parse: Parse) -> Rewrite:
    """Find what a compose file says about the library, and the edits that make it say the service's copy.

    Raises:
        UnparsableError: It is no YAML.
    """
    root = parse(characters)
    compose = read_compose_file(root)
    paths, sections = list_paths(root), compose.builds
    builds = [one for one in sections if one.inline is None]
    others = list_others(compose, site)
    found = [one.of_others(others) for one in locate_paths(paths.written, builds, site)]
    leading = [one for one in found if one.leads_to_master and not one.foreign]
    inline = {one.context.start for one in sections if one.inline is not None and one.context is not None}
    problems = [problem for one in found for problem in _report_staying(one, inline, site)]
    edits: tuple[Edit, ...] = ()
    if site.own:
        fixed = dict.fromkeys(list_held(builds, site), _HELD) | dict.fromkeys(paths.shared, _SHARED)
        changes, refusals = _plan(leading, fixed, site.copy)
        edits, unproven = prove(characters, root, changes, parse, partial(_agree, paths))
        refusals += _explain(unproven, leading)
        problems += (_report_refusal(one, reason, site.copy) for one, reason in refusals)
    else:
        problems += (report_foreign(one.line, one.written.path, _OWN.format(site.copy)) for one in leading)
    ordered = tuple(sorted(set(problems), key=by_line))
    return Rewrite(edits, _references(found, own=site.own), tuple(_includes(found)), ordered)


def narrow_build(characters: str, build: Build, context: str, dockerfile: str, parse: Parse) -> tuple[Edit, ...]:
    """Return the edits that give a build another context and Dockerfile; none where that cannot be done safely.

    So for a build that is not in the file, or there twice on one line; one whose context or Dockerfile is not written
    out, or is used by an alias in another place too.

    Args:
        characters: The decoded file.
        build: The build, as it was read.
        context: The context that it is to have.
        dockerfile: The Dockerfile's path from there.
        parse: Parses YAML.

    Raises:
        UnparsableError: It is no YAML.
    """
    root = parse(characters)
    builds = read_compose_file(root).builds
    meant = [one for one in builds if one.build == build and one.inline is None]
    if len(meant) != 1:
        return ()
    changes = []
    for scalar, old, new in (
        (meant[0].context, build.context, context),
        (meant[0].dockerfile, build.dockerfile, dockerfile),
    ):
        if old == new:
            continue
        if scalar is None or sum(scalar in one for one in builds) > 1 or scalar.start in list_paths(root).shared:
            return ()
        changes.append(Change(scalar, (Edit(0, len(scalar.value), new),)))
    edits, refused = prove(characters, root, changes, parse)
    return () if refused else edits


def _plan(leading: Iterable[Located], fixed: Mapping[int, str], copy: str) -> tuple[list[Change], Refusals]:
    """Return the changes of scalars, and what cannot be changed."""
    scalars: dict[int, list[Located]] = {}
    for found in leading:
        scalars.setdefault(found.written.scalar.start, []).append(found)
    changes: list[Change] = []
    refusals: Refusals = []
    for start, alike in scalars.items():
        edits = {found.edit_to(copy) for found in alike}
        reason = fixed.get(start)
        if any(found.up is None for found in alike):
            reason = _ABSOLUTE
        elif len(edits) > 1:
            reason = _SHARED
        if reason is None:
            changes.append(Change(alike[0].written.scalar, tuple(edits)))
        else:
            refusals.append((alike[0], reason))
    return changes, refusals


def _agree(paths: Paths, again: Node, changes: tuple[Change, ...]) -> bool:
    """Tell whether the paths are still told from what is around them: a mount's would not be with a colon in it."""
    edits = {change.scalar.start: change.inside[0].replacement for change in changes}
    meant = [(one.use, edits.get(one.scalar.start, one.path)) for one in paths.written]
    return [(one.use, one.path) for one in list_paths(again).written] == meant


def _explain(unproven: Sequence[Change], leading: Iterable[Located]) -> Refusals:
    """Return what was to be changed but would not have been read back as was meant."""
    starts = {change.scalar.start for change in unproven}
    return [(one, _SPELLED) for one in leading if one.written.scalar.start in starts]


def _references(found: Iterable[Located], *, own: bool) -> tuple[LocatedReference, ...]:
    states: dict[str, ReferenceState] = {"copy": "points-at-copy", "master": "points-at-master" if own else "foreign"}
    references = set()
    for one in found:
        state = "unresolved" if one.variable else states.get(one.place.where)
        state = "foreign" if state == "points-at-master" and one.foreign else state
        if state is not None:
            reads = one.written.use in {"dockerfile", "file", "include"}
            references.add(LocatedReference(one.line, state, one.written.path, one.place.rest, reads))
    return tuple(sorted(references))


def _includes(found: Iterable[Located]) -> Iterator[Include]:
    """Yield the other compose files of the service; those outside are read where they belong."""
    for one in found:
        if one.written.use == "include" and one.place.where == "service" and not has_variable(one.written.path):
            yield Include(one.written.path, one.line)


def _report_staying(one: Located, inline: Container[int], site: Site) -> Iterator[Finding]:
    """Yield what keeps a path from being rewritten, or leads out of the service; `inline` has the contexts without a file.

    A build context that holds the service is told of with the Dockerfile. An absolute path is a place on the machine that
    somebody has chosen.
    """
    path, use, place = one.written.path, one.written.use, one.place
    if one.variable:
        yield report_variable(one.line, path, f"{site.up or './'}{site.copy}")
    elif place.where == "outside" and place.holds and use == "mount":
        message = f"`{path}` mounts a folder that holds the library or the service, so what runs is not what was built"
        yield line_finding(one.line, "CS111", message, "mount folders of the service, such as `./app`")
    elif place.where == "outside" and not (place.holds and use == "build") and not path.startswith("/"):
        message = f"`{path}` leads out of the service, and is not there where the service is deployed alone"
        yield line_finding(one.line, "CS113", message, "move it into the service's folder")
    if use == "build" and one.written.scalar.start in inline and place.holds:
        message = f"`dockerfile_inline` is not read, and its context `{path}` holds the library or the service"
        yield line_finding(one.line, "CS110", message, "write it into a Dockerfile of the service")
    if one.foreign and one.leads_to_master:
        message = f"`{path}` is mounted in a service that is built from another folder, so it stays"
        remedy = "mount that folder's own copy there, or leave it to that folder's compose file"
        yield line_finding(one.line, "CS110", message, remedy)


def _report_refusal(found: Located, reason: str, copy: str) -> Finding:
    message = f"`{found.written.path}` leads to the library, but it was not rewritten: {reason}"
    return line_finding(found.line, "CS106", message, f"make it lead to `{found.path_to(copy)}` by hand")
