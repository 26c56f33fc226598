"""References to the library in a requirements file, and the edits that make them lead to the copy.

A reference is recognised by where it leads, not by how it is spelled; an edit replaces the path and nothing else, and
is proven by reading the result again. Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from itertools import chain
from typing import NamedTuple

from common_sync.core.model import Edit, ReferenceState
from common_sync.core.pip_paths import quote_path
from common_sync.core.pip_references import Found, Include, Locate, Place, Reading, read_references
from common_sync.core.pip_syntax import replace
from common_sync.core.text import apply_edits, declared_encoding

__all__ = ["Include", "LineProblem", "Locate", "LocatedReference", "Place", "Requirements", "read_requirements"]


class LocatedReference(NamedTuple):
    """A line that points at the library, before any edit.

    Attributes:
        line: Its first line, counted from 1.
        state: Where it leads.
        value: The requirement, or the option's value, as pip sees it.
        rest: What of it is below the library's folder.
        includes: Whether pip reads what it leads to (`-r`, `-c`), and does not install it.
    """

    line: int
    state: ReferenceState
    value: str
    rest: str
    includes: bool


class LineProblem(NamedTuple):
    """What needs a person.

    Attributes:
        line: The line, counted from 1.
        code: CS102 a variable decides where the path leads, CS103 the file is not the service's own, CS105 two lines
            exclude each other, CS106 the rewritten line would not mean the same.
        message: One sentence that says what is so.
        remedy: What to do about it.
    """

    line: int
    code: str
    message: str
    remedy: str


class Requirements(NamedTuple):
    """What a requirements file says about the library.

    Attributes:
        edits: What would bring the file in sync, sorted.
        references: Each line that points at the library, before the edits, in the order of the file.
        includes: The files to read as well.
        problems: What stays and needs a person, in the order of the file.
    """

    edits: tuple[Edit, ...] = ()
    references: tuple[LocatedReference, ...] = ()
    includes: tuple[Include, ...] = ()
    problems: tuple[LineProblem, ...] = ()


class _Service(NamedTuple):
    """What the file is read for."""

    locate: Locate
    copy: str
    up: str


class _Change(NamedTuple):
    """Edits that belong together: a line rewritten, or a duplicate removed, or one for the other."""

    rewritten: tuple[Found, ...] = ()
    removed: tuple[Found, ...] = ()


class _Decision(NamedTuple):
    """What to change, and what a person must decide."""

    changes: tuple[_Change, ...]
    problems: tuple[LineProblem, ...] = ()


def read_requirements(characters: str, locate: Locate, copy: str, *, own: bool = True, up: str = "") -> Requirements:
    """Find what a requirements file says about the library, and the edits that make it say the service's copy.

    Each edit is proven before it is returned: the edited text, read again, says the same, and what led to the master
    leads to the copy. A line for which that fails stays as it is, with a problem.

    Args:
        characters: The decoded file.
        locate: Tells where a path leads.
        copy: The copy's path inside the service, POSIX: `common`, `src/common`.
        own: Whether the file is the service's; if not, nothing is edited and references to the master are `foreign`.
        up: What leads from the file's folder to the service's: nothing, or `../` once or more often.
    """
    service = _Service(locate, copy, up)
    reading = read_references(characters, locate)
    problems = [_report_variable(found, copy) for found in reading.variables]
    edits: tuple[Edit, ...] = ()
    if own:
        planned = _plan(reading.found)
        proven = _prove(characters, reading, planned.changes, service)
        edits = _splice(proven.changes, service)
        problems += planned.problems + proven.problems
    else:
        problems += (_report_foreign(found, copy) for found in reading.found if found.place.where == "master")
    return Requirements(edits, _references(reading, own=own), tuple(reading.includes), tuple(sorted(problems)))


def _references(reading: Reading, *, own: bool) -> tuple[LocatedReference, ...]:
    states: dict[str, ReferenceState] = {"copy": "points-at-copy", "master": "points-at-master" if own else "foreign"}
    places = [(found, states[found.place.where]) for found in reading.found]
    places += ((found, "unresolved") for found in reading.variables)
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


def _prove(characters: str, reading: Reading, changes: tuple[_Change, ...], service: _Service) -> _Decision:
    """Return the changes that do what they should, and a problem for each that does not."""
    if not changes or _holds(characters, reading, changes, service):
        return _Decision(changes)
    proven: tuple[_Change, ...] = ()
    problems = []
    for change in changes:
        if _holds(characters, reading, (*proven, change), service):
            proven += (change,)
        else:
            problems.append(_report_refusal((change.rewritten + change.removed)[0], service.copy))
    return _Decision(proven, tuple(problems))


def _holds(characters: str, reading: Reading, changes: tuple[_Change, ...], service: _Service) -> bool:
    """Splice, read again, compare: the same is said, and by the rewritten lines about the copy."""
    after = apply_edits(characters, _splice(changes, service))
    again = read_references(after, service.locate)
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


def _splice(changes: tuple[_Change, ...], service: _Service) -> tuple[Edit, ...]:
    edits = [edit for change in changes for found in change.rewritten for edit in _rewrite(found, service)]
    lines = [found.instruction.line for change in changes for found in change.removed]
    return tuple(sorted((*edits, *(Edit(line.start, line.end, "") for line in lines))))


def _rewrite(found: Found, service: _Service) -> list[Edit]:
    line, value, target = found.instruction.line, found.instruction.value, found.target
    below = _below(found, service.copy)
    if found.split and target.subdirectory:
        here = replace(line, value, target.start, target.end, f"{target.scheme}.")
        return [here, replace(line, value, *target.subdirectory, below)]
    if found.installs:  # `name @ file:./x` needs pip 24.1: before, it took no relative URL after a name at all
        path = target.scheme + quote_path(f"./{below}") if target.url else f"./{below}"
    else:
        path = service.up + below
        path = f"./{path}" if target.path.startswith("./") or "/" not in path else path
    return [replace(line, value, target.start, target.end, path)]


def _below(found: Found, copy: str) -> str:
    """Return the path inside the service of what a reference leads to below the master."""
    return f"{copy}/{found.place.rest}".rstrip("/")


def _report_variable(found: Found, copy: str) -> LineProblem:
    message = f"`{found.value}` holds a variable, so nobody can tell whether it leads to the library"
    return LineProblem(found.line, "CS102", message, f"write the path out, for example `./{copy}`")


def _report_foreign(found: Found, copy: str) -> LineProblem:
    message = f"`{found.value}` leads to the library, but this file is not the service's own, so it stays as it is"
    remedy = f"take the line out of this file, and write `./{_below(found, copy)}` in the service's own"
    return LineProblem(found.line, "CS103", message, remedy)


def _report_clash(clashing: list[Found]) -> LineProblem:
    *most, last = (found.line for found in clashing)
    lines = f"{', '.join(map(str, most))} and {last}"
    message = f"lines {lines} install the library in different ways, which pip refuses; they stay as they are"
    line = next((found.line for found in clashing if found.place.where == "master"), last)
    return LineProblem(line, "CS105", message, "keep one of them")


def _report_comments(one: Found, other: Found) -> LineProblem:
    first, second = sorted((one.line, other.line))
    message = f"lines {first} and {second} say the same, each with a comment; they stay as they are"
    return LineProblem(other.line, "CS105", message, "keep one of them")


def _report_refusal(found: Found, copy: str) -> LineProblem:
    message = f"`{found.value}` leads to the library, but rewriting it would change what the file means"
    remedy = f"make it lead to `./{_below(found, copy)}` by hand, and please report this as a bug of common-sync"
    return LineProblem(found.line, "CS106", message, remedy)
