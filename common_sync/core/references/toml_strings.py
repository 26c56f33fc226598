"""References to the library in a TOML file, and the edits that make them lead to the copy.

Which strings are paths, and which are requirements, a table of the file's own kind says; every other string that leads to
the master is named and left alone. An edit replaces characters inside one string, and is proven by reading the result again:
everything else has to say what it said.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple

from common_sync.core.findings import by_line, line_finding
from common_sync.core.formats.toml import Document, Path, Span, String, escape, find_offset, fits, parse_toml
from common_sync.core.model import Edit, Finding, ReferenceState
from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import (
    LocatedReference,
    Place,
    Rewrite,
    Rewriter,
    Site,
    report_foreign,
    report_refusal,
    report_variable,
)
from common_sync.core.references.mentions import find_mentions, report_mention
from common_sync.core.references.project_paths import Spot, find_path, find_requirement, takes_in
from common_sync.core.text import apply_edits

Role = Literal["path", "key", "members", "requirement", "nothing", "other"]
"""What a string is for: a path relative to the file's folder, the value of a key that is such a path, such a path or a pattern of
several, a requirement as pip and its kin have it, something that has nothing to do with the library, or anything else."""

Roles = Callable[[tuple[str, ...]], Role]
"""Tells by its keys what a string is for; the indices of lists are left out."""


class _Found(NamedTuple):
    """A string that leads to the library, or may."""

    string: String  # the string
    span: Span  # the part of it that is read, its value or its key
    spot: Spot  # the path in that
    place: Place  # where it leads
    line: int  # its line, counted from 1


class _Reading(NamedTuple):
    """What a file holds: what leads to the library, what a variable decides, and what is only named."""

    found: list[_Found]
    variables: list[_Found]
    problems: list[Finding]


def table_roles(table: Mapping[str, Role]) -> Roles:
    """Return what tells the roles of a file's strings.

    Args:
        table: Dotted keys, `*` for any one key and `**` at the end for any number → role. The first that fits counts.
    """
    patterns = [(tuple(keys.split(".")), role) for keys, role in table.items()]

    def tell(path: tuple[str, ...]) -> Role:
        return next((role for pattern, role in patterns if fits(pattern, path)), "other")

    return tell


def rewriter_of(roles: Roles) -> Rewriter:
    """Return the rewriter of a kind of TOML file."""
    return partial(read_toml, roles=roles)


def read_toml(characters: str, site: Site, roles: Roles) -> Rewrite:
    """Find what a TOML file says about the library, and the edits that make it say the service's copy.

    Raises:
        UnparsableError: It is no TOML.
    """
    document = parse_toml(characters)
    reading = _read(document, site, roles)
    problems = [
        *reading.problems,
        *(report_variable(one.line, one.span.value, _respell(one, site)) for one in reading.variables),
    ]
    leading = tuple(one for one in reading.found if one.place.where == "master")
    proven: tuple[_Found, ...] = ()
    if site.own:
        proven, refused = keep_proven(leading, lambda changes: _holds(document, reading, changes, site, roles))
        problems += (report_refusal(one.line, one.span.value, _there(one, site)) for one in refused)
    else:
        remedy = "give the service a file of its own that leads to `{}`"
        problems += (report_foreign(one.line, one.span.value, remedy.format(_there(one, site))) for one in leading)
    edits = tuple(_rewrite(characters, one, site) for one in proven)
    return Rewrite(edits, _references(reading, own=site.own), (), tuple(sorted(problems, key=by_line)))


def _read(document: Document, site: Site, roles: Roles) -> _Reading:
    reading = _Reading([], [], [])
    tools = {path[1] for path in document.leaves if len(path) > 1 and path[0] == "tool"}
    anchored = bool(tools & {"uv", "pdm"})
    strict = "poetry" in tools and not anchored  # Poetry takes no requirement that we could write: only absolute URLs
    for string in document.strings:
        role = roles(string.keys)
        role = "other" if strict and role == "requirement" else role
        if role == "other":
            reading.problems.extend(_name(document, string, site))
        elif role == "members" and takes_in(string.span.value, site):
            reading.problems.append(_report_pattern(document.line(string.span.start), string.span.value, site))
        span = string.key if role == "key" else string.span
        spot = _find_spot(span.value, role, anchored=anchored) if span else None
        if span is None or spot is None:
            continue
        place = Place("outside") if spot.variable else site.locate(spot.path, True)
        found = _Found(string, span, spot, place, document.line(span.start))
        if spot.variable:
            reading.variables.append(found)
        elif place.where in {"master", "copy"}:
            reading.found.append(found)
    return reading


def _find_spot(value: str, role: Role, *, anchored: bool) -> Spot | None:
    if role == "requirement":
        return find_requirement(value, anchored=anchored)
    return find_path(value) if role in {"path", "key", "members"} else None


def _name(document: Document, string: String, site: Site) -> list[Finding]:
    start = (string.key or string.span).start
    lines = enumerate(document.text[start : string.span.end].split("\n"), document.line(start))
    return [report_mention(number, one, site) for number, line in lines for one in find_mentions(line, site.locate)]


def _references(reading: _Reading, *, own: bool) -> tuple[LocatedReference, ...]:
    states: dict[str, ReferenceState] = {"copy": "points-at-copy", "master": "points-at-master" if own else "foreign"}
    places = [(one, states[one.place.where]) for one in reading.found]
    places += ((one, "unresolved") for one in reading.variables)
    return tuple(sorted(LocatedReference(one.line, state, one.span.value, one.place.rest) for one, state in places))


def _rewrite(characters: str, one: _Found, site: Site) -> Edit:
    start, end = (find_offset(characters, one.span, index) for index in (one.spot.start, one.spot.end))
    return Edit(start, end, escape(one.span, one.spot.spell(_there(one, site))))


def _there(one: _Found, site: Site) -> str:
    """Return the path, from the file's folder, of what a reference is to lead to."""
    return f"{site.up}{site.copy}/{one.place.rest}".rstrip("/")


def _respell(one: _Found, site: Site) -> str:
    """Return what a string is to say."""
    value = one.span.value
    return value[: one.spot.start] + one.spot.spell(_there(one, site)) + value[one.spot.end :]


def _holds(document: Document, reading: _Reading, changes: tuple[_Found, ...], site: Site, roles: Roles) -> bool:
    """Splice, read again, compare: everything is as it was, but for the strings that lead to the copy now."""
    after = parse_toml(apply_edits(document.text, [_rewrite(document.text, one, site) for one in changes]))
    again = _read(after, site, roles)
    changed = {one.string.path for one in changes}
    places = [("copy" if one.string.path in changed else one.place.where, one.place.rest) for one in reading.found]
    return (
        list(after.leaves.items()) == _expect(document, changes, site)
        and places == [(one.place.where, one.place.rest) for one in again.found]
        and len(reading.variables) == len(again.variables)
    )


def _expect(document: Document, changes: tuple[_Found, ...], site: Site) -> list[tuple[Path, str]]:
    """Return what an edited file is to say."""
    expected = {path: (path, leaf) for path, leaf in document.leaves.items()}
    for one in changes:
        path, value = one.string.path, _respell(one, site)
        is_key = one.span is one.string.key
        expected[path] = ((*path[:-1], value), expected[path][1]) if is_key else (path, repr(value))
    return list(expected.values())


def _report_pattern(line: int, pattern: str, site: Site) -> Finding:
    message = f"`{pattern}` takes in the library, and may take in more, so it stays as it is"
    return line_finding(line, "CS106", message, f"write the paths out, with `{site.up}{site.copy}` for the library")
