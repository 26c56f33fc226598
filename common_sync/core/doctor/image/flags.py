"""Flags of COPY and ADD that only later versions of Docker's Dockerfile syntax know.

An older one ends the build: `Unknown flag: exclude`. Which one reads a Dockerfile is told by its line `# syntax=`; without that line it
is the one that the engine brings.
Source: the release notes of `docker/dockerfile` 1.7-labs, 1.19 and 1.20.
"""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Instruction


class LaterFlag(NamedTuple):
    """A flag that what reads the Dockerfile may not know."""

    line: int  # the instruction's line
    what: str  # why that is so, in a sentence


_SINCE = {"exclude": 19, "parents": 20}
"""The minor version of syntax 1 that knows a flag for good."""
_LABS = 7
"""The minor version from which on the `labs` of syntax 1 know them all."""
_OFFICIAL = expression(r"(?:docker\.io/)?docker/dockerfile(?::([\w.-]+))?")
_NEWEST = expression(r"latest|labs|1|1-labs")
"""Tags that always mean the newest version."""
_VERSION = expression(r"1\.(\d+)(?:\.\d+)?(-labs)?")


def list_later_flags(instruction: Instruction, syntax: str) -> Iterator[LaterFlag]:
    """Yield the flags of a COPY or an ADD for which the Dockerfile's syntax may be too old.

    Args:
        instruction: The COPY or the ADD.
        syntax: What `# syntax=` names, or nothing.
    """
    for flag in instruction.flags:
        if flag.name in _SINCE and not _knows(syntax, flag.name):
            reads = f"what reads this file is `{syntax}`" if syntax else "this file has no line `# syntax=`"
            what = (
                f"`--{flag.name}` is known from version 1.{_SINCE[flag.name]} of the Dockerfile syntax on, and {reads}"
            )
            yield LaterFlag(instruction.line, what)


def _knows(syntax: str, flag: str) -> bool:
    official = _OFFICIAL.fullmatch(syntax.strip())
    if official is None:
        return False
    tag = official[1] or "latest"
    version = _VERSION.fullmatch(tag)
    if version is None:
        return _NEWEST.fullmatch(tag) is not None
    return int(version[1]) >= (_LABS if version[2] else _SINCE[flag])
