"""One writer at a time in a repository, whoever holds the lock, and however he ends."""

import fcntl
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.monorepo import PROGRAM, Monorepo, environment, patched, run
from support.waiting import PATIENCE as WAIT
from support.waiting import wait_for

from common_sync.core.errors import LockedError, TreeError
from common_sync.edges.state.lock import PATIENCE, exclusive, state_folder

CLOCK = """
import sys, time
now, slept = 0.0, []
def sleep(seconds):
    global now
    slept.append(seconds)
    now += seconds
time.monotonic, time.sleep = lambda: now, sleep
import common_sync.interface.main as m
leave = m.leave
def left(code):
    print(round(now, 1), max(slept), file=open("../slept", "w"))
    leave(code)
m.leave = left
"""
"""A clock that only sleeping moves; what a run has slept is written down as it ends."""


@contextmanager
def held(repo: Monorepo, name: bytes = b"4711\n") -> Iterator[None]:
    """Hold a repository's lock as another process would."""
    folder = repo.root / ".git/common-sync"
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.pwrite(descriptor, name, 0)
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("name", "says"), [(b"4711\n", "4711"), (b"", "unknown"), (b"\xff\n", "�")])
def test_a_lock_that_is_not_given_back(repo: Monorepo, name: bytes, says: str) -> None:
    """A run would wait for ever, or not say for whom."""
    before = repo.stamps()
    with held(repo, name):
        done = run(*patched(CLOCK), "distribute", cwd=repo.root)
        waited, longest = map(float, (repo.root.parent / "slept").read_text().split())
        assert waited == pytest.approx(PATIENCE, abs=0.1)
        assert longest < 0.1, "it goes on as soon as it may"
        assert (done.code, done.out) == (2, "")
        assert done.err.splitlines() == [
            f"waiting for another common-sync (process {says}) to finish",
            f"error: .git/common-sync/lock: another common-sync (process {says}) is writing in this repository",
            "  help: wait for it to finish, then run this again",
        ]
        for command in ("verify", "status", "diff"):
            assert repo.run(command).code == 1, "who only looks does not wait"
        assert repo.run("distribute", "--dry-run").code == 0
    assert repo.stamps() == before
    assert repo.run("distribute").code == 0


def test_the_second_waits_for_the_first(repo: Monorepo) -> None:
    """Two runs at once would write the same files, and one of them fail."""
    slow = (
        "import common_sync.commands.distribute as d\nold = d.survey\ndef survey(*a, **k):\n"
        "    open('go on').close()\n    return old(*a, **k)\nd.survey = survey\n"
    )
    os.mkfifo(repo.root / "go on")  # a run that opens it waits until somebody else does
    first = subprocess.Popen(
        [*patched(slow), "distribute"], cwd=repo.root, env=environment(), stdout=subprocess.PIPE, text=True
    )
    lock = repo.root / ".git/common-sync/lock"
    wait_for(lambda: lock.exists() and lock.read_text(), first)
    second = subprocess.Popen(
        [*PROGRAM, "distribute"],
        cwd=repo.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert second.stderr is not None
    assert second.stderr.readline() == f"waiting for another common-sync (process {first.pid}) to finish\n"
    (repo.root / "go on").open("w").close()
    outs = [process.communicate(timeout=WAIT)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert "2 services brought in sync" in outs[0]
    assert "2 services already in sync" in outs[1]
    assert repo.run("verify").code == 0


def test_many_at_once(repo: Monorepo) -> None:
    """Several terminals, or an editor and a hook, would break each other's runs."""
    for number in range(20):
        repo.write(f"services/s{number}/requirements.txt", "-e ../../common\n")
    several = [
        subprocess.Popen(
            [*PROGRAM, "distribute"], cwd=repo.root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    outs = [process.communicate(timeout=WAIT) for process in several]
    assert [process.returncode for process in several] == [0, 0, 0, 0], outs
    assert sum(b"22 services brought in sync" in out for out, _ in outs) == 1
    assert repo.leftovers() == []
    assert repo.run("verify").code == 0


def test_a_killed_run_holds_nothing(repo: Monorepo) -> None:
    """After kill -9, somebody would have to find and remove a lock file."""
    stuck = "import signal\nimport common_sync.commands.distribute as d\nd.survey = lambda *a, **k: signal.pause()\n"
    process = subprocess.Popen([*patched(stuck), "distribute"], cwd=repo.root, env=environment())
    lock = repo.root / ".git/common-sync/lock"
    wait_for(lambda: lock.exists() and lock.read_text(), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = repo.run("distribute")
    assert (done.code, done.err) == (0, "")


def test_ctrl_c_while_it_waits(repo: Monorepo) -> None:
    """A person who does not want to wait would have to kill the run."""
    with held(repo):
        process = subprocess.Popen(
            [*PROGRAM, "distribute"], cwd=repo.root, env=environment(), stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting for another common-sync (process 4711) to finish\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WAIT)[1] == "interrupted: the next run finishes what was begun\n"
        assert process.returncode == 130


def test_worktrees_do_not_wait_for_each_other(synced: Monorepo, tmp_path: Path) -> None:
    """A long run in one worktree would stop the work in all others."""
    synced.git("worktree", "add", "-q", str(tmp_path / "second"))
    with held(synced):
        done = run(*PROGRAM, "distribute", cwd=tmp_path / "second")
    assert (done.code, done.err) == (0, "")


def test_where_the_lock_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two repositories would wait for each other, or a repository with a long path could not be locked."""
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    one, two = str(tmp_path / "a/b-c"), str(tmp_path / "a-b/c")
    assert state_folder(one) != state_folder(two)
    assert state_folder(one) == state_folder(one)
    assert re.fullmatch(r"/state/common-sync/b-c-[0-9a-f]{16}", state_folder(one))
    assert all(len(os.fsencode(part)) < 200 for part in state_folder("/" + "日本" * 2000).split("/"))
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/somebody")
    assert state_folder(one).startswith("/somebody/.local/state/common-sync/")
    (tmp_path / "a/b-c/.git").mkdir(parents=True)
    assert state_folder(one + "/deeper") == f"{one}/.git/common-sync"


@pytest.mark.parametrize("kind", ["symlink", "folder", "no folder"])
def test_a_lock_that_cannot_be_made(tmp_path: Path, kind: str) -> None:
    """A run would write without the lock, or end with a traceback."""
    folder = tmp_path / "state"
    if kind == "no folder":
        folder.write_text("a file")
    else:
        folder.mkdir()
        if kind == "symlink":
            (folder / "lock").symlink_to("elsewhere")
        else:
            (folder / "lock").mkdir()
    with (
        pytest.raises(TreeError, match="state/lock: cannot make the lock, without which nothing is written: "),
        exclusive(str(folder), print),
    ):
        pytest.fail("it holds no lock")
    assert not (folder / "elsewhere").exists()


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    """A second use in the same process would wait for itself."""
    said: list[str] = []
    with suppress(ZeroDivisionError), exclusive(str(tmp_path), said.append):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        another = exclusive(str(tmp_path), said.append, patience=0)
        with pytest.raises(LockedError, match=f"process {os.getpid()}"):
            another.__enter__()
        raise ZeroDivisionError
    with exclusive(str(tmp_path), said.append, patience=0):
        assert said == []
