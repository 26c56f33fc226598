"""References to the library in a Dockerfile, and the edits that make them lead to the copy.

A reference is what COPY, ADD or `RUN --mount=type=bind` takes from the build context, where that leads to the master. An edit
replaces the path, in the ARG or ENV that gives it where it comes from there, and is proven by parsing the result.
Format: https://docs.docker.com/reference/dockerfile/.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.findings import by_line, line_finding
from common_sync.core.formats.dockerfile.sources import Source, find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import Dockerfile, parse_dockerfile
from common_sync.core.formats.dockerfile.variables import Uses, count_uses, used_in
from common_sync.core.formats.dockerfile.words import Word
from common_sync.core.model import Edit, Finding, ReferenceState
from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import LocatedReference, Rewrite, Site, report_foreign, report_refusal
from common_sync.core.references.dockerfile.leads import Lead, locate_source
from common_sync.core.text import apply_edits

_COMMENT = expression(r"\n\s*#")
_REMARK = expression(r"^[ \t]*#.*", re.MULTILINE)
_TAKES_NO_SLASH = expression(r"""[$'"\\`]|(?:^|/)\.{0,2}$""")
"""Destinations that end in a slash or a dot, or whose end is not what it seems."""

_OWN = "give the service a Dockerfile of its own, which copies `{}/`"


class Found(NamedTuple):
    """A source, where it leads, the line that it is on, counted from 1, and the destination that is to follow it."""

    line: int
    source: Source
    lead: Lead
    follows: str = ""

    @property
    def written(self) -> str:
        """The source as it is written."""
        return self.source.written.text

    @property
    def names(self) -> frozenset[str]:
        """The variables that bring the characters to be replaced."""
        return frozenset(self.source.path.origin(0)) if self.lead.to_master else frozenset()

    @property
    def tail(self) -> str:
        """What follows the head in the path."""
        return self.source.path.text[self.lead.head :]

    @property
    def inside(self) -> str:
        """What it takes of the library, as a path from the library's folder."""
        return f"{self.lead.below}{self.tail}".strip("/")


class Reading(NamedTuple):
    """A Dockerfile that was parsed, and what it takes from the build context."""

    dockerfile: Dockerfile
    found: tuple[Found, ...]


def read_dockerfile(characters: str, site: Site) -> Rewrite:
    """Find what a Dockerfile says about the library, and the edits that make it say the service's copy.

    Args:
        characters: The decoded file.
        site: Where it stands; where `site.context` is another folder than the service's, nothing is edited.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    reading = read(characters, site)
    leading = [found for found in reading.found if found.lead.to_master]
    problems = [_report_doubt(one, site.copy) for one in reading.found if one.lead.doubt]
    edits: tuple[Edit, ...] = ()
    if not site.own:
        problems += (report_foreign(one.line, one.written, _OWN.format(site.copy)) for one in leading)
    elif site.context:
        problems += (_report_context(one, site) for one in leading)
    else:
        free = _free(reading, leading, site.copy)
        proven, refused = keep_proven(free, lambda changes: _holds(characters, reading, changes, site))
        edits = _splice(proven, site.copy)
        spared = {one.source.written.start for one in free}
        shared = (one for one in leading if one.source.written.start not in spared)
        problems += (_report_shared(one, site.copy) for one in shared)
        problems += (report_refusal(one.line, one.written, f"{site.copy}/") for one in refused)
    return Rewrite(edits, _references(reading, site), problems=tuple(sorted(set(problems), key=by_line)))


def read(characters: str, site: Site) -> Reading:
    """Parse a Dockerfile, and find where what it takes from its build context leads.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    dockerfile = parse_dockerfile(characters)
    found = (
        Found(characters.count("\n", 0, source.written.start) + 1, source, locate_source(source, site))
        for source in find_sources(dockerfile)
    )
    return Reading(dockerfile, tuple(_with_followers(characters, [*found], site)))


def _with_followers(characters: str, found: Sequence[Found], site: Site) -> Iterator[Found]:
    """Yield sources; where a former copy was put at its own path, and nothing else says that path, the destination follows."""
    former = "" if site.master.startswith("..") else site.master
    mirrored = [one for one in found if former and one.lead.to_master and _mirrors(one, former)]
    said = (
        expression(rf"(?<![\w.-]){re.escape(former)}(?![\w-])").findall(_REMARK.sub("", characters)) if mirrored else ()
    )
    for one in found:
        destination = one.source.destination
        follows = destination is not None and one in mirrored and len(said) == 2 * len(mirrored)
        yield one._replace(follows=f"./{site.copy}/") if follows else one


def _mirrors(found: Found, former: str) -> bool:
    """Tell whether a source is the whole former copy, and is put at its own path from the current folder."""
    destination = found.source.destination
    if destination is None or destination.origins or destination.text.startswith("/"):
        return False
    paths = {normalise(destination.text), normalise(found.source.path.text)}
    return _copies_all(found) and paths == {former}


def _references(reading: Reading, site: Site) -> tuple[LocatedReference, ...]:
    states = ((one, _state(one.lead, site)) for one in reading.found)
    return tuple(
        sorted(
            LocatedReference(
                one.line, state, one.written, "" if one.inside.strip("./") == "" else normalise(one.inside)
            )
            for one, state in states
            if state
        )
    )


def _state(lead: Lead, site: Site) -> ReferenceState | None:
    if lead.doubt:
        return "unresolved"
    if lead.to_master:
        return "points-at-master" if site.own and not site.context else "foreign"
    return "points-at-copy" if lead.place.where == "copy" else None


def _free(reading: Reading, leading: Sequence[Found], copy: str) -> list[Found]:
    """Return those whose path no variable brings that has other uses, and none that only brings a part of it."""
    uses = count_uses(reading.dockerfile)
    free = dict(enumerate(one for one in leading if _new_head(one, copy)))
    coming: defaultdict[str, set[int]] = defaultdict(set)
    for at, one in free.items():
        for name in one.names:
            coming[name].add(at)
    asked = set(coming)
    while asked:  # each one that stays may be another use of the other variables that it comes through
        name = asked.pop()
        if _is_used_elsewhere(uses, name, [free[at] for at in coming[name]]):
            for at in tuple(coming[name]):
                one = free.pop(at)
                asked |= one.names
                for other in one.names:
                    coming[other].discard(at)
    return list(free.values())


def _is_used_elsewhere(uses: Uses, name: str, using: Sequence[Found]) -> bool:
    """Tell whether a variable is used by something else than these sources and the variables that these come through."""
    written = {one.source.written.start: one.source.written for one in using}
    through = frozenset[str]().union(*(one.names for one in using))
    known = sum(used_in(word).count(name) for word in written.values())
    known += sum(uses.passed_on[other][name] for other in through if other in uses.passed_on)
    return uses.all[name] != known


def _new_head(found: Found, copy: str) -> Edit | None:
    """Return the edit that makes a source's head lead to the copy; None where that is no single piece of the file."""
    path, head = found.source.path, found.lead.head
    first = next((at for at in range(head) if path.origin(at) != path.origin(0)), head)
    text = f"{_name_copy(found, copy)}/{found.lead.below}".rstrip("/")
    if first < head:  # `$ROOT/common`: the variable alone has to change, and only the copy's own path may follow it
        written, rest = path.text[:first], path.text[first:head]
        if rest.strip("/") != text or not (rest.startswith("/") or written.endswith("/")):
            return None
        text = "./" if written.endswith("/") else "."
    elif _copies_all(found) and not found.tail:
        text += "/"
    return Edit(path.starts[0], path.ends[first - 1], text)


def _copies_all(found: Found) -> bool:
    """Tell whether a source is the library's folder, written where it is copied."""
    plain = not found.source.path.origins and found.source.destination is not None
    return plain and not found.inside


def _name_copy(found: Found, copy: str) -> str:
    above, _, name = copy.rpartition("/")
    if found.source.parents and above and "/./" not in found.tail:
        return f"{above}/./{name}"  # so that only the last folder is made at the destination
    return copy


def _splice(changes: Iterable[Found], copy: str) -> tuple[Edit, ...]:
    """Return the edits; what several sources share, a variable or a destination, is edited once."""
    return tuple(sorted({edit for found in changes for edit in edit_to_copy(found, copy)}))


def edit_to_copy(found: Found, copy: str) -> Iterator[Edit]:
    """Yield the edits that make a source lead to the copy; none where it takes more than one piece of the file."""
    head, destination = _new_head(found, copy), found.source.destination
    yield from (head,) if head else ()
    if head and destination and found.follows:
        yield Edit(destination.starts[0], destination.ends[-1], found.follows)
    elif head and destination and _copies_all(found) and not _TAKES_NO_SLASH.search(destination.text):
        yield Edit(destination.end, destination.end, "/")


def _holds(characters: str, reading: Reading, changes: Sequence[Found], site: Site) -> bool:
    """Splice, read again, compare: the same is said, and by the rewritten sources about the copy."""
    edits = _splice(changes, site.copy)
    if any(_COMMENT.search(characters, edit.start, edit.end) for edit in edits):
        return False  # it would be lost
    again = read(apply_edits(characters, edits), site)
    moved = {found.source.written.start for found in changes}
    before = [_meaning(one, moved=one.source.written.start in moved) for one in reading.found]
    return before == [_meaning(one) for one in again.found] and is_same(reading.dockerfile, again.dockerfile, edits)


def _meaning(found: Found, *, moved: bool = False) -> tuple[object, ...]:
    """Return what a source says, however it is spelled; of one that was moved, what it has to say then."""
    source, lead = found.source, found.lead
    written = found.follows if moved and found.follows else source.destination and source.destination.text
    destination = written and written.rstrip("/")
    where = "copy" if moved else lead.place.where
    layout = normalise(source.path.text.partition("/./")[2] or source.path.text, within=True) if source.parents else ""
    if where == "copy":
        return where, found.inside, lead.outside and not moved, layout, destination
    return where, source.path.text, layout, destination


def is_same(before: Dockerfile, after: Dockerfile, edits: Sequence[Edit]) -> bool:
    """Tell whether two files consist of the same instructions and, but for the edited ones, the same words."""
    pairs = zip(_words(before), _words(after), strict=False)
    return _outline(before) == _outline(after) and all(
        one.text == other.text or _is_touched(one, edits) for one, other in pairs
    )


def _outline(dockerfile: Dockerfile) -> list[tuple[object, ...]]:
    return [
        (
            *(instruction.name, asked.name, asked.json, len(asked.words)),
            [(flag.name, flag.value is None) for flag in asked.flags],
            [heredoc.content for heredoc in asked.heredocs],
        )
        for instruction in dockerfile.instructions
        for asked in (instruction.trigger or instruction,)
    ]


def _words(dockerfile: Dockerfile) -> Iterator[Word]:
    for instruction in dockerfile.instructions:
        asked = instruction.trigger or instruction
        yield from asked.words
        yield from (flag.value for flag in asked.flags if flag.value)


def _is_touched(word: Word, edits: Iterable[Edit]) -> bool:
    return bool(word.text) and any(edit.start <= word.end and word.start <= edit.end for edit in edits)


def _report_doubt(found: Found, copy: str) -> Finding:
    message = f"nobody can tell whether `{found.written}` leads to the library: {found.lead.doubt}"
    return line_finding(found.line, "CS102", message, f"write the path out, for example `{copy}/`")


def _report_shared(found: Found, copy: str) -> Finding:
    message = f"`{found.written}` leads to the library, but by a variable that is used elsewhere, too; it stays"
    return line_finding(found.line, "CS102", message, f"write the path out: `{copy}/`")


def _report_context(found: Found, site: Site) -> Finding:
    message = (
        f"`{found.written}` leads to the library: built from `{site.context}`, not from the service's folder alone"
    )
    remedy = "build it from the service's own folder: common-sync distribute --contexts"
    return line_finding(found.line, "CS112", message, remedy, "distribute --contexts")
