"""What the tests build on: real repositories in a folder of their own, and the real program as a process."""

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.depth import ALL
from support.forked import Entry, Forks, Request
from support.waiting import PATIENCE

CONFIGURATION = 'master = "common"\nservices = ["services/*"]\n'


class Done(NamedTuple):
    """A program that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


UNMEASURED = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
"""More of the environment, for a run whose coverage is not measured: to measure imports much, looks at much, and writes files."""


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's git, colours or hooks shows through."""
    dropped = ("GIT_", "NO_COLOR", "FORCE_COLOR", "XDG_STATE_HOME", "PRE_COMMIT", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    identity = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.invalid",
    }
    return kept | identity | {"PYTHONPATH": str(Path(__file__).parents[2])} | more


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = PATIENCE) -> Done:
    """Run a program to its end, whatever its exit code; in `make test`, common-sync in a fork of the warm process."""
    if not ALL and command[: len(PROGRAM)] == PROGRAM:
        forked = _run_forked("main", command[len(PROGRAM) :], cwd, env or {})
        if forked is not None:
            return Done(forked.code, _as_text(forked.out), _as_text(forked.err))
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**(env or {})),
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _as_text(written: str) -> str:
    """Return what reading it as text gives: each line end as a line feed."""
    return written.replace("\r\n", "\n").replace("\r", "\n")


FORKS = Forks()
"""What runs the program for `Monorepo`."""


def _run_forked(entry: Entry, arguments: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> Done | None:
    """Run the program in a fork; return how it ended, or None where that would not do."""
    if not FORKS.may_run(env):
        return None
    os.umask(umask := os.umask(0))
    request = Request(str(cwd), entry, arguments, environment(**env), umask, PATIENCE)
    ended = FORKS.run(request, environment())
    return Done(os.waitstatus_to_exitcode(ended.status), ended.out, ended.err)


PROGRAM = (sys.executable, "-m", "common_sync")


def patched(patch: str) -> tuple[str, ...]:
    """Return the command that runs common-sync after some Python has changed something in it."""
    return (sys.executable, "-c", f"{patch}\nfrom common_sync.interface.main import main\nmain()")


def unprivileged() -> tuple[str, ...]:
    """Return the words before a command that take away root's right to read and write everything."""
    if os.geteuid() != 0:
        return ()
    command = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    if shutil.which("setpriv") is None or run(*command, "true", cwd=Path("/")).code != 0:
        pytest.skip("NOT TESTED: as root, and setpriv cannot take root's rights away here")
    return command


def _mount(folder: Path, *arguments: str) -> None:
    done = run("mount", *arguments, str(folder), cwd=Path("/"))
    if done.code != 0:
        pytest.skip(f"NOT TESTED: nothing can be mounted here: {done.err.strip()}")


@contextmanager
def memory(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory, so small that it can be filled."""
    folder.mkdir(exist_ok=True)
    _mount(folder, "-t", "tmpfs", "-o", options, "none")
    try:
        yield folder
    finally:
        assert run("umount", str(folder), cwd=Path("/")).code == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Mount a folder over itself so that even root cannot write it."""
    _mount(folder, "--bind", str(folder))
    try:
        _mount(folder, "-o", "remount,ro,bind")
        yield
    finally:
        assert run("umount", str(folder), cwd=Path("/")).code == 0


def fill(folder: Path, *, spare: int = 0) -> Path:
    """Write a file until the file system is full, but for some bytes; return it."""
    file = folder / "filling"
    with file.open("wb") as stream, suppress(OSError):
        while True:
            os.write(stream.fileno(), bytes(4096))
    os.truncate(file, file.stat().st_size - spare)
    return file


def show(*command: str, cwd: Path, env: Mapping[str, str] | None = None, columns: int = 80) -> Done:
    """Run a program on a terminal of its own, where standard output and standard error are one.

    For common-sync itself the clock stands still: on a busy machine it would show a progress bar.
    """
    if command[: len(PROGRAM)] == PROGRAM:
        command = (*patched("import time\ntime.monotonic = lambda: 0.0"), *command[len(PROGRAM) :])
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = environment(**{"TERM": "xterm", **(env or {})})
    with subprocess.Popen(command, cwd=cwd, env=settings, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # Linux says EIO once nobody holds the other end
            while block := os.read(ours, 1 << 16):
                seen += block
    os.close(ours)
    return Done(process.returncode, seen.decode("utf-8", "surrogateescape").replace("\r\n", "\n"), "")


class Monorepo:
    """A repository with a master and services, on the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: str | bytes = "", *, executable: bool = False) -> Path:
        """Write a file, making its folders."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(0o755 if executable else 0o644)
        return file

    def read(self, path: str) -> str:
        """Return a file's text."""
        return (self.root / path).read_bytes().decode()

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git; it must succeed."""
        done = run("git", *arguments, cwd=self.root, env=env)
        assert done.code == 0, done
        return done.out

    def commit(self, message: str = "a change", *, date: str | None = None) -> None:
        """Commit all that there is, without hooks; a date sets it apart from commits of the same second."""
        self.git("add", "-A")
        env = {} if date is None else {"GIT_COMMITTER_DATE": date}
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message, env=env)

    def run(self, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
        """Run common-sync as a process of its own."""
        return _run_forked("main", arguments, self.root / cwd, env or {}) or run(
            *PROGRAM, *arguments, cwd=self.root / cwd, env=env
        )

    def json(self, *arguments: str, code: int, cwd: str = ".") -> dict[str, Any]:
        """Run common-sync; return the JSON document that it prints."""
        done = self.run(*arguments, "--output-format", "json", cwd=cwd)
        assert (done.code, done.err) == (code, ""), done
        document: dict[str, Any] = json.loads(done.out)
        return document

    def concise(self, *arguments: str, cwd: str = ".") -> Done:
        """Run common-sync; its output is one line a finding, which is never broken."""
        return self.run(*arguments, "--output-format", "concise", cwd=cwd)

    def hook(self, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
        """Run the hook as a process of its own."""
        command = "from common_sync.interface.hook import main; main()"
        return _run_forked("hook", arguments, self.root / cwd, env or {}) or run(
            sys.executable, "-c", command, *arguments, cwd=self.root / cwd, env=env
        )

    def tree(self, path: str = ".") -> dict[str, bytes]:
        """Return path → bytes of all files below a folder, but for git's own; a symlink is its target."""
        top = self.root / path
        files = (file for file in sorted(top.rglob("*")) if ".git" not in file.relative_to(top).parts)
        return {
            str(file.relative_to(top)): os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
            for file in files
            if file.is_symlink() or file.is_file()
        }

    def leftovers(self) -> list[str]:
        """Return the temporary files that the tool has left."""
        return [str(file) for file in self.root.rglob(".common-sync.*") if file.suffix in {".tmp", ".new"}]

    def stamps(self, path: str = ".") -> dict[str, tuple[int, int]]:
        """Return path → (inode, mtime in ns) of everything below a folder, but for git's own."""
        top = self.root / path
        found = (file for file in sorted(top.rglob("*")) if ".git" not in file.relative_to(top).parts)
        return {str(file.relative_to(top)): (file.lstat().st_ino, file.lstat().st_mtime_ns) for file in found}


MASTER: Mapping[str, str] = {
    "common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1.2.3"\n',
    "common/our_common/__init__.py": '"""The library."""\n',
    "common/our_common/settings.py": "DEBUG = False\n",
    "common/our_common/models/base.py": "class Base: ...\n",
}


def make_monorepo(root: Path, *, git: bool = True) -> Monorepo:
    """Return a repository with a master of five files, one of them executable, and two services that point at it."""
    root.mkdir(parents=True, exist_ok=True)
    repo = Monorepo(root)
    for path, content in MASTER.items():
        repo.write(path, content)
    repo.write("common/wait.sh", "#!/bin/sh\n", executable=True)
    repo.write("common-sync.toml", CONFIGURATION)
    for service in ("api", "worker"):
        repo.write(f"services/{service}/requirements.txt", "fastapi\n-e ../../common\n")
        repo.write(f"services/{service}/app.py", "import our_common\n")
    if git:
        repo.git("init", "-q", "-b", "main")
        repo.commit("the beginning", date="2026-01-01T00:00:00Z")
    return repo


def make_originals(folder: Path) -> Path:
    """Make what most tests begin with, `repo` and `synced`; return the folder."""
    repo = make_monorepo(folder / "repo")
    shutil.copytree(repo.root, folder / "synced", symlinks=True)
    synced = Monorepo(folder / "synced")
    assert synced.run("distribute").code == 0
    synced.commit("distribute")
    return folder


def copy_original(original: Path, place: Path) -> Monorepo:
    """Copy a repository: that takes a tenth of the time that making it takes."""
    shutil.copytree(original, place, symlinks=True)
    repo = Monorepo(place)
    repo.git("update-index", "-q", "--refresh")  # git knows files by their inodes, too
    return repo
