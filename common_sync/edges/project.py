"""Find the configuration, and the services that it names."""

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.core.configuration import (
    OWN_FILE,
    PYPROJECT,
    Configuration,
    Setting,
    find_table,
    nearest,
    parse_configuration,
    why_no_folder,
)
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.plan import ancestors
from common_sync.core.rules import Rules
from common_sync.edges.folders import explain_os_error
from common_sync.edges.git import list_named
from common_sync.edges.patterns import configured_rules
from common_sync.edges.reading import read_regular
from common_sync.edges.repository import find_top, folders_up

CONFIGURATION_FILES = (OWN_FILE, PYPROJECT)
"""The files that may hold the configuration."""

_GLOB = frozenset("*?[")


class Project(NamedTuple):
    """What a configuration comes to on this disk.

    Attributes:
        root: The absolute path of the configuration's folder; every other path is relative to it.
        configuration: What it says.
        services: The services' folders, sorted.
        rules: Which files belong to the library.
    """

    root: str
    configuration: Configuration
    services: tuple[str, ...]
    rules: Rules

    @property
    def master(self) -> str:
        """The master's path from the root."""
        return self.configuration.master.value

    @property
    def copy(self) -> str:
        """The copy's path inside a service."""
        return self.configuration.copy.value


def load_project(root: str | None = None) -> Project:
    """Find, read and check the configuration.

    Args:
        root: The folder that it stands in; found upward from the current folder when None.

    Raises:
        ConfigurationError: There is none, or something in it is wrong; all that is wrong is reported at once.
    """
    return _make_project(_find(root))


def _make_project(found: "_Found") -> Project:
    folder, file, text, table = found
    configuration, problems = parse_configuration(table, text, file)
    patterns = [(setting.value, setting.line) for setting in configuration.exclude]
    rules, more = configured_rules(patterns, file)
    problems += more
    if configuration.master.value:
        problems += _master_problems(folder, configuration)
    services = tuple(_Discovery(folder, configuration, problems).services())
    if problems:
        raise ConfigurationError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.message)))
    return Project(folder, configuration, services, rules)


def read_configuration(folder: str) -> Configuration | None:
    """Return the configuration in a folder as it is written, whatever is wrong with it, or None when there is none.

    Args:
        folder: An absolute path.

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
        exact = [tidy] if tidy in project.services else []
        found = exact or [service for service in project.services if service.rpartition("/")[2] == tidy]
        if len(found) == 1:
            chosen.add(found[0])
        elif found:
            problems.append(Problem(f"{name!r} is more than one service", remedy=f"name one of {', '.join(found)}"))
        else:
            problems.append(Problem(f"{name!r} is no service", remedy=_near_service(tidy, project.services)))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(service for service in project.services if service in chosen)


def _near_service(name: str, services: Sequence[str]) -> str:
    last = [service.rpartition("/")[2] for service in services]
    short = [part if last.count(part) == 1 else service for part, service in zip(last, services, strict=True)]
    words = services if "/" in name else short
    return nearest(name, words) or f"the services are {', '.join(services)}"


_Found = tuple[str, str, str, dict[str, object]]
"""A configuration: its folder, its file as the user knows it, the text and the tool's table."""


def _find(root: str | None) -> _Found:
    start = os.path.realpath(root or os.curdir)
    if not os.path.isdir(start):
        raise ConfigurationError(Problem("is no folder", root))
    folders = [start] if root is not None else list(folders_up(start))
    found = _look_in(folders)
    if found is not None:
        return found
    where = folders[0] if len(folders) == 1 else f"{folders[0]} and above, up to {folders[-1]}"
    message = f"no configuration: looked for {OWN_FILE}, and for [tool.common-sync] in {PYPROJECT}, in {where}"
    raise ConfigurationError(Problem(message, remedy="write one: common-sync init, or common-sync init --master PATH"))


def _look_in(folders: Iterable[str]) -> _Found | None:
    """Return the configuration in the first folder that has one."""
    for folder in folders:
        found = [(file, *read) for file in CONFIGURATION_FILES if (read := _read(os.path.join(folder, file)))]
        if len(found) > 1:
            message = f"{OWN_FILE} and [tool.common-sync] in {PYPROJECT} both configure this folder"
            raise ConfigurationError(Problem(message, os.path.join(folder, OWN_FILE), remedy="keep one of them"))
        if found:
            return folder, *found[0]
    return None


_LARGEST = 4 << 20
"""Bytes; a configuration that a person wrote is smaller."""


def _read(path: str) -> tuple[str, dict[str, object]] | None:
    """Return a configuration file's text and table, or None when it is not there or not about this tool."""
    try:
        descriptor = os.open(
            path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        )  # a symlink to a file will do, a FIFO not
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    try:
        data = read_regular(descriptor, _LARGEST)
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    finally:
        os.close(descriptor)
    if b"common-sync" not in data and not path.endswith(OWN_FILE):
        return None
    try:
        text = data.decode("utf-8")
        table = find_table(text, path)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(Problem(f"not valid TOML: {error}", path, _toml_line(str(error)))) from None
    return None if table is None else (text, table)


def _toml_line(message: str) -> int | None:
    words = message.replace(",", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words and words[words.index("line") + 1].isdigit() else None


def _master_problems(root: str, configuration: Configuration) -> Iterator[Problem]:
    master = configuration.master
    path = os.path.join(root, master.value)
    if not os.path.isdir(path):
        message = f'master "{master.value}" is no folder'
        yield Problem(message, configuration.file, master.line, _near_folder(root, master.value))
    elif os.path.realpath(path) != path:
        message = f'master "{master.value}" is reached through a symlink'
        yield Problem(message, configuration.file, master.line, f"name {os.path.relpath(os.path.realpath(path), root)}")


def _near_folder(root: str, path: str) -> str:
    above, _, name = path.rpartition("/")
    try:
        names = [entry.name for entry in os.scandir(os.path.join(root, above)) if entry.is_dir()]
    except OSError:
        names = []
    return nearest(name, names) or "common-sync init finds it"


class _Discovery:
    """Turns the configured folders and globs into services, noting what is wrong."""

    def __init__(self, root: str, configuration: Configuration, problems: list[Problem]) -> None:
        self._root, self._configuration, self._problems = root, configuration, problems
        self._master = configuration.master.value
        self._given: dict[str, Setting] = {}

    def services(self) -> list[str]:
        settings = self._configuration.services
        explicit = [setting for setting in settings if not _GLOB.intersection(setting.value)]
        for setting in explicit:
            if setting.value in self._given:
                self._complain(setting, "is given twice", f"it is also in line {self._given[setting.value].line}")
            elif self._is_service(setting):
                self._given[setting.value] = setting
        for setting in settings:
            if _GLOB.intersection(setting.value):
                self._expand(setting, {one.value for one in explicit})
        self._check_nesting()
        return sorted(self._given)

    def _complain(self, setting: Setting, message: str, remedy: str | None = None) -> None:
        text = f'service "{setting.value}" {message}'
        self._problems.append(Problem(text, self._configuration.file, setting.line, remedy))

    def _is_service(self, setting: Setting) -> bool:
        path = os.path.join(self._root, setting.value)
        if reason := why_no_folder(setting.value):
            self._complain(setting, reason, "name a folder inside the repository")
        elif setting.value == self._master:
            self._complain(setting, "is the master", "take it out of the services")
        elif not os.path.isdir(path):
            self._complain(setting, "is no folder", _near_folder(self._root, setting.value))
        elif os.path.realpath(path) != path:
            self._complain(setting, "is reached through a symlink", "name the folder that it leads to")
        else:
            return True
        return False

    def _expand(self, setting: Setting, explicit: set[str]) -> None:
        if reason := why_no_folder(setting.value):
            self._complain(setting, reason, "name folders inside the repository")
            return
        matched = dict.fromkeys(_glob(self._root, setting.value, "", set()))
        found = [path for path in matched if self._may_be_service(path)]
        if not found:
            self._complain(setting, "matches no folder", "name a folder, or take it out")
        for path in found:
            if path in explicit:
                self._complain(self._given.get(path, setting), f'is given twice: "{setting.value}" matches it too')
            self._given.setdefault(path, setting)

    def _may_be_service(self, path: str) -> bool:
        """Tell whether a glob means a folder: never the master, what holds it, or what is in it."""
        return not f"{self._master}/".startswith(f"{path}/") and not path.startswith(f"{self._master}/")

    def _check_nesting(self) -> None:
        for service, setting in self._given.items():
            if self._master and f"{self._master}/".startswith(f"{service}/"):
                self._complain(setting, f'holds the master "{self._master}"', "move the master out of it")
            if self._master and service.startswith(f"{self._master}/"):
                self._complain(setting, f'is inside the master "{self._master}"', "move it out of the master")
        for service in [service for service in self._given if self._copying(service) is not None]:
            if _GLOB.intersection(self._given[service].value):  # a glob never means what the tool itself has put there
                del self._given[service]
            else:
                message = f'is inside the copy of "{self._copying(service)}"'
                self._complain(self._given[service], message, "move it, or take it out")

    def _copying(self, service: str) -> str | None:
        """Return the service whose copy a folder is in, or None."""
        copy = self._configuration.copy.value
        holders = (above for above in ancestors(service) if f"{service}/".startswith(f"{above}/{copy}/"))
        return next((above for above in holders if above in self._given), None)


def _glob(folder: str, pattern: str, prefix: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the folders below one that a glob matches, never through a symlink; `**` is any number of folders.

    Args:
        folder: The absolute path of the folder to look in.
        pattern: What is left of the glob.
        prefix: The path that led here.
        seen: Where it has looked for what: several `**` lead to the same place in more ways than anybody can wait for.
    """
    if (folder, pattern) in seen:
        return
    seen.add((folder, pattern))
    part, _, rest = pattern.partition("/")
    if part == "**" and rest:
        yield from _glob(folder, rest, prefix, seen)
    for name in _folders_in(folder):
        hidden = name.startswith(".") and not part.startswith(".")
        if hidden or not fnmatchcase(name, part):
            continue
        below = os.path.join(folder, name)
        if part == "**":
            yield from _glob(below, pattern, f"{prefix}{name}/", seen)
        if not rest:
            yield prefix + name
        elif part != "**":
            yield from _glob(below, rest, f"{prefix}{name}/", seen)


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(child.name for child in found if child.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # a service in there would be left out without a word
        raise explain_os_error(error, folder, "look for services in it") from error
