"""Which services a build would see differently than before, and why: what has changed, held against what each one reads."""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from common_sync.core.configuration import Configuration
from common_sync.core.copies.library import Library
from common_sync.core.library_settings import LibrarySettings
from common_sync.core.paths import MANIFEST_NAME, ancestors, below, is_below, name_after
from common_sync.core.pins import Pin
from common_sync.core.service_settings import ServiceSettings
from common_sync.core.settings import Setting

ReasonKind = Literal["service", "copy", "library", "outside", "configuration", "all-on", "unknown"]
"""A file of the service, of its copy, of the library's that are copied, or that its build reads outside its folder; a setting;
a path that is said to concern every service; or a history that is missing."""

_SHARED_KEYS = ("master", "copy", "exclude")
"""The settings that decide what every service holds."""

ROOT = "."
"""The configuration's folder, as a path from the root."""


class Reason(NamedTuple):
    """Why a service is affected.

    Attributes:
        kind: What has changed.
        files: Which files, as paths from the root, sorted.
        library: The library's name, where it is about one.
        keys: The settings, where it is about some.
    """

    kind: ReasonKind
    files: tuple[str, ...] = ()
    library: str | None = None
    keys: tuple[str, ...] = ()


class Changes:
    """What has changed, by the folders that it lies in: hundreds of services are not each held against all of it.

    Args:
        changed: The paths from the root.
    """

    def __init__(self, changed: Iterable[str]) -> None:
        self._below: dict[str, list[str]] = {}
        for path in changed:
            for place in (path, *ancestors(path), ROOT):
                self._below.setdefault(place, []).append(path)

    def select(self, places: Iterable[str]) -> list[str]:
        """Return what lies at some paths or below them, sorted.

        Args:
            places: Paths from the root of files and folders.
        """
        return sorted({path for place in places for path in self._below.get(place, ())})


def find_reasons(
    service: str, changed: Changes, libraries: Sequence[Library], outside: Collection[str]
) -> list[Reason]:
    """Return why some changed files concern a service; each file counts once.

    Args:
        service: The service's path from the root.
        changed: What has changed.
        libraries: The libraries that it takes.
        outside: The paths from the root of files and folders that its build reads outside its folder.
    """
    found: dict[tuple[ReasonKind, str | None], list[str]] = {}
    for path in changed.select((service, *(one.master for one in libraries), *outside)):
        why = _classify(path, service, libraries, outside)
        if why is not None:
            found.setdefault(why, []).append(path)
    return [Reason(kind, tuple(sorted(files)), library) for (kind, library), files in found.items()]


def _classify(
    path: str, service: str, libraries: Sequence[Library], outside: Container[str]
) -> tuple[ReasonKind, str | None] | None:
    inside = below(path, service)
    if inside is not None:
        copied = next((one.name for one in libraries if is_below(inside, one.copy)), None)
        return ("copy", copied) if copied is not None else ("service", None)
    library = next((one.name for one in libraries if service not in one.pins and one.has(path)), None)
    if library is not None:
        return "library", library
    reads = any(one in outside for one in (path, *ancestors(path), ROOT))
    return ("outside", None) if reads else None


def find_gone(changed: Iterable[str], services: Container[str], copies: Iterable[str]) -> Iterator[str]:
    """Yield the folders that have lost a copy and are no services: those that were deleted or renamed.

    Args:
        changed: The paths from the root of what has changed and is no file any more.
        services: The services' paths from the root.
        copies: The paths of copies inside a service.
    """
    ends = sorted(
        (f"/{copy}/{MANIFEST_NAME}" for copy in copies), key=len, reverse=True
    )  # one may be the end of another
    for path in changed:
        folder = next((path.removesuffix(end) for end in ends if path.endswith(end)), None)
        if folder is not None and folder not in services:
            yield folder


def list_changed_keys(before: Configuration | None, after: Configuration) -> tuple[str, ...]:
    """Return the settings that every service's copies depend on and that have changed; all where there were none.

    Args:
        before: The configuration as it was; None where there was none that can be read.
        after: The configuration.
    """
    if before is None:
        return _SHARED_KEYS
    values = ((key, _plain(getattr(before, key)), _plain(getattr(after, key))) for key in _SHARED_KEYS)
    return tuple(key for key, was, now in values if was != now)


class Taken(NamedTuple):
    """What decides what a service holds of a library."""

    master: str
    copy: str
    exclude: tuple[str, ...]


def list_libraries(configuration: Configuration) -> tuple[LibrarySettings, ...]:
    """Return what a configuration says of each of its libraries, also of one that stands at the top."""
    if configuration.library:
        return configuration.library
    one, master, upstream = configuration, configuration.master, configuration.upstream
    name = Setting(upstream.name if upstream is not None else name_after(master.value), master.line)
    return (LibrarySettings(master, name, one.copy, one.exclude, one.services, one.pins, upstream),)


def take(library: LibrarySettings) -> Taken:
    """Return what decides what a service holds of a library, by what a configuration says of it."""
    return Taken(library.master.value, library.copy.value, list_values(library.exclude))


def list_values(settings: Iterable[Setting]) -> tuple[str, ...]:
    """Return what several settings say."""
    return tuple(one.value for one in settings)


def find_changed_libraries(before: Mapping[str, Taken], after: Mapping[str, Taken]) -> tuple[str, ...]:
    """Return the settings of several libraries that have changed for a service: `library` is which ones it gets.

    Args:
        before: What the service got before, by the libraries' names.
        after: What it gets.
    """
    both = [(before[name], after[name]) for name in before.keys() & after.keys()]
    keys = [key for key in _SHARED_KEYS if any(getattr(was, key) != getattr(now, key) for was, now in both)]
    return (*(() if before.keys() == after.keys() else ("library",)), *keys)


def list_new_patterns(before: Configuration | None, after: Configuration) -> list[str]:
    """Return the paths and globs of services that the configuration did not name before."""
    known = {one.value for one in before.services} if before is not None else set()
    return [one.value for one in after.services if one.value not in known]


def find_changed_settings(
    before: Configuration | None, after: Mapping[str, ServiceSettings], services: Iterable[str]
) -> Iterator[str]:
    """Yield the services whose own settings have changed.

    Args:
        before: The configuration as it was; None where there was none that can be read.
        after: The settings of those that have some, by the service's path from the root.
        services: The services' paths from the root.
    """
    tables = {one.service.value: one for one in before.service} if before is not None else {}
    for service in services:
        was = tables.get(service) or tables.get(service.rpartition("/")[2])
        now = after.get(service)
        if _settle(was) != _settle(now):
            yield service


def find_changed_pins(before: Iterable[Pin], after: Mapping[str, str], services: Iterable[str]) -> Iterator[str]:
    """Yield the services that are pinned to something else in a library.

    Args:
        before: Its pins as they were.
        after: What the pinned ones are pinned to, by the service's path from the root.
        services: The services' paths from the root.
    """
    was = {pin.service.value: pin.ref for pin in before}
    for service in services:
        if was.get(service, was.get(service.rpartition("/")[2])) != after.get(service):
            yield service


def _settle(settings: ServiceSettings | None) -> tuple[object, ...]:
    """Return what settings come to, whatever lines they stand in and however their table is called."""
    nobody = ServiceSettings(Setting("", 0))
    return tuple(_plain(value) for value in (settings or nobody)[1:])


def _plain(value: object) -> object:
    if isinstance(value, Setting):
        return value.value
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def name_services(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return a name for each service that no other has: its own, else its path's last part, else the path with dashes.

    Args:
        given: The name that the configuration gives each service, by its path from the root.
    """
    short = {service: name or service.rpartition("/")[2] for service, name in given.items()}
    taken = Counter(short.values())
    return {service: name if taken[name] == 1 else service.replace("/", "-") for service, name in short.items()}
