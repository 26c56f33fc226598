"""What a project's own files say: the local projects that it depends on, what its build reads, which Pythons it takes."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common_sync.core.formats.pip.paths import find_target

Table = Mapping[str, object]

WORKSPACE = "{ workspace = true }"
"""How uv is told to take a package from the workspace that a project is in."""


class Dependency(NamedTuple):
    """A local project that a project depends on.

    Attributes:
        path: Where it is, relative to the project's folder or absolute.
        line: The line that says so, counted from 1.
        written: What it says, in short.
        editable: Whether it is installed so that its files are imported where they lie.
        group: The dependency group that asks for it, or nothing.
        extra: The extra that asks for it, or nothing.
    """

    path: str
    line: int
    written: str
    editable: bool = False
    group: str = ""
    extra: str = ""


class Project(NamedTuple):
    """What a pyproject.toml says.

    Attributes:
        dependencies: The local projects that any tool installs with it.
        uv: Those that only uv takes from elsewhere than the index.
        poetry: Those that poetry names.
        optional_groups: The groups that poetry installs only when asked.
        workspace: Whether it takes packages from a uv workspace.
        default_groups: The dependency groups that uv installs unasked.
        readme: The file that its build reads, or None.
        backend: What builds it: `setuptools`, `hatchling` …
        packaged: Whether it says what builds it; uv and pdm only install one that does.
        requires_python: The Pythons that it takes, or None.
        source_layout: Whether its packages lie in `src/`.
    """

    dependencies: tuple[Dependency, ...] = ()
    uv: tuple[Dependency, ...] = ()
    poetry: tuple[Dependency, ...] = ()
    optional_groups: tuple[str, ...] = ()
    workspace: bool = False
    default_groups: tuple[str, ...] = ("dev",)
    readme: str | None = None
    backend: str = "setuptools"
    packaged: bool = False
    requires_python: str | None = None
    source_layout: bool = False


def read_project(text: str) -> Project | None:
    """Return what a pyproject.toml says, or None when it is no TOML.

    Args:
        text: The file's text.
    """
    document = _parse(text)
    if document is None:
        return None
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    declared = [*_declared(document)]
    readme = project.get("readme", poetry.get("readme"))
    backend = _table(document, "build-system").get("build-backend")
    python = project.get("requires-python", _table(poetry, "dependencies").get("python"))
    return Project(
        tuple(_direct(text, declared)),
        tuple(_from_uv(text, _table(document, "tool", "uv", "sources"), declared)),
        tuple(_from_poetry(text, poetry)),
        optional_groups=tuple(
            name for name in _table(poetry, "group") if _table(poetry, "group", name).get("optional")
        ),
        workspace=any(_is_workspace(source) for source in _table(document, "tool", "uv", "sources").values()),
        default_groups=_strings(_table(document, "tool", "uv").get("default-groups"), ("dev",)),
        readme=_file(readme),
        backend=backend.partition(".")[0] if isinstance(backend, str) else "setuptools",
        packaged="build-system" in document,
        requires_python=_specifier(python),
        source_layout=bool(_table(document, "tool", "setuptools", "package-dir").get("")),
    )


def read_pipfile(text: str) -> Project | None:
    """Return what a Pipfile says, or None when it is no TOML; what is only for development has the group `dev`.

    Args:
        text: The file's text.
    """
    document = _parse(text)
    if document is None:
        return None
    tables = {"dependencies": document.get("packages"), "dev-dependencies": document.get("dev-packages")}
    found = _from_poetry(text, {key: table for key, table in tables.items() if isinstance(table, dict)})
    return Project(tuple(one._replace(extra="") for one in found))


def find_named(text: str, library: str) -> str | None:
    """Return what in a pyproject.toml or a Pipfile asks for the library without a path to it, in short, or None.

    Args:
        text: The file's text; one that is no TOML asks for nothing.
        library: The library's name, normalised.
    """
    document = _parse(text)
    if document is None:
        return None
    for name, source in _table(document, "tool", "uv", "sources").items():
        if normalise(name) == library:
            return f"{name} = {WORKSPACE}" if _is_workspace(source) else None
    poetry = _table(document, "tool", "poetry")
    tables = [*_poetry_tables(poetry).values(), _table(document, "packages"), _table(document, "dev-packages")]
    for name, value in (pair for table in tables for pair in table.items()):
        if normalise(name) == library and not any("path" in one for one in _tables(value)):
            return name
    found = (one.requirement for one in _declared(document) if one.name == library)
    return next((one for one in found if "@" not in one.partition(";")[0]), None)  # else it says where to take it from


def _parse(text: str) -> Table | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


class _Declared(NamedTuple):
    requirement: str
    group: str
    extra: str

    @property
    def name(self) -> str:
        found = re.match(r"\s*([A-Za-z0-9][\w.-]*)", self.requirement)
        return normalise(found[1]) if found else ""


def normalise(name: str) -> str:
    """Return a distribution's name in its one spelling: https://packaging.python.org/specifications/name-normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(document: Table) -> Iterator[_Declared]:
    """Yield every requirement of a project, in PEP 621 and PEP 735 tables and in uv's own."""
    project, uv = _table(document, "project"), _table(document, "tool", "uv")
    yield from (_Declared(one, "", "") for one in _strings(project.get("dependencies")))
    for extra, listed in _table(project, "optional-dependencies").items():
        yield from (_Declared(one, "", extra) for one in _strings(listed))
    groups = [_table(document, "dependency-groups"), _table(document, "tool", "pdm", "dev-dependencies")]
    for group, listed in (pair for table in groups for pair in table.items()):
        yield from (_Declared(one, group, "") for one in _strings(listed))
    yield from (_Declared(one, "dev", "") for one in _strings(uv.get("dev-dependencies")))


def _direct(text: str, declared: list[_Declared]) -> Iterator[Dependency]:
    for requirement, group, extra in declared:
        editable = requirement.startswith("-e ")
        target = find_target(requirement.removeprefix("-e "), editable=editable)
        if target is not None:
            path = re.sub(r"^/*(?:\$\{PROJECT_ROOT\}|\{root:uri\})/*", "", target.path)
            yield Dependency(path or ".", _line(text, requirement), requirement, editable, group, extra)


def _from_uv(text: str, sources: Table, declared: list[_Declared]) -> Iterator[Dependency]:
    for name, source in sources.items():
        uses = [one for one in declared if one.name == normalise(name)]
        for table in _tables(source):
            path = table.get("path")
            if isinstance(path, str):
                editable = bool(table.get("editable"))
                for use in uses:  # uv passes over a source of what nothing asks for
                    line = _line(text, path, name)
                    yield Dependency(path, line, f'{name} = {{ path = "{path}" }}', editable, use.group, use.extra)


def _is_workspace(source: object) -> bool:
    return any(table.get("workspace") for table in _tables(source))


def _from_poetry(text: str, poetry: Table) -> Iterator[Dependency]:
    for group, table in _poetry_tables(poetry).items():
        for name, value in table.items():
            for one in _tables(value):
                path = one.get("path")
                if isinstance(path, str):
                    extra = name if one.get("optional") else ""
                    line = _line(text, path, name)
                    yield Dependency(
                        path, line, f'{name} = {{ path = "{path}" }}', bool(one.get("develop")), group, extra
                    )


def _poetry_tables(poetry: Table) -> dict[str, Table]:
    tables = {"": _table(poetry, "dependencies"), "dev": _table(poetry, "dev-dependencies")}
    return tables | {group: _table(poetry, "group", group, "dependencies") for group in _table(poetry, "group")}


def _line(text: str, value: str, name: str = "") -> int:
    """Return the line that holds a string, the first one that holds the name too; of one written with escapes, the first."""
    quoted = [
        number for number, line in enumerate(text.splitlines(), 1) if f'"{value}"' in line or f"'{value}'" in line
    ]
    named = [number for number in quoted if name in text.splitlines()[number - 1]]
    return (named or quoted or [1])[0]


def _file(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("file")
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else None


def _specifier(value: object) -> str | None:
    """Return a version specifier; poetry's caret is a lower bound, which is what counts here."""
    if not isinstance(value, str) or not value.strip() or value.strip() == "*":
        return None
    return re.sub(r"\^\s*", ">=", value)


def _strings(value: object, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else default


def _tables(value: object) -> list[Table]:
    """Return the tables of a list, or the only one where it stands by itself."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _table(table: Table, *keys: str) -> Table:
    found: object = table
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
