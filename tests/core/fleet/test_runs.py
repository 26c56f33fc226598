"""What a process runs: only files that are as wanted, and a process that is younger than they are, make it current."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.processes import Process, read_process
from common_sync.core.fleet.runs import Runs, contradict, find_proven, judge_runs

WANTED, OTHER = "cs1:" + "a" * 64, "cs1:" + "b" * 64
FOLDERS = {
    "current": Verdict("current", (0, 0, 0)),
    "other": Verdict("other", (1, 0, 0), (("a.py", "changed"),), ("our-common", "1.0", OTHER)),
    "differs": Verdict("differs", (1, 0, 0), (("a.py", "changed"),)),
    "gone": Verdict("gone"),
    "unknown": Verdict("unknown", reason="it is locked"),
}
PROCESSES = {
    "not asked": None,
    "elsewhere": Process("none", reason="it was installed"),
    "stopped": Process("stopped", reason="failed"),
    "unreadable": Process("unknown", reason="no systemd"),
    "older": Process("running", 100.0, 105.0, 200.0),
    "same moment": Process("running", 100.0, 100.0, 200.0),
    "a tick younger": Process("running", 100.01, 100.0, 200.0),
    "younger": Process("running", 105.0, 100.0, 200.0),
    "clock set back": Process("running", 190.0, 205.0, 200.0),
}
SAYS = {"not asked": "none", "elsewhere": "none", "stopped": "stopped", "unreadable": "unknown"}
TIMES = {"older": "restart", "same moment": "restart", "a tick younger": "restart", "clock set back": "unknown"}
ROWS = [*product(FOLDERS, ("", "/app"), PROCESSES)]


@pytest.mark.parametrize(("folder", "mount", "process"), ROWS)
def test_what_runs(folder: str, mount: str, process: str) -> None:
    """A process that runs an older library would be called current because its files are."""
    verdict = FOLDERS[folder]._replace(mount=mount, process=PROCESSES[process])
    runs = judge_runs(verdict, WANTED)
    told = {"current": "current", "other": "other", "differs": "other"}.get(folder, "unknown")
    expected = SAYS.get(process) or ("unknown" if told == "unknown" else TIMES.get(process) or told)
    assert runs.state == expected
    assert (runs.state == "current") == ((folder, process) == ("current", "younger"))
    known = {"current": WANTED, "other": OTHER, "differs": ""}
    assert runs.digest == (known[folder] if runs.state in {"current", "other"} else "")


INSTALLED = Process("running", 105.0, 100.0, 200.0, installed="it was installed into /site")


@pytest.mark.parametrize(
    ("folder", "process", "state", "reason"),
    [
        ("current", INSTALLED, "current", ""),
        ("current", INSTALLED._replace(started=99.0), "restart", ""),
        (
            "current",
            INSTALLED._replace(differing=("shop/a.py", "shop/b.py")),
            "other",
            "not as wanted: shop/a.py, shop/b.py",
        ),
        ("differs", INSTALLED._replace(differing=("shop/a.py",)), "other", "not as wanted: shop/a.py"),
        ("differs", INSTALLED, "none", "and the folder holds something else"),
        ("gone", INSTALLED, "unknown", ""),
        ("current", INSTALLED._replace(changed=300.0), "unknown", "its clock was set back"),
    ],
)
def test_what_was_installed(folder: str, process: Process, state: str, reason: str) -> None:
    """A process would be called current that imports another state of the library from its site-packages."""
    runs = judge_runs(FOLDERS[folder]._replace(process=process), WANTED)
    assert (runs.state, runs.digest, reason in runs.reason) == (state, WANTED if state == "current" else "", True)


def test_why_nothing_is_claimed() -> None:
    """A person would look for what is wrong, and not be told."""
    of_user = Process("stopped", reason="failed", is_users=True)
    assert judge_runs(FOLDERS["current"]._replace(process=of_user), WANTED).is_users
    reasons = [judge_runs(FOLDERS["current"]._replace(process=one), WANTED).reason for one in PROCESSES.values()]
    assert reasons[:4] == ["", "it was installed", "failed", "no systemd"]
    assert reasons[4:8] == [""] * 4
    assert "its clock was set back" in reasons[8]
    assert judge_runs(FOLDERS["unknown"]._replace(process=PROCESSES["younger"]), WANTED).reason == "it is locked"
    assert Runs() == judge_runs(FOLDERS["gone"], WANTED)


TOLD: list[tuple[dict[str, object] | None, Process | None]] = [
    (None, None),
    ({"error": "no " + "x" * 300}, Process("unknown", reason="no " + "x" * 197)),
    ({"none": "it was installed"}, PROCESSES["elsewhere"]),
    ({"stopped": "failed"}, PROCESSES["stopped"]),
    ({"stopped": "failed", "user": True}, Process("stopped", reason="failed", is_users=True)),
    (
        {"started": 105, "changed": 100.0, "now": 200, "user": True},
        Process("running", 105.0, 100.0, 200.0, is_users=True),
    ),
    ({"started": 105, "changed": 100.0, "now": 200, "user": "x"}, PROCESSES["younger"]),
    ({"started": 105, "changed": 100.0, "now": 200}, PROCESSES["younger"]),
    (
        {
            "started": 105,
            "changed": 100.0,
            "now": 200,
            "installed": "it was installed into /site",
            "differing": [*"abcd"],
        },
        INSTALLED._replace(differing=("a", "b", "c")),
    ),
]


@pytest.mark.parametrize(("told", "process"), TOLD)
def test_what_is_told_of_a_process(told: dict[str, object] | None, process: Process | None) -> None:
    """A process would be told otherwise than it was found."""
    assert read_process(told) == process


@pytest.mark.parametrize(
    "started",
    [10**400, -(10**400), -1, 1e300, float("nan"), float("inf"), True, "105", None],
    ids=lambda one: str(one)[:6],
)
def test_a_time_that_is_none(started: object) -> None:
    """Any host could end the program here with a traceback: an answer is refused where it raises one of these."""
    with pytest.raises((ValueError, TypeError)):
        read_process({"started": started, "changed": 100.0, "now": 200})


@pytest.mark.parametrize("value", [None, True, "1", -1, float("nan"), float("inf"), 1e300, [], {}])
@pytest.mark.parametrize("key", ["started", "changed", "now"])
def test_times_that_are_none(key: str, value: object) -> None:
    """A host could have its process called younger than its files by a time that is none."""
    with pytest.raises(ValueError, match=r"^$"):
        read_process({"started": 105, "changed": 100, "now": 200, key: value})


@given(st.sampled_from([*FOLDERS]), *[st.floats(0, 1e10)] * 3)
def test_any_times(folder: str, started: float, changed: float, now: float) -> None:
    """Some order of a start and a change would make a process current that is not."""
    verdict = FOLDERS[folder]._replace(process=Process("running", started, changed, now))
    if judge_runs(verdict, WANTED).state == "current":
        assert folder == "current"
        assert started > changed
        assert changed <= now + 2


@pytest.mark.parametrize(
    ("folder", "runs", "proven"),
    [
        ("current", Runs(), WANTED),
        ("other", Runs(), OTHER),
        ("differs", Runs(), ""),
        ("gone", Runs(), ""),
        ("unknown", Runs(), ""),
        ("current", Runs("current", WANTED), WANTED),
        ("current", Runs("restart"), ""),
        ("other", Runs("other", OTHER), OTHER),
        ("current", Runs("unknown"), ""),
    ],
)
def test_what_a_process_must_not_contradict(folder: str, runs: Runs, proven: str) -> None:
    """A service would be held against what nobody has proven, or its own word be taken for a proof."""
    assert find_proven(FOLDERS[folder], WANTED, runs) == proven


@pytest.mark.parametrize(
    ("process", "age"),
    [("younger", 95.0), ("older", 100.0), ("clock set back", 10.0), ("stopped", 0.0), ("not asked", 0.0)],
)
def test_since_when(process: str, age: float) -> None:
    """A person would not see which service was not started since a deploy, or be told by a clock that is wrong here."""
    runs = judge_runs(FOLDERS["current"]._replace(process=PROCESSES[process]), WANTED)
    assert runs.age == age
    assert contradict(runs, OTHER).age == age


def test_nothing_becomes_better_by_what_is_told() -> None:
    """A service that says that it is current would be believed."""
    for before in (Runs(), Runs("restart", started=5.0), Runs("current", WANTED)):
        assert contradict(before, WANTED) == Runs("other", WANTED, before.started, is_told=True)


@pytest.mark.parametrize("more", [{"differing": ["a.py"]}, {"installed": "there", "differing": "a.py"}])
def test_what_is_installed_of_another_form(more: dict[str, object]) -> None:
    """What no program of ours tells would be taken for an answer."""
    with pytest.raises(ValueError):  # noqa: PT011 - any will do: what was told is no answer
        read_process({"started": 105, "changed": 100.0, "now": 200, **more})
