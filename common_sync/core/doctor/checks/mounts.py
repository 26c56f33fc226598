"""Mounts of compose files that put something else where an image has its copy."""

from collections.abc import Iterator
from posixpath import join

from common_sync.core.doctor.checks.library import list_running
from common_sync.core.doctor.image.mounts import find_hiding
from common_sync.core.doctor.view import Composition, View
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding


def check_mounts(view: View) -> Iterator[Finding]:
    """Yield the mounts that hide the copy in an image of the service.

    Args:
        view: The service.
    """
    for composition in view.compositions:
        image = view.dockerfile_at(composition)
        for place in dict.fromkeys(one.place for one in list_running(image)) if image else ():
            yield from _hiding(view, composition, place)


def _hiding(view: View, composition: Composition, place: str) -> Iterator[Finding]:
    service, composed = view.service, composition.composed
    root = service.place.removesuffix(service.path)
    for mount in find_hiding(composed.mounts, place, join(service.place, service.copy)):
        shown = mount.written.replace(root, "")
        message = f"`{composed.name}` mounts {shown}, which hides the copy that the image has in {place}"
        remedy = "mount folders of the service, such as `./app`, and not what holds the copy"
        yield make_finding("CS207", service.path, composition.file, mount.line, message, remedy)
