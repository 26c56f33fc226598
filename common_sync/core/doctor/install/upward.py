"""A folder and those above it."""

from collections.abc import Iterator
from posixpath import dirname


def upward(folder: str) -> Iterator[str]:
    """Yield a folder and those above it."""
    yield folder
    while folder != "/":
        folder = dirname(folder)
        yield folder
