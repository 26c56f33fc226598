"""References to the library in a requirements file, and the edits that make them lead to the copy.

A reference is recognised by where it leads, not by how it is spelled; an edit replaces the path and nothing else, and
is proven by reading the result again. Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.findings import by_line, line_finding
from common_sync.core.formats.pip.paths import quote_path
from common_sync.core.formats.pip.syntax import Line, Word
from common_sync.core.model import Edit, Finding, ReferenceState
from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import (
    LocatedReference,
    Rewrite,
    Site,
    report_foreign,
    report_refusal,
    report_variable,
)
from common_sync.core.references.requirement_lines import Found, Reading, read_references
from common_sync.core.text import apply_edits, declared_encoding


class _Change(NamedTuple):
    """Edits that belong together: a line rewritten, or a duplicate removed, or one for the other."""

    rewritten: tuple[Found, ...] = ()
    removed: tuple[Found, ...] = ()


class _Decision(NamedTuple):
    """What to change, and what a person must decide."""

    changes: tuple[_Change, ...]
    problems: tuple[Finding, ...] = ()


def read_requirements(characters: str, site: Site) -> Rewrite:
    """Find what a requirements file says about the library, and the edits that make it say the service's copy.

    Each edit is proven before it is returned: the edited text, read again, says the same, and what led to the master
    leads to the copy. A line for which that fails stays as it is, with a problem.
    """
    reading = read_references(characters, site.locate)
    problems = [report_variable(found.line, found.value, f"./{site.copy}") for found in reading.variables]
    problems += (_report_misread(found, site.copy) for found in reading.misread)
    problems += _report_sources(characters, site)
    edits: tuple[Edit, ...] = ()
    if site.own:
        planned = _plan(reading.found)
        proven, refused = keep_proven(planned.changes, lambda changes: _holds(characters, reading, changes, site))
        edits = _splice(proven, site)
        problems += planned.problems
        unproven = ((*change.rewritten, *change.removed)[0] for change in refused)
        problems += (report_refusal(one.line, one.value, f"./{_below(one, site.copy)}") for one in unproven)
    else:
        problems += (_report_foreign(found, site.copy) for found in reading.found if found.place.where == "master")
    return Rewrite(
        edits, _references(reading, own=site.own), tuple(reading.includes), tuple(sorted(problems, key=by_line))
    )


_SOURCES = expression(r"[ \t]*(?:-f|-i|--find-links|--index-url|--extra-index-url)\b")


def _report_sources(characters: str, site: Site) -> Iterator[Finding]:
    """Yield the folders of packages that are the master's: pip only looks into them, and they are left alone."""
    if "../" not in characters:
        return
    lines = [(number, line) for number, line in enumerate(characters.splitlines(), 1) if _SOURCES.match(line)]
    if lines:
        from common_sync.core.references.mentions import (  # hardly any file has such a line
            find_mentions,
            report_mention,
        )

        for number, line in lines:
            yield from (report_mention(number, one, site) for one in find_mentions(line, site.locate))


def _references(reading: Reading, *, own: bool) -> tuple[LocatedReference, ...]:
    states: dict[str, ReferenceState] = {"copy": "points-at-copy", "master": "points-at-master" if own else "foreign"}
    places = [(found, states[found.place.where]) for found in reading.found]
    places += ((found, "unresolved") for found in (*reading.variables, *reading.misread))
    return tuple(
        sorted(LocatedReference(one.line, state, one.value, one.place.rest, not one.installs) for one, state in places)
    )


def _plan(references: list[Found]) -> _Decision:
    """Decide what to rewrite and what to remove; say what a person must decide."""
    if len(references) == 1 and references[0].place.where == "copy":
        return _Decision(())  # as most files are, most of the time
    changes = []
    projects: dict[str, list[Found]] = {}
    for found in references:
        if found.installs:
            projects.setdefault(found.project, []).append(found)
        elif found.place.where == "master":
            changes.append(_Change(rewritten=(found,)))
    decisions = [_merge(installing) for installing in projects.values()]
    changes += chain.from_iterable(decision.changes for decision in decisions)
    return _Decision(tuple(changes), tuple(chain.from_iterable(decision.problems for decision in decisions)))


def _merge(installing: list[Found]) -> _Decision:
    """Rewrite what leads to the master; of two lines that say the same one goes, and no comment with it."""
    if clashing := _clashing(installing):
        return _Decision((), (_report_clash(clashing),))
    kept = {found.statement: found for found in installing if found.place.where == "copy"}
    changes: dict[int, _Change] = {}
    problems = []
    for found in installing:
        twin = kept.setdefault(found.statement, found)
        if found.place.where == "copy":
            continue
        if twin is found:
            changes[found.line] = _Change(rewritten=(found,))
        elif not found.instruction.comment:
            changes[found.line] = _Change(removed=(found,))
        elif twin.instruction.comment:
            changes.pop(twin.line, None)
            problems.append(_report_comments(twin, found))
        else:
            changes.pop(twin.line, None)
            changes[found.line] = _Change(rewritten=(found,), removed=(twin,))
            kept[found.statement] = found
    return _Decision(tuple(changes.values()), tuple(problems))


def _clashing(installing: list[Found]) -> list[Found]:
    """Return the lines that pip refuses together, if there are any.

    It takes two lines for one project if they are of one form, and adds up their extras, or if their markers keep them
    apart. Two lines that say the same do not count, since one of them goes.
    """
    distinct = list({found.statement: found for found in reversed(installing)}.values())[::-1]
    apart: dict[str, list[Found]] = {}
    for found in distinct:
        apart.setdefault(found.marker, []).append(found)
    for together in [distinct] if "" in apart else apart.values():
        if len({(found.form, found.target.url) for found in together}) > 1:
            return together
    return []


def _holds(characters: str, reading: Reading, changes: tuple[_Change, ...], site: Site) -> bool:
    """Splice, read again, compare: the same is said, and by the rewritten lines about the copy."""
    after = apply_edits(characters, _splice(changes, site))
    again = read_references(after, site.locate)
    rewritten = {found.line for change in changes for found in change.rewritten}
    removed = {found.line for change in changes for found in change.removed}
    left = [found for found in reading.found if found.line not in removed]
    said = [("copy" if found.line in rewritten else found.place.where, found.statement) for found in left]
    return (
        said == [(found.place.where, found.statement) for found in again.found]
        and [found.value for found in reading.variables] == [found.value for found in again.variables]
        and [include.path for include in reading.includes] == [include.path for include in again.includes]
        # With a line less, a coding comment that was none so far may come to stand among the first two.
        and _coding(characters) == _coding(after)
    )


def _coding(characters: str) -> str | None:
    found = declared_encoding(characters)
    return found[1] if found else None


def _splice(changes: tuple[_Change, ...], site: Site) -> tuple[Edit, ...]:
    edits = [edit for change in changes for found in change.rewritten for edit in _rewrite(found, site)]
    lines = [found.instruction.line for change in changes for found in change.removed]
    return tuple(sorted((*edits, *(Edit(line.start, line.end, "") for line in lines))))


def _rewrite(found: Found, site: Site) -> list[Edit]:
    line, value, target = found.instruction.line, found.instruction.value, found.target
    below = _below(found, site.copy)
    if found.split and target.subdirectory:
        here = _replace(line, value, target.start, target.end, f"{target.scheme}.")
        return [here, _replace(line, value, *target.subdirectory, below)]
    if found.installs:  # `name @ file:./x` needs pip 24.1: before, it took no relative URL after a name at all
        path = target.scheme + quote_path(f"./{below}") if target.url else f"./{below}"
    else:
        path = site.up + below
        path = f"./{path}" if target.path.startswith("./") or "/" not in path else path
    return [_replace(line, value, target.start, target.end, path)]


def _replace(line: Line, word: Word, start: int, end: int, text: str) -> Edit:
    """Return the edit that makes the characters `start` to `end` of a word read `text`, in the quotes they are in."""
    before, after = (word.quotes[start], word.quotes[end - 1]) if word.quotes else ("", "")
    spelled = _spell(text, before)
    if before != after:
        spelled += before.strip() + after.strip()
    return Edit(line.offset(word.starts[start]), line.offset(word.ends[end - 1] - 1) + 1, spelled)


def _spell(text: str, quote: str) -> str:
    """Escape a text for the place it goes to: between quotes, bare between blanks, or where nothing is special."""
    if quote == "'":
        return text.replace("'", "'\\''")
    special = {" ": r"([\s'\"\\])", '"': r'(["\\])'}.get(quote)
    return re.sub(special, r"\\\1", text) if special else text


def _below(found: Found, copy: str) -> str:
    """Return the path inside the service of what a reference leads to below the master."""
    return f"{copy}/{found.place.rest}".rstrip("/")


def _report_misread(found: Found, copy: str) -> Finding:
    message = (
        f"`{found.value}` leads to the library from this file's folder, but pip starts from the one that it is run in"
    )
    return line_finding(found.line, "CS102", message, f"write `./{copy}`, and run pip in the service's folder")


def _report_foreign(found: Found, copy: str) -> Finding:
    remedy = f"take the line out of this file, and write `./{_below(found, copy)}` in the service's own"
    return report_foreign(found.line, found.value, remedy)


def _report_clash(clashing: list[Found]) -> Finding:
    *most, last = (found.line for found in clashing)
    lines = f"{', '.join(map(str, most))} and {last}"
    message = f"lines {lines} install the library in different ways, which pip refuses; they stay as they are"
    line = next((found.line for found in clashing if found.place.where == "master"), last)
    return line_finding(line, "CS105", message, "keep one of them")


def _report_comments(one: Found, other: Found) -> Finding:
    first, second = sorted((one.line, other.line))
    message = f"lines {first} and {second} say the same, each with a comment; they stay as they are"
    return line_finding(other.line, "CS105", message, "keep one of them")
