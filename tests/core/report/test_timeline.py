"""How services stood over time: by git's names alone, and as a comparison of whole trees would say."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import thorough

from common_sync.core.copies.ancestry import EXECUTABLE, PLAIN, Blob, Commit
from common_sync.core.copies.library import Library
from common_sync.core.copies.plan import IN_SYNC, CopyPlan, Operation
from common_sync.core.copies.rules import Rules, parse_plain
from common_sync.core.model import State
from common_sync.core.report.timeline import (
    MOST_POINTS,
    Copied,
    Moment,
    Since,
    find_since,
    letter_of,
    list_moments,
    thin_out,
)

TESTS = parse_plain("/tests/", "configuration")
assert TESTS is not None
LIBRARY = Library("common", "lib", "common", Rules([TESTS]))
A, B, C, RUN = Blob(PLAIN, "a"), Blob(PLAIN, "b"), Blob(PLAIN, "c"), Blob(EXECUTABLE, "a")
Change = Mapping[str, Blob | None]
DAY = 86400


def commits(*changes: Change) -> list[Commit]:
    """Return a commit a day."""
    return [Commit(str(number), "", "", "", change, number * DAY) for number, change in enumerate(changes)]


def past(*changes: Change, pinned: Mapping[str, Blob] | None = None) -> str:
    """Return how one copy stood after each commit."""
    return "".join(
        one.states for one in list_moments(commits(*changes), [Copied(0, "s/common", LIBRARY, pinned)], {}, {})
    )


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ([{"lib/x": A}, {"s/common/x": A}, {"lib/x": B}, {"s/common/x": B}], "-.b."),
        ([{"lib/x": A, "s/common/x": A}, {"s/common/x": C}, {"lib/x": C}], ".e."),  # an edit that came home
        ([{"lib/x": A, "lib/y": A, "s/common/x": A, "s/common/y": A}, {"s/common/x": C, "lib/y": B}], ".x"),
        ([{"lib/x": A, "s/common/x": A, "s/common/y": A}], "e"),  # a file that nobody knows
        ([{"lib/x": A, "lib/y": A, "s/common/x": A}], "b"),  # a file that is missing
        ([{"lib/x": A, "s/common/x": A}, {"lib/x": None}], ".b"),
        ([{"lib/x": A, "s/common/x": RUN}], "e"),  # the executable bit counts
        ([{"lib/x": A, "s/common/x": A}, {"s/common/x": None}], ".-"),
        ([{"lib/x": A, "s/common/x": A, "s/common/.common-sync.json": B}, {"lib/tests/x": A, "other": A}], ".."),
        ([{"lib/x": A, "s/common/x": A, "s/common/tests/x": A}], "."),
    ],
)
def test_how_a_copy_stood(changes: list[Change], states: str) -> None:
    """A team would read from the page that somebody had edited what was only old, or the other way round."""
    assert past(*changes) == states


def test_a_pinned_copy_is_in_sync_with_what_it_is_pinned_to() -> None:
    """A service that is held back on purpose would be shown as forgotten."""
    changes: list[Change] = [{"lib/x": A, "s/common/x": A}, {"lib/x": B}, {"s/common/x": C}, {"s/common/x": A}]
    assert past(*changes, pinned={"x": A}) == "..e."
    assert past(*changes) == ".beb"
    assert past({"lib/x": B, "s/common/x": A}, pinned={}) == "e"  # nobody here knows what it is pinned to


def test_a_service_stands_as_its_worst_copy() -> None:
    """A fault in one library would hide behind the other one."""
    other = Library("other", "else", "other", Rules([]))
    copies = [
        Copied(0, "s/common", LIBRARY),
        Copied(0, "s/other", other),
        Copied(1, "t/common", LIBRARY),
        Copied(1, "t/other", other),
    ]
    change = {"lib/x": A, "else/x": A, "s/common/x": A, "s/other/x": B, "t/common/x": A, "t/other/x": A}
    assert [one.states for one in list_moments(commits(change), copies, {}, {})] == ["e."]


paths = st.sampled_from(["lib/x", "lib/y", "s/common/x", "s/common/y", "t/common/x"])
changes = st.lists(st.dictionaries(paths, st.sampled_from([None, A, B, C]), min_size=1), min_size=1, max_size=8)


@thorough
@given(changes, st.integers(0, 7))
def test_a_part_of_the_history_is_told_as_in_the_whole(made: list[Change], cut: int) -> None:
    """What is said of a service would depend on how far back somebody looks."""
    copies, line = [Copied(0, "s/common", LIBRARY), Copied(1, "t/common", LIBRARY)], commits(*made)
    whole = [*list_moments(line, copies, {}, {})]
    before: dict[str, Blob] = {}
    former: dict[str, set[Blob]] = {}
    for commit in line[:cut]:
        for path, blob in commit.changes.items():
            before.pop(path, None)
            if blob is not None:
                before[path] = blob
                if path.startswith("lib/"):
                    former.setdefault(path.removeprefix("lib/"), set()).add(blob)
    assert [*list_moments(line[cut:], copies, before, {"lib": former})] == whole[cut:]
    for number, moment in enumerate(whole):
        assert moment.states == "".join(_compare(line[: number + 1], service) for service in "st")


def _compare(line: list[Commit], service: str) -> str:
    """Return how a copy stands, from all that is there."""
    tree: dict[str, Blob | None] = {}
    ever: set[tuple[str, Blob | None]] = set()
    for commit in line:
        tree.update(commit.changes)
        ever.update((path, blob) for path, blob in commit.changes.items() if blob is not None)
    mine, theirs = ({name: tree.get(f"{folder}/{name}") for name in "xy"} for folder in (f"{service}/common", "lib"))
    if not any(mine.values()):
        return "-"
    differing = [name for name in "xy" if mine[name] != theirs[name]]
    edited = [name for name in differing if mine[name] is not None and (f"lib/{name}", mine[name]) not in ever]
    return "x" if edited and edited != differing else "e" if edited else "b" if differing else "."


def plan(*states: State, behind: bool = False) -> CopyPlan:
    """Return a plan with an operation in each state."""
    operations = tuple(Operation("update", str(number), None, None, state) for number, state in enumerate(states))
    return IN_SYNC._replace(operations=operations, behind=behind)


@pytest.mark.parametrize(
    ("now", "letter"),
    [
        (plan(), "."),
        (plan(behind=True), "b"),
        (plan("stale"), "b"),
        (plan("modified", behind=True), "e"),
        (plan("modified", "missing"), "x"),
        (plan("diverged"), "x"),
    ],
)
def test_how_a_copy_stands_now(now: CopyPlan, letter: str) -> None:
    """The last point of the history would not be what `status` says."""
    assert letter_of(now, exists=True) == letter
    assert letter_of(now, exists=False) == "-"


def moments(*told: tuple[int, str]) -> list[Moment]:
    """Return moments: a time and how the services stood."""
    return [Moment(Commit("", "", "", "", {}, time), states) for time, states in told]


def test_points_are_evenly_spread_and_the_last_is_the_present() -> None:
    """A busy week would look like a year, or the page would show a state that is over."""
    made = thin_out(moments((0, "b."), (100, ".."), (47 * 100, ".e")), 47 * 100, "xb")
    assert made.times == tuple(range(0, 4800, 100))
    assert len(made.times) == MOST_POINTS
    assert made.states == ("b" + "." * 46 + "x", "." * 47 + "b")
    assert thin_out([], 5, "..").times == ()
    assert thin_out(moments((7, "e")), 7, ".") == ((7,), (".",))
    assert thin_out(moments((0, "e")), 900 * DAY, ".").times[-1] == 7 * DAY


@pytest.mark.parametrize(
    ("states", "since"),
    [
        ("..", None),
        (".b", Since(1, 1, longer=False)),
        (".bb", Since(1, 2, longer=False)),
        ("bb", Since(0, 2, longer=True)),
    ],
)
def test_how_long_a_service_has_not_been_in_sync(states: str, since: Since | None) -> None:
    """A team would look at the wrong service first."""
    assert find_since(moments(*enumerate(states)), 0) == since


def test_times_never_run_backwards() -> None:
    """A clock that was wrong for one commit would tie the chart in a knot."""
    line = [one._replace(time=time) for one, time in zip(commits({"lib/x": A}, {"lib/x": B}), (9, 3), strict=True)]
    assert [one.commit.time for one in list_moments(line, [Copied(0, "s/common", LIBRARY)], {}, {})] == [9, 9]
