"""What a `setup.py` and a `setup.cfg` say: the local projects that a project depends on, and what cannot be told of them.

Source of the format: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

from collections.abc import Callable, Iterator
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import find_target
from common_sync.core.formats.pip.syntax import parse_instructions
from common_sync.core.formats.python import find_paths, find_requirements, find_words
from common_sync.core.paths import below

SETUP_FILES = ("setup.py", "setup.cfg")

_EXTRAS = "[options.extras_require]"
_IN_SETTINGS = expression(r"^(?:[\w.-]+\s*=)?\s*([A-Za-z0-9][\w.-]*\s*(?:\[[^]]*\]\s*)?@\s*file:[^;#\r\n]+)")


class Required(NamedTuple):
    """A local project that is required, or a path that leads out of the project.

    Attributes:
        path: Its path; None where that cannot be told.
        line: The line that says so, counted from 1.
        written: What it says.
        reason: Why nobody can tell what comes of it, or nothing.
    """

    path: str | None
    line: int
    written: str
    reason: str = ""


def list_required(name: str, text: str, folder: str, read: Callable[[str], str | None]) -> Iterator[Required]:
    """Yield the local projects that a file of setuptools requires.

    Args:
        name: Its name: one of `SETUP_FILES`.
        text: Its text.
        folder: The absolute path of the folder that it lies in and is run in.
        read: Returns the text of a file, by its path from there, or None.
    """
    if name == "setup.cfg":
        yield from _list_in_settings(text)
        return
    required = find_requirements(text, f"{folder}/setup.py", folder)
    for one in required:
        target = None if one.value is None else find_target(one.value, editable=False)
        path = None if target is None else target.path
        yield Required(path, one.line, one.written, "" if path else "it is computed in a way that is not followed")
    yield from _list_handed_on(text, read)
    told = {one.line for one in required}
    for one in (*find_paths(text, f"{folder}/setup.py", folder), *find_words(text)):
        leads = one.value or ""
        out = leads.startswith(("../", "/")) and below(normpath(join(folder, leads)), folder) is None
        if out and one.line not in told and (leads != one.written or leads.startswith("../")):
            told.add(one.line)
            yield Required(normpath(join(folder, leads)), one.line, one.written, "it leads out of the project")


def _list_in_settings(text: str) -> Iterator[Required]:
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        section = line.strip() if line.startswith("[") else section
        found = None if section == _EXTRAS else _IN_SETTINGS.match(line)
        target = find_target(found[1], editable=False) if found else None
        if found and target is not None:
            yield Required(target.path, number, found[1].strip())


def _list_handed_on(text: str, read: Callable[[str], str | None]) -> Iterator[Required]:
    """Yield the requirements files that a script reads and that lead to a folder: setuptools takes no such line."""
    for one in find_words(text):
        held = read(one.written) if one.written.endswith((".txt", ".in")) else None
        for line in parse_instructions(held) if held else ():
            editable = line.kind == "editable"
            if line.kind in {"editable", "requirement"} and find_target(line.value.value, editable=editable):
                told = f"it reads {one.written}, whose line {line.line.number} leads to a folder"
                yield Required(None, one.line, line.value.value, told)
                break
