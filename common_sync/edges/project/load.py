"""Find the configuration, and what it comes to on this disk."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core import limits
from common_sync.core.configuration import (
    OWN_FILE,
    PYPROJECT,
    Configuration,
    find_table,
    parse_configuration,
)
from common_sync.core.copies.library import LOCK_FILE, Library
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.paths import name_after
from common_sync.edges.files.folders import explain_os_error, read_regular
from common_sync.edges.git.ask import list_named
from common_sync.edges.git.repository import find_top, folders_up
from common_sync.edges.gitignore.patterns import configured_rules
from common_sync.edges.project.services import check_masters, discover_services, index_names, match_name, near_name

if TYPE_CHECKING:
    from common_sync.core.service_settings import ServiceSettings

CONFIGURATION_FILES = (OWN_FILE, PYPROJECT)
"""The files that may hold the configuration."""


class Project(NamedTuple):
    """What a configuration comes to on this disk."""

    root: str  # the absolute path of the configuration's folder; every other path is relative to it
    configuration: Configuration  # what it says
    services: tuple[str, ...]  # the services' folders, sorted
    libraries: tuple[Library, ...]  # the shared libraries; each service has a copy of each
    settings: "Mapping[str, ServiceSettings]" = MappingProxyType({})  # of those that have settings of their own
    members: tuple[str, ...] = ()  # the services that take their libraries from a uv workspace: they get no copy

    @property
    def with_members(self) -> "Project":
        """The project with these among its services, for questions that no copy answers."""
        return self._replace(services=tuple(sorted((*self.services, *self.members)))) if self.members else self

    @property
    def may_lock(self) -> bool:
        """Whether something has to be locked, or there is a lock all the same."""
        return any(library.refs for library in self.libraries) or os.path.lexists(os.path.join(self.root, LOCK_FILE))

    @property
    def copies(self) -> tuple[str, ...]:
        """The paths of the copies inside a service that gets every library."""
        return tuple(library.copy for library in self.libraries)

    @property
    def indexed(self) -> tuple[str, ...]:
        """The services that take their libraries from an index, and have no copies."""
        from_index = (service for service, settings in self.settings.items() if settings.from_index)
        return tuple(sorted(service for service in from_index if service in self.services))

    def libraries_of(self, service: str) -> tuple[Library, ...]:
        """Return the libraries that a service gets a copy of."""
        return tuple(library for library in self.libraries if library.takes(service))

    def list_copies(self, services: Iterable[str]) -> Iterator[str]:
        """Yield the paths from the root of the copies of some services."""
        return (f"{service}/{library.copy}" for service in services for library in self.libraries_of(service))


def load_project(root: str | None = None) -> Project:
    """Find, read and check the configuration.

    Args:
        root: The folder that it stands in; found upward from the current folder when None.

    Raises:
        ConfigurationError: There is none, or something in it is wrong; all that is wrong is reported at once.
    """
    return _make_project(_find(root))


def list_services(root: str | None, beginning: str) -> tuple[str, ...]:
    """Return the services whose paths begin so, or the last parts of these, as quickly as a Tab needs.

    Nothing else of the configuration is checked.

    Args:
        root: As for `load_project`.
        beginning: How they begin.

    Raises:
        CommonSyncError: The configuration cannot be read, or a folder cannot be listed.
    """
    folder, file, text, table, pyproject = _find(root)
    configuration, _ = parse_configuration(table, text, file)
    services, _ = discover_services(folder, configuration, beginning)
    libraries, _ = _make_libraries(folder, configuration, services)
    members = _find_members(folder, pyproject, services, libraries)
    return tuple(one for one in services if one not in members)


def find_configured(root: str | None = None) -> str:
    """Return the absolute path of the folder that the configuration stands in, whatever the configuration says.

    Args:
        root: As for `load_project`.

    Raises:
        ConfigurationError: There is none, or it cannot be read.
    """
    return _find(root)[0]


def _make_project(found: "_Found") -> Project:
    folder, file, text, table, pyproject = found
    configuration, problems = parse_configuration(table, text, file)
    services, missing = discover_services(folder, configuration)
    libraries, unclear = _make_libraries(folder, configuration, services)
    settings, unknown = _assign_settings(configuration, services) if configuration.service else ({}, [])
    indexed = {service for service, one in settings.items() if one.from_index}
    members = _find_members(folder, pyproject, [one for one in services if one not in indexed], libraries)
    if indexed:
        takers = ((one, one.services if one.services is not None else frozenset(services)) for one in libraries)
        libraries = tuple(one._replace(services=taking - indexed) for one, taking in takers)
    services = tuple(one for one in services if one not in members) if members else services
    if any(configuration.all_pins):
        from common_sync.edges.project.pins import assign_pins  # most projects pin nothing

        libraries, unpinned = assign_pins(folder, configuration, libraries, services)
        unclear += unpinned
    problems += [*unclear, *check_masters(folder, configuration), *missing, *unknown]
    if problems:
        raise ConfigurationError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.message)))
    return Project(folder, configuration, services, libraries, settings, members)


def _find_members(
    root: str, pyproject: bytes, services: Sequence[str], libraries: Sequence[Library]
) -> tuple[str, ...]:
    """Return the services that take their libraries from a uv workspace, which begins where the configuration stands."""
    if b"workspace" not in pyproject:
        return ()
    from common_sync.edges.project.workspace import find_members  # most projects are no workspace

    text = pyproject.decode("utf-8-sig", "replace")  # uv takes a BOM
    return find_members(root, text, services, libraries)


def _make_libraries(
    root: str, configuration: Configuration, services: Sequence[str]
) -> tuple[tuple[Library, ...], list[Problem]]:
    """Return the libraries of a configuration, and what is wrong with them."""
    if configuration.library:
        from common_sync.edges.project.libraries import make_libraries  # most projects have one library

        return make_libraries(root, configuration, services)
    patterns, master = configuration.exclude, configuration.master.value
    rules, unclear = configured_rules([(setting.value, setting.line) for setting in patterns], configuration.file)
    exclude = tuple(setting.value for setting in patterns)
    upstream = configuration.upstream
    name = upstream.name if upstream is not None else name_after(master)
    library = Library(name, master, configuration.copy.value, rules, exclude=exclude, upstream=upstream)
    return (library,), list(unclear)


def _assign_settings(
    configuration: Configuration, services: Sequence[str]
) -> "tuple[Mapping[str, ServiceSettings], list[Problem]]":
    """Return each service's settings, and what is wrong with whom they are for."""
    settings: dict[str, ServiceSettings] = {}
    problems, known = [], index_names(services)
    for one in configuration.service:
        name, line = one.service
        found = known.get(name, [])
        if len(found) == 1 and settings.setdefault(found[0], one) is one:
            continue
        wrong = "is no service" if not found else "is more than one service" if found[1:] else "has two tables"
        remedy = f"name one of {', '.join(found)}" if found else near_name(name, services)
        problems.append(Problem(f'"{name}" {wrong}', configuration.file, line, remedy))
    return settings, [*problems, *_find_equal_names(configuration.file, settings, services)]


def _find_equal_names(
    file: str, settings: "Mapping[str, ServiceSettings]", services: Sequence[str]
) -> Iterator[Problem]:
    """Yield the names that are given to a service while another has them."""
    given = {service: one.name for service, one in settings.items() if one.name is not None}
    names = [
        (given[service].value if service in given else service.rpartition("/")[2], service) for service in services
    ]
    for service, name in given.items():
        others = [other for known, other in names if known == name.value and other != service]
        if others:
            message = f'"name" is {name.value!r}, and so is the name of {others[0]}'
            yield Problem(message, file, name.line, "give each a name of its own")


def read_configuration(folder: str) -> Configuration | None:
    """Return the configuration in a folder as it is written, whatever is wrong with it, or None when there is none.

    Raises:
        ConfigurationError: It cannot be read.
    """
    found = _look_in([folder])
    return None if found is None else parse_configuration(found[3], found[2], found[1])[0]


def find_projects(top: str) -> list[Project]:
    """Return the project that a folder belongs to, or else every project that git tracks below it.

    Args:
        top: The absolute path of a folder, usually the top of a work tree.

    Raises:
        ConfigurationError: There is none, or one is wrong.
    """
    top = os.path.realpath(top)
    found = _look_in(folders_up(top))
    if found is not None:
        return [_make_project(found)]
    files = list_named(top, CONFIGURATION_FILES) if find_top(top) is not None else []
    folders = {os.path.dirname(os.path.join(top, file)) for file in files if _read(os.path.join(top, file))}
    return [load_project(folder) for folder in sorted(folders)] or [load_project()]


def select_services(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the services that the user named, or all when he named none.

    Args:
        project: The project.
        names: A service's path from the root, or its last part where that is unique.

    Raises:
        ConfigurationError: A name is no service, or more than one; all such names are reported at once.
    """
    if not names:
        return project.services
    chosen: set[str] = set()
    problems = []
    for name in names:
        tidy = name.rstrip("/").removeprefix("./")
        inside = os.path.relpath(os.path.realpath(name), project.root)  # as a shell completes it below the root
        is_here = inside in project.services and tidy not in project.services
        found = [inside] if is_here else match_name(tidy, project.services)
        if len(found) == 1:
            chosen.add(found[0])
        elif found:
            problems.append(Problem(f"{name!r} is more than one service", remedy=f"name one of {', '.join(found)}"))
        elif member := select_member(project, name):
            message = f"{name!r} takes its libraries from the uv workspace: it has no copy"
            problems.append(Problem(message, remedy=f"common-sync context {shell_word(member)}"))
        else:
            problems.append(Problem(f"{name!r} is no service", remedy=near_name(tidy, project.services)))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(service for service in project.services if service in chosen)


def select_member(project: Project, name: str) -> str | None:
    """Return the service of a uv workspace that the user named, or None where it is none, or not clear which.

    Args:
        project: The project.
        name: As for `select_services`.
    """
    inside = os.path.relpath(os.path.realpath(name), project.root)
    if inside in project.members:
        return inside
    found = match_name(name.rstrip("/").removeprefix("./"), project.members)
    return found[0] if len(found) == 1 else None


def select_copied(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the services that the user named, or all that have copies; as `select_services`, for what is about copies.

    Raises:
        ConfigurationError: A name is no service, or one that takes its library from an index.
    """
    chosen, indexed = select_services(project, names), project.indexed
    for service in (one for one in chosen if names and one in indexed):
        message, remedy = "takes its library from an index, and has no copy", 'take `library = "index"` away'
        line = project.settings[service].service.line
        raise ConfigurationError(Problem(f"{service} {message}", project.configuration.file, line, remedy))
    return tuple(one for one in chosen if one not in indexed)


_Found = tuple[str, str, str, dict[str, object], bytes]
"""A configuration: its folder, its file as the user knows it, the text, the tool's table, and what pyproject.toml holds there."""


def _find(root: str | None) -> _Found:
    start = os.path.realpath(root or os.curdir)
    if not os.path.isdir(start):
        raise ConfigurationError(Problem("is no folder", root))
    folders = [start] if root is not None else folders_up(start)
    found = _look_in(folders)
    if found is not None:
        return found
    where = folders[0] if len(folders) == 1 else f"{folders[0]} and above, up to {folders[-1]}"
    message = f"no configuration: looked for {OWN_FILE}, and for [tool.common-sync] in {PYPROJECT}, in {where}"
    raise ConfigurationError(Problem(message, remedy="write one: common-sync init, or common-sync init --master PATH"))


def _look_in(folders: Iterable[str]) -> _Found | None:
    """Return the configuration in the first folder that has one."""
    for folder in folders:
        data = {file: _read_data(os.path.join(folder, file)) for file in CONFIGURATION_FILES}
        parsed = ((file, _parse(os.path.join(folder, file), one)) for file, one in data.items() if one is not None)
        found = [(file, *read) for file, read in parsed if read is not None]
        if len(found) > 1:
            message = f"{OWN_FILE} and [tool.common-sync] in {PYPROJECT} both configure this folder"
            raise ConfigurationError(Problem(message, os.path.join(folder, OWN_FILE), remedy="keep one of them"))
        if found:
            return folder, *found[0], data[PYPROJECT] or b""
    return None


def _read_data(path: str) -> bytes | None:
    """Return a file's bytes, or None when it is not there."""
    try:
        descriptor = os.open(
            path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        )  # a symlink to a file will do, a FIFO not
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    try:
        return read_regular(descriptor, limits.CONFIGURATION)
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    finally:
        os.close(descriptor)


def _read(path: str) -> tuple[str, dict[str, object]] | None:
    """Return a configuration file's text and table, or None when it is not there or not about this tool."""
    data = _read_data(path)
    return None if data is None else _parse(path, data)


def _parse(path: str, data: bytes) -> tuple[str, dict[str, object]] | None:
    if b"common-sync" not in data and not path.endswith(OWN_FILE):
        return None
    try:
        text = data.decode("utf-8")
        table = find_table(text, path)
    except (ValueError, RecursionError) as error:
        from common_sync.core.formats.toml_errors import toml_problem

        raise ConfigurationError(toml_problem(error, data.decode("utf-8", "replace"), path)) from None
    return None if table is None else (text, table)
