"""Which compose files of a folder Compose puts over one another, and the lines where nobody can follow them.

Source of the rules: https://docs.docker.com/compose/how-tos/multiple-compose-files/merge; the order is compose-go's.
"""

from collections.abc import Container
from typing import NamedTuple

_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = tuple(f"{tool}.override.{suffix}" for tool in ("compose", "docker-compose") for suffix in ("yml", "yaml"))


class DeadEnd(NamedTuple):
    """A line of a compose file that leads to something that nobody can follow.

    Attributes:
        file: The file's absolute path.
        line: The line, counted from 1.
        message: Why nobody can follow it.
        refused: Whether Compose refuses the line itself, so that it is an error wherever it is read.
        context: The absolute path of the build context that it is about; nothing where it may be about any.
    """

    file: str
    line: int
    message: str
    refused: bool = True
    context: str = ""


class Stack(NamedTuple):
    """The files that Compose takes where nobody names any: the base, and what is put over it; nothing for none."""

    base: str = ""
    override: str = ""


def find_stack(names: Container[str]) -> Stack:
    """Return the stack of a folder's files; without a base, nothing is put over anything."""
    base = next((name for name in _BASES if name in names), "")
    return Stack(base, next((name for name in _OVERRIDES if name in names), "") if base else "")
