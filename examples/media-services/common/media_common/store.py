"""Where services keep their state: a protocol, and an implementation in memory."""

from collections import defaultdict
from typing import Protocol


class Store(Protocol):
    """Values by key, and lists that only grow."""

    async def get(self, key: str) -> str | None:
        """Return the value of a key, or None if there is none."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        ...

    async def append(self, name: str, value: str) -> int:
        """Add a value to the end of a list and return the list's new length."""
        ...

    async def length(self, name: str) -> int:
        """Return the length of a list; zero if nothing was ever added."""
        ...

    async def slice(self, name: str, start: int, count: int) -> list[str]:
        """Return up to ``count`` values of a list, from position ``start`` on."""
        ...

    async def ping(self) -> None:
        """Raise StoreUnavailableError if the store does not answer."""
        ...

    async def close(self) -> None:
        """Give up connections; the store is not used afterwards."""
        ...


class MemoryStore:
    """A store in this process, lost when the process ends."""

    def __init__(self) -> None:
        """Start with nothing in the store."""
        self._values: dict[str, str] = {}
        self._lists: defaultdict[str, list[str]] = defaultdict(list)

    async def get(self, key: str) -> str | None:
        """Return the value of a key, or None if there is none."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        self._values[key] = value

    async def append(self, name: str, value: str) -> int:
        """Add a value to the end of a list and return the list's new length."""
        self._lists[name].append(value)
        return len(self._lists[name])

    async def length(self, name: str) -> int:
        """Return the length of a list; zero if nothing was ever added."""
        return len(self._lists[name])

    async def slice(self, name: str, start: int, count: int) -> list[str]:
        """Return up to ``count`` values of a list, from position ``start`` on."""
        return self._lists[name][start : start + count]

    async def ping(self) -> None:
        """Do nothing: memory is always there."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""
