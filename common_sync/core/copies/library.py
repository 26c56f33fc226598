"""A shared library as the configuration has it, and the key of what a copy of it should hold."""

from typing import NamedTuple

from common_sync.core.copies.rules import Rules


class Library(NamedTuple):
    """A shared library of a repository."""

    name: str  # what it is called on the command line; unique
    master: str  # the master's path from the root
    copy: str  # the copy's path inside a service
    rules: Rules  # which of the master's files belong to it

    def has(self, path: str) -> bool:
        """Tell whether a file would belong to it."""
        inside = path.removeprefix(f"{self.master}/")
        return inside != path and self.rules.exclusion(inside) is None


class TargetKey(NamedTuple):
    """What tells a target from others: the library's name, and a revision, or None for the work tree."""

    library: str
    ref: str | None = None
