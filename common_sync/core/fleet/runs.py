"""What runs, judged from what a folder holds and when its process was started. `current` is never said without both."""

from typing import Literal, NamedTuple

from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.processes import Process

RunState = Literal["current", "other", "restart", "stopped", "unknown", "none"]
"""Of a process: it has imported what is wanted; something else; it was started before its files last changed; nothing runs;
cannot be told; and nothing is claimed, for there is no process to look at, or it imports from elsewhere."""


class Runs(NamedTuple):
    """What a process runs.

    Attributes:
        state: The verdict.
        digest: The digest of the library's state that it runs, or nothing where that is not known.
        started: When the oldest process was started, in seconds of the calendar; 0 where that is not known.
        reason: Why nothing is claimed, or why it cannot be told; of what was installed, what is not as wanted; or nothing.
        is_told: Whether it is what the process tells of itself, against what was proven.
        is_users: Whether it is a unit of the user's systemd, and not of the machine's.
        age: How many seconds ago that was, by the machine's own clock; 0 where that is not known.
    """

    state: RunState = "none"
    digest: str = ""
    started: float = 0.0
    reason: str = ""
    is_told: bool = False
    is_users: bool = False
    age: float = 0.0


def judge_runs(verdict: Verdict, wanted: str) -> Runs:
    """Return what a process runs.

    Args:
        verdict: What its folder holds, and what was told of the process.
        wanted: The digest that the folder should have.
    """
    process = verdict.process
    runs = _judge(verdict, process, wanted)
    if process is None:
        return runs
    return runs._replace(
        is_users=process.is_users, age=max(process.now - process.started, 0.0) if runs.started else 0.0
    )


def _judge(verdict: Verdict, process: Process | None, wanted: str) -> Runs:
    if process is None or process.state == "none":
        return Runs(reason=process.reason if process is not None else "")
    if process.state == "stopped":
        return Runs("stopped", reason=process.reason)
    if process.state == "unknown" or verdict.state not in {"current", "other", "differs"}:
        return Runs("unknown", reason=process.reason or verdict.reason)
    if process.is_of_the_future:
        reason = "its files have changed in the future, so its clock was set back: their times say nothing"
        return Runs("unknown", started=process.started, reason=reason)
    if (
        process.installed and not process.differing and verdict.state != "current"
    ):  # which of the two it imports is not known
        return Runs(started=process.started, reason=f"{process.installed}, and the folder holds something else")
    if not process.is_newer:
        return Runs("restart", started=process.started)
    if process.differing:
        reason = f"{process.installed}, where this is not as wanted: {', '.join(process.differing)}"
        return Runs("other", started=process.started, reason=reason)
    if verdict.state == "current":
        return Runs("current", wanted, process.started)
    return Runs("other", verdict.own[2] if verdict.own else "", process.started)


def find_proven(verdict: Verdict, wanted: str, runs: Runs) -> str:
    """Return the digest that what a process tells must not contradict: of what it runs, or else of its folder; or nothing.

    Args:
        verdict: What its folder holds.
        wanted: The digest that the folder should have.
        runs: What the process runs.
    """
    if runs.state != "none":
        return runs.digest
    return wanted if verdict.state == "current" else verdict.own[2] if verdict.own else ""


def contradict(runs: Runs, told: str) -> Runs:
    """Return what a process runs that tells another digest than was proven. Nothing becomes better by what it tells."""
    return Runs("other", told, runs.started, is_told=True, age=runs.age)
