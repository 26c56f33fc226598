"""What a user is told about an event."""

from media_common.models import (
    Event,
    MediaUploaded,
    TranscodeFailed,
    TranscodeFinished,
)


def render_message(event: Event) -> str:
    """Return the sentence that tells a user about an event."""
    match event:
        case MediaUploaded(title=title):
            return f"Your upload {title!r} has arrived."
        case TranscodeFinished(profile=profile):
            return f"Your media is ready to play ({profile})."
        case TranscodeFailed(profile=profile, reason=reason):
            return f"Your media could not be prepared ({profile}): {reason}"
