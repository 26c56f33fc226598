"""Several runs at once, and runs whose processes are killed apart from each other: parents, workers, holders of the lock."""

import os
import re
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL, PIPE
from threading import Semaphore

import pytest
from reliability.cases import lies, losses, new_case, prepare, unfinished
from reliability.runs import Ended, Hindrance
from reliability.scenarios import SCENARIOS, SERVICES, make_repository, out_of_sync, read_tree
from reliability.warm import Program, unmeasured
from support.depth import ALL, FULL, Record, deep, sampled
from support.monorepo import PROGRAM, Monorepo
from support.waiting import PATIENCE, wait_for

from common_sync.core.errors import LockedError
from common_sync.edges.state.lock import exclusive

SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}
PROCESSES = 8
RUNS = 120 if FULL else 20 if ALL else 2
"""Of each process."""

EXPECTED_ERRORS = re.compile(
    r"error: .*(another common-sync \(process \d+\) is writing|changed while (it was copied|common-sync ran)).*"
)

SIZES = {"common/small.py": 1, "common/folder/middle.py": 2000, "common/large.bin": 40_000}
"""Lines of each file; the last one has more bytes than the program holds in memory, so it is read while it is copied."""

COMES_AND_GOES = "common/extra/module.py"


def version(number: int, size: int) -> bytes:
    """Return the contents of a file: any part of another version in it shows."""
    return b"%08d\n" % number * size


class Editor:
    """Somebody who goes on changing the master; a whole file at a time, as editors and git do."""

    def __init__(self, root: Path) -> None:
        self._root, self.number = root, 0

    def edit(self) -> None:
        """Write the next version of every file; now and then take one away."""
        self.number += 1
        for path, size in SIZES.items():
            self._replace(path, version(self.number, size))
        if self.number % 3 == 0:
            (self._root / COMES_AND_GOES).unlink()
        else:
            self._replace(COMES_AND_GOES, version(self.number, 1))

    def _replace(self, path: str, data: bytes) -> None:
        file = self._root / path
        file.parent.mkdir(exist_ok=True)
        temporary = self._root / "being-edited"
        temporary.write_bytes(data)
        temporary.rename(file)


def torn_files(root: Path) -> list[str]:
    """Return the files of copies that hold parts of two versions, or less than one."""
    torn = []
    for service in SERVICES:
        for path in (*SIZES, COMES_AND_GOES):
            with suppress(FileNotFoundError):
                data = (root / service / path).read_bytes()
                if data != version(int(data[:8] or b"0"), SIZES.get(path, 1)):
                    torn.append(f"{service}/{path}: {len(data)} bytes, {data[:20]!r} to {data[-20:]!r}")
    return torn


def distribute_again(root: Path, program: Program, ended: Semaphore) -> list[Ended]:
    """Distribute again and again, and tell of each run that ends."""
    runs = []
    for _ in range(RUNS):
        runs.append(program.run(root, "distribute"))
        ended.release()
    return runs


def wrong_ends(runs: list[Ended]) -> list[str]:
    """Return what runs have said that they may not say: only that somebody else writes, or that the master has changed."""
    return [
        f"{one.code}: {one.out} {one.err}"
        for one in runs
        if one.code not in (0, 2)
        or any(line.startswith("error: ") and not EXPECTED_ERRORS.fullmatch(line) for line in one.err.splitlines())
    ]


def make_edited(root: Path) -> tuple[Monorepo, Editor]:
    """Return a repository whose master is one that an editor writes."""
    repo = make_repository(root)
    shutil.rmtree(root / "common")
    (root / "common").mkdir()
    editor = Editor(root)
    editor.edit()
    return repo, editor


@deep("eight runs at once")
def test_eight_at_once(folder: Path, program: Program, record_property: Record) -> None:
    """Two terminals, a hook and an editor's task would tear copies, or one report as an edit what another has half done."""
    repo, editor = make_edited(folder / "repo")
    torn = []
    with ExitStack() as stack:
        programs = [stack.enter_context(Program()) for _ in range(PROCESSES)]
        for one in programs:
            one.run(repo.root, "--version")  # it is warm now
        threads = stack.enter_context(ThreadPoolExecutor(PROCESSES))
        ended = Semaphore(0)
        loops = [threads.submit(distribute_again, repo.root, one, ended) for one in programs]
        for number in range(PROCESSES * RUNS):  # after each run of one, in the middle of runs of the others
            ended.acquire()
            if number % 5 < 2:  # runs of some get through, too
                editor.edit()
            torn += torn_files(repo.root)
        runs = [run for loop in loops for run in loop.result()]
    assert torn == []
    assert wrong_ends(runs) == []
    last = program.run(repo.root, "distribute")
    assert (last.code, [*out_of_sync(read_tree(repo.root))]) == (0, [])
    record_property("count: runs of eight processes at once", len(runs))
    record_property("count: of them, runs that said that the master had changed", sum(one.code == 2 for one in runs))
    record_property("count: edits of the master meanwhile", editor.number)


@pytest.mark.parametrize("at", [5, 20])
def test_lock_of_a_killed_run(at: int, program: Program, folder: Path) -> None:
    """After a crash nobody could distribute any more, until somebody found out which file to delete."""
    prepared = prepare(SCENARIO["update"], folder, program)
    case = new_case(prepared, program)
    holder = case.distribute(hindrance=Hindrance(at, "stop")).process
    command, env = [*PROGRAM, *prepared.scenario.arguments], unmeasured(**case.env)
    with subprocess.Popen(command, cwd=case.root, env=env, stdout=DEVNULL, stderr=PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == f"waiting for another common-sync (process {holder}) to finish\n"
        assert waiting.poll() is None
        os.kill(holder, signal.SIGKILL)
        assert waiting.wait(PATIENCE) == 0
    assert [*out_of_sync(read_tree(case.root))] == []


def test_lock_says_who_holds_it(program: Program, folder: Path) -> None:
    """Whoever waits in vain would not know for what."""
    prepared = prepare(SCENARIO["update"], folder, program)
    case = new_case(prepared, program)
    holder = case.distribute(hindrance=Hindrance(5, "stop")).process
    said: list[str] = []
    try:
        with (
            pytest.raises(LockedError, match=rf"another common-sync \(process {holder}\) is writing") as raised,
            exclusive(str(case.root / ".git/common-sync"), said.append, patience=0.1),
        ):
            pytest.fail("two hold the lock")
    finally:
        os.kill(holder, signal.SIGKILL)
    assert EXPECTED_ERRORS.fullmatch(f"error: {raised.value}")
    assert said == [f"waiting for another common-sync (process {holder}) to finish"]


@pytest.mark.parametrize("name", ["first copy", "update"])
def test_worker_is_killed(name: str, program: Program, folder: Path, record_property: Record) -> None:
    """The kernel kills a worker when memory runs out: its services would be called in sync, though nobody wrote them."""
    prepared = prepare(SCENARIO[name], folder, program)
    wrong, tried = [], 0
    step = 1 if ALL else 14
    for number in count(5, step):  # the calls before are the parent's own
        case = new_case(prepared, program)
        point = Hindrance(number, "kill")
        ended = program.run(case.root, "distribute", hindrance=point, env=case.env, workers=True)
        if ended.code == 0:
            break
        tried += 1
        wrong += [*losses(case), *lies(case, case.run("verify"))]
        parent = ended.code == -SIGKILL  # at one of its last calls: what belongs to no service it writes itself
        if not parent and (ended.code != 2 or "a worker process was killed" not in ended.err):
            wrong.append(f"{number}: {ended}")
        wrong += [*unfinished(case, case.distribute()), *losses(case)]
    assert wrong == []
    assert tried > 20 // step
    record_property("count: crash points, of the worker processes", tried)
    record_property("left: crash points, of the worker processes", (step - 1) * tried)


MODULES = 2000
"""So many that a run is still writing when it is seen to have written some."""


@pytest.mark.parametrize("written", sampled([1, 50, 200, 500, 900], 1, "more moments at which a parent is killed"))
def test_parent_is_killed(written: int, folder: Path, record_property: Record) -> None:
    """The workers of a killed run would go on writing into the run that is to finish its work."""
    repo = make_repository(folder / "repo")
    for number in range(MODULES):
        repo.write(f"common/package/module_{number}.py", f"NUMBER = {number}\n" * 50)
    staged = [repo.root / service / ".common-sync.new" / "package" for service in SERVICES]
    with subprocess.Popen([*PROGRAM, "distribute"], cwd=repo.root, env=unmeasured(), stdout=DEVNULL) as process:
        wait_for(lambda: any(len([*folder.glob("*")]) >= written for folder in staged), process)
        process.kill()
    ended = repo.run("distribute")
    assert ended.code == 0, ended
    now = read_tree(repo.root)
    assert [*out_of_sync(now)] == []
    assert [path for path in now if "/.common-sync.new/" in path or path.endswith(".tmp")] == []
    record_property("count: crash points, of the parent of worker processes", 1)
