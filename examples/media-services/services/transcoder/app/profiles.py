"""The forms that media is transcoded to, and the command that makes each."""

from enum import StrEnum


class Profile(StrEnum):
    """The name of one output form."""

    VIDEO_1080P = "video-1080p"
    VIDEO_480P = "video-480p"
    AUDIO_STANDARD = "audio-standard"


_OPTIONS = {
    Profile.VIDEO_1080P: ("-vf", "scale=-2:1080", "-c:v", "libx264", "-crf", "21"),
    Profile.VIDEO_480P: ("-vf", "scale=-2:480", "-c:v", "libx264", "-crf", "24"),
    Profile.AUDIO_STANDARD: ("-vn", "-c:a", "aac", "-b:a", "128k"),
}


def build_command(media_id: str, profile: Profile) -> tuple[str, ...]:
    """Return the ffmpeg command that transcodes an upload to a profile."""
    suffix = "m4a" if profile is Profile.AUDIO_STANDARD else "mp4"
    source = f"uploads/{media_id}"
    target = f"ready/{media_id}.{profile}.{suffix}"
    return ("ffmpeg", "-nostdin", "-i", source, *_OPTIONS[profile], target)
