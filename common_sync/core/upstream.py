"""Where a master is that is in another git repository, and what stands for its path."""

from typing import NamedTuple


class Upstream(NamedTuple):
    """The place of a master that is in another git repository."""

    git: str  # the repository: a URL, or a path that begins with `../`
    ref: str  # a tag, or the digits of a commit
    path: str  # the master's path in it

    @property
    def master(self) -> str:
        """What stands for the master's path from the root: no file here has it."""
        return f"{_FOREIGN}{self.git}{SUBDIRECTORY}{self.path}"


_FOREIGN = "git+"
SUBDIRECTORY = "#subdirectory="


def is_foreign(master: str) -> bool:
    """Tell whether what stands for a master's path is that of a master in another repository."""
    return master.startswith(_FOREIGN) and SUBDIRECTORY in master
