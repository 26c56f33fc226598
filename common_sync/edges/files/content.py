"""Where the bytes of a copy come from, each file held to the digest that was planned."""

import hashlib
import os
from io import BytesIO
from typing import IO, Protocol

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import File
from common_sync.edges.files.folders import FILE, explained, opened
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import BLOCK

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
        held: The files whose bytes are in memory.
    """

    def __init__(self, path: str, held: Held) -> None:
        self.path, self._held = path, held

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read, as `Content` says."""
        data = self._held.get(path)
        return BytesIO(data) if data is not None else open(self._open(path), "rb", buffering=0)

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file, as `Content` says."""
        descriptor = os.open(name, NEW, EXECUTABLE if file.executable else PLAIN, dir_fd=folder)
        try:
            data = self._held.get(path)
            if data is not None:
                write_all(descriptor, data)
            elif self._stream(path, descriptor) != file.sha256:
                where = os.path.join(self.path, path)
                raise TreeError(Problem("has changed while it was copied", where, remedy="run it again"))
        finally:
            os.close(descriptor)

    def _open(self, path: str) -> int:
        above, _, name = path.rpartition("/")
        where = os.path.join(self.path, path)
        with explained(where, "read it"), opened(self.path) as root, opened(above, root) as folder:
            return os.open(name, FILE, dir_fd=folder)

    def _stream(self, path: str, target: int) -> str:
        digest = hashlib.sha256()
        source = self._open(path)
        try:
            while block := os.read(source, BLOCK):
                digest.update(block)
                write_all(target, block)
        finally:
            os.close(source)
        return digest.hexdigest()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however few the system takes at a time."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
