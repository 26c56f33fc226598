"""What a compose file mounts over the copy in the image of a service."""

from collections.abc import Iterable
from posixpath import join, normpath

from common_sync.core.doctor.image.files import below
from common_sync.core.formats.compose.file import Mount


def find_hiding(mounts: Iterable[Mount], place: str, copy: str) -> list[Mount]:
    """Return the mounts that put something else where an image has its copy.

    Args:
        mounts: What is mounted.
        place: Where the image has the copy.
        copy: The absolute path of the copy on the disk; mounting that hides nothing.
    """
    hiding = []
    for mount in mounts:
        rest = below(place, mount.target)
        if rest is not None and (mount.source is None or normpath(join(mount.source, rest)) != copy):
            hiding.append(mount)
    return hiding
