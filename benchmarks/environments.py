"""Environments: three services set up by `env sync` and by pip, as scripts do it; and ten that are in sync."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.rivals import tool
from benchmarks.rounds import Table, WrongResultError, check_status, rotated
from benchmarks.running import Command, Memory, Run, run, watch
from benchmarks.trees import commit, write_text

KEY, TITLE = "environments", "Environments"
ROUNDS = 3

SYNC, PIP = "**`common-sync env sync`**", "`venv` and `pip install` loop"
UV = "`uv venv` and `uv pip install` loop"
WARM = f"{SYNC}, all in uv's cache"
IDLE, BARE = "**`common-sync env sync`**, nothing to do", "`python -c pass`"
BUILT, MANY = 3, 10
"""How many services are set up, and how many are looked at when there is nothing to do."""

_WHEELS = os.path.join(os.path.dirname(os.path.dirname(sys.executable)), "wheels")
"""What set-up has downloaded: no index is asked."""

_REQUIREMENTS = ("typer\npydantic\n", "gitpython\nrich\n", "tomlkit\npyyaml\npydantic\n")
_CONFIGURATION = 'master = "common"\nservices = ["services/*"]\nignore = ["CS309"]\n'
_PIP = """\
for service in services/*; do
"$1" -m venv "$service/.venv" && "$service/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$service/requirements.txt" || exit 1
done"""


_UV = """\
for service in services/*; do
"$1" venv --quiet --python "$2" "$service/.venv" && \\
"$1" pip install --quiet --compile-bytecode --python "$service/.venv/bin/python" -r "$service/requirements.txt" || exit 1
done"""
_MORE = "tomlkit\n"
"""What one of the services requires besides, for one more environment of it."""


class EnvironmentsResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run.
        built: The runs that set up three services.
        idle: The runs on ten services that are in sync.
        sizes: Contestant → bytes on the disk after it, what is linked counted once, uv's cache included.
        more: How many bytes one more environment of a service takes, with one more package.
        memory: What one run that sets up all three holds, with all in uv's cache.
        back: The runs that go back to a former release; there is no service to restart.
    """

    rounds: int
    built: Table
    idle: Table
    sizes: dict[str, int]
    more: int
    memory: Memory
    back: list[Run]


def run_environments_case(folder: str, rounds: int) -> EnvironmentsResult:
    """Build the repositories and run the rounds.

    Args:
        folder: Where to build them.
        rounds: How many rounds.

    Raises:
        WrongResultError: An environment lacks what it should have.
    """
    root, many, cache = (os.path.join(folder, f"{KEY}-{name}") for name in ("few", "many", "cache"))
    built: Table = {title: [] for title in (SYNC, WARM, UV, PIP)}
    idle: Table = {title: [] for title in (IDLE, BARE)}
    sizes: dict[str, int] = {}
    try:
        _build(root, BUILT)
        _build(many, MANY)
        check_status(run(_sync(IDLE, cache), many), 0, "the first environments")
        for number in range(rounds):
            print(f"{KEY}: round {number + 1} of {rounds}", file=sys.stderr)
            for title in rotated([SYNC, UV, PIP], number):
                _set_up(title, root, cache, built, sizes)
            for command in (_sync(IDLE, cache), Command(BARE, (sys.executable, "-c", "pass"), sys.executable)):
                done = run(command, many)
                check_status(done, 0, command.title)
                idle[command.title].append(done)
        more, memory = _add(root, cache)
        return EnvironmentsResult(rounds, built, idle, sizes, more, memory, _go_back(root, cache, rounds))
    finally:
        for path in (root, many, cache, f"{root}-releases"):
            shutil.rmtree(path, ignore_errors=True)


def _build(root: str, services: int) -> None:
    os.makedirs(os.path.join(root, "common/ours"))
    write_text(os.path.join(root, "common/pyproject.toml"), '[project]\nname = "ours"\nversion = "1"\n')
    write_text(os.path.join(root, "common/ours/__init__.py"), "")
    write_text(os.path.join(root, "common-sync.toml"), _CONFIGURATION)
    for number in range(services):
        service = os.path.join(root, f"services/s{number}")
        os.makedirs(service)
        write_text(os.path.join(service, "requirements.txt"), _REQUIREMENTS[number % len(_REQUIREMENTS)])
    commit(root)


def _set_up(title: str, root: str, cache: str, built: Table, sizes: dict[str, int]) -> None:
    """Set up the services from nothing; by uv once more, with what it then has in its cache."""
    own = f"{cache}-own"
    commands = {SYNC: [_sync(SYNC, own), _sync(WARM, own)], UV: [_uv(own)], PIP: [_pip()]}[title]
    for command in commands:
        _take_away(root)
        done = run(command, root)
        check_status(done, 0, command.title)
        _check(root, command)
        built[command.title].append(done)
        sizes[command.title] = measure_once([os.path.join(root, "services"), own])
    shutil.rmtree(own, ignore_errors=True)


def _take_away(root: str) -> None:
    for service in range(BUILT):
        shutil.rmtree(os.path.join(root, f"services/s{service}/.venv"), ignore_errors=True)


def _add(root: str, cache: str) -> tuple[int, Memory]:
    """Return what one more environment of a service takes on the disk, and what all of them took in memory."""
    _take_away(root)
    memory = watch(_sync(WARM, cache), root)
    before = measure_once([os.path.join(root, "services"), cache])
    write_text(os.path.join(root, "services/s0/requirements.txt"), _REQUIREMENTS[0] + _MORE)
    check_status(run(_sync(WARM, cache), root), 0, "one more environment")
    return measure_once([os.path.join(root, "services"), cache]) - before, memory


def _go_back(root: str, cache: str, rounds: int) -> list[Run]:
    """Make two releases of a service, and go from one to the other and back."""
    write_text(os.path.join(root, "common-sync.toml"), f'{_CONFIGURATION}[deploy]\nto = "{root}-releases"\n')
    check_status(run(_ours("distribute", cache=cache), root), 0, "distribute")
    for number in range(2):
        write_text(os.path.join(root, "services/s0/main.py"), f"print({number})\n")
        check_status(run(_ours("deploy", "s0", "--no-restart", cache=cache), root), 0, "deploy")
    runs = [
        run(_ours("rollback", "s0", "--no-restart", "--to", str(number % 2 + 1), cache=cache), root)
        for number in range(2 * rounds)
    ]
    for done in runs:
        check_status(done, 0, "rollback")
    return runs


def _check(root: str, command: Command) -> None:
    for service in range(BUILT):
        python = os.path.join(root, f"services/s{service}/.venv/bin/python")
        modules = _REQUIREMENTS[service].replace("gitpython", "git").replace("pyyaml", "yaml").split()
        done = run(Command(command.title, (python, "-c", f"import {', '.join(modules)}"), python), root)
        if done.status != 0:
            message = f"after {command.title} a service cannot import what it requires: {done.errors}"
            raise WrongResultError(message)


def _variables(cache: str) -> tuple[str, ...]:
    settings = {"PIP_FIND_LINKS": _WHEELS, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": cache}
    return ("env", *(f"{name}={value}" for name, value in settings.items()))


def _sync(title: str, cache: str) -> Command:
    return _ours("env", "sync", cache=cache)._replace(title=title)


def _ours(*words: str, cache: str) -> Command:
    return Command(words[0], (*_variables(cache), *tool("common-sync", *words)), tool("common-sync")[0])


def _uv(cache: str) -> Command:
    program = tool("uv")[0]
    find = ("UV_NO_INDEX=1", f"UV_FIND_LINKS={_WHEELS}")
    return Command(UV, (*_variables(cache), *find, "sh", "-c", _UV, "sh", program, sys.executable), program)


def _pip() -> Command:
    return Command(PIP, (*_variables(os.devnull), "sh", "-c", _PIP, "sh", sys.executable), "sh")


def measure_once(paths: Sequence[str]) -> int:
    """Return the bytes that folders take on the disk, each inode once."""
    seen: dict[int, int] = {}
    for path in paths:
        for above, _, names in os.walk(path):
            for name in names:
                status = os.lstat(os.path.join(above, name))
                seen[status.st_ino] = status.st_blocks * 512
    return sum(seen.values())
