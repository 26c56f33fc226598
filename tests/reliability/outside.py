"""A twin of the repository, outside it: byte for byte what a symlink would have to lead to, to be taken for the real thing.

Nothing in it may change, whatever is planted and whenever: no byte, mode, owner or time, of files and of folders. It belongs to
the user that the program runs as: a program that went astray could write it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reliability.cases import Prepared, give_away

SYSTEM = "/etc/passwd"


class Mark(NamedTuple):
    """All by which a change of a file or folder shows; the time of its last change (ctime) cannot be set back."""

    inode: int
    mode: int
    owner: int
    size: int
    changed: int
    written: int


def _mark(path: str) -> Mark:
    status = os.lstat(path)
    return Mark(status.st_ino, status.st_mode, status.st_uid, status.st_size, status.st_ctime_ns, status.st_mtime_ns)


def mark(top: Path) -> dict[str, Mark]:
    """Return path → mark of a folder, of all below it, and of a file of the system."""
    found = {path: _mark(path) for path in (SYSTEM, str(top))}
    for folder, folders, files in os.walk(top):
        found |= {path: _mark(path) for name in (*folders, *files) for path in [os.path.join(folder, name)]}
    return found


class Twin(NamedTuple):
    """The twin of a repository, and what it looked like before."""

    folder: Path
    before: dict[str, Mark]

    def touched(self) -> Iterator[str]:
        """Yield what is no longer as it was."""
        now = mark(self.folder)
        if now != self.before:
            paths = sorted(now.keys() | self.before.keys())
            yield from (f"touched: {path}" for path in paths if now.get(path) != self.before.get(path))


def make_twin(prepared: Prepared) -> Twin:
    """Return a twin of a prepared repository, with what a run could be led to besides; it is for every try the same."""
    twin = prepared.folder.with_name("twin")
    shutil.copytree(prepared.folder / "repo", twin, symlinks=True)
    for path in FOLDERS:
        (twin / path).mkdir(parents=True, exist_ok=True)
        (twin / path / "kept").write_bytes(b"kept")
    for file in (twin / path for path in FILES):
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(b"kept")
    for number in range(25):  # as many sets of discarded files as would be pruned
        (twin / DISCARDED / f"{number:06}-set").mkdir()
    give_away(twin)
    return Twin(twin, mark(twin))


LOCK, DISCARDED = ".git/common-sync/lock", ".git/common-sync/discarded"
FOLDERS = (DISCARDED, "services/api/.common-sync.new", "services/api/common/new", "services/api/requirements")
"""Folders that the twin has and the repository may lack."""

FILES = (
    LOCK,
    "services/api/.common-sync.tmp",
    "services/api/common/.common-sync.json",
    "services/api/common/.common-sync.next",
    "services/api/common/.common-sync.tmp",
    "services/api/common/ours/.common-sync.tmp",
)
"""Files of that kind."""
