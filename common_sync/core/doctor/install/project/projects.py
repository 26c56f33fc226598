"""What a project's own files say: the local projects that it depends on, what its build reads, which Pythons it takes."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from common_sync.core.doctor.install.project.build_reads import Read, find_hook, is_optional, list_reads
from common_sync.core.doctor.install.project.packages import list_packages
from common_sync.core.doctor.install.project.versions import Version, version_from_git
from common_sync.core.doctor.install.settings.sources import Source, list_links
from common_sync.core.formats.pip.names import normalise, parse_name
from common_sync.core.formats.tables import Table
from common_sync.core.formats.tables import find_table as _table
from common_sync.core.formats.tables import list_strings as _strings
from common_sync.core.formats.tables import list_tables as _tables
from common_sync.core.formats.toml import Document, parse_toml
from common_sync.core.references.project_paths import find_requirement
from common_sync.core.text import UnparsableError

WORKSPACE = "{ workspace = true }"
"""How uv is told to take a package from the workspace that a project is in."""


class Dependency(NamedTuple):
    """A local project that a project depends on."""

    path: str  # where it is, relative to the project's folder or absolute
    line: int  # the line that says so, counted from 1
    written: str  # what it says, in short
    editable: bool = False  # whether it is installed so that its files are imported where they lie
    group: str = ""  # the dependency group that asks for it, or nothing
    extra: str = ""  # the extra that asks for it, or nothing
    brought: bool = True  # whether it is installed, and not only read


class Project(NamedTuple):
    """What a pyproject.toml says."""

    dependencies: tuple[Dependency, ...] = ()  # the local projects that any tool installs with it
    uv: tuple[Dependency, ...] = ()  # those that only uv takes from elsewhere than the index
    poetry: tuple[Dependency, ...] = ()  # those that poetry names
    optional_groups: tuple[str, ...] = ()  # the groups that poetry installs only when asked
    workspace: bool = False  # whether it takes packages from a uv workspace
    default_groups: tuple[str, ...] = ("dev",)  # the dependency groups that uv installs unasked
    reads: tuple[Read, ...] = ()  # what its build reads, beside its packages
    version_from: Version | None = None  # what takes its version from git, or None
    backend: str = "setuptools"  # what builds it: `setuptools`, `hatchling` …
    packaged: bool = False  # whether it says what builds it; uv and pdm only install one that does
    requires_python: str | None = None  # the Pythons that it takes, or None
    writer: str = "setuptools"  # what of its build writes into its folder, or nothing
    name: str = ""  # its name, normalised; nothing where the file does not say it
    version: str | None = None  # its version, where the file says it
    requires: tuple[tuple[int, str], ...] = ()  # line → what it requires by a name in any case
    build_requires: tuple[str, ...] = ("setuptools",)  # the names of what builds it, normalised
    groups: tuple[str, ...] = ()  # its dependency groups
    extras: tuple[str, ...] = ()  # its extras
    begins: bool = False  # whether a uv workspace begins here: its members are projects of their own


@lru_cache(maxsize=64)  # every service holds the library's, and asks for it several times
def read_project(text: str) -> Project | None:
    """Return what a pyproject.toml says, or None when it is no TOML."""
    document = _parse(text)
    if document is None:
        return None
    tables = document.tables
    project, poetry = _table(tables, "project"), _table(tables, "tool", "poetry")
    declared = list_declared(document)
    backend = _table(tables, "build-system").get("build-backend")
    python = project.get("requires-python", _table(poetry, "dependencies").get("python"))
    groups = _table(poetry, "group")
    builder = backend.partition(".")[0] if isinstance(backend, str) else "setuptools"
    return Project(
        tuple(_direct(declared)),
        tuple(_from_uv(document, declared)),
        tuple(_by_path(document, _POETRY)),
        optional_groups=tuple(name for name in groups if _table(groups, name).get("optional")),
        workspace=any(_is_workspace(source) for source in _table(tables, "tool", "uv", "sources").values()),
        default_groups=_strings(_table(tables, "tool", "uv").get("default-groups"), ("dev",)),
        reads=(
            *(one for one in list_reads(document, builder) if not is_optional(one, builder)),
            *(list_packages(document, builder) if "build-system" in tables else ()),
        ),
        version_from=version_from_git(document),
        backend=builder,
        packaged="build-system" in tables,
        requires_python=_specifier(python),
        writer="setuptools" if builder == "setuptools" else find_hook(document),
        name=normalise(str(project.get("name") or poetry.get("name") or "")),
        version=_version(project, poetry),
        requires=tuple((one.line, one.requirement) for one in declared if not one.group and not one.extra),
        build_requires=tuple(
            found.name
            for one in _strings(_table(tables, "build-system").get("requires"), ("setuptools",))
            if (found := parse_name(one))
        ),
        groups=(*_table(tables, "dependency-groups"), *_dev_group(tables)),
        extras=tuple(_table(project, "optional-dependencies")),
        begins="workspace" in _table(tables, "tool", "uv"),
    )


def _dev_group(tables: Table) -> tuple[str, ...]:
    """Return the group that uv's older setting makes."""
    return ("dev",) if "dev-dependencies" in _table(tables, "tool", "uv") else ()


def read_pipfile(text: str) -> Project | None:
    """Return what a Pipfile says, or None when it is no TOML; what is only for development has the group `dev`."""
    document = _parse(text)
    if document is None:
        return None
    return Project(tuple(one._replace(extra="") for one in _by_path(document, _PIPFILE)))


def read_links(text: str, *above: str) -> tuple[Source, ...]:
    """Return the folders of packages that uv's settings name; a text that is no TOML names none.

    Args:
        text: The text of a pyproject.toml or an uv.toml.
        above: What leads to uv's table in it.
    """
    document = _parse(text)
    return tuple(list_links(document, *above)) if document is not None else ()


def find_named(text: str, library: str, *, sources: bool = True) -> str | None:
    """Return what in a pyproject.toml or a Pipfile asks for the library without a path to it, in short, or None.

    Args:
        text: The file's text; one that is no TOML asks for nothing.
        library: The library's name, normalised.
        sources: Whether uv reads it, and with it its sources.
    """
    document = _parse(text)
    if document is None:
        return None
    tables = document.tables
    for name, source in _table(tables, "tool", "uv", "sources").items() if sources else ():
        if normalise(name) == library:
            return f"{name} = {WORKSPACE}" if _is_workspace(source) else _address(name, source)
    groups = _table(tables, "tool", "poetry", "group")
    paths = [
        *_POETRY.values(),
        *_PIPFILE.values(),
        *(("tool", "poetry", "group", one, "dependencies") for one in groups),
    ]
    for name, value in (pair for path in paths for pair in _table(tables, *path).items()):
        if normalise(name) == library and not any("path" in one for one in _tables(value)):
            return _address(name, value) or name
    found = (one.requirement for one in _declared(document) if one.name == library)
    return next((one for one in found if "@" not in one.partition(";")[0] or not _is_local(one)), None)


def _is_local(requirement: str) -> bool:
    return "://" not in requirement or "file:" in requirement


def _address(name: str, source: object) -> str | None:
    """Return what takes a package from an address, in short, or None."""
    found = ((key, table[key]) for table in _tables(source) for key in ("git", "url") if key in table)
    return next((f'{name} = {{ {key} = "{value}" }}' for key, value in found if "://" in str(value)), None)


def _parse(text: str) -> Document | None:
    try:
        return parse_toml(text)
    except UnparsableError:
        return None


class _Declared(NamedTuple):
    """A requirement of a project: what it says, its line, and the group or the extra that it belongs to."""

    requirement: str
    line: int
    group: str = ""
    extra: str = ""

    @property
    def name(self) -> str:
        found = re.match(r"\s*([A-Za-z0-9][\w.-]*)", self.requirement)
        return normalise(found[1]) if found else ""


def list_declared(document: Document) -> list[_Declared]:
    """Return every requirement of a project, and once more for each group that includes the one it stands in (PEP 735)."""
    return [*_with_included(document, [*_declared(document)])]


def _declared(document: Document) -> Iterator[_Declared]:
    """Yield every requirement of a project, in PEP 621 and PEP 735 tables and in uv's and PDM's own."""
    for string in document.strings:
        one = _Declared(string.span.value, document.line(string.span.start))
        match string.path:
            case ("project", "dependencies", int()):
                yield one
            case ("project", "optional-dependencies", str(extra), int()):
                yield one._replace(extra=extra)
            case ("dependency-groups", str(group), int()) | ("tool", "pdm", "dev-dependencies", str(group), int()):
                yield one._replace(group=group)
            case ("tool", "uv", "dev-dependencies", int()):
                yield one._replace(group="dev")


def _with_included(document: Document, declared: list[_Declared]) -> Iterator[_Declared]:
    """Yield every requirement, and once more for each group that includes the one it stands in (PEP 735)."""
    yield from declared
    for group in _table(document.tables, "dependency-groups"):
        inner, pending = set[str](), [group]
        while pending:
            listed = _table(document.tables, "dependency-groups").get(pending.pop())
            names = {str(one["include-group"]) for one in _tables(listed) if "include-group" in one}
            pending += names - inner
            inner |= names
        yield from (one._replace(group=group) for one in declared if one.group in inner - {group})


def _direct(declared: list[_Declared]) -> Iterator[Dependency]:
    for one in declared:
        spot = find_requirement(one.requirement, anchored=False)
        if spot is not None:
            editable = one.requirement.startswith("-e ")
            yield Dependency(spot.path or ".", one.line, one.requirement, editable, one.group, one.extra)


class _Path(NamedTuple):
    """A path that a table gives to a dependency."""

    name: str
    path: str
    line: int
    table: Table

    def dependency(self, group: str, extra: str) -> Dependency:
        written = f'{self.name} = {{ path = "{self.path}" }}'
        editable = bool(self.table.get("editable") or self.table.get("develop"))  # uv's and pipenv's, or poetry's
        return Dependency(self.path, self.line, written, editable, group, extra)


def _paths(document: Document, *above: str) -> Iterator[_Path]:
    """Yield the paths in the dependencies below a table, alone or in lists."""
    for string in document.strings:
        if string.keys[:-2] == above and string.keys[-1] == "path":
            line = document.line(string.span.start)
            yield _Path(string.keys[-2], string.span.value, line, _table(document.tables, *string.path[:-1]))


def _from_uv(document: Document, declared: list[_Declared]) -> Iterator[Dependency]:
    for one in _paths(document, "tool", "uv", "sources"):
        uses = (use for use in declared if use.name == normalise(one.name))
        for use in uses:  # uv passes over a source of what nothing asks for
            yield one.dependency(use.group, use.extra)


def _is_workspace(source: object) -> bool:
    return any(table.get("workspace") for table in _tables(source))


_POETRY = {"": ("tool", "poetry", "dependencies"), "dev": ("tool", "poetry", "dev-dependencies")}
_PIPFILE = {"": ("packages",), "dev": ("dev-packages",)}
"""Group → the table that holds its dependencies."""


def _by_path(document: Document, tables: Mapping[str, tuple[str, ...]]) -> Iterator[Dependency]:
    groups = _table(document.tables, "tool", "poetry", "group")
    named = {group: ("tool", "poetry", "group", group, "dependencies") for group in groups}
    for group, above in [*tables.items(), *named.items()]:
        for one in _paths(document, *above):
            extra = one.name if one.table.get("optional") else ""
            yield one.dependency(group, extra)


def _specifier(value: object) -> str | None:
    """Return a version specifier; poetry's caret is a lower bound, which is what counts here."""
    if not isinstance(value, str) or not value.strip() or value.strip() == "*":
        return None
    return re.sub(r"\^\s*", ">=", value)


def _version(project: Table, poetry: Table) -> str | None:
    found = project.get("version", poetry.get("version"))
    return found if isinstance(found, str) else None
