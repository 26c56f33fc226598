"""How a service stands on another machine: what its host says of it is read, and not trusted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.answers import Reply, Trouble
from common_sync.core.fleet.looks import Checkout, Health, Journal, Look, find_obstacle, find_reason, read_looks

WHOLE = {
    "health": {"status": 200, "ms": 12},
    "checkout": {"commit": "a" * 40, "branch": "main", "tree": "t", "edits": ["x.py"]},
    "journal": {
        "step": "deployed",
        "run": "r",
        "commit": "a" * 40,
        "why": None,
        "busy": False,
        "release": {"tree": "t", "images": {"api": "sha256:1"}},
        "earlier": 2,
    },
    "running": [
        {"unit": "api", "image": "sha256:1", "state": "running", "name": "shop-api-1"},
        {"unit": "beat", "image": "sha256:1", "state": "exited", "name": "shop-beat-1"},
        {"unit": "job", "image": "sha256:2", "state": "exited"},
    ],
}
TOLD = f"cs1:{'a' * 64}"
READ = Look(
    Health(200, 12),
    Checkout("a" * 40, "main", "t", ("x.py",)),
    Journal("deployed", "r", "a" * 40, "", busy=False, tree="t", images={"api": "sha256:1"}, earlier=2),
    (("api", "sha256:1"),),
    containers=(("api", "shop-api-1"),),
    resting=(("beat", "exited"), ("job", "exited")),
)


def read(told: object) -> tuple[Look, ...] | Trouble:
    """Return what is made of an answer."""
    return read_looks(Reply(0, b"mark" + json.dumps(told).encode() + b"\n", b""), "mark", 1, "vm", 60)


def test_what_is_told() -> None:
    """A service would be called healthy, or deployed, that is not."""
    assert read([WHOLE]) == (READ,)
    bare = {"health": {"error": "refused"}, "checkout": {"error": "no git"}, "journal": None}
    assert read([bare]) == (Look(Health(error="refused"), Checkout(error="no git")),)
    assert read([{"health": None}]) == (Look(),)
    for told, digest in ((TOLD, TOLD), (f"{TOLD}a", ""), ("cs1:x", ""), (f"{TOLD}\n", ""), (3, ""), (None, "")):
        assert read([{"health": {"status": 503, "ms": 1, "told": told}}]) == (Look(Health(503, 1, told=digest)),)


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        [WHOLE, WHOLE],
        [None],
        [{**WHOLE, "health": {"status": True, "ms": 1}}],
        [{**WHOLE, "health": {"status": -1, "ms": 1}}],
        [{**WHOLE, "checkout": []}],
        [{**WHOLE, "checkout": {"edits": "x"}}],
        [{**WHOLE, "running": {}}],
        [{**WHOLE, "journal": "deployed"}],
    ],
)
def test_what_is_no_answer(told: object) -> None:
    """A host that says anything would be taken at its word."""
    result = read(told)
    assert isinstance(result, Trouble)
    assert (result.code, "cannot be read" in result.message) == ("CS407", True)


def test_a_host_that_does_not_answer() -> None:
    """A host that is down would look like one without a service."""
    result = read_looks(Reply(255, b"", b"no route"), "mark", 1, "vm", 60)
    assert result == Trouble("CS407", "cannot be reached: no route", "ssh vm true")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from([*WHOLE, "step", "busy", "release", "status", "ms", "edits", "state", "images"]), inner
            )
        ),
    )
)
def test_whatever_a_host_says(told: object) -> None:
    """A host could end the program here with a traceback."""
    result = read([{**WHOLE, **told} if isinstance(told, dict) else told])
    assert isinstance(result, (tuple, Trouble))


def test_health() -> None:
    """A service that is ill would be called healthy."""
    assert [Health(code).is_good for code in (0, 199, 200, 204, 301, 404, 503)] == [
        False,
        False,
        True,
        True,
        False,
        False,
        False,
    ]
    assert [Health(503).shown, Health(error="refused").shown] == ["503", "no answer"]


STEPS = [
    ("begun", True),
    ("switching", True),
    ("switched", True),
    ("rolling-back", True),
    ("rollback-failed", True),
    ("unreadable", True),
    ("verified", False),
    ("deployed", False),
    ("rolled-back", False),
    ("discarded", False),
]


@pytest.mark.parametrize(("step", "is_open"), STEPS)
def test_an_interrupted_deploy(step: str, is_open: bool) -> None:
    """A machine between two releases would be called whole, or a whole one interrupted."""
    assert Journal(step).is_open is is_open
    assert not Journal(step, busy=True).is_open
    assert Journal(step).is_halfway is (is_open and step != "begun")


def journal(step: str = "deployed", tree: str = "t", *, busy: bool = False) -> Look:
    """Return a look whose journal differs from a deployed one's."""
    assert READ.journal is not None
    return READ._replace(journal=READ.journal._replace(step=step, tree=tree, busy=busy))


REASONS = [
    (READ, ""),
    (READ._replace(running=(*READ.running, ("redis", "sha256:9"))), ""),  # what is not built of the service
    (READ._replace(journal=None), "was not deployed by this command yet"),
    (journal(step="switched"), "its last deploy stands at `switched`"),
    (READ._replace(checkout=Checkout(tree="other")), "its clone holds another commit of it"),
    (journal(tree="other"), "runs another commit of it"),
    (READ._replace(running=()), "api does not run: it is without a container"),
    (READ._replace(running=(), resting=(("api", "restarting"),)), "api does not run: it is restarting"),
    (
        READ._replace(running=(), silent="docker ps took more than 60 s"),
        "it is not known what runs: docker ps took more than 60 s",
    ),
    (READ._replace(running=(("api", "sha256:2"),)), "runs other images than its last deploy has made"),
    (READ._replace(checkout=None), ""),  # of releases no clone is asked
    (READ._replace(checkout=None, running=()), "runs another release than its last deploy has made"),
]


@pytest.mark.parametrize(("look", "reason"), REASONS)
def test_why_a_service_is_deployed(look: Look, reason: str) -> None:
    """A service that runs something else would be passed over."""
    assert find_reason(look, "t", holds=True) == reason


def test_what_does_not_run() -> None:
    """A service that is down, or in a crash loop, would be called as wanted; or one whose migrations have ended would be ill."""
    down = READ._replace(running=(), resting=(("api", "exited"), ("migrate", "exited")))
    assert (down.stopped, READ.stopped) == ({"api": "exited"}, {})
    assert READ._replace(resting=(("api", "exited"),)).stopped == {}, "another container of the unit runs"
    for other in (down._replace(journal=None), down._replace(checkout=None), down._replace(silent="no Docker")):
        assert other.stopped == {}


def test_a_copy_that_is_not_as_wanted() -> None:
    """A service whose library was edited would be passed over."""
    assert find_reason(READ, "t", holds=False) == "a copy is not as wanted"


def test_a_clone_that_is_not_moved() -> None:
    """A release could not be made because of a clone that is left alone; or two deploys would meet."""
    edited = READ._replace(checkout=None)
    assert find_obstacle(edited, "main", moves=False) == ""
    assert find_obstacle(journal(busy=True), "main", moves=False) == "another deploy is at work there"


OBSTACLES = [
    (READ, ""),
    (Look(), "its clone cannot be read: its clone was not asked"),
    (READ._replace(checkout=Checkout(error="no git")), "its clone cannot be read: no git"),
    (journal(busy=True), "another deploy is at work there"),
    (READ._replace(checkout=Checkout(branch="")), "its clone is at no branch"),
    (READ._replace(checkout=Checkout(branch="fix")), "its clone is at the branch fix, and not at main"),
]


@pytest.mark.parametrize(("look", "obstacle"), OBSTACLES)
def test_what_is_not_touched(look: Look, obstacle: str) -> None:
    """A clone that somebody works in would be moved under their hands."""
    assert find_obstacle(look, "main") == obstacle
    assert find_obstacle(READ, "") == ""
