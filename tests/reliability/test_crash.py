"""Kill the real process at every call that changes the disk; whatever is left must be whole, and the next run ends it."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from reliability.cases import Case, Prepared, lies, losses, move_master, new_case, prepare, unfinished
from reliability.runs import Hindrance
from reliability.scenarios import SCENARIOS, Scenario
from reliability.warm import Program

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    """Return the warm process."""
    with Program() as running:
        yield running


def crash_points(prepared: Prepared) -> Iterator[Hindrance]:
    """Yield a kill before every call, and one in the middle of every write."""
    for number, call in enumerate(prepared.calls, 1):
        yield Hindrance(number, "kill")
        if call.startswith(("write ", "pwrite ")):
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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_killed_anywhere(scenario: Scenario, program: Program, tmp_path: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of a run would cost somebody a file, or turn the copy into an `edit`."""
    prepared = prepare(scenario, tmp_path, program)
    wrong = []
    points = [*crash_points(prepared)]
    for point in points:
        case = new_case(prepared, program)
        ended = case.distribute(hindrance=point)
        assert ended.code == -9, (point, ended)
        wrong += [f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong_after_kill(case)]
    assert wrong == []
    record_property(f"count: crash points, {scenario.name}", len(points))
