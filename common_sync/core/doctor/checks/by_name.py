"""Lines that ask for the library by its name: an index is asked for it, and no copy can answer."""

import re
from collections.abc import Iterator
from posixpath import basename

from common_sync.core.doctor.install.projects import WORKSPACE, find_named
from common_sync.core.doctor.view import Service, View
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.model import Finding
from common_sync.core.references.kinds import is_compose, is_dockerfile, is_requirements

_REQUIREMENT = expression(r"\s*(([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\]\s*)?(?:[=<>!~;(].*)?)", re.ASCII)
_COMMENT = expression(r"(?:^|\s)#.*")


_PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile"})


def check_asked_by_name(view: View) -> Iterator[Finding]:
    """Yield where a service without an image asks for the library by its name, if it has no reference to the copy.

    Args:
        view: The service.
    """
    if not view.in_image and not _installs_copy(view.service):
        yield from list_asked_by_name(view.service)


def _installs_copy(service: Service) -> bool:
    files = {one.file for one in service.references if one.state in {"points-at-copy", "points-at-master"}}
    return any(not is_dockerfile(name) and not is_compose(name) for name in map(basename, files))


def list_asked_by_name(service: Service) -> list[Finding]:
    """Return where the files of a service ask for the library by its name.

    Args:
        service: The service.
    """
    files = [(file, service.folder.read(file) or "") for file in service.files if _is_asking(file)]
    found = (find_asked_by_name(file, text, service.library, service.copy) for file, text in files)
    return [one for one in found if one is not None]


def _is_asking(file: str) -> bool:
    name = basename(file)  # a constraint asks for nothing
    return (is_requirements(name) and "constraint" not in name) or file in _PROJECT_FILES


def find_asked_by_name(file: str, text: str, library: str, copy: str) -> Finding | None:
    """Return that a file asks for the library by its name, and not by a path to the copy.

    Args:
        file: Its path in the service: a requirements file, `pyproject.toml` or `Pipfile`.
        text: Its text.
        library: The library's name.
        copy: The copy's path in the service.
    """
    if file.endswith((".toml", "Pipfile")):
        written = find_named(text, normalise(library))
        lines = text.splitlines()
        line = next((number for number, one in enumerate(lines, 1) if written and _mentions(one, library)), None)
        remedy = f'give it a source: `{library} = {{ path = "{copy}" }}`'
    else:
        line, written = next(_find_requirements(text, normalise(library)), (None, None))
        remedy = f"write `./{copy}`"
    if written is None:
        return None
    who = (
        "a uv workspace, which is not there where the service is alone," if written.endswith(WORKSPACE) else "an index"
    )
    message = f"`{written}` asks {who} for the library by its name, and no copy can answer"
    return file_finding("CS213", file, line, message, remedy)


def _find_requirements(text: str, library: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        written = _REQUIREMENT.fullmatch(_COMMENT.sub("", line).rstrip())
        if written and normalise(written[2]) == library:
            yield number, written[1]


def _mentions(line: str, library: str) -> bool:
    name = rf"(?<![\w-]){re.escape(normalise(library))}(?![\w-])"
    return re.search(name, normalise(line.partition("#")[0])) is not None
