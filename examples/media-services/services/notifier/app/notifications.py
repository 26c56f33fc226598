"""Routes for notifications."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from media_common.bus import read_events
from media_common.clock import Clock
from media_common.dependencies import ClockDep, StoreDep
from media_common.ids import new_id
from media_common.models import Event, Record
from media_common.pagination import Page, PageDep
from media_common.repository import Repository

from .messages import render_message

router = APIRouter(tags=["notifications"])

# How many events the notifier has read; kept in the store, so a restart repeats none.
_POSITION = "notifier:position"


class Notification(Record):
    """One message to one user."""

    user_id: str
    text: str


def get_notifications(store: StoreDep) -> Repository[Notification]:
    """Return the collection of notifications."""
    return Repository(store, "notifications", Notification)


NotificationsDep = Annotated[Repository[Notification], Depends(get_notifications)]


def make_notification(event: Event, clock: Clock) -> Notification:
    """Make the notification for the owner of the media that an event is about."""
    return Notification(
        id=new_id("ntf"),
        created_at=clock.now(),
        user_id=event.owner_id,
        text=render_message(event),
    )


@router.post("/notifications", status_code=HTTPStatus.CREATED)
async def notify(event: Event, notifications: NotificationsDep, clock: ClockDep) -> Notification:
    """Notify the owner about one event that the caller sends."""
    notification = make_notification(event, clock)
    await notifications.add(notification)
    return notification


@router.get("/notifications")
async def list_notifications(params: PageDep, notifications: NotificationsDep) -> Page[Notification]:
    """Return one page of all notifications, oldest first."""
    return await notifications.page(params)


@router.post("/deliveries")
async def deliver(store: StoreDep, notifications: NotificationsDep, clock: ClockDep) -> list[Notification]:
    """Read the events that are new since the last call, and notify the owners."""
    position = int(await store.get(_POSITION) or 0)
    made: list[Notification] = []
    for event in await read_events(store, position):
        made.append(make_notification(event, clock))
        await notifications.add(made[-1])
        position += 1
        # After each event, so that a crash repeats one message at most.
        await store.put(_POSITION, str(position))
    return made
