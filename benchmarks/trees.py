"""The repositories that the contestants work on, built anew for each run of the benchmark."""

import os
import random
import shutil
import subprocess
from typing import NamedTuple

from benchmarks.running import environment

MASTER, COPY = "common", "common"
_CONFIGURATION = f'master = "{MASTER}"\nservices = ["services/*"]\n'
_BLOCK = 1_000_000
_MEMORY = "/dev/shm"  # noqa: S108 - where Linux mounts a file system in memory
_GIT = ("git", "-c", "core.compression=0", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_AUTHOR = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")


class Shape(NamedTuple):
    """What a repository holds.

    Attributes:
        key: What the command line calls it.
        title: What the page calls it.
        services: How many services.
        folders: How many folders the master has.
        files: How many files each folder has.
        size: Bytes of each file.
        rounds: How many rounds are run by default.
        share: Contestants that take long are run on one service in this many.
    """

    key: str
    title: str
    services: int
    folders: int
    files: int
    size: int
    rounds: int
    share: int = 1

    @property
    def room(self) -> int:
        """Bytes of disk that the repository takes at the most: with git's objects and files being replaced."""
        blocks = -(-self.size // 4096) * 4096 + 1024
        return blocks * self.folders * self.files * (self.services + 4)


LARGE = "4x500mb"
"""The key of the tree with a large file."""

SHAPES = (
    Shape("1000x15", "1,000 services, 15 files", services=1000, folders=3, files=5, size=2400, rounds=4, share=20),
    Shape("50x200", "50 services, 200 files", services=50, folders=10, files=20, size=2400, rounds=4),
    Shape("4x10000", "4 services, 10,000 files", services=4, folders=100, files=100, size=3500, rounds=4),
    Shape(LARGE, "4 services, one file of 500 MB", services=4, folders=1, files=1, size=500_000_000, rounds=3),
)


class Tree:
    """One repository: a master and a configuration that git tracks, and services that hold a program, and no copy yet.

    Args:
        root: The absolute path of a folder to make.
        shape: What it is to hold.
    """

    def __init__(self, root: str, shape: Shape) -> None:
        self.root = root
        self.services = [f"services/s{number:04}" for number in range(shape.services)]
        self._edits = 0
        self._random = random.Random(shape.key)  # noqa: S311 - the same bytes each time
        for service in self.services:
            os.makedirs(os.path.join(root, service))
            write_text(os.path.join(root, service, "main.py"), "print(1)\n")
        for folder in range(shape.folders):
            above = os.path.join(root, MASTER, f"package_{folder:03}")
            os.makedirs(above)
            for file in range(shape.files):
                self._write(os.path.join(above, f"module_{file:03}.py"), shape.size)
        write_text(os.path.join(root, "common-sync.toml"), _CONFIGURATION)
        commit(root)

    def _write(self, path: str, size: int) -> None:
        with open(path, "wb") as file:
            file.writelines(self._random.randbytes(min(_BLOCK, size - start)) for start in range(0, size, _BLOCK))

    def clear(self) -> None:
        """Take every copy away."""
        for service in self.services:
            shutil.rmtree(os.path.join(self.root, service, COPY), ignore_errors=True)

    def edit(self) -> None:
        """Add a line to one file of the master. It grows, because rsync compares times by the second."""
        self._edits += 1
        with open(os.path.join(self.root, MASTER, "package_000", "module_000.py"), "ab") as file:
            file.write(b"\n# edit %d\n" % self._edits)

    def pick(self, share: int) -> str:
        """Return a service, by lot, of the first one in `share` of them.

        Args:
            share: As for `Command`.
        """
        return self._random.choice(self.services[: len(self.services) // share])


def write_text(path: str, text: str) -> None:
    """Write a text file.

    Args:
        path: Where.
        text: All of it.
    """
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_program(path: str, text: str) -> None:
    """Write a script that may be run, in a folder that is made where it is missing.

    Args:
        path: Where.
        text: Its lines for `sh`.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_text(path, f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o700)


def commit(root: str) -> None:
    """Make a folder a repository where it is none, and commit all that is in it.

    Args:
        root: Its absolute path.
    """
    for words in (["init", "-q"], ["add", "--all"], [*_AUTHOR, "commit", "-q", "--allow-empty", "-m", "benchmark"]):
        subprocess.run([*_GIT, *words], cwd=root, env=environment(), check=True)


def choose_folder(room: int, otherwise: str) -> str:
    """Return the folder to work in: in memory where there is room, so that no disk is measured.

    Args:
        room: Bytes that are needed.
        otherwise: The folder for where there is not.

    Raises:
        OSError: Neither has room.
    """
    for folder in (_MEMORY, otherwise):
        if os.path.isdir(folder) and os.access(folder, os.W_OK) and _free(folder) > room:
            return folder
    message = f"the benchmark needs {room / 1e9:.1f} GB, in {_MEMORY} or in {otherwise}"
    raise OSError(message)


def _free(folder: str) -> int:
    free = shutil.disk_usage(folder).free
    return min(free, available_memory() - (1 << 30)) if folder == _MEMORY else free


def available_memory() -> int:
    """Return how many bytes of memory are to be had."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return 0


def file_system(folder: str) -> str:
    """Return the kind of file system that a folder is on, such as `tmpfs`.

    Args:
        folder: Its absolute path.
    """
    try:
        with open("/proc/mounts", encoding="utf-8") as file:
            mounts = [line.split()[1:3] for line in file]
    except OSError:
        return "unknown"
    holding = [(len(place), kind) for place, kind in mounts if (folder + "/").startswith(place.rstrip("/") + "/")]
    return max(holding, default=(0, "unknown"))[1]
