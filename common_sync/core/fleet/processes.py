"""What is told of a process on another machine: when it was started, and when its files changed. Nothing of it is trusted."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

_LONGEST, _MOST_NAMED = 200, 3

_LAG = 0.02
"""Seconds by which a file's time may lie before the change: the kernel takes it from a clock that ticks."""

_AHEAD = 2.0
"""Seconds that a file's time may lie in the future before the clock counts as wrong."""


State = Literal["running", "stopped", "none", "unknown"]


class Process(NamedTuple):
    """What runs from a folder.

    Attributes:
        state: `running`; `stopped`, nothing runs that should; `none`, the folder says nothing about it; or `unknown`.
        started: When the oldest process was started, in seconds of the calendar.
        changed: When the folder has last changed.
        now: What the time was.
        reason: Why it is not `running`, or nothing.
        is_users: Whether it is a unit of the user's systemd, and not of the machine's.
        installed: Where the library was installed by copying its files, in words, where it imports it from there; or nothing.
        differing: Files there that are not as wanted.
    """

    state: State
    started: float = 0.0
    changed: float = 0.0
    now: float = 0.0
    reason: str = ""
    is_users: bool = False
    installed: str = ""
    differing: tuple[str, ...] = ()

    @property
    def is_newer(self) -> bool:
        """Whether it was started after the last change, so that it has imported what is there."""
        return self.state == "running" and self.started > self.changed + _LAG

    @property
    def is_of_the_future(self) -> bool:
        """Whether the folder has changed after now: then its times say nothing."""
        return self.state == "running" and self.changed > self.now + _AHEAD


def read_process(told: Mapping[str, object] | None) -> Process | None:
    """Return what is told of a process; None where nothing was asked.

    Args:
        told: A part of an answer.

    Raises:
        Exception: What was told has not the form of an answer.
    """
    if told is None:
        return None
    is_users = told.get("user") is True
    for key, state in _WITHOUT.items():
        if key in told:
            return Process(state, reason=str(told[key])[:_LONGEST], is_users=is_users)
    started, changed, now = (_seconds(told[key]) for key in ("started", "changed", "now"))
    installed, differing = str(told.get("installed") or "")[:_LONGEST], told.get("differing") or ()
    if not isinstance(differing, (list, tuple)) or bool(differing) > bool(installed):
        raise ValueError
    named = tuple(str(one)[:_LONGEST] for one in differing[:_MOST_NAMED])
    return Process("running", started, changed, now, is_users=is_users, installed=installed, differing=named)


_WITHOUT: Mapping[str, State] = {"error": "unknown", "none": "none", "stopped": "stopped"}
"""The state of what has no time, by the key that says why."""

_LAST = 253402300799
"""The end of the year 9999."""


def _seconds(value: object) -> float:
    if type(value) not in {int, float} or not isinstance(value, (int, float)):
        raise ValueError
    if not 0 <= value <= _LAST:  # nor is NaN, or a number that no float holds
        raise ValueError
    return float(value)
