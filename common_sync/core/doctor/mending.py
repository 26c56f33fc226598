"""Insert the COPY that an install lacks, in the Dockerfile's own style, and prove that it helps."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction, parse_dockerfile
from common_sync.core.model import Edit, Finding, Insertion
from common_sync.core.text import UnparsableError, apply_edits

Examine = Callable[[str], list[Finding]]
"""Tells what is wrong with a Dockerfile's text; raises UnparsableError."""

_PLAIN = expression(r"[\w./@+-]+")
_BUILDING = frozenset({"CS201", "CS202", "CS203"})


class Mended(NamedTuple):
    """A Dockerfile with what it lacked."""

    text: str  # the whole file
    lines: tuple[str, ...]  # the lines that were inserted


def mend(text: str, examine: Examine) -> Mended:
    """Insert every COPY that is missing for sure; one that does not help is left out.

    Raises:
        UnparsableError: The text is no Dockerfile.
    """
    lines: list[str] = []
    refused: set[str] = set()
    while True:
        troubles = examine(text)
        candidates = [
            one for one in troubles if one.insertion is not None and one.code == "CS201" and one.message not in refused
        ]
        if not candidates:
            return Mended(text, tuple(lines))
        trouble = candidates[0]
        mended = _insert(text, trouble.insertion) if trouble.insertion is not None else None
        if mended is not None and _helps(mended.text, trouble, troubles, examine):
            text = mended.text
            lines += mended.lines
        else:
            refused.add(trouble.message)


def _helps(after: str, trouble: Finding, before: list[Finding], examine: Examine) -> bool:
    """Simulate the edited text: what was missing is there, and the build stumbles over nothing new."""
    try:
        now = Counter((one.code, one.message) for one in examine(after))
    except UnparsableError:
        return False
    was = Counter((one.code, one.message) for one in before)
    key = (trouble.code, trouble.message)
    return now[key] < was[key] and not any(one[0] in _BUILDING for one in now - was)


def _insert(text: str, insertion: Insertion) -> Mended | None:
    dockerfile = parse_dockerfile(text)
    stage = dockerfile.stages[insertion.stage].instructions
    index = next((at for at, one in enumerate(stage) if one.start == insertion.start), 0)
    line = _line(text, dockerfile, stage[: index + 1], insertion) if index else None
    if line is None:
        return None
    start = text.rfind("\n", 0, insertion.start) + 1
    indent = text[start : insertion.start]
    place = _place(text, stage[index - 1], start)
    end = "\r\n" if text[:start].endswith("\r\n") else "\n"
    return Mended(apply_edits(text, [Edit(place, place, f"{indent}{line}{end}")]), (line,))


def _line(text: str, dockerfile: Dockerfile, before: tuple[Instruction, ...], insertion: Insertion) -> str | None:
    """Return the instruction as its neighbours would have it: their case, and the owner that they give."""
    near = [one for one in before if one.name in {"COPY", "ADD"} and one.flag("from") is None]
    model = (near[::-1] or [one for one in dockerfile.instructions if one.name == "COPY"] or before[-1:])[0]
    written = text[model.start : model.start + len(model.name)]
    owner = near[-1].flag("chown") if near else None
    flags = f" --chown={owner.text}" if owner is not None else ""
    paths = (insertion.source, insertion.destination)
    if all(_PLAIN.fullmatch(path) for path in paths):
        said = " ".join(paths)
    elif all(_PLAIN.fullmatch(path.replace(" ", "")) for path in paths):
        said = f'["{paths[0]}", "{paths[1]}"]'
    else:
        return None
    return f"{'copy' if written.islower() else 'COPY'}{flags} {said}"


def _place(text: str, previous: Instruction, start: int) -> int:
    """Return where to insert: below a COPY that stands right above, else above the comments that belong to the line."""
    if previous.name in {"COPY", "ADD"}:
        return _line_start(text, previous.last_line + 1)
    first = _line_start(text, previous.last_line + 1)
    while start > first:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _line_start(text: str, number: int) -> int:
    position = 0
    for _ in range(number - 1):
        position = text.index("\n", position) + 1
    return position
