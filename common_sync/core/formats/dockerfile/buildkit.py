"""What of a Dockerfile only BuildKit takes; the classic builder, which `DOCKER_BUILDKIT=0` asks for, ends there or passes it over.

Tried with Docker 20.10, whose classic builder ends at all of it but a `--platform`; later ones pass over heredocs and `--link`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction

_CLASSIC = {"RUN": frozenset[str](), "COPY": frozenset({"chown", "from"}), "ADD": frozenset({"chown"})}
"""Instruction → the flags that the classic builder takes, too."""
_PLATFORM = expression(r"\$\{?(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)\b")


class OnlyBuildKit(NamedTuple):
    """What only BuildKit takes: the line, and how it is written."""

    line: int
    written: str


def find_buildkit(dockerfile: Dockerfile) -> Iterator[OnlyBuildKit]:
    """Yield what of a Dockerfile only BuildKit takes."""
    for instruction in dockerfile.instructions:
        yield from (OnlyBuildKit(instruction.line, one) for one in _list_parts(instruction))


def _list_parts(instruction: Instruction) -> Iterator[str]:
    platform = instruction.flag("platform") if instruction.name == "FROM" else None
    if platform is not None and _PLATFORM.search(platform.text):
        yield f"FROM --platform={platform.text}"
    if instruction.name in _CLASSIC:
        names = (flag.name for flag in instruction.flags if flag.name not in _CLASSIC[instruction.name])
        yield from (f"{instruction.name} --{name}" for name in names)
        yield from (f"{instruction.name} <<{one.announced.name}" for one in instruction.heredocs)
