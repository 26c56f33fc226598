"""The workflow of one media item, as a state machine without side effects."""

from media_common.errors import ConflictError
from media_common.models import (
    Event,
    MediaStatus,
    MediaUploaded,
    Record,
    TranscodeFailed,
    TranscodeFinished,
    Value,
)
from pydantic import Field


class NewWorkflow(Value):
    """What a client sends to start a workflow."""

    media_id: str
    # The profiles that are still to be transcoded.
    profiles: frozenset[str] = Field(min_length=1)


class Workflow(Record):
    """One media item on its way from upload to ready."""

    media_id: str
    profiles: frozenset[str]
    status: MediaStatus = MediaStatus.UPLOADED
    failure_reason: str | None = None


def advance(workflow: Workflow, event: Event) -> Workflow:
    """Return the workflow as it is after an event.

    Raises ConflictError if the event is about another item, or comes too late.
    """
    if event.media_id != workflow.media_id:
        message = f"The event is about {event.media_id!r}, not {workflow.media_id!r}."
        raise ConflictError(message)
    if workflow.status in {MediaStatus.READY, MediaStatus.FAILED}:
        message = f"Workflow {workflow.id!r} is already {workflow.status}."
        raise ConflictError(message)

    match event:
        case MediaUploaded():
            return workflow.model_copy(update={"status": MediaStatus.TRANSCODING})
        case TranscodeFinished(profile=profile):
            left = workflow.profiles - {profile}
            status = MediaStatus.TRANSCODING if left else MediaStatus.READY
            return workflow.model_copy(update={"profiles": left, "status": status})
        case TranscodeFailed(reason=reason):
            failed = {"status": MediaStatus.FAILED, "failure_reason": reason}
            return workflow.model_copy(update=failed)
