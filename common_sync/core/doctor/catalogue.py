"""The checks of `doctor`: a row for each, which is a column of what is printed; how a service stands in them; what silences one.

A new check is a function that takes an image, a service, or one way in which an image is started, and yields findings, and a row, or a place in one, in `CHECKS`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from common_sync.core.doctor.checks.absent import check_absent
from common_sync.core.doctor.checks.build import check_build
from common_sync.core.doctor.checks.by_name import check_asked_by_name
from common_sync.core.doctor.checks.compose import check_compose, check_mounts
from common_sync.core.doctor.checks.leaving import check_path_entries
from common_sync.core.doctor.checks.library import check_copy, check_presence, check_stale
from common_sync.core.doctor.checks.ran import check_ran
from common_sync.core.doctor.checks.references import check_references
from common_sync.core.doctor.checks.start.begun import Begun, list_begun
from common_sync.core.doctor.checks.start.executed import check_executed
from common_sync.core.doctor.checks.start.lacking import check_lacking
from common_sync.core.doctor.checks.start.moved import check_moved
from common_sync.core.doctor.checks.start.programs import check_programs
from common_sync.core.doctor.checks.start.started import check_started
from common_sync.core.doctor.checks.start.unshelled import check_unshelled
from common_sync.core.doctor.view import ImageView, View
from common_sync.core.expressions import expression
from common_sync.core.model import Finding

State = Literal["ok", "warning", "unknown", "error", "none"]
"""How a service stands in a check; `none` where there is nothing to check."""

Verdict = Literal["proven", "unknown", "broken"]

UNKNOWN = "CS213"

_NOT_PROVEN = frozenset({UNKNOWN, "CS113"})
"""Warnings that leave it open whether a service can do by itself: what is outside its folder may not be there."""


class Check(NamedTuple):
    """A row."""

    title: str  # the title of its column
    codes: frozenset[str]  # what is shown in it, whatever found it
    of_image: tuple[Callable[[ImageView], Iterator[Finding]], ...] = ()  # what looks at each image
    of_service: tuple[Callable[[View], Iterator[Finding]], ...] = ()  # what looks at the service
    of_start: tuple[Callable[[View, Begun], Iterator[Finding]], ...] = ()  # what looks at each way to start an image
    only_in_image: bool = False  # whether it is about images only


CHECKS = (
    Check("COPY", frozenset({"CS115", "CS202", "CS203"}), (check_build,), only_in_image=True),
    Check(
        "INSTALL",
        frozenset({"CS002", "CS108", "CS201", "CS204", UNKNOWN, "CS214", "CS215", "CS216", "CS220"}),
        (check_presence, check_ran, check_absent),
        (check_asked_by_name, check_compose),
        (check_started, check_programs, check_executed, check_lacking, check_unshelled, check_moved),
    ),
    Check("LEAVES", frozenset({"CS205", "CS206"}), (), (check_references, check_path_entries)),
    Check("MOUNTS", frozenset({"CS111", "CS207"}), (), (check_mounts,)),
    Check("LAYOUT", frozenset({"CS208", "CS217", "CS219"}), (), (check_copy,)),
    Check("NAME", frozenset({"CS209"})),  # asked of the library, once for all services
    Check("PYTHON", frozenset({"CS210"}), only_in_image=True),  # found where the build is followed
    Check("PIP", frozenset({"CS212", "CS218"}), only_in_image=True),
    Check("STALE", frozenset({"CS012", "CS211"}), (check_stale,)),
)
"""A finding that none of them names is about a reference."""


def inspect_image(image: ImageView) -> list[Finding]:
    """Return what all checks find in an image."""
    return [finding for check in CHECKS for look in check.of_image for finding in look(image)]


def inspect_service(view: View) -> list[Finding]:
    """Return what all checks find in a service beside its images."""
    starts, found = [*list_begun(view)], list[Finding]()
    for check in CHECKS:
        found += (finding for look in check.of_service for finding in look(view))
        for look in check.of_start:
            found += dict.fromkeys(finding for begun in starts for finding in look(view, begun))
    return found


_ELSEWHERE = frozenset().union(*(check.codes for check in CHECKS))
_REFERENCES = "LEAVES"


def judge(findings: Collection[Finding], *, in_image: bool, mounted: bool) -> dict[str, State]:
    """Return how a service stands in each check.

    Args:
        findings: What was found.
        in_image: Whether it has a Dockerfile.
        mounted: Whether a compose file mounts something in it.
    """
    states: dict[str, State] = {}
    for check in CHECKS:
        own = [
            one
            for one in findings
            if one.code in check.codes or (check.title == _REFERENCES and one.code not in _ELSEWHERE)
        ]
        applies = mounted if check.title == "MOUNTS" else in_image or not check.only_in_image
        states[check.title] = _worst(own) if own or applies else "none"
    return states


def _worst(findings: Iterable[Finding]) -> State:
    states: set[State] = {"unknown" if one.code == UNKNOWN else one.severity for one in findings}
    order: tuple[State, ...] = ("error", "unknown", "warning")
    return next((state for state in order if state in states), "ok")


def conclude(findings: Iterable[Finding]) -> Verdict:
    """Return what it all comes to: proven is what has no error, and nothing that could not be followed or is outside."""
    states = {"unknown" if one.code in _NOT_PROVEN else one.severity for one in findings}
    return "broken" if "error" in states else "unknown" if "unknown" in states else "proven"


_COMMENT = expression(r"#\s*common-sync:\s*ignore\[([^\]]*)\]")


def is_silenced(code: str, line: int | None, lines: Collection[str]) -> bool:
    """Tell whether a comment switches a check off: on the line itself, or on a line of its own right above.

    Args:
        code: The check's code.
        line: The line that was found, counted from 1, or None for the whole file.
        lines: The file's lines.
    """
    if line is None or not code.startswith(("CS2", "CS422")):
        return False
    listed = list(lines)
    texts = [listed[line - 1]] if line <= len(listed) else []
    above = line - 2
    while 0 <= above < len(listed) and listed[above].lstrip().startswith("#"):
        texts.append(listed[above])
        above -= 1
    return any(code in _codes(text) for text in texts)


def _codes(text: str) -> set[str]:
    found = _COMMENT.search(text)
    return {code.strip() for code in found[1].split(",")} if found else set()
