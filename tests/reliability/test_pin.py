"""Kill `pin` at every call that changes the disk: the service is pinned or it is not, and the next run finishes it."""

from collections.abc import Iterator
from pathlib import Path

from reliability.cases import Case, losses, new_case, prepare
from reliability.scenarios import Scenario, is_leftover, read_tree
from reliability.test_crash import KILLED, crash_points
from reliability.warm import Program
from support.depth import Record, deep, sample
from support.monorepo import Monorepo


class _Pinning(Scenario):
    """A service that is pinned goes to another tag; what the library was there is read from git's objects."""

    __slots__ = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("pin", "api", "v1")


def _grow(repo: Monorepo) -> None:
    repo.commit("distributed")
    repo.git("tag", "v0")
    repo.write("common/ours/__init__.py", '"""The library, changed."""\n')
    repo.write("common/new/module.py", "NEW = True\n")
    (repo.root / "common/wait.sh").unlink()
    assert repo.run("distribute").code == 0
    repo.commit("the library has changed")
    repo.git("tag", "v1")
    assert repo.run("pin", "api", "v0").code == 0


SCENARIO = _Pinning("pin", _grow)


def wrong(case: Case) -> Iterator[str]:
    """Yield all that is wrong once a run was hindered: losses, and what the next run does not finish."""
    # for a while the lock has both entries
    yield from (one for one in losses(case) if not one.startswith("common-sync.lock is "))
    for command, codes in (("verify", (0, 1)), ("distribute", (0,)), ("verify", (0,))):
        ended = case.run(command)
        if ended.code not in codes:
            yield f"{command} ended with {ended.code}: {ended.out} {ended.err}"
    ended = case.distribute()
    if ended.code != 0:
        yield f"a second pin ended with {ended.code}: {ended.out} {ended.err}"
    now, after = read_tree(case.root), case.prepared.after
    changed = sorted(path for path in now.keys() | after.keys() if now.get(path) != after.get(path))
    yield from (f"{path} is not as a run that nothing hinders leaves it" for path in changed)
    yield from (f"{path} was left" for path in now if is_leftover(path))


@deep("crash points of pin")
def test_killed_anywhere(program: Program, folder: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of it would leave a pin that nothing here can satisfy, or half a copy."""
    prepared = prepare(SCENARIO, folder, program)
    found = []
    for point in sample([*crash_points(prepared.calls)], 4, record_property, "crash points of pin"):
        case = new_case(prepared, program)
        assert case.distribute(hindrance=point).code == KILLED
        found += [f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong(case)]
    assert found == []
