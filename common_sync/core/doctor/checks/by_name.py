"""Lines that ask for the library by its name: an index is asked for it, and no copy can answer."""

import re
from collections.abc import Iterator

from common_sync.core.doctor.install.projects import WORKSPACE, find_named, normalise
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.model import Finding

_REQUIREMENT = expression(r"\s*(([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\]\s*)?(?:[=<>!~;(].*)?)", re.ASCII)
_COMMENT = expression(r"(?:^|\s)#.*")


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
