"""Several libraries, as the configuration has them in tables: which files each has, and which services get it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from common_sync.core.configuration import Configuration
from common_sync.core.copies.library import Library
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.settings import Setting, nearest
from common_sync.edges.gitignore.patterns import configured_rules
from common_sync.edges.project.services import count_hidden, is_glob, list_matches, list_names

if TYPE_CHECKING:
    from common_sync.core.library_settings import LibrarySettings
    from common_sync.edges.project.load import Project


def make_libraries(
    root: str, configuration: Configuration, services: Sequence[str]
) -> tuple[tuple[Library, ...], list[Problem]]:
    """Return the libraries of a configuration with tables, and what is wrong with them.

    Args:
        root: The absolute path of the configuration's folder.
        configuration: The configuration.
        services: The services' folders.
    """
    problems: list[Problem] = []
    found = tuple(_make_library(root, one, services, configuration.file, problems) for one in configuration.library)
    problems += _find_forgotten(configuration, services, found)
    return found, problems


def _make_library(
    root: str, given: "LibrarySettings", services: Sequence[str], file: str, problems: list[Problem]
) -> Library:
    rules, unclear = configured_rules([(setting.value, setting.line) for setting in given.exclude], file)
    problems += unclear
    takers: set[str] = set()
    for setting in given.services:
        found = _match(root, setting.value, services)
        takers.update(found)
        if not found:
            problems.append(_report_unknown(setting, given, services, file))
    exclude = tuple(setting.value for setting in given.exclude)
    name, copy = given.name.value, given.copy.value
    of = frozenset(takers)
    return Library(name, given.master.value, copy, rules, exclude=exclude, services=of, upstream=given.upstream)


def _match(root: str, pattern: str, services: Sequence[str]) -> set[str]:
    """Return the services that a path or a glob means; a path may mean one that a sparse checkout hides."""
    if is_glob(pattern):
        return set(services).intersection(list_matches(root, pattern))
    return {pattern} if pattern in services or count_hidden(root, pattern) else set()


def _report_unknown(setting: Setting, given: "LibrarySettings", services: Sequence[str], file: str) -> Problem:
    message = f'"{setting.value}" in the services of the library "{given.name.value}" is no service'
    remedy = nearest(setting.value, services) or list_names(services)
    return Problem(message, file, setting.line, remedy)


def _find_forgotten(
    configuration: Configuration, services: Sequence[str], libraries: Sequence[Library]
) -> Iterator[Problem]:
    """Yield the services that get no library."""
    if any(not one.services for one in libraries):
        return  # it is said already that who gets a library is unknown
    line = configuration.services[0].line if configuration.services else None
    for service in services:
        if not any(library.takes(service) for library in libraries):
            remedy = "add it to the `services` of a library, or take it out of the `services` at the top"
            yield Problem(f'service "{service}" gets no library', configuration.file, line, remedy)


def select_libraries(libraries: Sequence[Library], names: Sequence[str]) -> tuple[Library, ...]:
    """Return the libraries that the user named, or all when he named none.

    Args:
        libraries: The libraries of the project.
        names: What they are called.

    Raises:
        ConfigurationError: A name is no library; all such names are reported at once.
    """
    known = [library.name for library in libraries]
    problems = [
        Problem(f"{name!r} is no library", remedy=nearest(name, known) or f"the libraries are {', '.join(known)}")
        for name in names
        if name not in known
    ]
    if problems:
        raise ConfigurationError(*problems)
    return tuple(library for library in libraries if not names or library.name in names)


def select_library(project: "Project", service: str, name: str) -> Library:
    """Return the library of a name that a service gets.

    Args:
        project: The project.
        service: The service's path from the root.
        name: What the library is called.

    Raises:
        ConfigurationError: There is none of that name, or the service does not get it.
    """
    (library,) = select_libraries(project.libraries, [name])
    if not library.takes(service):
        gets = " and ".join(one.name for one in project.libraries_of(service))
        raise ConfigurationError(Problem(f"{service} does not get {name}", remedy=f"it gets {gets}"))
    return library
