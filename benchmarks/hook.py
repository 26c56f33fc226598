"""The hook when there is nothing to do: what every commit pays, on a repository of the example's size."""

import os
import shutil
import sys
import time
from typing import NamedTuple

from benchmarks.rivals import tool
from benchmarks.rounds import Table, check_status, take_turns
from benchmarks.running import Command, Memory, run, watch
from benchmarks.trees import SHAPES, Tree, commit, write_text

KEY, TITLE = "hook", "The hook with nothing to do"
ROUNDS = 40

BARE, HOOK = "`python -c pass`", "**`common-sync-hook`**"
PLAIN, COMPLEX = "**`common-sync-hook`**, plain excludes", "**`common-sync-hook`**, an exclude with wildcards"
FULL = "**`common-sync-hook --no-cache`**, as where something has changed"
MODULE = "**`common-sync-hook`** without pip's launcher"
STATUS = "`git status`"
_LARGE_SHAPE = next(shape for shape in SHAPES if shape.key == "4x10000")
MANY = f"**`common-sync-hook`**, {_LARGE_SHAPE.title}"

EXAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples", "media-services")
_SERVICES = 'services = ["orchestrator", "services/*"]\n'
_ONE = f'master = "common"\n{_SERVICES}'
_SETTLED = 2.1
"""Seconds after which the hook trusts the times of files, as between two commits."""

TWO, PINNED = "**`common-sync-hook`**, two libraries", "**`common-sync-hook`**, one service pinned"
_CONFIGURATIONS = {
    HOOK: _ONE,
    PLAIN: f'{_ONE}exclude = ["tests/", "*.md"]\n',
    COMPLEX: f'{_ONE}exclude = ["docs/**/draft-[0-9]*.md"]\n',
    TWO: f"{_SERVICES}[[library]]\nmaster = 'common'\n{_SERVICES}[[library]]\nmaster = 'events'\n{_SERVICES}",
    PINNED: _ONE,
}


class HookResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run.
        table: The contestants' runs.
        memory: The hook's memory in a run of its own.
    """

    rounds: int
    table: Table
    memory: Memory


def run_hook_case(folder: str, rounds: int) -> HookResult:
    """Build the repositories, one for each configuration, and run the rounds.

    Args:
        folder: Where to build them.
        rounds: How many rounds.

    Raises:
        WrongResultError: The hook found something to do, or failed.
    """
    print(f"{KEY}: {rounds} rounds", file=sys.stderr)
    roots = {
        title: _build(os.path.join(folder, f"{KEY}-{number}"), title) for number, title in enumerate(_CONFIGURATIONS)
    }
    roots[MANY] = settle(Tree(os.path.join(folder, f"{KEY}-many"), _LARGE_SHAPE).root, MANY)
    try:
        commands = [(hook(title), root) for title, root in roots.items()]
        bare = Command(BARE, (sys.executable, "-c", "pass"), sys.executable)
        status = Command(STATUS, ("git", "status"), "git")
        program = "from common_sync.interface.hook import main; main()"
        module = Command(MODULE, (sys.executable, "-c", program), sys.executable)
        full = Command(FULL, tool("common-sync-hook", "--no-cache"), tool("common-sync-hook")[0])
        contestants = [(bare, roots[HOOK]), *commands, *((one, roots[HOOK]) for one in (module, full, status))]
        table = take_turns(contestants, rounds)
        return HookResult(rounds, table, watch(hook(HOOK), roots[HOOK]))
    finally:
        for root in roots.values():
            shutil.rmtree(root)


def hook(title: str) -> Command:
    """Return the hook as a contestant.

    Args:
        title: What the page calls it.
    """
    return Command(title, tool("common-sync-hook"), tool("common-sync-hook")[0])


def _build(root: str, title: str) -> str:
    """Make a copy of the example in which everything is in sync and committed; return its path."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".git", "common-sync.toml"))
    write_text(os.path.join(root, "common-sync.toml"), _CONFIGURATIONS[title])
    if title == TWO:
        os.mkdir(os.path.join(root, "events"))
        write_text(os.path.join(root, "events", "events.py"), "NAMES = ()\n")
    commit(root)
    if title == PINNED:
        tag = Command("git tag", ("git", "tag", "v1"), "git")
        check_status(run(tag, root), 0, f"the tag of {title}")
        pin = Command("pin", tool("common-sync", "pin", "services/api", "v1"), tool("common-sync")[0])
        check_status(run(pin, root), 0, f"the pin of {title}")
    return settle(root, title)


def settle(root: str, title: str) -> str:
    """Bring a repository in sync, commit it, and have the hook leave its stamp; return its path.

    Args:
        root: The repository's absolute path.
        title: What it is for, for messages.
    """
    distribute = Command("distribute", tool("common-sync", "distribute"), tool("common-sync")[0])
    check_status(run(distribute, root), 0, f"distribute, before {title}")
    commit(root)
    time.sleep(_SETTLED)
    # An index of the same second as its files has git read each of them again, until the user's next `git status`.
    check_status(run(Command("git status", ("git", "status"), "git"), root), 0, f"git status, before {title}")
    check_status(run(hook(title), root), 0, f"the warm-up of {title}")
    return root
