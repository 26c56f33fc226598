"""The content of a tree that is known by its digests, from whatever has it."""

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from typing import IO

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entries, File
from common_sync.edges.files.content import EXECUTABLE, NEW, PLAIN, write_all

Find = Callable[[str], Iterator[bytes]]
"""A path in the tree → what may be its bytes, of one place after the other."""


class Proven:
    """The content of a tree that is known by its digests, from whatever has it.

    Args:
        entries: What it holds.
        find: Yields what may be a file's bytes.
        where: What it is called, for messages.
        remedy: What brings here what is not here.
    """

    def __init__(self, entries: Entries, find: Find, where: str, remedy: str = "") -> None:
        self._entries, self._find, self._where, self._remedy = entries, find, where, remedy

    def read(self, path: str) -> IO[bytes]:
        """Open a file to be read, as `Content` says."""
        return BytesIO(self._read(path))

    def write(self, path: str, name: str, folder: int, file: File) -> None:
        """Write a file, as `Content` says."""
        data = self._read(path)
        descriptor = os.open(name, NEW, EXECUTABLE if file.executable else PLAIN, dir_fd=folder)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def _read(self, path: str) -> bytes:
        entry = self._entries.get(path)
        if isinstance(entry, File):
            for data in self._find(path):
                if sha256(data).hexdigest() == entry.sha256:
                    return data
        message = "neither a copy nor git has its bytes here, and nothing is fetched in silence"
        raise TreeError(Problem(message, f"{path} in {self._where}", remedy=self._remedy))
