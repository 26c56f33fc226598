"""Where the bytes of a copy come from: the master, each file held to the digest that was planned."""

import hashlib
import os

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import File
from common_sync.edges.files.folders import FILE, explained, opened
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import BLOCK

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PLAIN, EXECUTABLE = 0o666, 0o777


class Source:
    """Gives the master's bytes to write, and holds each file to the digest that was planned.

    Args:
        path: The absolute path of the master's folder.
        held: The files whose bytes are in memory.
    """

    def __init__(self, path: str, held: Held) -> None:
        self._path, self._held = path, held

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write one file under a name that must not exist yet.

        Args:
            path: Its path below the master.
            name: The name to write, inside `folder`.
            folder: An open folder's descriptor.
            file: What it must be.

        Raises:
            TreeError: The master has changed since it was read.
            OSError: It cannot be written.
        """
        descriptor = os.open(name, NEW, EXECUTABLE if file.executable else PLAIN, dir_fd=folder)
        try:
            data = self._held.get(path)
            if data is not None:
                write_all(descriptor, data)
            elif self._stream(path, descriptor) != file.sha256:
                where = os.path.join(self._path, path)
                raise TreeError(Problem("has changed while it was copied", where, remedy="run it again"))
        finally:
            os.close(descriptor)

    def _stream(self, path: str, target: int) -> str:
        digest = hashlib.sha256()
        above, _, name = path.rpartition("/")
        where = os.path.join(self._path, path)
        with explained(where, "read it"), opened(self._path) as root, opened(above, root) as folder:
            source = os.open(name, FILE, dir_fd=folder)
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
