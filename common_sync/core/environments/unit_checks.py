"""What is wrong with how a service is to run, whether it runs or not: its port, its memory, what its user may execute."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from stat import S_IXGRP, S_IXOTH, S_IXUSR
from typing import NamedTuple

from common_sync.core.expressions import expression

_PORT_OPTION = expression(r"(?:--port=|(?:--bind=|--fd-bind=)\S*:)([0-9]{1,5})")
_BEFORE_PORT, _BEFORE_ADDRESS = frozenset({"--port"}), frozenset({"--bind", "-b"})
_VARIABLES = "PORT|UVICORN_PORT|APP_PORT|SERVER_PORT|HTTP_PORT"
_VARIABLE = expression(rf"\s*(?:export\s+)?({_VARIABLES})\s*=\s*([\"']?)([0-9]{{1,5}})\2\s*(?:#.*)?", re.ASCII)
_LOCAL_PORT = expression(r"http://(?:127\.[0-9.]+|localhost):([0-9]{1,5})(?:/.*)?")
_MEMORY = "memory"
DATA = ("*.db", "*.db3", "*.sqlite", "*.sqlite3")
"""Names of files that a service keeps its data in."""


def find_command_ports(words: Sequence[str]) -> Iterator[str]:
    """Yield the ports that a command names as the one that it listens at.

    Args:
        words: The command's words.
    """
    for before, word in zip(("", *words), words, strict=False):
        if match := _PORT_OPTION.fullmatch(word):
            yield match[1]
        elif before in _BEFORE_PORT and word.isdecimal():
            yield word
        elif before in _BEFORE_ADDRESS and word.rpartition(":")[2].isdecimal() and ":" in word:
            yield word.rpartition(":")[2]


def find_health_ports(words: Sequence[str]) -> Iterator[str]:
    """Yield the port of this machine at which a service is asked whether it is healthy.

    Args:
        words: A URL, or the words of a command, of which nothing is told.
    """
    for word in words[:1]:
        if match := _LOCAL_PORT.fullmatch(word):
            yield match[1]


class PortLine(NamedTuple):
    """A line of a file of variables that says at which port a service listens."""

    line: int
    variable: str
    port: str


def find_variable_ports(text: str) -> Iterator[PortLine]:
    """Yield what a file of variables says of a service's port.

    Args:
        text: A `.env`, or a file that a unit names.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if match := _VARIABLE.fullmatch(line):
            yield PortLine(number, match[1], match[3])


def limits_memory(unified: str | None, table: str | None) -> bool | None:
    """Tell whether the kernel can limit the memory of a service; None where that cannot be told.

    Args:
        unified: The controllers of the one hierarchy of groups (`cgroup.controllers`); None where there is none.
        table: The kernel's table of controllers (`/proc/cgroups`), which counts where there is no such hierarchy.
    """
    if unified is not None:
        return _MEMORY in unified.split()
    rows = [line.split() for line in (table or "").splitlines()]
    return next((row[-1] == "1" for row in rows if row and row[0] == _MEMORY), False if rows else None)


def find_unkept(files: Iterable[str], persistent: Collection[str]) -> tuple[str, ...]:
    """Return the files that do not outlive a release.

    Args:
        files: Their paths in the service.
        persistent: The paths there that do, of files or of folders.
    """
    return tuple(one for one in files if not any(f"{one}/".startswith(f"{kept}/") for kept in persistent))


class Step(NamedTuple):
    """A folder on the way to a program, or the program itself."""

    path: str
    mode: int
    owner: int
    group: int
    listed: bool = False  # whether it has a list of who else may what, which is not read


def find_barrier(steps: Sequence[Step], user: int, groups: Collection[int]) -> str:
    """Return the first step that a user may not pass or execute, or nothing.

    Args:
        steps: From the top down.
        user: The user's number.
        groups: The numbers of the groups that it is in.
    """
    if user == 0:
        return ""
    return next((one.path for one in steps if not one.listed and not _may_pass(one, user, groups)), "")


def _may_pass(step: Step, user: int, groups: Collection[int]) -> bool:
    bit = S_IXUSR if step.owner == user else S_IXGRP if step.group in groups else S_IXOTH
    return bool(step.mode & bit)
