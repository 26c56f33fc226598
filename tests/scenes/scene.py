"""A scene: a tree that brings a finding about, and what somebody types who sees it."""

import hashlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from support.environments import Environments
from support.monorepo import Done, Monorepo, copy_original, run

API, COPY = "services/api", "services/api/common"

_PROGRAM = "common-sync "
_PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"
_FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING, _NEXT = "\n## What it looks like\n\n", "\n## What to do\n"


class Stage(NamedTuple):
    """Where the commands of a scene run, if not in the repository that it began with.

    Attributes:
        type_in: Runs a command.
        names: What is not the same from run to run → what the page shows for it, of the same length.
    """

    type_in: Callable[[str], Done]
    names: Mapping[str, str] = {}


class Scene(NamedTuple):
    """What brings a finding about, and what a page shows of it.

    Attributes:
        shown: What is typed, one command a line; the page shows it with its output.
        files: Path → text of what is written first.
        before: What is typed after that and not shown, one command a line.
        act: What else happens then; it may set another stage, and have something done at the end.
        begun: Whether everything was distributed and committed before.
        cut: What the paragraphs have in them that are shown; the others have a line of three dots.
    """

    shown: str
    files: Mapping[str, str] = {}
    before: str = ""
    act: Callable[[Environments, ExitStack], Stage | None] = lambda *_: None
    begun: bool = True
    cut: str = ""


def play(scene: Scene, originals: Path, place: Path) -> str:
    """Return what the page shows: each command, and what it prints.

    Args:
        scene: The scene.
        originals: The folder with the repositories that scenes begin with.
        place: A folder that is not there yet.
    """
    repo = Environments(copy_original(originals / ("synced" if scene.begun else "repo"), place).root)
    for path, text in scene.files.items():
        repo.write(path, text)
    for command in scene.before.splitlines():
        done = type_in(repo, command)
        assert done.code <= 1, done
    with ExitStack() as ending:
        stage = scene.act(repo, ending) or Stage(partial(type_in, repo))
        text = "".join(_show(scene, stage))
    for name, shown in stage.names.items():
        text = text.replace(name, shown)
    return _steady(text, repo)


def _show(scene: Scene, stage: Stage) -> Iterator[str]:
    for command in scene.shown.splitlines():
        done = stage.type_in(command)
        printed = _cut((done.out + done.err).rstrip(), scene.cut)
        yield f"$ {command}\n{printed}\n" if printed else f"$ {command}\n"


def _cut(printed: str, wanted: str) -> str:
    """Return printed text with three dots for the paragraphs that lack what is wanted."""
    parts = [part if wanted in part else "…" for part in printed.split("\n\n")]
    return "\n\n".join(part for part, _ in groupby(parts))


def type_in(repo: Environments, command: str) -> Done:
    """Run a command as if it were typed in the repository's folder, on a terminal of 80 columns."""
    env = {"COLUMNS": "80"}
    if command.startswith(_PROGRAM):
        return repo.run(*shlex.split(command.removeprefix(_PROGRAM)), env=env)
    return run("sh", "-c", command, cwd=repo.root, env={**repo.settings, "PATH": _PATH, **env})


_TIME = re.compile(r"\b\d+\.\d\d s\b")
_GAP = re.compile(
    r"no good answer for \d+\.\d s"
)  # a service that is asked ten times a second; a busy machine may be late


def _steady(text: str, repo: Monorepo) -> str:
    """Return output without what differs from run to run: times, the folder, and names of commits."""
    text = _TIME.sub("0.10 s", text.replace(str(repo.root), "/home/you/shop"))
    text = _GAP.sub("always answered", text)
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


def blocks_of(page: str) -> list[str]:
    """Return what the blocks of commands of a page show, in their order."""
    return _FENCE.findall(page)


def put_in(page: str, shown: Sequence[str]) -> str:
    """Return a page whose blocks of commands show something else.

    Args:
        page: The page.
        shown: What each is to show, in their order.
    """
    rest = iter(shown)
    return _FENCE.sub(lambda _: f"```console\n{next(rest)}```", page)


def put_on(page: str, shown: str) -> str:
    """Return a page that shows something else.

    Args:
        page: The page.
        shown: What it is to show.
    """
    meaning, _, remedy = page.partition(_NEXT)
    return f"{meaning.partition(_HEADING)[0]}{_HEADING}```console\n{shown}```\n{_NEXT}{remedy}"
