"""`watch`: rounds of `distribute`, in real processes that are told of real changes."""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import PROGRAM, Monorepo, environment, patched, run
from support.waiting import PATIENCE, wait_for

SETTINGS, COPY = "common/our_common/settings.py", "services/api/common/our_common/settings.py"
START = "start → nothing to write"


class Watching:
    """A `watch` that goes on, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    @property
    def text(self) -> str:
        """All that it has printed so far."""
        return self._log.read_text("utf-8")

    def sees(self, *lines: str, times: int = 1) -> None:
        """Wait until it has printed something."""
        wait_for(lambda: all(self.text.count(line) >= times for line in lines), self.process)

    def end(self, number: int = signal.SIGINT) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def watching(repo: Monorepo, *words: str, command: Sequence[str] = PROGRAM) -> Iterator[Watching]:
    """Run `watch` until the block has ended."""
    log = repo.root.parent / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "watch", *words],
            cwd=repo.root,
            env=environment(),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield Watching(process, log)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("words", [(), ("--poll",)])
def test_each_change_is_a_round(synced: Monorepo, words: tuple[str, ...]) -> None:
    """A person would work with an old copy: a save, a new folder or another configuration would reach no service."""
    with watching(synced, *words) as watch:
        watch.sees(START)
        synced.write(SETTINGS, "DEBUG = 1\n")
        watch.sees("settings.py → 2 services")
        assert synced.read(COPY) == "DEBUG = 1\n"
        synced.write("common/our_common/new/deep.py", "A = 1\n")
        wait_for((synced.root / "services/api/common/our_common/new/deep.py").exists, watch.process)
        synced.write("common/our_common/new/deep.py", "A = 2\n")
        wait_for(lambda: "2" in synced.read("services/api/common/our_common/new/deep.py"), watch.process)
        configuration = synced.read("common-sync.toml")
        synced.write("common-sync.toml", "[")
        watch.sees("not valid TOML")
        synced.write("common-sync.toml", f'{configuration}exclude = ["wait.sh"]\n')
        watch.sees("common-sync.toml → 2 services")
        assert not (synced.root / "services/api/common/wait.sh").exists()
        assert watch.end() == 0, "Ctrl-C"
    assert synced.run("verify").code == 0


@deep("runs of the whole program that take long")
def test_a_burst_is_at_most_two_rounds(synced: Monorepo) -> None:
    """Thirty files saved by a formatter would be thirty rounds, one behind the other."""
    with watching(synced) as watch:
        watch.sees(START)
        watch.process.send_signal(signal.SIGSTOP)  # so that the machine's pace counts for nothing
        for number in range(30):
            synced.write(f"common/our_common/m{number}.py", f"A = {number}\n")
        watch.process.send_signal(signal.SIGCONT)
        wait_for((synced.root / "services/worker/common/our_common/m29.py").exists, watch.process)
        watch.sees(" → 2 services")
        before = watch.text.count("→")
        synced.write("common/our_common/last.py", "A = 1\n")
        watch.sees("→", times=before + 1)
        wait_for((synced.root / "services/worker/common/our_common/last.py").exists, watch.process)
        assert watch.text.count("→") <= 1 + 2 + 1, watch.text
        assert watch.end(signal.SIGTERM) == 0


@deep("runs of the whole program that take long")
def test_an_edit_in_a_copy_is_left_alone_and_named_once(synced: Monorepo) -> None:
    """Somebody's edit would be lost, or named at each save."""
    synced.write(COPY, "MINE = True\n")
    with watching(synced, "-v") as watch:
        watch.sees("1 left to you", "CS003")
        for number in (1, 2):
            synced.write("common/our_common/models/base.py", f"A = {number}\n")
            watch.sees("base.py → ", times=number)
        assert watch.text.count("CS003") == 1, watch.text
        assert watch.end() == 0
    assert synced.read(COPY) == "MINE = True\n"


@deep("runs of the whole program that take long")
def test_what_concerns_no_copy_is_no_round(synced: Monorepo) -> None:
    """Each file that Python, an editor or a person writes beside the library would start a round."""
    with watching(synced) as watch:
        watch.sees(START)
        synced.write("README.md", "text")
        synced.write("common/our_common/__pycache__/settings.pyc", "")
        synced.write(SETTINGS + "~", "")
        (synced.root / "common").rename(synced.root / "away")
        watch.sees("is no folder")
        (synced.root / "away").rename(synced.root / "common")
        watch.sees("common → nothing to write")
        assert watch.text.count("→") == 2, watch.text


@deep("less usual rounds of watch")
def test_a_lock_that_is_taken(synced: Monorepo) -> None:
    """A save while another run writes would be forgotten."""
    hasty = patched("import common_sync.edges.state.lock as l\nl.exclusive.__wrapped__.__defaults__ = (0.0,)")
    with watching(synced, command=hasty) as watch:
        watch.sees(START)
        with (synced.root / ".git/common-sync/lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            synced.write(SETTINGS, "DEBUG = 1\n")
            watch.sees("another common-sync")
        watch.sees("settings.py → 2 services")


@deep("runs of the whole program that take long")
def test_without_the_extra(synced: Monorepo) -> None:
    """A person would see a traceback, and not what to install; or everybody would have to install it."""
    missing = patched("import sys\nsys.modules['watchfiles'] = None")
    done = run(*missing, "watch", cwd=synced.root)
    says = "error: watch needs watchfiles, which is not installed\n  help: pip install 'common-sync[watch]'\n"
    assert done == (2, "", says)
    with watching(synced, "--poll", command=missing) as watch:
        watch.sees(START)


@deep("runs of the whole program that take long")
def test_no_watches_left(synced: Monorepo) -> None:
    """Where the system's limit is reached, a person would not know what to do."""
    if shutil.which("strace") is None:
        pytest.skip("NOT TESTED: there is no strace here, which makes the system refuse")
    full = ("strace", "-f", "-qq", "-o", os.devnull, "-e", "inject=inotify_add_watch:error=ENOSPC")
    done = run(*full, *PROGRAM, "watch", cwd=synced.root)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("limit reached\n  help: common-sync watch --poll\n"), done.err


def test_what_is_wrong_at_the_beginning_ends_it(synced: Monorepo) -> None:
    """A typo would be watched for ever."""
    done = synced.run("watch", "aip")
    assert (done.code, done.out) == (2, "")
    assert "did you mean api?" in done.err
