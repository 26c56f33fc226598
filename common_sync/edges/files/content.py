"""Where the bytes of a copy come from, each file held to the digest that was planned."""

import hashlib
import os
from io import BytesIO
from typing import IO, Protocol

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import File
from common_sync.edges.files.folders import BLOCK
from common_sync.edges.files.large import copy_by_system
from common_sync.edges.files.memory import Held

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PLAIN, EXECUTABLE = 0o666, 0o777


class Content(Protocol):
    """The bytes of what a copy should hold, wherever they are."""

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read; the caller closes it.

        Raises:
            TreeError: It cannot be read.
        """

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file under a name that must not exist yet.

        Args:
            path: Its path in the tree.
            name: The name to write, inside `folder`.
            folder: An open folder's descriptor.
            file: What it must be.

        Raises:
            TreeError: It cannot be read, or is not what it must be.
            OSError: It cannot be written.
        """


class WorkTree:
    """The content of a folder on the disk.

    Args:
        path: Its absolute path.
        held: What is known of its files.
    """

    def __init__(self, path: str, held: Held) -> None:
        self.path, self._held = path, held

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read, as `Content` says."""
        data = self._held.get(path)
        return BytesIO(data) if data is not None else open(self._held.large.open(path), "rb", buffering=0)

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file, as `Content` says."""
        descriptor = os.open(name, NEW, EXECUTABLE if file.executable else PLAIN, dir_fd=folder)
        try:
            data = self._held.get(path)
            if data is not None:
                write_all(descriptor, data)
            elif not self._transfer(path, descriptor, file.sha256):
                where = os.path.join(self.path, path)
                raise TreeError(Problem("has changed while it was copied", where, remedy="run it again"))
        finally:
            os.close(descriptor)

    def _transfer(self, path: str, target: int, sha256: str) -> bool:
        """Copy a file that is not in memory; return whether it was what was hashed: untouched all the while, or hashed once more."""
        large = self._held.large
        source = large.open(path)
        try:
            if large.has(path, source) and (copied := copy_by_system(source, target)):
                return copied == os.fstat(source).st_size and large.has(path, source)
            return copy_and_hash(source, target) == sha256
        finally:
            os.close(source)


def copy_and_hash(source: int, target: int) -> str:
    """Copy an open file into an empty one, block by block; return the sha256 of the bytes that were written."""
    digest = hashlib.sha256()
    while block := os.read(source, BLOCK):
        digest.update(block)
        write_all(target, block)
    return digest.hexdigest()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however few the system takes at a time."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
