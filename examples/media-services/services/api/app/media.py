"""Routes for media."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from media_common.bus import publish
from media_common.dependencies import ClockDep, StoreDep
from media_common.ids import new_id
from media_common.models import MediaItem, MediaUploaded, NewMedia
from media_common.pagination import Page, PageDep
from media_common.repository import Repository

from .users import UsersDep

router = APIRouter(prefix="/media", tags=["media"])


def get_media(store: StoreDep) -> Repository[MediaItem]:
    """Return the collection of media items."""
    return Repository(store, "media", MediaItem)


MediaDep = Annotated[Repository[MediaItem], Depends(get_media)]


@router.post("", status_code=HTTPStatus.CREATED)
async def create_media(new: NewMedia, users: UsersDep, media: MediaDep, store: StoreDep, clock: ClockDep) -> MediaItem:
    """Register an uploaded file, and tell the other services about it."""
    owner = await users.get(new.owner_id)
    now = clock.now()
    item = MediaItem(id=new_id("med"), created_at=now, **new.model_dump())
    await media.add(item)
    uploaded = MediaUploaded(media_id=item.id, owner_id=owner.id, title=item.title, occurred_at=now)
    await publish(store, uploaded)
    return item


@router.get("")
async def list_media(params: PageDep, media: MediaDep) -> Page[MediaItem]:
    """Return one page of all items, oldest first."""
    return await media.page(params)


@router.get("/{media_id}")
async def read_media(media_id: str, media: MediaDep) -> MediaItem:
    """Return one item."""
    return await media.get(media_id)
