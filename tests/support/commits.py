"""Commits through a hook, and what a fresh clone of them is worth."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.depth import ALL
from support.monorepo import FORKS, Done, Monorepo, environment, run

CHECKS = pytest.mark.parametrize("check", [[], ["--check"]], ids=["writes", "checks"])
"""Both hooks: the one that brings in sync, and the one that only verifies."""

COPIES = ("services/api/common", "services/worker/common")

HOOK = (sys.executable, "-c", "from common_sync.interface.hook import main; main()")


_ASKING = Path(__file__).with_name("asking.py")


def hook_command() -> tuple[str, ...]:
    """Return what git runs as its hook: a new Python, or in `make test` what asks the warm process."""
    if ALL:
        return HOOK
    FORKS.start(environment())
    return (sys.executable, "-IS", str(_ASKING), FORKS.address, HOOK[-1])


def install_hook(repo: Monorepo, *arguments: str, name: str = "pre-commit", first: str = "", root: str = ".") -> None:
    """Make a plain git hook of `common-sync-hook`.

    Args:
        repo: Where to.
        arguments: The hook's own.
        name: When git is to run it.
        first: Lines of shell to run before it.
        root: The top of the repository, from the repository's root.
    """
    hooks = Path(repo.git("-C", root, "rev-parse", "--path-format=absolute", "--git-path", "hooks").strip())
    hooks.mkdir(exist_ok=True)
    hook = hooks / name
    hook.write_text(f"#!/bin/sh\n{first}\nexec {shlex.join([*hook_command(), *arguments])}\n")
    hook.chmod(0o755)


def commit(repo: Monorepo, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
    """Run `git commit`, with hooks; it may fail."""
    return run("git", "commit", "-q", "--allow-empty", "-m", "a change", *arguments, cwd=repo.root / cwd, env=env)


def do_as_told(repo: Monorepo, done: Done, cwd: str = ".") -> None:
    """Run exactly the `git …` commands that a failed commit has asked for."""
    words = [line.strip().removeprefix("help: ") for line in (done.out + done.err).splitlines()]
    commands = [
        line
        for line in words
        if line.startswith(("git add ", "git update-index ", "git restore ", "git sparse-checkout "))
    ]
    assert commands, done
    for command in dict.fromkeys(commands):
        told = run(*shlex.split(command), cwd=repo.root / cwd)
        assert told.code == 0, (command, told)


def index(repo: Monorepo) -> str:
    """Return what the next commit would hold."""
    return repo.git("ls-files", "-s")


def clone(repo: Monorepo) -> Monorepo:
    """Return a fresh clone at the commit that is checked out."""
    taken = {path.name for path in repo.root.parent.iterdir()}
    place = repo.root.parent / next(
        f"clone-{number}" for number in range(len(taken) + 1) if f"clone-{number}" not in taken
    )
    repo.git("clone", "-q", "--no-checkout", str(repo.root), str(place))
    cloned = Monorepo(place)
    cloned.git("checkout", "-q", "--detach", repo.git("rev-parse", "HEAD").strip())
    return cloned


def assert_clone_in_sync(repo: Monorepo, root: str = ".", *services: str) -> None:
    """Assert the promise of the hook: a fresh clone of what it has let pass is in sync."""
    cloned = clone(repo)
    done = cloned.run("verify", *services, cwd=root)
    assert done.code == 0, done
    assert cloned.git("status", "--porcelain") == ""


def assert_blocked(done: Done, *words: str) -> None:
    """Assert that a commit did not happen, and that all of some words were said."""
    said = done.out + done.err
    unbroken = " ".join(said.split())
    assert done.code == 1, done
    assert "Traceback" not in said
    for word in words:
        assert word in said or word in unbroken, (word, said)


def assert_committed(done: Done) -> None:
    """Assert that a commit happened, and that nothing was said."""
    assert (done.code, done.out, done.err) == (0, "", ""), done
