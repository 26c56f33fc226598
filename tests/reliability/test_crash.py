"""Kill the real process at every call that changes the disk; whatever is left must be whole, and the next run ends it.

Between two such calls the disk does not change, so a kill before each of them, and one in the middle of each write,
leaves every state that a kill at any time can leave.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from reliability.cases import Case, Prepared, lies, losses, move_master, new_case, prepare, unfinished
from reliability.runs import Hindrance
from reliability.scenarios import SCENARIOS, Scenario
from reliability.traced import STRACE, numbered, trace
from reliability.warm import Program
from support.depth import FULL, Record, sample, skip

KILLED = -9
SHARES = 2
"""Into how many tests the points of a scenario are divided, so that they run side by side."""

by_name = {"ids": lambda scenario: scenario.name}


def crash_points(calls: Sequence[str]) -> Iterator[Hindrance]:
    """Yield a kill before every call, and one in the middle of every write."""
    for number, call in enumerate(calls, 1):
        yield Hindrance(number, "kill")
        if call.split()[0] in {"write", "pwrite"}:
            yield Hindrance(number, "tear")


def wrong_after_kill(case: Case) -> Iterator[str]:
    """Yield all that is wrong once a run was killed: losses, lies, and what the next run does not finish."""
    yield from losses(case)
    yield from lies(case, case.run("verify"))
    if not case.prepared.scenario.adopts:  # an unmanaged copy of an older master is one that somebody edited
        yield from wrong_once_master_moved(case.copy("moved"))
    yield from unfinished(case, case.distribute())
    yield from losses(case)


def wrong_once_master_moved(case: Case) -> Iterator[str]:
    """Yield what is wrong when the master is changed before the killed run is finished by the next."""
    move_master(case.root)
    yield from unfinished(case, case.distribute())
    shutil.rmtree(case.folder)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_killed_anywhere(
    scenario: Scenario, share: int, program: Program, folder: Path, record_property: Record
) -> None:
    """A laptop that is closed in the middle of a run would cost somebody a file, or turn the copy into an `edit`."""
    prepared = prepare(scenario, folder, program)
    points = sample([*crash_points(prepared.calls)][share::SHARES], 2, record_property, "crash points")
    wrong = []
    for point in points:
        case = new_case(prepared, program)
        ended = case.distribute(hindrance=point)
        assert ended.code == KILLED, (point, ended)
        wrong += [
            f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong_after_kill(case)
        ]
    assert wrong == []
    record_property(f"count: crash points, {scenario.name}", len(points))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_call_is_overlooked(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """A call that is not counted is a moment at which nobody has tried to kill the program."""
    if STRACE is None:
        skip("there is no strace here")
    prepared = prepare(scenario, folder, program)
    case = new_case(prepared, program)
    done, calls = trace(case.root, *scenario.arguments, env=case.env)
    assert done.code == 0, done
    assert [call.kind for call in calls] == [call.split()[0] for call in prepared.calls]
    record_property("count: system calls that strace sees, all of them counted", len(calls))


@pytest.mark.parametrize("scenario", SCENARIOS if FULL else SCENARIOS[3:4], ids=lambda scenario: scenario.name)
def test_killed_by_strace(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """What holds for a process that is forked from a warm one would not hold for the one that a user starts."""
    if STRACE is None:
        skip("there is no strace here")
    prepared = prepare(scenario, folder, program)
    env = new_case(prepared, program).env
    calls, paths = numbered(lambda: new_case(prepared, program).root, *scenario.arguments, env=env)
    assert [call.kind for call in calls] == [call.split()[0] for call in prepared.calls]
    wrong = []
    points = sample([*enumerate(calls, 1)], 2, record_property, "crash points, by strace")
    for number, call in points:
        case = new_case(prepared, program)
        inject = f"{call.name}:signal=SIGKILL:when={call.number}"
        done, made = trace(case.root, *scenario.arguments, env=case.env, inject=inject, paths=paths)
        assert (done.code, [one.kind for one in made]) == (KILLED, [one.kind for one in calls[:number]]), call
        wrong += [f"{number} ({call.name} {call.text}): {one}" for one in wrong_after_kill(case)]
    assert wrong == []
    record_property("count: crash points, by strace", len(points))


def points_to_resume_from(prepared: Prepared) -> Iterator[Hindrance]:
    """Yield kills that leave half of the work: all of them at length, else one in the middle."""
    points = [*crash_points(prepared.calls)]
    yield from points[::5] if FULL else points[len(points) // 2 :][:1]


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if not one.adopts], ids=lambda scenario: scenario.name)
def test_killed_twice(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """The run that finishes a killed one would itself lose something when it is killed, and the master has moved on."""
    prepared = prepare(scenario, folder, program)
    wrong, tried = [], 0
    for first in points_to_resume_from(prepared):
        once = new_case(prepared, program, "once")
        assert once.distribute(hindrance=first).code == KILLED
        move_master(once.root)
        calls = once.copy("calls").distribute().calls
        shutil.rmtree(folder / "calls")
        seconds = [*crash_points(calls)][:: 1 if FULL else 3]
        for second in sample(seconds, 2, record_property, "crash points, of a run that finishes a killed one"):
            twice = once.copy("twice")
            assert twice.distribute(hindrance=second).code == KILLED
            move_master(twice.root)
            wrong += [
                f"{first} then {second} ({calls[second.at - 1]}): {one}"
                for one in unfinished(twice, twice.distribute())
            ]
            shutil.rmtree(twice.folder)
            tried += 1
    assert wrong == []
    record_property("count: crash points, of a run that finishes a killed one", tried)
