"""What a Dockerfile takes from its build context, before anybody knows which folder that is."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile

_WILDCARD = expression(r"[*?\[\\$]")


class Copied(NamedTuple):
    """Something that a Dockerfile copies or mounts.

    Attributes:
        path: Its path from the context, up to the first wildcard or variable.
        line: The line, counted from 1.
        text: The line, to be shown.
        name: What it is called in the image, or nothing.
        varies: Whether a variable decides which folder in that path it is.
    """

    path: str
    line: int
    text: str
    name: str
    varies: bool


def read_copied(text: str) -> Iterator[Copied]:
    """Yield what a Dockerfile takes from its context, in the order of the file.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    lines = text.split("\n")
    sources = list(find_sources(parse_dockerfile(text)))
    for source in sources:
        number = text.count("\n", 0, source.written.start) + 1
        # With several sources the destination is a folder that holds them all, and names none of them.
        alone = sum(one.destination is source.destination for one in sources) == 1
        name = _last_name(source.destination.text) if source.destination and alone else ""
        path = source.written.text if source.unknown else source.path.text
        yield Copied(_before_wildcard(path), number, lines[number - 1].strip(), name, source.unknown)


def _before_wildcard(source: str) -> str:
    """Return the folder that a source lies in; `/common` means the context's, as Docker has it."""
    parts = source.lstrip("/").split("/")
    whole = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return "/".join(parts[:whole]) or "."


def _last_name(path: str) -> str:
    name = posixpath.basename(path.rstrip("/"))
    return "" if name in {".", ".."} or "$" in name else name


def cut_off(path: str) -> str:
    """Return a path as BuildKit takes it: a `..` that would lead out of the context counts for nothing."""
    return normalise(path, within=True)
