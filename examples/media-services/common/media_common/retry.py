"""Trying again, with a growing pause between the attempts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")


async def retry(
    operation: Callable[[], Awaitable[ResultT]],
    *,
    on: type[Exception],
    attempts: int = 4,
    first_pause_seconds: float = 0.1,
    longest_pause_seconds: float = 5.0,
) -> ResultT:
    """Call an operation until it succeeds or the attempts are used up.

    The pause doubles after each failure. Only exceptions of the type ``on`` are
    retried; the one from the last attempt is raised to the caller.
    """
    pause_seconds = first_pause_seconds
    for _ in range(attempts - 1):
        try:
            return await operation()
        except on:
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, longest_pause_seconds)
    return await operation()
