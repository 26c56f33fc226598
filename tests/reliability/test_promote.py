"""Kill `promote` at every call that changes the disk: an edit is never lost, merged twice or half written."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from reliability.cases import Case, losses, new_case, prepare
from reliability.runs import Ended, Hindrance
from reliability.scenarios import Scenario, is_leftover, out_of_sync, read_tree
from reliability.test_crash import KILLED, crash_points
from reliability.warm import Program
from support.depth import Record, deep, sample
from support.monorepo import Monorepo

LINES = "".join(f"line {number}\n" for number in range(1, 12))
TEXT = "services/api/common/ours/models/base.py"


class _Promoting(Scenario):
    """Edits of three kinds, of which one is merged; to merge twice would show, since lines come and go beside each other."""

    __slots__ = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("promote",)


def _edit(repo: Monorepo) -> None:
    repo.write("common/ours/models/base.py", LINES)
    assert repo.run("distribute").code == 0
    repo.commit("a file of some lines")
    repo.write(TEXT, LINES.replace("line 3\n", "line 3\nline 3\nmine\n").replace("line 6\n", ""))
    repo.write("common/ours/models/base.py", LINES.replace("line 9\n", "line 9\nline 9\nours\n"))
    repo.write("services/worker/common/wait.sh", "#!/bin/sh\nexec sleep 1\n")
    repo.write("services/worker/common/new/folder/module.py", "NEW = True\n")


SCENARIO = _Promoting("promote", _edit, edits=(TEXT, "services/worker/common/wait.sh"))


def wrong(case: Case) -> Iterator[str]:
    """Yield all that is wrong once a run was hindered: losses, and what the next run does not finish."""
    yield from losses(case)
    yield from _half(case)
    for command in ("verify", "distribute"):
        other = case.copy("other")
        ended = other.run(command)
        if ended.code not in (0, 1):
            yield f"{command} ended with {ended.code}: {ended.err}"
        yield from (f"after {command}: {one}" for one in _finished(other, other.distribute()))
        shutil.rmtree(other.folder)
    yield from _finished(case, case.distribute())


def _half(case: Case) -> Iterator[str]:
    """Yield what `verify` takes for an edit though the master has it."""
    now, prepared = read_tree(case.root), case.prepared
    merged = now["common/ours/models/base.py"] == prepared.after["common/ours/models/base.py"]
    said = case.run("verify").out
    if merged and f"{TEXT}: CS004" in said:
        yield "an edit that the master has is called one still"


def _finished(case: Case, ended: Ended) -> Iterator[str]:
    now = read_tree(case.root)
    if ended.code != 0:
        yield f"it ended with {ended.code}: {ended.out} {ended.err}"
    changed = {
        path for path in now.keys() | case.prepared.after.keys() if now.get(path) != case.prepared.after.get(path)
    }
    yield from (f"{path} is not as a run that nothing hinders leaves it" for path in sorted(changed))
    yield from (f"{service} is not in sync" for service in out_of_sync(now))
    yield from (f"{path} was left" for path in now if is_leftover(path))
    if (case.root / ".git/common-sync/promoting.json").exists():
        yield "the journal was left"


@deep("crash points of promote")
def test_killed_anywhere(program: Program, folder: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of it would cost somebody his edit, or bring its lines twice."""
    prepared = prepare(SCENARIO, folder, program)
    found = []
    for point in sample([*crash_points(prepared.calls)], 2, record_property, "crash points of promote"):
        case = new_case(prepared, program)
        assert case.distribute(hindrance=point).code == KILLED
        found += [f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong(case)]
    assert found == []


@deep("full disks of promote")
def test_a_full_disk(program: Program, folder: Path, record_property: Record) -> None:
    """A disk that is full would leave half a file in the master, or an edit nowhere."""
    prepared = prepare(SCENARIO, folder, program)
    found = []
    points = [Hindrance(at, "fail", errno.ENOSPC, lasting=True) for at in range(1, len(prepared.calls) + 1)]
    for point in sample(points, 2, record_property, "full disks under promote"):
        case = new_case(prepared, program)
        ended = case.distribute(hindrance=point)
        if ended.code not in (0, 2):
            found.append(f"{point.at}: it ended with {ended.code}: {ended.err}")
        found += [f"full at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong(case)]
    assert found == []
