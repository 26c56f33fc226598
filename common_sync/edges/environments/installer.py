"""What makes an environment: the contract that uv and pip both keep, and which of them is taken."""

import os
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from common_sync.core.environments.closure import Closure
from common_sync.core.environments.indexes import Indexes
from common_sync.core.environments.inputs import Options
from common_sync.core.environments.record import Interpreter
from common_sync.core.errors import CommonSyncError, Problem
from common_sync.edges.environments.program import Done

FULL_DISK = "No space left on device"


class InstallError(CommonSyncError):
    """An installer has failed; the excerpt of its problem is what it said."""


def excerpt(said: str) -> tuple[str, ...]:
    """Return what a program said as an error shows it: its lines, without empty ones."""
    return tuple(line.rstrip() for line in said.splitlines() if line.strip())


class Job(NamedTuple):
    """What is to be made."""

    folder: str  # the absolute path of the service; relative paths in requirements begin there
    service: str  # its path from the root, for messages
    interpreter: Interpreter  # the Python
    options: Options  # what is chosen
    closure: Closure  # the requirements
    indexes: Indexes  # where packages come from
    temporary: str  # a folder on the disk, for what is only needed meanwhile
    offline: bool  # whether no network is asked
    keep: int  # the lock's descriptor
    overrides: tuple[str, ...] = ()  # requirements that are tried: they take the place of others of their names
    alike: tuple[str, ...] = ()  # the absolute paths of finished environments of the same Python, with files in common

    @property
    def requirements(self) -> str:
        """The absolute path of the file of requirements."""
        return os.path.join(self.folder, self.closure.first)

    def write(self, name: str, lines: Sequence[str]) -> str:
        """Write a temporary file; return its absolute path."""
        path = os.path.join(self.temporary, name)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(f"{line}\n" for line in lines)
        return path

    def read(self, name: str) -> str:
        """Return the text of a temporary file."""
        with open(os.path.join(self.temporary, name), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()

    def check(self, done: Done, doing: str) -> Done:
        """Return how a program has ended, if it ended well.

        Raises:
            InstallError: It did not.
        """
        if done.code == 0:
            return done
        said = done.err.strip() or done.out.strip()
        blamed = None if self.overrides else self.closure.blame(said)  # what is tried is in no file
        path, line = blamed or (self.closure.first, None)
        remedy = "common-sync env clean makes room" if FULL_DISK in said else None
        where = os.path.normpath(f"{self.service}/{path}")
        raise InstallError(Problem(f"cannot {doing}", where, line, remedy, excerpt(said)))


class Installer(Protocol):
    """What makes environments."""

    @property
    def name(self) -> str:
        """Its name and version."""

    def resolve(self, job: Job, former: Sequence[str]) -> tuple[str, ...]:
        """Return what the requirements come to, a line a distribution.

        Args:
            job: What is to be made.
            former: What they came to before; its versions are kept where they fit and the installer can do that.

        Raises:
            InstallError: They come to nothing.
        """

    def build(self, job: Job, path: str, lines: Sequence[str]) -> None:
        """Make an environment.

        Args:
            job: What is to be made.
            path: Its absolute path, where nothing is.
            lines: What is installed.

        Raises:
            InstallError: It cannot be made.
        """

    def forget(self, job: Job, names: Sequence[str]) -> None:
        """Remove distributions from the cache: what was edited in an environment may be linked from there.

        Args:
            job: What is to be made.
            names: Their names.

        Raises:
            InstallError: They cannot be removed.
        """
