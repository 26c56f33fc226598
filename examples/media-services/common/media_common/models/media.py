"""Media: what users upload and what becomes of it."""

from enum import StrEnum

from pydantic import Field

from .base import Record, Value


class MediaKind(StrEnum):
    """What sort of file an item is."""

    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"


class MediaStatus(StrEnum):
    """How far the processing of an item has come."""

    UPLOADED = "uploaded"
    TRANSCODING = "transcoding"
    READY = "ready"
    FAILED = "failed"


class NewMedia(Value):
    """What a client sends to register an uploaded file."""

    owner_id: str
    title: str = Field(min_length=1, max_length=200)
    kind: MediaKind
    size_bytes: int = Field(gt=0)


class MediaItem(NewMedia, Record):
    """One uploaded file."""

    status: MediaStatus = MediaStatus.UPLOADED
