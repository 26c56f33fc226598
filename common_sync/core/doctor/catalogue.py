"""The checks as the columns of a table, and how a service stands in each."""

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from common_sync.core.model import Finding

State = Literal["ok", "warning", "unknown", "error", "none"]
"""How a service stands in a check; `none` where there is nothing to check."""

Verdict = Literal["proven", "unknown", "broken"]

UNKNOWN = "CS213"

_NOT_PROVEN = frozenset({UNKNOWN, "CS113"})
"""Warnings that leave it open whether a service can do by itself: what is outside its folder may not be there."""


class Check(NamedTuple):
    """A column.

    Attributes:
        title: Its title.
        codes: What is found by it.
        only_in_image: Whether it is about images only.
    """

    title: str
    codes: frozenset[str]
    only_in_image: bool = False


CHECKS = (
    Check("COPY", frozenset({"CS115", "CS202", "CS203"}), only_in_image=True),
    Check("INSTALL", frozenset({"CS002", "CS108", "CS201", "CS204", UNKNOWN, "CS214", "CS215", "CS216"})),
    Check("LEAVES", frozenset({"CS205", "CS206"})),
    Check("MOUNTS", frozenset({"CS111", "CS207"})),
    Check("LAYOUT", frozenset({"CS208", "CS217"})),
    Check("NAME", frozenset({"CS209"})),
    Check("PYTHON", frozenset({"CS210"}), only_in_image=True),
    Check("PIP", frozenset({"CS212"}), only_in_image=True),
    Check("STALE", frozenset({"CS211"})),
)
"""A finding that none of them names is about a reference."""

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
