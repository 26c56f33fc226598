"""What a service's Python files put on `sys.path`: in its folder, out of it, and in its images."""

from collections.abc import Iterator

from common_sync.core.doctor.checks.layout import find_places
from common_sync.core.doctor.view import ImageView, Service
from common_sync.core.findings import file_finding
from common_sync.core.formats.python import PathEntry, find_path_entries
from common_sync.core.model import Finding
from common_sync.core.paths import below

_HINTS = ("sys.path", "addsitedir")


def list_sources(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the Python files of a service that may put something on `sys.path`, each with its text."""
    for file in service.files:
        if file.endswith(".py") and (text := service.folder.read(file)) and any(hint in text for hint in _HINTS):
            yield file, text


def list_in_image(image: ImageView, file: str, text: str) -> list[PathEntry]:
    """Return what a file puts on `sys.path` where the last image has it; nothing where it has not."""
    end = image.build.stages[-1]
    places = find_places(end.image, image.context, file)
    return [entry for place in places for entry in find_path_entries(text, place, end.workdir)]


def inner_path_entries(service: Service) -> set[str]:
    """Return the folders of a service that its own files put on `sys.path`."""
    top = service.top
    entries = (one for file, text in list_sources(service) for one in find_path_entries(text, f"{top}/{file}", top))
    return {rest for entry in entries if (rest := below(entry.path, top)) is not None}


def path_entries_in(image: ImageView) -> set[str]:
    """Return the folders that the files in an image put on `sys.path` there."""
    found = (entry for file, text in list_sources(image.service) for entry in list_in_image(image, file, text))
    return {entry.path for entry in found}


def list_leaving(service: str, file: str, text: str) -> list[PathEntry]:
    """Return what a Python file puts on `sys.path` from outside the service; the root of the repository is `/`."""
    folder = f"/{service}"
    return [entry for entry in find_path_entries(text, f"{folder}/{file}", folder) if below(entry.path, folder) is None]


def explain_leaving(file: str, entry: PathEntry) -> Finding:
    """Return what is wrong with a folder outside of the service on `sys.path`."""
    message = (
        f"`{entry.written}` puts {entry.path.lstrip('/') or 'the root'} on sys.path, which leads out of the service"
    )
    remedy = "take it out where the library is installed; else have it lead to the folder that holds the copy"
    return file_finding("CS206", file, entry.line, message, remedy)
