"""The rounds: every contestant runs once in each, the order rotates, and what each run of the tool left is checked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from benchmarks.rivals import MANIFEST, Team, Work, teams, tool
from benchmarks.running import Command, Memory, Run, environment, run, watch
from benchmarks.trees import COPY, MASTER, Shape, Tree

Item = TypeVar("Item")

Table = dict[str, list[Run]]
"""A contestant's title → its runs; none when it is not installed."""


class WrongResultError(Exception):
    """A run left something else than what it should have: its time means nothing."""


class CaseResult(NamedTuple):
    """What was measured on one tree.

    Attributes:
        shape: The tree.
        rounds: How many rounds were run.
        tables: Work → table.
        memory: Work → the tool's memory in a run of its own.
    """

    shape: Shape
    rounds: int
    tables: dict[Work, Table]
    memory: dict[Work, Memory]


def run_case(shape: Shape, folder: str, rounds: int) -> CaseResult:
    """Build a tree, run the rounds on it, and take it away.

    Args:
        shape: What to build.
        folder: Where.
        rounds: How many rounds.

    Raises:
        WrongResultError: Something went wrong in a run.
    """
    tree = Tree(os.path.join(folder, shape.key), shape)
    try:
        case = _Case(tree, teams(shape))
        case.warm_up()
        for number in range(rounds):
            print(f"{shape.key}: round {number + 1} of {rounds}", file=sys.stderr)
            for team in rotated(case.teams, number):
                case.play(team, number)
        return CaseResult(shape, rounds, case.tables, dict(case.weigh()))
    finally:
        shutil.rmtree(tree.root)


def rotated(items: Sequence[Item], number: int) -> list[Item]:
    """Return the items in the order of a round: each is first in turn.

    Args:
        items: The items.
        number: The round's number.
    """
    start = number % len(items)
    return [*items[start:], *items[:start]]


def take_turns(
    contestants: Sequence[tuple[Command, str]], rounds: int, before: Callable[[Command, str], None] | None = None
) -> Table:
    """Return the runs of contestants that run in turn, each in a folder of its own; each has to end with 0.

    Args:
        contestants: Each with the folder that it runs in.
        rounds: How many rounds.
        before: Called before each run, which is not timed.

    Raises:
        WrongResultError: One ended with something else.
    """
    table: Table = {command.title: [] for command, _ in contestants}
    for number in range(rounds):
        for command, root in rotated(contestants, number):
            if before is not None:
                before(command, root)
            done = run(command, root)
            check_status(done, 0, command.title)
            table[command.title].append(done)
    return table


class _Case:
    def __init__(self, tree: Tree, competing: Sequence[Team]) -> None:
        self._tree, self.teams = tree, competing
        self.tables: dict[Work, Table] = {"first": {}, "nothing": {}, "changed": {}, "verify": {}}
        for team in competing:
            for work, command in _commands(team):
                self.tables[work].setdefault(command.title, [])

    def warm_up(self) -> None:
        """Run the tool once, so that its modules are compiled."""
        check_status(run(self.teams[0].first, self._tree.root), 0, "the warm-up")

    def play(self, team: Team, number: int) -> None:
        """Run a team's commands in turn, from no copies to copies that are up to date again."""
        if not team.first.installed:
            return
        self._tree.clear()
        self._time("first", team.first, team)
        idle: list[tuple[Work, Command]] = [("nothing", command) for command in team.nothing]
        for work, command in rotated(idle + [("verify", command) for command in team.verify], number):
            self._time(work, command, team)
        for command in team.changed:
            self._tree.edit()
            if team.ours:
                self._verify(1, "a file of the master was edited")
            self._time("changed", command, team)

    def _time(self, work: Work, command: Command, team: Team) -> None:
        if not command.installed:
            return
        done = run(command, self._tree.root)
        check_status(done, 0, f"{command.title} ({work})")
        self._check(command)
        if team.ours and work != "verify":
            self._verify(0, f"{command.title} ({work})")
        self.tables[work][command.title].append(done)

    def _check(self, command: Command) -> None:
        """Compare one copy with the master, by lot, by another program."""
        service = self._tree.pick(command.share)
        words = ["diff", "-rq", "-x", MANIFEST, MASTER, f"{service}/{COPY}"]
        done = subprocess.run(words, cwd=self._tree.root, env=environment(), capture_output=True, check=False)
        if done.returncode != 0:
            message = f"after {command.title} the copy of {service} is not the master: {done.stdout[:500]!r}"
            raise WrongResultError(message)

    def _verify(self, status: int, after: str) -> None:
        command = Command("verify", tool("common-sync", "verify"), "")
        check_status(run(command, self._tree.root), status, f"verify after {after}")

    def weigh(self) -> Iterator[tuple[Work, Memory]]:
        """Yield the tool's peak memory at each kind of work, in runs that are not timed."""
        ours, root = self.teams[0], self._tree.root
        self._tree.clear()
        runs: list[tuple[Work, Command]] = [
            ("first", ours.first),
            ("nothing", ours.nothing[0]),
            ("verify", ours.verify[0]),
        ]
        for work, command in [*runs, ("changed", ours.changed[0])]:
            if work == "changed":
                self._tree.edit()
            yield work, watch(command, root)
            self._verify(0, f"{command.title} ({work}), watched")


def _commands(team: Team) -> Iterator[tuple[Work, Command]]:
    yield "first", team.first
    yield from (("nothing", command) for command in team.nothing)
    yield from (("changed", command) for command in team.changed)
    yield from (("verify", command) for command in team.verify)


def distribute(root: str, what: str) -> None:
    """Have common-sync bring all copies of a repository in sync, before anything is measured.

    Args:
        root: The repository.
        what: What it is for, for the message.

    Raises:
        WrongResultError: It failed.
    """
    check_status(run(Command("distribute", tool("common-sync", "distribute"), "env"), root), 0, what)


def check_status(done: Run, status: int, what: str) -> None:
    """Hold a run to the exit code that it must have.

    Args:
        done: The run.
        status: The exit code.
        what: What ran, for the message.

    Raises:
        WrongResultError: It has another.
    """
    if done.status != status:
        message = f"{what}: exit code {done.status}, not {status}\n{done.errors}"
        raise WrongResultError(message)
