"""A store in Redis, shared by every service that uses the same one."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .errors import StoreUnavailableError


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn any error of Redis into one that clients get a proper answer for."""
    try:
        yield
    except RedisError as error:
        message = f"Redis did not answer: {error}"
        raise StoreUnavailableError(message) from error


def _text(value: bytes | str) -> str:
    """Return a value from Redis as text; by its types, redis-py may give bytes."""
    return value if isinstance(value, str) else value.decode()


class RedisStore:
    """The Store protocol on top of redis-py."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """Prepare a client; it connects when it is first used."""
        self._client = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
        )

    async def get(self, key: str) -> str | None:
        """Return the value of a key, or None if there is none."""
        with _translated_errors():
            value = await self._client.get(key)
        return None if value is None else _text(value)

    async def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        with _translated_errors():
            await self._client.set(key, value)

    async def append(self, name: str, value: str) -> int:
        """Add a value to the end of a list and return the list's new length."""
        with _translated_errors():
            return await self._client.rpush(name, value)

    async def length(self, name: str) -> int:
        """Return the length of a list; zero if nothing was ever added."""
        with _translated_errors():
            return await self._client.llen(name)

    async def slice(self, name: str, start: int, count: int) -> list[str]:
        """Return up to ``count`` values of a list, from position ``start`` on."""
        # Redis includes the last position, and reads -1 as "the end of the list".
        if count <= 0:
            return []
        with _translated_errors():
            values = await self._client.lrange(name, start, start + count - 1)
        return [_text(value) for value in values]

    async def ping(self) -> None:
        """Raise StoreUnavailableError if Redis does not answer."""
        with _translated_errors():
            await self._client.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
