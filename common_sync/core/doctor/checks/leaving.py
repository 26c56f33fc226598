"""What a service's Python files put on `sys.path` from outside of it, where they are run: in its folder, or in its images."""

from collections.abc import Iterable, Iterator
from functools import cache
from posixpath import normpath

from common_sync.core.doctor.checks.library import finds_library
from common_sync.core.doctor.checks.path_entries import (
    explain_leaving,
    list_in_image,
    list_leaving,
    list_sources,
)
from common_sync.core.doctor.view import ImageView, View, is_test
from common_sync.core.formats.python import PathEntry
from common_sync.core.model import Finding
from common_sync.core.paths import below


def check_path_entries(view: View) -> Iterator[Finding]:
    """Yield what the Python files of a service put on `sys.path` from outside of it, where they are run."""
    finds = cache(lambda at: finds_library(view.images[at]))
    own, *others = view.service.masters or ("",)
    for file, text in list_sources(view.service):
        left = list_leaving(view.service.path, file, text)
        if not view.in_image:
            yield from (explain_leaving(file, entry) for entry in left)
        elif not is_test(file):
            lines = [_list_absent(image, file, text) for image in view.images]
            for entry in left:
                held = [at for at, found in enumerate(lines) if entry.line in found]
                needless = _leads(entry, [own]) and all(map(finds, held))
                if held and not needless and not _leads(entry, others):  # others are looked at beside their own copies
                    yield explain_leaving(file, entry)


def _list_absent(image: ImageView, file: str, text: str) -> set[int]:
    """Return the lines of a file in an image that put a folder on `sys.path` which the image has not."""
    return {entry.line for entry in list_in_image(image, file, text) if not _is_there(image, entry)}


def _leads(entry: PathEntry, masters: Iterable[str]) -> bool:
    return any(master and below(entry.path, f"/{master}") is not None for master in masters)


def _is_there(image: ImageView, entry: PathEntry) -> bool:
    path = normpath(entry.path)
    return path.strip("/") != "" and image.build.stages[-1].image.look(path) is not None
