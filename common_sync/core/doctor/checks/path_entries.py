"""What a service's Python files put on `sys.path`: in its folder, out of it, and in its images."""

from collections.abc import Iterator
from posixpath import normpath

from common_sync.core.doctor.checks.layout import find_places
from common_sync.core.doctor.view import ImageView, Service, View, is_test
from common_sync.core.findings import file_finding
from common_sync.core.formats.python import PathEntry, find_path_entries
from common_sync.core.model import Finding
from common_sync.core.paths import below

_HINTS = ("sys.path", "addsitedir")


def check_path_entries(view: View) -> Iterator[Finding]:
    """Yield what the Python files of a service put on `sys.path` from outside of it, where they are run."""
    for file, text in _sources(view.service):
        troubles = find_import_troubles(view.service.path, file, text)
        if not view.in_image:
            yield from troubles
        elif not is_test(file):
            found = ((image, entry) for image in view.images for entry in list_in_image(image, file, text))
            lines = {entry.line for image, entry in found if not _is_there(image, entry)}
            yield from (trouble for trouble in troubles if trouble.line in lines)


def _sources(service: Service) -> Iterator[tuple[str, str]]:
    for file in service.files:
        if file.endswith(".py") and (text := service.folder.read(file)) and any(hint in text for hint in _HINTS):
            yield file, text


def list_in_image(image: ImageView, file: str, text: str) -> list[PathEntry]:
    """Return what a file puts on `sys.path` where the last image has it; nothing where it has not."""
    end = image.build.stages[-1]
    places = find_places(end.image, image.context, file)
    return [entry for place in places for entry in find_path_entries(text, place, end.workdir)]


def _is_there(image: ImageView, entry: PathEntry) -> bool:
    path = normpath(entry.path)
    return path.strip("/") != "" and image.build.stages[-1].image.look(path) is not None


def inner_path_entries(service: Service) -> set[str]:
    """Return the folders of a service that its own files put on `sys.path`."""
    top = service.top
    entries = (one for file, text in _sources(service) for one in find_path_entries(text, f"{top}/{file}", top))
    return {rest for entry in entries if (rest := below(entry.path, top)) is not None}


def path_entries_in(image: ImageView) -> set[str]:
    """Return the folders that the files in an image put on `sys.path` there."""
    found = (entry for file, text in _sources(image.service) for entry in list_in_image(image, file, text))
    return {entry.path for entry in found}


def find_import_troubles(service: str, file: str, text: str) -> Iterator[Finding]:
    """Yield what a Python file puts on `sys.path` from outside the service."""
    folder = f"/{service}"
    for entry in find_path_entries(text, f"{folder}/{file}", folder):
        if below(entry.path, folder) is None:
            message = f"`{entry.written}` puts {entry.path.lstrip('/') or 'the root'} on sys.path, which leads out of the service"
            remedy = "take it out where the library is installed; else have it lead to the folder that holds the copy"
            yield file_finding("CS206", file, entry.line, message, remedy)
