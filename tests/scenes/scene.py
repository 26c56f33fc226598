"""A scene: a tree that brings a finding about, and what somebody types who sees it."""

import hashlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from support.monorepo import Done, Monorepo, copy_original, run

API, COPY = "services/api", "services/api/common"

_PROGRAM = "common-sync "
_PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"
_FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING, _NEXT = "\n## What it looks like\n\n", "\n## What to do\n"


class Scene(NamedTuple):
    """What brings a finding about, and what a page shows of it.

    Attributes:
        shown: What is typed, one command a line; the page shows it with its output.
        files: Path → text of what is written first.
        before: What is typed after that and not shown, one command a line.
        act: What else happens then.
        begun: Whether everything was distributed and committed before.
    """

    shown: str
    files: Mapping[str, str] = {}
    before: str = ""
    act: Callable[[Monorepo], object] = lambda _: None
    begun: bool = True


def play(scene: Scene, originals: Path, place: Path) -> str:
    """Return what the page shows: each command, and what it prints.

    Args:
        scene: The scene.
        originals: The folder with the repositories that scenes begin with.
        place: A folder that is not there yet.
    """
    repo = copy_original(originals / ("synced" if scene.begun else "repo"), place)
    for path, text in scene.files.items():
        repo.write(path, text)
    for command in scene.before.splitlines():
        done = _type(repo, command)
        assert done.code <= 1, done
    scene.act(repo)
    return _steady("".join(_show(repo, scene.shown)), repo)


def _show(repo: Monorepo, commands: str) -> Iterator[str]:
    for command in commands.splitlines():
        done = _type(repo, command)
        printed = (done.out + done.err).rstrip()
        yield f"$ {command}\n{printed}\n" if printed else f"$ {command}\n"


def _type(repo: Monorepo, command: str) -> Done:
    env = {"COLUMNS": "80"}
    if command.startswith(_PROGRAM):
        return repo.run(*shlex.split(command.removeprefix(_PROGRAM)), env=env)
    return run("sh", "-c", command, cwd=repo.root, env={"PATH": _PATH, **env})


_TIME = re.compile(r"\b\d+\.\d\d s\b")


def _steady(text: str, repo: Monorepo) -> str:
    """Return output without what differs from run to run: times, the folder, and names of commits."""
    text = _TIME.sub("0.10 s", text.replace(str(repo.root), "/home/you/shop"))
    commits = repo.git("rev-list", "--all", "--reflog", "--topo-order", "--reverse").split()
    for number, commit in enumerate(commits):
        text = _rename(text, commit, hashlib.sha1(bytes([number]), usedforsecurity=False).hexdigest())
    return text


def _rename(text: str, commit: str, name: str) -> str:
    return re.sub(f"{commit[:7]}[0-9a-f]*", lambda found: name[: len(found[0])], text)


def shown_on(page: str) -> str | None:
    """Return what a page shows, or None where it shows nothing."""
    blocks: list[str] = _FENCE.findall(page.partition(_HEADING)[2].partition(_NEXT)[0])
    return blocks[0] if len(blocks) == 1 else None


def put_on(page: str, shown: str) -> str:
    """Return a page that shows something else.

    Args:
        page: The page.
        shown: What it is to show.
    """
    meaning, _, remedy = page.partition(_NEXT)
    return f"{meaning.partition(_HEADING)[0]}{_HEADING}```console\n{shown}```\n{_NEXT}{remedy}"
