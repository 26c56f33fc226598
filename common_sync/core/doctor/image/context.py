"""A build context: a folder's files, less what a `.dockerignore` keeps out."""

from collections.abc import Iterable
from typing import Protocol

from common_sync.core.doctor.image.files import Files, Place
from common_sync.core.formats.dockerignore import Dockerignore


class Folder(Files, Protocol):
    """The files of a folder; paths are relative to it."""

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""


class BuildContext:
    """What the build gets of a folder.

    Args:
        folder: The folder's files.
        dockerignore: What is kept out.
        name: The `.dockerignore`'s path, as it is to be named.

    Attributes:
        ignore_file: That path.
    """

    def __init__(self, folder: Folder, dockerignore: Dockerignore, name: str = ".dockerignore") -> None:
        self._folder, self._dockerignore, self.ignore_file = folder, dockerignore, name
        self._brings_back = any(not pattern.excludes for pattern in dockerignore.patterns)

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        place = self._folder.look(path)
        if place is None or not path or self._dockerignore.exclusion(path) is None:
            return place
        kept = place.kind == "folder" and self._brings_back and any(self._look_below(path))
        return place if kept else None

    def _look_below(self, path: str) -> Iterable[bool]:
        return (self.look(f"{path}/{name}") is not None for name in self._folder.names(path))

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder."""
        return [name for name in self._folder.names(path) if self.look(f"{path}/{name}".lstrip("/")) is not None]

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""
        return self._folder.read(path)

    def why_dropped(self, path: str) -> str | None:
        """Return the rule that keeps a path out that is on the disk: `.dockerignore:3`, or None."""
        pattern = self._dockerignore.exclusion(path) if path and self._folder.look(path) is not None else None
        return f"{self.ignore_file}:{pattern.line}" if pattern is not None else None
