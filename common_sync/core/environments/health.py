"""When a release that was started is proven: it answers, and stays what it is for a while; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.environments.running import Holder, Shown


class Watch(NamedTuple):
    """What was seen of a service since it was started; times are seconds of a clock that never goes back."""

    restarts: int  # how often systemd had restarted it when it was started
    deadline: float  # until when it must be healthy
    settle: int  # for how many seconds it must stay so
    since: float | None = None  # since when it is healthy
    process: int = 0  # the main process that is
    started: int = 0  # when systemd had last started it


class Verdict(NamedTuple):
    """What a look at a service comes to."""

    watch: Watch
    proven: bool = False
    reason: str = ""  # why it has failed; nothing where it is to be looked at again


def judge_start(watch: Watch, now: float, shown: Shown, sick: str) -> Verdict:
    """Return what a look at a service comes to.

    Args:
        watch: What was seen before.
        now: The time.
        shown: What systemd says of its unit.
        sick: Why it is not healthy; nothing where it is.
    """
    if ended := _find_end(shown, watch):
        return Verdict(watch, reason=ended)
    if shown.active != "active" or not shown.process or sick:
        reason = sick or f"its unit is {shown.described}"
        late = now >= watch.deadline
        return Verdict(watch._replace(since=None), reason=f"not healthy in time: {reason}" if late else "")
    if watch.since is None or watch.process != shown.process:
        return Verdict(watch._replace(since=now, process=shown.process))
    return Verdict(watch, proven=now >= watch.since + watch.settle)


def _find_end(shown: Shown, watch: Watch) -> str:
    """Say how a service has ended, or return nothing where it goes on."""
    if shown.active == "active" and watch.started and shown.started > watch.started:  # whoever connects has it started
        return f"it has ended ({shown.result}), and was started again"
    if shown.restarts > watch.restarts or shown.sub == "auto-restart":
        return f"it has ended ({shown.result}), and systemd restarts it"
    if shown.active in {"failed", "inactive", "deactivating"}:
        return f"its unit is {shown.described}"
    return ""


def why_unheard(port: str, holders: Sequence[Holder]) -> str:
    """Say why a service that does not listen at its port is not healthy.

    Args:
        port: The port.
        holders: Who else listens there.
    """
    names = ", ".join(one.described for one in holders)
    return f"port {port} is held by {names}" if names else f"nobody listens at port {port}"
