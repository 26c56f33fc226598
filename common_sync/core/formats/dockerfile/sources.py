"""What the instructions of a Dockerfile take from the build context.

Paths are relative to the context. What `..` means depends on the builder: BuildKit cuts it off where it would lead out of the
context, so that `../common` is `common` there; the classic builder refuses it.
Source: https://docs.docker.com/reference/dockerfile/#copy and #run---mounttypebind, BuildKit's `dockerfile2llb/convert.go`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction
from common_sync.core.formats.dockerfile.variables import Variables, expand, with_variables
from common_sync.core.formats.dockerfile.words import Word

_NO_PATH_OF_THE_CONTEXT = expression(r"\d*<<|[A-Za-z][A-Za-z0-9+.-]*://|git@")
"""A heredoc, or something on a network."""

_VARIABLE = expression(r"\$\{[^{}]*\}|\$\w+")
_MOUNT_FIELD = expression(r'"(?:[^"]|"")*"|[^,]+')


class Source(NamedTuple):
    """Something that an instruction takes from the build context."""

    written: Word  # the path as it is written
    path: Word  # what it comes to
    unknown: bool  # whether it holds a variable that nobody can tell
    destination: Word | None = None  # where COPY or ADD puts it, as written; None for a mount
    parents: bool = False  # whether the folders above it are made there too (`COPY --parents`)


def find_sources(dockerfile: Dockerfile) -> Iterator[Source]:
    """Yield what COPY, ADD and RUN take from the context, those after ONBUILD too, in the order of the file.

    Raises:
        UnparsableError: The build would refuse a path or a variable.
    """
    for instruction, variables in with_variables(dockerfile):
        asked = instruction.trigger or instruction
        if asked.name in {"COPY", "ADD"} and asked.flag("from") is None:
            yield from _copied(asked, dockerfile.escape, variables)
        elif asked.name == "RUN":
            yield from _mounted(asked, dockerfile.escape, variables)


def keep_needed(dockerfile: Dockerfile, target: str = "") -> Dockerfile:
    """Return a Dockerfile without the stages that a build of one stage does not need; all of it where that cannot be told.

    Args:
        dockerfile: The file.
        target: The stage's name or its number; the last stage where that is nothing.
    """
    stages, kept = dockerfile.stages, set[int]()

    def find(name: str, end: int) -> list[int]:  # of two that are called so, the later one counts
        named = (number for number in range(end - 1, -1, -1) if name in {stages[number].name, str(number)})
        return [*islice(named, 1)]

    pending = find(target.lower(), len(stages)) if target else [len(stages) - 1]
    if not pending or not stages:
        return dockerfile
    while pending:
        number = pending.pop()
        origins = _list_stage_origins(stages[number].instructions)
        if any(map(_may_be_stage, origins)):
            return dockerfile
        kept.add(number)
        pending += (one for name in origins for one in find(name, number) if one not in kept)
    instructions = (one for number in sorted(kept) for one in stages[number].instructions)
    return dockerfile._replace(instructions=(*dockerfile.arguments, *instructions))


def _may_be_stage(origin: str) -> bool:
    """Tell whether a variable may make a stage's name of what is written: `python:${VERSION}` is an image in any case."""
    return "$" in origin and not any(sign in _VARIABLE.sub("", origin) for sign in ":/@")


def _list_stage_origins(instructions: Iterable[Instruction]) -> list[str]:
    return [word.text.lower() for one in instructions for word in _list_origins(one.trigger or one)]


def find_named_uses(dockerfile: Dockerfile, name: str) -> Iterator[int]:
    """Yield the lines that take something from a build context with a name, or are built on it.

    Args:
        dockerfile: The file.
        name: The context's name; it takes the place of a stage or an image that is called so.
    """
    for instruction in dockerfile.instructions:
        asked = instruction.trigger or instruction
        if any(word.text.lower() == name.lower() for word in _list_origins(asked)):
            yield instruction.line


def _list_origins(instruction: Instruction) -> Iterator[Word]:
    """Yield what an instruction names as a stage, an image or a build context."""
    if instruction.name == "FROM":
        yield instruction.words[0]
    for flag in instruction.flags:
        value = dict(_fields(flag.value)).get("from") if flag.name == "mount" and flag.value else flag.value
        if flag.name in {"from", "mount"} and value is not None:
            yield value


def _copied(instruction: Instruction, escape: str, variables: Variables) -> Iterator[Source]:
    *sources, destination = instruction.words
    parents = any(flag.name == "parents" for flag in instruction.flags)
    for written in sources:
        if written.text and not _NO_PATH_OF_THE_CONTEXT.match(written.text):
            path, unknown = expand(written, instruction, escape, variables)
            yield Source(written, path, bool(unknown), destination, parents)


def _mounted(instruction: Instruction, escape: str, variables: Variables) -> Iterator[Source]:
    for flag in instruction.flags:
        if flag.name != "mount" or flag.value is None or not flag.value.text:
            continue
        fields = dict(_fields(flag.value))
        kind = fields.get("type")
        written = fields.get("source") or fields.get("src")
        if "from" in fields or (kind is not None and kind.text.lower() != "bind"):
            continue
        if written and written.text:
            path, unknown = expand(written, instruction, escape, variables)
            yield Source(written, path, bool(unknown))
        else:  # it mounts the whole context
            yield Source(flag.value, flag.value.part(0, 0), unknown=False)


def _fields(mount: Word) -> Iterator[tuple[str, Word]]:
    """Yield the keys and values of a mount, which is a line of CSV."""
    for match in _MOUNT_FIELD.finditer(mount.text):
        field = mount.part(*match.span())
        if field.text.startswith('"'):
            field = field.part(1, -1)
        key, equals, _ = field.text.partition("=")
        if equals:
            yield key.lower(), field.part(len(key) + 1)


def normalise(path: str, *, within: bool = False) -> str:
    """Take `.`, `..` and doubled slashes out of a path; `.` for nothing left.

    Args:
        path: A path; a slash at its beginning counts for nothing.
        within: Cut off each `..` that would lead out of the folder that the path begins at.
    """
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."} and not (part == ".." and within):
            parts.append(part)
    return "/".join(parts) or "."
