"""Environments: three services set up by `env sync` and by pip, as scripts do it; and ten that are in sync."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.rivals import tool
from benchmarks.rounds import Table, WrongResultError, check_status, rotated
from benchmarks.running import Command, run
from benchmarks.trees import commit, write_text

KEY, TITLE = "environments", "Environments"
ROUNDS = 3

SYNC, PIP = "**`common-sync env sync`**", "`venv` and `pip install` loop"
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


class EnvironmentsResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run.
        built: The runs that set up three services.
        idle: The runs on ten services that are in sync.
        sizes: Contestant → bytes on the disk after it, what is linked counted once, uv's cache included.
    """

    rounds: int
    built: Table
    idle: Table
    sizes: dict[str, int]


def run_environments_case(folder: str, rounds: int) -> EnvironmentsResult:
    """Build the repositories and run the rounds.

    Args:
        folder: Where to build them.
        rounds: How many rounds.

    Raises:
        WrongResultError: An environment lacks what it should have.
    """
    root, many, cache = (os.path.join(folder, f"{KEY}-{name}") for name in ("few", "many", "cache"))
    built: Table = {title: [] for title in (SYNC, WARM, PIP)}
    idle: Table = {title: [] for title in (IDLE, BARE)}
    sizes: dict[str, int] = {}
    try:
        _build(root, BUILT)
        _build(many, MANY)
        check_status(run(_sync(IDLE, cache), many), 0, "the first environments")
        for number in range(rounds):
            print(f"{KEY}: round {number + 1} of {rounds}", file=sys.stderr)
            for title in rotated([SYNC, PIP], number):
                _set_up(title, root, cache, built, sizes)
            for command in (_sync(IDLE, cache), Command(BARE, (sys.executable, "-c", "pass"), sys.executable)):
                done = run(command, many)
                check_status(done, 0, command.title)
                idle[command.title].append(done)
        return EnvironmentsResult(rounds, built, idle, sizes)
    finally:
        for path in (root, many, cache):
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
    commands = [_sync(SYNC, own), _sync(WARM, own)] if title == SYNC else [_pip()]
    for command in commands:
        for service in range(BUILT):
            shutil.rmtree(os.path.join(root, f"services/s{service}/.venv"), ignore_errors=True)
        done = run(command, root)
        check_status(done, 0, command.title)
        _check(root, command)
        built[command.title].append(done)
        sizes[command.title] = measure_once([os.path.join(root, "services"), own] if title == SYNC else [root])
    shutil.rmtree(own, ignore_errors=True)


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
    return Command(title, (*_variables(cache), *tool("common-sync", "env", "sync")), tool("common-sync")[0])


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
