"""What a `.dockerignore` should keep out of an image, and what it keeps out of a copy that it should not."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from common_sync.core.dockerignore import Dockerignore, exact_pattern, parse_dockerignore

_KEPT_OUT = (
    *("**/__pycache__", "**/*.pyc", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache"),
    *("**/.venv", "venv", "**/*.log"),
    *("**/.env", "**/.env.*", "!.env.example"),
)
"""What no image needs, or may hold. BuildKit looks into every folder, kept out or not, once an exception has a wildcard:
there is none."""


def dockerignore_lines(copy: str, files: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of the block in a `.dockerignore`: what is kept out of the image, and of that what is the library's.

    Args:
        copy: The copy's path inside the service.
        files: The paths of its files, the manifest too.
    """
    ignore = parse_dockerignore("\n".join(_KEPT_OUT))
    dropped = sorted(path for file in files if ignore.exclusion(path := f"{copy}/{file}") is not None)
    return (*_KEPT_OUT, *(f"!{exact_pattern(path)}" for path in dropped))


class Dropped(NamedTuple):
    """What a pattern of a `.dockerignore` keeps out of a copy.

    Attributes:
        line: The pattern's line, counted from 1.
        pattern: The pattern as it is written.
        paths: What it keeps out, as paths inside the service.
        remedy: The line to add at the end of the file.
    """

    line: int
    pattern: str
    paths: tuple[str, ...]
    remedy: str


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
