"""Find on the disk what a configuration names: the master's folder, and the services by their paths and globs."""

import os
from collections.abc import Collection, Iterator, Sequence
from functools import cache

from common_sync.core.configuration import Configuration
from common_sync.core.errors import Problem, shell_word
from common_sync.core.paths import ancestors, is_foreign
from common_sync.core.settings import Setting, why_no_folder
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.leftovers import find_used, is_copy

_GLOB = frozenset("*?[")


def check_masters(root: str, configuration: Configuration) -> Iterator[Problem]:
    """Yield what is wrong with the folders of the masters."""
    for master in configuration.masters:
        yield from _check_master(root, configuration, master)


def _check_master(root: str, configuration: Configuration, master: Setting) -> Iterator[Problem]:
    path = os.path.join(root, master.value)
    if not master.value or is_foreign(master.value):
        return  # it is already said that there is none; or it is in another repository
    if not os.path.isdir(path) and count_hidden(root, master.value):
        message = "a sparse checkout keeps the master out of the work tree"
        yield Problem(message, configuration.file, master.line, f"git sparse-checkout add {shell_word(master.value)}")
    elif not os.path.isdir(path):
        message = f'master "{master.value}" is no folder'
        yield Problem(message, configuration.file, master.line, _near_folder(root, master.value))
    elif os.path.realpath(path) != path:
        message = f'master "{master.value}" is reached through a symlink'
        yield Problem(message, configuration.file, master.line, f"name {os.path.relpath(os.path.realpath(path), root)}")


def count_hidden(root: str, folder: str) -> int:
    """Return how many files of a folder a sparse checkout hides."""
    if find_top(root) is None:
        return 0
    return sum(row.startswith("S ") for row in split(ask(["ls-files", "-z", "-t", "--", folder], root)))


def _near_folder(root: str, path: str) -> str:
    from common_sync.core.typos import nearest  # only a typo needs it

    above = path.rpartition("/")[0]
    try:
        names = [entry.name for entry in os.scandir(os.path.join(root, above)) if entry.is_dir()]
    except OSError:
        names = []
    near = nearest(path, [f"{above}/{one}" if above else one for one in names])
    return near or "write where it is now"


def discover_services(
    root: str, configuration: Configuration, beginning: str = ""
) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the services' folders, sorted, and what is wrong with those that are named.

    Args:
        root: The absolute path of the configuration's folder.
        configuration: What it says.
        beginning: How their paths begin, or the last parts of these; no other folder is looked into.

    Raises:
        TreeError: A folder in which services may be cannot be listed.
    """
    discovery = _Discovery(root, configuration, beginning)
    return tuple(discovery.services()), discovery.problems


class _Discovery:
    """Turns the configured folders and globs into services, noting what is wrong."""

    def __init__(self, root: str, configuration: Configuration, beginning: str) -> None:
        self.problems: list[Problem] = []
        self._root, self._configuration, self._beginning = root, configuration, beginning
        self._masters = [master.value for master in configuration.masters]
        self._given: dict[str, Setting] = {}

    def services(self) -> list[str]:
        settings = self._configuration.services
        named = (setting for setting in settings if not is_glob(setting.value))
        explicit = [setting for setting in named if _begins(setting.value, self._beginning)]
        for setting in explicit:
            if setting.value in self._given:
                self._complain(setting, "is given twice", f"it is also in line {self._given[setting.value].line}")
            elif self._is_service(setting):
                self._given[setting.value] = setting
        for setting in settings:
            if is_glob(setting.value):
                self._expand(setting, {one.value for one in explicit})
        self._check_nesting()
        return sorted(self._given)

    def _complain(self, setting: Setting, message: str, remedy: str | None = None) -> None:
        text = f'service "{setting.value}" {message}'
        self.problems.append(Problem(text, self._configuration.file, setting.line, remedy))

    def _is_service(self, setting: Setting) -> bool:
        path = os.path.join(self._root, setting.value)
        if reason := why_no_folder(setting.value):
            self._complain(setting, reason, "name a folder inside the repository")
        elif setting.value in self._masters:
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
        found = match_services(self._root, setting.value, self._masters, self._configuration.copies, self._beginning)
        if not found:
            self._complain(setting, "matches no folder", "name a folder, or take it out")
        for path in found:
            if path in explicit:
                self._complain(self._given.get(path, setting), f'is given twice: "{setting.value}" matches it too')
            self._given.setdefault(path, setting)

    def _check_nesting(self) -> None:
        for service, setting in self._given.items():
            for master in filter(None, self._masters):
                if f"{master}/".startswith(f"{service}/"):
                    self._complain(setting, f'holds the master "{master}"', "move the master out of it")
                if service.startswith(f"{master}/"):
                    self._complain(setting, f'is inside the master "{master}"', "move it out of the master")
        for service in [service for service in self._given if self._copying(service) is not None]:
            # a glob never means what the tool itself has put there; of several libraries, the service may not get that one
            if is_glob(self._given[service].value) and len(self._masters) == 1:
                del self._given[service]
            else:
                message = f'is inside the copy of "{self._copying(service)}"'
                self._complain(self._given[service], message, "move it, or take it out")

    def _copying(self, service: str) -> str | None:
        """Return the service whose copy a folder is in, or None."""
        copies = self._configuration.copies
        holders = (
            above
            for above in ancestors(service)
            if any(f"{service}/".startswith(f"{above}/{copy}/") for copy in copies)
        )
        return next((above for above in holders if above in self._given), None)


def _begins(path: str, beginning: str) -> bool:
    return path.startswith(beginning) or path.rpartition("/")[2].startswith(beginning)


def is_glob(path: str) -> bool:
    """Tell whether a configured path is a glob."""
    return not _GLOB.isdisjoint(path)


def list_matches(root: str, pattern: str) -> list[str]:
    """Return the folders that a glob matches, whatever they are.

    Raises:
        TreeError: A folder cannot be listed.
    """
    return list(dict.fromkeys(_glob(root, pattern, "", set())))


def match_services(
    root: str, pattern: str, masters: Sequence[str], copies: Sequence[str], beginning: str = ""
) -> list[str]:
    """Return the folders that a glob means: never a master, what holds it or is in it, a copy, or what holds only leftovers.

    Args:
        root: The absolute path of the configuration's folder.
        pattern: The glob.
        masters: The libraries' folders.
        copies: The paths of copies inside a service.
        beginning: How the folders' paths begin, or the last parts of these.

    Raises:
        TreeError: A folder in which services may be cannot be listed.
    """

    @cache
    def is_copied(folder: str) -> bool:
        return bool(folder) and (is_copy(root, folder) or is_copied(folder.rpartition("/")[0]))

    def may_be_service(path: str) -> bool:
        apart = not any(f"{one}/".startswith(f"{path}/") or path.startswith(f"{one}/") for one in masters)
        return apart and not is_copied(path)

    able = [path for path in list_matches(root, pattern) if _begins(path, beginning) and may_be_service(path)]
    used = find_used(root, able, copies)
    return [path for path in able if path in used]


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
        if hidden or not _fits(name, part):
            continue
        below = os.path.join(folder, name)
        if part == "**":
            yield from _glob(below, pattern, f"{prefix}{name}/", seen)
        if not rest:
            yield prefix + name
        elif part != "**":
            yield from _glob(below, rest, f"{prefix}{name}/", seen)


def _fits(name: str, part: str) -> bool:
    if part == "*" or not is_glob(part):
        return part in ("*", name)
    from fnmatch import fnmatchcase  # most globs are `services/*`

    return fnmatchcase(name, part)


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(child.name for child in found if child.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # a service in there would be left out without a word
        raise explain_os_error(error, folder, "look for services in it") from error


def match_name(name: str, services: Collection[str]) -> list[str]:
    """Return the services that a path from the root, or its last part, may mean."""
    return index_names(services).get(name, [])


def index_names(services: Collection[str]) -> dict[str, list[str]]:
    """Return the services that each name may mean: their paths from the root, and the last parts of these."""
    found: dict[str, list[str]] = {}
    for service in services:
        found.setdefault(service.rpartition("/")[2], []).append(service)
    return found | {service: [service] for service in services}


def near_name(name: str, services: Sequence[str]) -> str:
    """Return which service may be meant by a name that is none's, or which there are."""
    from common_sync.core.typos import nearest  # only a typo needs it

    last = [service.rpartition("/")[2] for service in services]
    short = [part if last.count(part) == 1 else service for part, service in zip(last, services, strict=True)]
    words = services if "/" in name else short
    holding = [word for word in words if len(name) > 1 and name in word]
    guess = f"did you mean {' or '.join(holding)}?" if 0 < len(holding) <= _MOST_MEANT else ""
    return nearest(name, words) or guess or list_names(services)


_MOST_MEANT = 3
"""Services whose names hold what was typed, as `crm` for `crm-api` and `crm-worker`."""


_MOST_NAMED = 10


def list_names(services: Sequence[str]) -> str:
    """Return which services there are, in words; of many, the first ones and how many more."""
    shown = services if len(services) <= _MOST_NAMED + 1 else services[:_MOST_NAMED]
    more = f" and {len(services) - len(shown):,} more (common-sync status -v)" if len(shown) < len(services) else ""
    return f"the services are {', '.join(shown)}{more}"
