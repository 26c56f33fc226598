"""What the tests build on: real repositories in a folder of their own, and the real program as a process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

CONFIGURATION = 'master = "common"\nservices = ["services/*"]\n'


class Done(NamedTuple):
    """A program that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's git, colours or hooks shows through."""
    dropped = ("GIT_", "NO_COLOR", "FORCE_COLOR", "XDG_STATE_HOME", "PRE_COMMIT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    identity = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.invalid",
    }
    return kept | identity | {"PYTHONPATH": str(Path(__file__).parents[1])} | more


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120) -> Done:
    """Run a program to its end, whatever its exit code."""
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

    def commit(self, message: str = "a change") -> None:
        """Commit all that there is, without hooks."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)

    def run(self, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
        """Run common-sync as a process of its own."""
        return run(sys.executable, "-m", "common_sync", *arguments, cwd=self.root / cwd, env=env)

    def hook(self, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
        """Run the hook as a process of its own."""
        command = "from common_sync.interface.hook import main; main()"
        return run(sys.executable, "-c", command, *arguments, cwd=self.root / cwd, env=env)

    def tree(self, path: str = ".") -> dict[str, bytes]:
        """Return path → bytes of all files below a folder, but for git's own; a symlink is its target."""
        top = self.root / path
        files = (file for file in sorted(top.rglob("*")) if ".git" not in file.relative_to(top).parts)
        return {
            str(file.relative_to(top)): os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
            for file in files
            if file.is_symlink() or file.is_file()
        }

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
        repo.commit("the beginning")
    return repo
