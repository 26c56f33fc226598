"""What a `.dockerignore` should keep out of an image, and what it keeps out of a copy that it should not."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerignore import Dockerignore, exact_pattern, parse_dockerignore
from common_sync.core.text import UnparsableError

_KEPT_OUT = (
    *("**/__pycache__", "**/*.pyc", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache"),
    *("**/.venv", "venv", "**/*.log"),
    *("**/.env", "**/.env.*", "!.env.example"),
)
"""What no image needs, or may hold. BuildKit looks into every folder, kept out or not, once an exception has a wildcard:
there is none."""


_MARK = "# exceptions "


def dockerignore_lines(needed: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of the block in a `.dockerignore`: what is kept out of the image, and of that what is needed.

    Args:
        needed: The paths in the service of the copies' files, the manifests too, and of what its Dockerfiles take by name.
    """
    ignore = parse_dockerignore("\n".join(_KEPT_OUT))
    exceptions = [f"!{exact_pattern(path)}" for path in sorted(set(needed)) if ignore.exclusion(path) is not None]
    return (*_KEPT_OUT, *((_mark(exceptions), *exceptions) if exceptions else ()))


def _mark(exceptions: Iterable[str]) -> str:
    """Return the line that says which exceptions the tool has written: a person may have added one, or need one for good."""
    return _MARK + hashlib.sha256("\n".join(exceptions).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def find_others(block: Sequence[str], lines: Container[str]) -> Iterator[str]:
    """Yield the lines of a block that are not the tool's.

    Args:
        block: Its lines, without their ends.
        lines: What it is to hold.
    """
    exceptions = [line for line in block if line.startswith("!") and line not in _KEPT_OUT]
    own = {*_KEPT_OUT, *(exceptions if _mark(exceptions) in block else ())}
    return (line for line in block if line not in own and line not in lines and not line.startswith(_MARK))


def list_taken(dockerfile: str) -> Iterator[str]:
    """Yield the paths in the service that a Dockerfile takes by name, and that the block may keep out.

    Args:
        dockerfile: Its text; one that cannot be parsed names nothing.
    """
    if not any(one in dockerfile for one in _IN_WHAT_IS_KEPT_OUT):
        return
    from common_sync.core.formats.dockerfile.sources import find_sources, normalise
    from common_sync.core.formats.dockerfile.syntax import parse_dockerfile

    with suppress(UnparsableError):
        for source in find_sources(parse_dockerfile(dockerfile)):
            if not source.unknown and not _WILDCARD.search(source.path.text):
                yield normalise(source.path.text, within=True)


HELD_BY_PEOPLE = (".env", ".env.*", "*.log")
"""Names of what the block keeps out, and somebody may have committed on purpose."""


def find_leaving(before: str, after: str, files: Iterable[str], dockerfiles: Iterable[str]) -> list[str]:
    """Return the files that are in an image, and no more once the block is written.

    Args:
        before: The text of the `.dockerignore` as it is.
        after: Its text with the block.
        files: Paths in the service.
        dockerfiles: The texts of its Dockerfiles; one that cannot be parsed takes nothing.
    """
    try:
        was, will = parse_dockerignore(before), parse_dockerignore(after)
    except UnparsableError:
        return []
    leaving = [path for path in files if was.exclusion(path) is None and will.exclusion(path) is not None]
    folders = [folder for text in dockerfiles for folder in _list_folders(text)] if leaving else []
    return [
        path for path in leaving if any(folder in {".", path} or path.startswith(f"{folder}/") for folder in folders)
    ]


def _list_folders(dockerfile: str) -> Iterator[str]:
    """Yield what a Dockerfile takes from its build context; of a pattern, the folder that it begins with."""
    from common_sync.core.formats.dockerfile.sources import find_sources, normalise
    from common_sync.core.formats.dockerfile.syntax import parse_dockerfile

    with suppress(UnparsableError):
        for source in find_sources(parse_dockerfile(dockerfile)):
            path = source.path.text
            pattern = _WILDCARD.search(path)
            yield normalise(path[: path.rfind("/", 0, pattern.start()) + 1] if pattern else path, within=True)


_IN_WHAT_IS_KEPT_OUT = ("_cache", "pycache", ".pyc", "venv", ".log", ".env")
_WILDCARD = expression(r"[*?\[\\]")


class Dropped(NamedTuple):
    """What a pattern of a `.dockerignore` keeps out of a copy."""

    line: int  # the pattern's line, counted from 1
    pattern: str  # the pattern as it is written
    paths: tuple[str, ...]  # what it keeps out, as paths inside the service
    remedy: str  # the line to add at the end of the file


def find_dropped(ignore: Dockerignore, copy: str, files: Iterable[str]) -> Iterator[Dropped]:
    """Yield what a `.dockerignore` keeps out of a copy, by the pattern that decides.

    Args:
        ignore: The file.
        copy: The copy's path inside the service.
        files: The paths of its files, the manifest too.
    """
    found: dict[int, list[str]] = {}
    patterns = {pattern.line: pattern.text for pattern in ignore.patterns}
    for file in files:
        if (pattern := ignore.exclusion(path := f"{copy}/{file}")) is not None:
            found.setdefault(pattern.line, []).append(path)
    for line, paths in sorted(found.items()):
        place = paths[0] if len(paths) == 1 else copy
        yield Dropped(line, patterns[line], tuple(sorted(paths)), f"!{exact_pattern(place)}")
