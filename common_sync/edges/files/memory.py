"""What is known of a master's files, to write them and to know them again in a copy without hashing: of small ones the bytes."""

import os
from collections.abc import Collection, Iterator
from stat import S_IFMT, S_IFREG

from common_sync.core.model import File, Seen
from common_sync.edges.files.folders import FILE, OWNER_MAY_EXECUTE
from common_sync.edges.files.large import Large

_KIND_AND_EXECUTABLE = S_IFMT(0o177777) | OWNER_MAY_EXECUTE


class Held:
    """The bytes of files, end to end in one piece.

    Were each an object of its own, a worker that only reads it would write its reference count, and so get its own copy of
    a page that it shares with its parent: in time, of every page.

    Args:
        room: Bytes to hold at the most.
        large: Takes in the files that are too large to hold.
        always: Paths that are held even so.
    """

    def __init__(self, room: int, large: Large, always: Collection[str] = ()) -> None:
        self._room, self.large, self._always = room, large, always
        self._bytes = bytearray()
        self._files: dict[str, tuple[File, int, int, int]] = {}

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self._bytes)

    def keep(self, path: str, file: File, data: bytes | Seen) -> None:
        """Take in a file, if there is room for it.

        Args:
            path: Its path in the tree.
            file: What it is.
            data: Its bytes, those that were hashed; or of a large one, what the system said of it meanwhile.
        """
        if isinstance(data, Seen):
            self.large.keep(path, file, data)
            return
        start = len(self._bytes)
        end = start + len(data)
        if end <= self._room or path in self._always:
            self._bytes += data
            self._files[path] = (file, S_IFREG | (OWNER_MAY_EXECUTE if file.executable else 0), start, end)

    def get(self, path: str) -> bytes | None:
        """Return a file's bytes, or None when they are not held."""
        if path not in self._files:
            return None
        _, _, start, end = self._files[path]
        return bytes(memoryview(self._bytes)[start:end])

    def list_holding(self, data: bytes) -> Iterator[str]:
        """Yield the paths of the files that hold some bytes.

        Args:
            data: The bytes; where nothing holds them, one search through all files tells.
        """
        if data in self._bytes:
            yield from (
                path for path, (*_, start, end) in self._files.items() if self._bytes.find(data, start, end) >= 0
            )

    def recognise(self, path: str, name: str, folder: int) -> tuple[File, int] | None:
        """Return the file that is held by a path, and its size, if it is also what a name leads to; None for all else.

        To compare takes a tenth of the time that hashing takes. Whoever gets None reads what is there, and says what is wrong.
        """
        if path not in self._files:
            return self.large.recognise(path, name, folder)
        file, mode, start, end = self._files[path]
        size = end - start
        try:
            descriptor = os.open(name, FILE, dir_fd=folder)
        except OSError:
            return None
        try:
            if os.fstat(descriptor).st_mode & _KIND_AND_EXECUTABLE != mode:
                return None
            data = os.read(descriptor, size + 1)  # one more, to see that it ends there
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return (file, size) if len(data) == size and self._bytes.startswith(data, start) else None
