"""What a route can ask for by the type of its parameters."""

from typing import Annotated

from fastapi import Depends, Request

from .clock import Clock, SystemClock
from .redis_store import RedisStore
from .settings import Settings
from .store import MemoryStore, Store


def make_store(settings: Settings) -> Store:
    """Make the store that the settings choose; nothing is connected yet."""
    if settings.store == "redis":
        return RedisStore(settings.redis_url, settings.redis_timeout_seconds)
    return MemoryStore()


def get_store(request: Request) -> Store:
    """Return the store that the application was started with."""
    store: Store = request.app.state.store
    return store


def get_clock() -> Clock:
    """Return the clock; tests override this dependency with a FixedClock."""
    return SystemClock()


StoreDep = Annotated[Store, Depends(get_store)]
ClockDep = Annotated[Clock, Depends(get_clock)]
