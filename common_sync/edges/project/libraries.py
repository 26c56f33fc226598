"""Several libraries, as the configuration has them in tables: which files each has, and which services get it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from common_sync.core.configuration import Configuration
from common_sync.core.copies.library import Library
from common_sync.core.copies.manifest import LARGEST, parse_manifest
from common_sync.core.errors import ConfigurationError, ManifestError, Problem
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.settings import Setting
from common_sync.edges.files.folders import opened, read_bytes
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
    from common_sync.core.typos import nearest  # only a typo needs it

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


def select_libraries(
    project: "Project", names: Sequence[str], declared: Mapping[str, str] = MappingProxyType({})
) -> tuple[Library, ...]:
    """Return the libraries that the user named, or all when he named none.

    Args:
        project: The project.
        names: What they are called in the configuration; else the distributions that they are, where no two are the same.
        declared: The libraries of which it is known which distribution they are → its name; of others their copies say it.

    Raises:
        ConfigurationError: A name is no library, or may be several; all such names are reported at once.
    """
    libraries = project.libraries
    known = [one.name for one in libraries]
    meant = {name for name in names if name in known}
    unknown, problems = [name for name in dict.fromkeys(names) if name not in known], []
    if unknown:
        from common_sync.core.formats.pip.names import normalise  # people mostly take the name of the configuration

        declared = {**_list_declared(project), **declared}
    for name in unknown:
        called = [one for one in known if normalise(declared.get(one, "")) == normalise(name)]
        meant.update(called)
        if len(called) != 1:
            problems.append(_explain_name(name, called, known, declared))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(library for library in libraries if not names or library.name in meant)


def _list_declared(project: "Project") -> dict[str, str]:
    """Return library → the distribution that it is, as its first copy that has a manifest says."""
    found: dict[str, str] = {}
    for library in project.libraries:
        for service in project.services:
            folder = os.path.join(project.root, service, library.copy)
            if library.takes(service) and library.name not in found:
                with suppress(OSError, ManifestError), opened(folder) as descriptor:
                    data = read_bytes(MANIFEST_NAME, descriptor, LARGEST)
                    found[library.name] = parse_manifest(data, folder).library.name
    return found


def _explain_name(name: str, called: Sequence[str], known: Sequence[str], declared: Mapping[str, str]) -> Problem:
    from common_sync.core.typos import nearest  # only a name that is unknown needs it

    if called:
        message = f"{name!r} is the distribution of {' and of '.join(called)}"
        return Problem(message, remedy=f"name {' or '.join(called)}")
    shown = (f"{one} ({of})" if (of := declared.get(one)) not in (None, one) else one for one in known)
    near = nearest(name, [*known, *declared.values()])
    return Problem(f"{name!r} is no library", remedy=near or f"the libraries are {', '.join(shown)}")


def select_library(project: "Project", service: str, name: str) -> Library:
    """Return the library of a name that a service gets.

    Args:
        project: The project.
        service: The service's path from the root.
        name: What the library is called.

    Raises:
        ConfigurationError: There is none of that name, or the service does not get it.
    """
    (library,) = select_libraries(project, [name])
    if not library.takes(service):
        gets = " and ".join(one.name for one in project.libraries_of(service))
        raise ConfigurationError(Problem(f"{service} does not get {name}", remedy=f"it gets {gets}"))
    return library
