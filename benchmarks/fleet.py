"""A fleet: what `fleet status` takes here and on each host, by what the same logins take that do nothing."""

import os
import shutil
import sys
from typing import NamedTuple

from benchmarks.farm import CLASSIC, SSHD, Farm, farm
from benchmarks.hook import EXAMPLE
from benchmarks.rivals import tool
from benchmarks.rounds import Table, check_status, distribute, rotated
from benchmarks.running import Command, Memory, run, watch
from benchmarks.trees import commit, write_text

KEY, TITLE = "fleet", "A fleet"
ROUNDS = 2
HOSTS, AT_ONCE = 100, 16

STATUS = "**`common-sync fleet status`**"
LOGIN = f"`ssh HOST true`, {AT_ONCE} at a time by `xargs`"
STATUS_CLASSIC, LOGIN_CLASSIC = (f"{name}, with `KexAlgorithms {CLASSIC}`" for name in (STATUS, LOGIN))

_SERVICE = "services/api"
_LOGIN = f"xargs -P {AT_ONCE} -n 1 sh -c 'exec ssh -T \"$0\" true < /dev/null' < hosts.txt"
_CONFIGURATION = 'master = "common"\nservices = ["orchestrator", "services/*"]\n'


class FleetResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run; 0 where there is no sshd.
        table: The runs here.
        there: A contestant's title → the seconds of processor time on one host, in each run.
        memory: What one run held here, with the processes of ssh.
    """

    rounds: int
    table: Table
    there: dict[str, list[float]]
    memory: Memory


def run_fleet_case(folder: str, rounds: int) -> FleetResult:
    """Build the hosts and run the rounds; without an sshd, say that nothing was measured.

    Args:
        folder: Where to build them.
        rounds: How many rounds.

    Raises:
        WrongResultError: A host was not asked, or does not hold what it should.
    """
    if SSHD is None:
        print(f"{KEY}: NOT MEASURED, there is no sshd (apt: openssh-server)", file=sys.stderr)
        return FleetResult(0, {}, {}, Memory(None, None, None))
    root, names = os.path.join(folder, f"{KEY}-repository"), [f"host{number:03}" for number in range(HOSTS)]
    try:
        _build(root, names)
        with farm(os.path.join(folder, KEY), names) as hosts:
            return _measure(hosts, root, rounds)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _build(root: str, names: list[str]) -> None:
    """Make a copy of the example, in sync, which is also the clone that each host has, and an inventory of the hosts."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".git", "common-sync.toml"))
    write_text(os.path.join(root, "common-sync.toml"), _CONFIGURATION)
    commit(root)
    distribute(root, "the hosts' copies")
    write_text(os.path.join(root, "hosts.txt"), "".join(f"{name}\n" for name in names))
    targets = (f'\n[[target]]\nhost = "{name}"\n' for name in names)
    defaults = f'ref = "HEAD"\n[defaults]\nservice = "{_SERVICE}"\npath = "{root}"\n'
    write_text(os.path.join(root, "fleet.toml"), defaults + "".join(targets))
    commit(root)


def _measure(hosts: Farm, root: str, rounds: int) -> FleetResult:
    status, login = tool("common-sync", "fleet", "status"), ("sh", "-c", _LOGIN)
    contestants = [
        Command(STATUS, ("env", *hosts.variables, *status), "env"),
        Command(LOGIN, ("env", *hosts.variables, *login), "env"),
        Command(STATUS_CLASSIC, ("env", *hosts.classic, *status), "env"),
        Command(LOGIN_CLASSIC, ("env", *hosts.classic, *login), "env"),
    ]
    table: Table = {command.title: [] for command in contestants}
    there: dict[str, list[float]] = {command.title: [] for command in contestants}
    for number in range(rounds):
        print(f"{KEY}: round {number + 1} of {rounds}, {HOSTS} hosts", file=sys.stderr)
        for command in rotated(contestants, number):
            before = hosts.spent()
            done = run(command, root)
            check_status(done, 0, command.title)
            table[command.title].append(done)
            there[command.title].append((hosts.spent() - before) / HOSTS)
    memory = watch(contestants[0], root)
    hosts.spent()
    return FleetResult(rounds, table, there, memory)
