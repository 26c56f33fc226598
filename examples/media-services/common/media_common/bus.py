"""Events between services, through a list in the store that they share."""

import logging

from pydantic import TypeAdapter

from .models.events import Event
from .store import Store

_EVENTS = "events"
_logger = logging.getLogger(__name__)
_adapter: TypeAdapter[Event] = TypeAdapter(Event)


async def publish(store: Store, event: Event) -> None:
    """Add an event for every service that reads them."""
    await store.append(_EVENTS, event.model_dump_json())
    fields = {"kind": event.kind, "media_id": event.media_id}
    _logger.info("event published", extra=fields)


async def read_events(store: Store, start: int, count: int = 100) -> list[Event]:
    """Return up to ``count`` events, from position ``start`` on, oldest first.

    A reader keeps its own position: what it read last, plus one.
    """
    texts = await store.slice(_EVENTS, start, count)
    return [_adapter.validate_json(text) for text in texts]
