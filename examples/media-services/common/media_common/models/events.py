"""Events: what one service tells the others."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from .base import Value


class _MediaEvent(Value):
    """What every event about a media item says."""

    media_id: str
    owner_id: str
    occurred_at: AwareDatetime


class MediaUploaded(_MediaEvent):
    """A new item has arrived and waits to be processed."""

    kind: Literal["media_uploaded"] = "media_uploaded"
    title: str


class TranscodeFinished(_MediaEvent):
    """An item was transcoded to one profile."""

    kind: Literal["transcode_finished"] = "transcode_finished"
    profile: str


class TranscodeFailed(_MediaEvent):
    """An item could not be transcoded."""

    kind: Literal["transcode_failed"] = "transcode_failed"
    profile: str
    reason: str


# The field "kind" tells a reader which event it has in front of it.
Event = Annotated[
    MediaUploaded | TranscodeFinished | TranscodeFailed,
    Field(discriminator="kind"),
]
