"""The records and events that services exchange."""

from .base import Record, Value
from .events import Event, MediaUploaded, TranscodeFailed, TranscodeFinished
from .media import MediaItem, MediaKind, MediaStatus, NewMedia
from .user import NewUser, User

__all__ = [
    "Event",
    "MediaItem",
    "MediaKind",
    "MediaStatus",
    "MediaUploaded",
    "NewMedia",
    "NewUser",
    "Record",
    "TranscodeFailed",
    "TranscodeFinished",
    "User",
    "Value",
]
