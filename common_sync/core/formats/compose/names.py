"""Which compose files of a folder Compose puts over one another, and the lines where nobody can follow them.

Source of the rules: https://docs.docker.com/compose/how-tos/multiple-compose-files/merge; the order is compose-go's.
"""

from collections.abc import Container
from typing import Literal, NamedTuple

_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = tuple(f"{tool}.override.{suffix}" for tool in ("compose", "docker-compose") for suffix in ("yml", "yaml"))


Cause = Literal["refused", "lost", "unread"]
"""Why nobody can follow a line: Compose refuses it, it leads to what is not there, or the file cannot be read or parsed."""


class DeadEnd(NamedTuple):
    """A line of a compose file that leads to something that nobody can follow.

    Attributes:
        file: The file's absolute path.
        line: The line, counted from 1.
        message: Why nobody can follow it.
        cause: What kind of reason that is; what Compose refuses is an error wherever it is read.
        context: The absolute path of the build context that it is about; nothing where it may be about any.
    """

    file: str
    line: int
    message: str
    cause: Cause = "refused"
    context: str = ""

    @property
    def refused(self) -> bool:
        """Whether Compose refuses the line itself."""
        return self.cause == "refused"


class Stack(NamedTuple):
    """The files that Compose takes where nobody names any: the base, and what is put over it; nothing for none."""

    base: str = ""
    override: str = ""


def find_stack(names: Container[str]) -> Stack:
    """Return the stack of a folder's files; without a base, nothing is put over anything."""
    base = next((name for name in _BASES if name in names), "")
    return Stack(base, next((name for name in _OVERRIDES if name in names), "") if base else "")
