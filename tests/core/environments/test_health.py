"""When a release that was started is proven."""

from common_sync.core.environments.health import Verdict, Watch, judge_start, why_unheard
from common_sync.core.environments.running import Holder, Shown

RUNS = Shown("loaded", "active", "running", process=7)
WATCH = Watch(0, 60.0, 5)


def follow(*looks: tuple[float, Shown, str]) -> Verdict:
    """Look several times, and return what the last look comes to."""
    verdict = Verdict(WATCH)
    for now, shown, sick in looks:
        verdict = judge_start(verdict.watch, now, shown, sick)
    return verdict


def test_it_must_stay_healthy() -> None:
    """A service that dies after three seconds would be taken for a success, as `systemctl is-active` takes it."""
    assert not follow((0, RUNS, "")).proven
    assert not follow((0, RUNS, ""), (4.9, RUNS, "")).proven
    assert follow((0, RUNS, ""), (5, RUNS, "")).proven
    assert not follow((0, RUNS, ""), (3, RUNS, "no answer"), (5, RUNS, ""), (9, RUNS, "")).proven
    assert follow((0, RUNS, ""), (3, RUNS, "no answer"), (5, RUNS, ""), (10, RUNS, "")).proven
    other = RUNS._replace(process=8)
    assert not follow((0, RUNS, ""), (3, other, ""), (6, other, "")).proven, "another process is another start"
    assert follow((58, RUNS, ""), (62, RUNS, ""), (63, RUNS, "")).proven, "what was healthy in time may stay so"


def test_why_it_has_failed() -> None:
    """A service that will never answer would be waited for, or nobody would learn why it does not."""
    starts = Shown("loaded", "activating", "start")
    assert follow((59, starts, "")) == Verdict(WATCH)
    assert follow((60, starts, "")).reason == "not healthy in time: its unit is activating (start)"
    assert follow((60, RUNS, "it answers 500")).reason == "not healthy in time: it answers 500"
    assert follow((60, RUNS._replace(process=0), "")).reason == "not healthy in time: its unit is running"
    restarts = Shown("loaded", "activating", "auto-restart", "exit-code")
    assert follow((1, restarts, "")).reason == "it has ended (exit-code), and systemd restarts it"
    again = RUNS._replace(restarts=1, result="signal")
    assert follow((0, RUNS, ""), (1, again, "")).reason == "it has ended (signal), and systemd restarts it"
    verdict = judge_start(WATCH._replace(started=5), 1, RUNS._replace(started=6, result="exit-code"), "")
    assert verdict.reason == "it has ended (exit-code), and was started again", "by whoever has connected to its socket"
    assert follow((1, Shown("loaded", "failed", "failed", "oom-kill"), "")).reason == "its unit is failed (oom-kill)"
    assert follow((1, Shown("loaded", "inactive", "dead"), "")).reason == "its unit is inactive"


def test_why_nobody_is_reached() -> None:
    """A release that does not come up because a stranger has its port would be looked for in its own code."""
    assert why_unheard("8000", ()) == "nobody listens at port 8000"
    holders = (Holder(7, "nginx, nginx.service"), Holder(0, "root"))
    said = "port 8000 is held by process 7 (nginx, nginx.service), a process of root"
    assert why_unheard("8000", holders) == said
