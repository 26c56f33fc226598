"""The references of a service as they lie on the disk: those that leave it, and those that lead to nothing in it."""

import re
from collections.abc import Iterable, Iterator

from common_sync.core.doctor.image.files import Image, Put
from common_sync.core.doctor.install.command import Asked, Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.needs import find_needs
from common_sync.core.doctor.install.settings.configured import configure
from common_sync.core.doctor.view import IF_HARMLESS, ImageView, Service, View
from common_sync.core.findings import file_finding
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import Finding
from common_sync.core.paths import below
from common_sync.core.references.kinds import is_requirements

PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile"})


def check_references(view: View) -> Iterator[Finding]:
    """Yield what is wrong with the references of a service as they lie; what leads to the master is told of already."""
    service = view.service
    needs = [(file, need) for file, need in list_needs(service) if not _is_of_images(need, view.images)]
    judged = (_judge(need, file, service.top, in_image=view.in_image) for file, need in needs)
    told = {(one.file, one.line) for one in service.references if one.state in {"points-at-master", "points-at-former"}}
    for trouble in dict.fromkeys(judged):
        if trouble is not None and (f"{service.path}/{trouble.file}", trouble.line) not in told:
            yield trouble


def _is_of_images(need: Need, images: Iterable[ImageView]) -> bool:
    """Tell whether a need is an absolute path that an image has, or may have: its own checks tell of it then."""
    if re.search(rf"(?:^|[\s=:\"']|//|localhost){re.escape(need.path)}(?!\w)", need.written) is None:
        return False
    builds = [image.build for image in images]
    kept = (stage.image.look(need.path) is not None for build in builds for stage in build.stages)
    return any(kept) or any(one.path == need.path and one.state != "missing" for build in builds for one in build.needs)


def list_needs(service: Service) -> Iterator[tuple[str, Need]]:
    """Yield what there is to be installed of a service as it lies, each with the file beside the service's that asks."""
    image = Image((Put(service.top, service.context, ""),))
    for file in service.files:
        if "/" not in file and (is_requirements(file) or file in PROJECT_FILES):
            needs = find_needs(configure(_read_install(service, file), image, service.context), image, service.context)
            yield from ((file, need) for need in needs if need.file or need.path != f"{service.top}/{file}")


def _read_install(service: Service, file: str) -> Install:
    """Return how a file of a service that says what to install would be installed."""
    if file == "Pipfile":
        return Install("pipenv", service.top, synced=True, options=(("--dev", ""),))
    if file == "pyproject.toml":
        text = service.folder.read(file) or ""
        return Install("poetry" if "[tool.poetry" in text else "uv", service.top, synced=True)
    return Install("pip", service.top, (Asked("file", Word(file)),))


def _judge(need: Need, file: str, folder: str, *, in_image: bool) -> Finding | None:
    place = need.file or file
    if need.state == "missing" and need.path and below(need.path, folder) is None:
        message = f"`{need.written}` leads out of the service, and is not there where the service is built"
        return file_finding(
            "CS205", place, need.line, message, "copy what it leads to into the service, and name it there"
        )
    if in_image or need.state == "there":
        return None
    if need.state == "unknown":
        message = f"nobody can tell whether what `{need.written}` names is there: {need.reason}"
        remedy = IF_HARMLESS if need.reason.endswith("is not followed") else "write the path out"
        return file_finding("CS213", place, need.line, message, remedy)
    kind = "CS201" if need.kind == "project" else "CS204"
    path = below(need.path, folder)
    message = f"`{need.written}` leads to {path}, which is not in the service"
    return file_finding(
        kind,
        place,
        need.line,
        f"{message}: {need.reason}" if need.reason else message,
        "copy it there, or take the line out",
        lacks=path,
    )
