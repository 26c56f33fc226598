"""What a project asks for by its names: in its own tables, by groups and extras, and in its lock file.

Sources of the formats: https://packaging.python.org/en/latest/specifications/pyproject-toml/, those of PEP 735, and the
documentation of uv, poetry, PDM and Pipenv.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.markers import Target, holds, marker_of
from common_sync.core.doctor.install.project.projects import Dependency, Project, list_declared, read_project
from common_sync.core.doctor.install.selection import select
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import list_spellings, normalise
from common_sync.core.formats.tables import Table, find_table, list_strings
from common_sync.core.formats.toml import Document, parse_toml
from common_sync.core.text import UnparsableError

LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
"""Tool → its lock file."""
_LOCKED = expression(r"""(?m)^name = ['"]([^'"]+)['"]""")
_NO_MATTER = frozenset({"--no-install-local", "--no-directory"})
"""Options that only leave out local projects."""


class Declared(NamedTuple):
    """What a project asks for.

    Attributes:
        names: The normalised names, each also with each extra that it is asked for with: `fastapi`, `fastapi[standard]`.
        left: Those of its groups and extras that are not installed, and those that may not be, by their markers.
        all_told: Whether its files say all that it asks for.
    """

    names: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    all_told: bool = False


def read_declared(text: str, install: Install, extras: frozenset[str] = frozenset()) -> Declared:
    """Return what a pyproject.toml or a Pipfile asks for.

    Args:
        text: The file's text.
        install: What is installed, with its options.
        extras: The extras that the project is asked for with.
    """
    found = _read(text, install.target)
    if found is None:
        return Declared()
    project = read_project(text) or Project()
    fakes = project._replace(dependencies=found.dependencies, uv=(), poetry=())
    options = tuple(one for one in install.options if one[0] not in _NO_MATTER)
    chosen = {*select(install._replace(options=options), fakes)}
    names = {one.written for one in found.dependencies if one in chosen or (one.extra and one.extra in extras)}
    names -= found.marked
    return Declared(frozenset(names), frozenset(one.written for one in found.dependencies) - names, found.all_told)


class _Read(NamedTuple):
    dependencies: tuple[Dependency, ...]
    all_told: bool
    marked: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def _read(text: str, target: Target) -> _Read | None:
    try:
        document = parse_toml(text)
    except UnparsableError:
        return None
    tables = document.tables
    project, poetry = find_table(tables, "project"), find_table(tables, "tool", "poetry")
    told = ("project" in tables and "dependencies" not in list_strings(project.get("dynamic"))) or bool(poetry)
    marked = {name: _held(one, target) for name, one in _list_marked(document, target)}
    told = (told or "packages" in tables) and None not in marked.values()
    left = frozenset(name for name, held in marked.items() if not held)
    return _Read(tuple(_list_dependencies(document)), told, left)


def _held(marker: str, target: Target) -> bool | None:
    return None if "extra" in marker else holds(marker, target)


def _list_marked(document: Document, target: Target) -> Iterator[tuple[str, str]]:
    """Yield the names that are asked for only where a marker holds, each with that."""
    asked = [one.requirement for one in list_declared(document)]
    always = {name for one in asked if _held(marker_of(one), target) for name in list_spellings(one)}
    yield from ((name, marker_of(one)) for one in asked for name in list_spellings(one) if name not in always)
    poetry = find_table(document.tables, "tool", "poetry", "dependencies")
    for name, value in (*poetry.items(), *find_table(document.tables, "packages").items()):
        table = value if isinstance(value, dict) else {}
        yield normalise(name), str(table.get("markers", ""))
        yield from ((normalise(name), f"sys_platform == '{one}'") for one in [table.get("platform")] if one)
        yield from ((normalise(name), f"sys_platform {one}") for one in [table.get("sys_platform")] if one)


def _list_dependencies(document: Document) -> Iterator[Dependency]:
    """Yield what each table asks for: the path of each is nothing, and what is written a name, with an extra or without."""
    for one in list_declared(document):
        names = list_spellings(one.requirement)
        yield from (Dependency("", 0, name, group=one.group, extra=one.extra) for name in names)
    tables = document.tables
    poetry = find_table(tables, "tool", "poetry")
    yield from _of_table(find_table(poetry, "dependencies"))
    yield from _of_table(find_table(poetry, "dev-dependencies"), "dev")
    for group in find_table(poetry, "group"):
        yield from _of_table(find_table(poetry, "group", group, "dependencies"), group)
    yield from _of_table(find_table(tables, "packages"))
    yield from _of_table(find_table(tables, "dev-packages"), "dev")


def _of_table(table: Table, group: str = "") -> Iterator[Dependency]:
    for name, value in table.items():
        extras = list_strings(value.get("extras")) if isinstance(value, dict) else ()
        yield Dependency("", 0, normalise(name), group=group)
        yield from (Dependency("", 0, f"{normalise(name)}[{normalise(one)}]", group=group) for one in extras)


def read_locked(text: str, tool: str) -> frozenset[str] | None:
    """Return the names of all that a lock file has installed, or None where it cannot be read.

    Args:
        text: The lock file's text.
        tool: The tool whose it is.
    """
    if tool != "pipenv":
        return frozenset(map(normalise, _LOCKED.findall(text))) or None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return frozenset(map(normalise, find_table(found, "default"))) if isinstance(found, dict) else None
