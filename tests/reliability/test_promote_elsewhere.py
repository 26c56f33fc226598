"""Kill `promote --to` at every call that changes the disk: neither repository loses a line, or gets one twice."""

from collections.abc import Iterator
from pathlib import Path

from reliability.cases import Case, Prepared, copy_folder, losses, new_case
from reliability.scenarios import Item, Scenario, is_leftover, make_repository, read_item, read_tree
from reliability.test_crash import KILLED, crash_points
from reliability.warm import Program
from support.depth import Record, deep, sample
from support.monorepo import Monorepo

LINES = "".join(f"line {number}\n" for number in range(1, 12))
OURS = "platform/common/ours/models/base.py"
TEXT = "services/api/common/ours/models/base.py"
CONFIGURATION = 'services = ["services/*"]\nmaster = { git = "./platform", ref = "v1", path = "common" }\n'


class _Elsewhere(Scenario):
    """Edits of two kinds, of which one is merged, go to a checkout that holds what nobody has committed."""

    __slots__ = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("promote", "--to", "platform")


SCENARIO = _Elsewhere("promote --to", lambda _: None)


def _prepare(folder: Path, program: Program) -> Prepared:
    repo = make_repository(folder / "template" / "repo")
    (folder / "template" / "state").mkdir()
    repo.write("common-sync.toml", CONFIGURATION)
    repo.write(".gitignore", "/platform/\n")
    platform = Monorepo(repo.root / "platform")
    platform.root.mkdir()
    (repo.root / "common").rename(platform.root / "common")
    platform.write("common/ours/models/base.py", LINES)
    platform.git("init", "-q", "--template=")
    platform.commit("the library")
    platform.git("tag", "v1")
    assert repo.run("distribute", env={"XDG_CACHE_HOME": str(folder / "cache")}).code == 0
    repo.commit("taken")
    repo.write(TEXT, LINES.replace("line 3\n", "line 3\nline 3\nmine\n").replace("line 6\n", ""))
    repo.write("services/worker/common/new/folder/module.py", "NEW = True\n")
    repo.write(OURS, LINES.replace("line 9\n", "line 9\nline 9\nours\n"))
    nothing = Prepared(SCENARIO, folder / "template", {}, {}, {}, ())
    before = read_tree(repo.root)
    tried = Case(nothing, copy_folder(nothing.folder, folder / "tried"), program)
    ended = tried.distribute()
    assert ended.code == 0, ended
    return nothing._replace(before=before, after=read_tree(tried.root), calls=ended.calls)


def wrong(case: Case) -> Iterator[str]:
    """Yield all that is wrong once a run was killed: losses, and what the next run does not finish."""
    yield from losses(case)
    before = case.prepared.before[OURS]
    if before not in (read_item(str(case.root / OURS)), *_kept(case)):
        yield "what the checkout held is lost"
    for words, code in ((("verify",), 1), (("distribute",), 1)):
        ended = case.run(*words)
        if ended.code != code:
            yield f"{words} ended with {ended.code}: {ended.err}"
    for _ in range(2):
        ended = case.distribute()
        if ended.code != 0:
            yield f"it ended with {ended.code}: {ended.out} {ended.err}"
        now, after = read_tree(case.root), case.prepared.after
        changed = sorted(path for path in now.keys() | after.keys() if now.get(path) != after.get(path))
        yield from (f"{path} is not as a run that nothing hinders leaves it" for path in changed)
        yield from (f"{path} was left" for path in now if is_leftover(path))


def _kept(case: Case) -> Iterator[Item]:
    sets = case.root.glob("platform/.git/common-sync/discarded/*")
    return (item for one in sets for path, item in read_tree(one).items() if f"platform/{path}" == OURS)


@deep("crash points of promote --to")
def test_killed_anywhere(program: Program, folder: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of it would cost another team what it has not committed, or bring lines twice."""
    prepared = _prepare(folder, program)
    found = []
    for point in sample([*crash_points(prepared.calls)], 2, record_property, "crash points of promote --to"):
        case = new_case(prepared, program)
        assert case.distribute(hindrance=point).code == KILLED
        found += [f"{point.deed} at {point.at} ({prepared.calls[point.at - 1]}): {one}" for one in wrong(case)]
    assert found == []
