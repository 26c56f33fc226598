"""Mounts of compose files that put something else where an image has its copy."""

from collections.abc import Iterator
from posixpath import join

from common_sync.core.doctor.checks.library import list_running
from common_sync.core.doctor.image.mounts import find_hiding
from common_sync.core.doctor.view import View
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import Finding


def check_mounts(view: View) -> Iterator[Finding]:
    """Yield the mounts that hide the copy in an image of the service."""
    for built in view.compositions:
        image = view.image_of(built)
        for place in dict.fromkeys(one.place for one in list_running(image)) if image else ():
            yield from _hiding(view, built, place)


def _hiding(view: View, built: BuiltService, place: str) -> Iterator[Finding]:
    service = view.service
    for mount in find_hiding(built.mounts, place, join(service.place, service.copy)):
        message = f"`{built.name}` mounts {mount.written}, which hides the copy that the image has in {place}"
        remedy = "mount folders of the service, such as `./app`, and not what holds the copy"
        yield make_finding("CS207", service.path, view.path_of(built.file), mount.line, message, remedy)
