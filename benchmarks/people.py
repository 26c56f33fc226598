"""What people look at, in a repository of 300 services with a history: the report, the checks, and a Tab in the shell."""

import os
import shutil
import sys
from typing import NamedTuple

from benchmarks.rivals import tool
from benchmarks.rounds import Table, check_status, take_turns
from benchmarks.running import Command, run
from benchmarks.trees import MASTER, Shape, Tree, commit, write_text

KEY, TITLE = "people", "What people look at"
ROUNDS = 5

COMMITS = 33
BARE, TAB = "`python -c pass`", "a Tab, `common-sync verify s00…`"
REPORT = "**`common-sync report`**"
_SHAPE = Shape(KEY, "300 services, 200 files", services=300, folders=10, files=20, size=1500, rounds=ROUNDS)
_REQUIREMENT = "./common\n"
_PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "common"
version = "1.0.0"
"""


class PeopleResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run.
        title: The tree, as the page names it.
        table: The contestants' runs.
    """

    rounds: int
    title: str
    table: Table


def run_people_case(folder: str, rounds: int) -> PeopleResult:
    """Build a repository with a history and run the rounds.

    Args:
        folder: Where to build it.
        rounds: How many rounds.

    Raises:
        WrongResultError: A command failed.
    """
    print(f"{KEY}: {COMMITS} commits, {rounds} rounds", file=sys.stderr)
    tree = Tree(os.path.join(folder, KEY), _SHAPE)
    try:
        _live(tree)
        contestants = [
            Command(BARE, (sys.executable, "-c", "pass"), sys.executable),
            Command(TAB, ("env", *_TAB, *tool("common-sync")), "env"),
            *(_ours(word) for word in ("verify", "status", "doctor")),
            Command(REPORT, tool("common-sync", "report", "--output", os.path.join(folder, "report.html")), "env"),
        ]
        table = take_turns([(command, tree.root) for command in contestants], rounds)
        return PeopleResult(rounds, _SHAPE.title, table)
    finally:
        shutil.rmtree(tree.root)


_TAB = ("_COMMON_SYNC_COMPLETE=complete_bash", "COMP_WORDS=common-sync\nverify\ns00", "COMP_CWORD=2")


def _ours(word: str) -> Command:
    return Command(f"**`common-sync {word}`**", tool("common-sync", word), "env")


def _live(tree: Tree) -> None:
    """Have a repository go through its commits: the library changes in each, and every copy follows."""
    write_text(os.path.join(tree.root, MASTER, "pyproject.toml"), _PROJECT)
    for service in tree.services:
        write_text(os.path.join(tree.root, service, "requirements.txt"), _REQUIREMENT)
    for _ in range(COMMITS - 1):
        tree.edit()
        check_status(run(_ours("distribute"), tree.root), 0, "distribute, for a history")
        commit(tree.root)
