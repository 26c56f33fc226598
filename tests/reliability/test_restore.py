"""Kill `restore --force` at calls that change the disk: nothing is lost, and the same command finishes it."""

from collections.abc import Iterator
from pathlib import Path

from reliability.cases import Case, Prepared, new_case
from reliability.scenarios import SCENARIOS, is_leftover, make_repository, read_tree
from reliability.test_crash import KILLED, crash_points
from reliability.warm import Program
from support.depth import Record, deep, sample
from support.monorepo import Monorepo

FORCED = next(one for one in SCENARIOS if one.name == "forced overwrite")
NEWER = "services/api/common/pyproject.toml"
COMMAND = ("restore", "1", "--force")


def prepared_to_restore(folder: Path, program: Program) -> Prepared:
    """Bring a repository into a state in which edits were discarded, and one file was edited again."""
    repo = make_repository(folder / "template" / "repo")
    (folder / "template" / "state").mkdir()
    nothing = Prepared(FORCED, folder / "template", {}, {}, {}, ())
    case = Case(nothing, nothing.folder, program)
    assert case.run("distribute").code == 0
    FORCED.prepare(Monorepo(repo.root))
    edits = {path: item for path, item in read_tree(repo.root).items() if path in FORCED.edits}
    assert case.run("distribute", "--force").code == 0
    repo.write(NEWER, "newer than that\n")
    before = read_tree(repo.root)
    tried = new_case(nothing, program, "tried")
    ended = tried.run(*COMMAND)
    assert ended.code == 0, ended
    after = read_tree(tried.root)
    assert after == before | edits
    return Prepared(FORCED, nothing.folder, before, after, {**edits, NEWER: before[NEWER]}, ended.calls)


def wrong(case: Case) -> Iterator[str]:
    """Yield all that is lost or half done after a kill, and what the same command does not finish."""
    prepared = case.prepared
    now = read_tree(case.root)
    for path in now.keys() | prepared.after.keys():
        if not is_leftover(path) and now.get(path) not in (prepared.before.get(path), prepared.after.get(path)):
            yield f"{path} is half done"
    for path, item in prepared.edits.items():
        if now.get(path) != item and (path, item) not in case.kept():
            yield f"{path}: the edit is lost"
    ended = case.run(*COMMAND)
    now = read_tree(case.root)
    if ended.code != 0:
        yield f"it ended with {ended.code}: {ended.err}"
    for path in now.keys() | prepared.after.keys():
        if now.get(path) != prepared.after.get(path):
            yield f"{path} is not as a run that nothing hinders leaves it"
    if (NEWER, prepared.edits[NEWER]) not in case.kept():
        yield "the newer edit is lost"


@deep("crash points of restore")
def test_killed_anywhere(program: Program, folder: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of it would cost somebody the newer edit, or the older."""
    prepared = prepared_to_restore(folder, program)
    found = []
    for point in sample([*crash_points(prepared.calls)], 4, record_property, "crash points of restore"):
        case = new_case(prepared, program)
        assert case.run(*COMMAND, hindrance=point).code == KILLED
        found += [f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong(case)]
    assert found == []
