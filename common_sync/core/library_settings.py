"""The libraries that have tables of their own in the configuration: `[[library]]`, where there are several."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.paths import TOP, name_after, overlap
from common_sync.core.settings import Reader, Setting, tidy_path

if TYPE_CHECKING:
    from common_sync.core.model import Upstream
    from common_sync.core.pins import Pin

LIBRARY_KEYS = ("master", "name", "copy", "exclude", "services", "pins")

LIBRARY_NAME = "[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a library may be called."""

ONE_EACH = ("master", "copy", "exclude", "pins")
"""The keys at the top that are about one library."""


class LibrarySettings(NamedTuple):
    """What the user asks for about one of several libraries."""

    master: Setting  # its folder, relative to the root
    name: Setting  # what it is called; unique
    copy: Setting  # the copy's folder inside each service that gets it
    exclude: tuple[Setting, ...]  # gitignore patterns, after the built-in ones
    services: tuple[Setting, ...]  # the services that get it: folders or globs, relative to the root
    pins: "tuple[Pin, ...]" = ()  # those of them that stay at a tag or a commit of it
    upstream: "Upstream | None" = None  # where the master is, where that is another repository


def read_libraries(reader: Reader) -> tuple[LibrarySettings, ...]:
    """Return the libraries of a configuration, each with its lines.

    Args:
        reader: Reads the table that they stand in; what is wrong is noted there.
    """
    tables = reader.array("library")
    for key in ONE_EACH if tables else ():
        if key in reader.names:
            reader.complain(key, f'"{key}" stands beside [[library]]', "write it into a [[library]]")
    libraries = tuple(map(_read_library, tables))
    for number, message, key, remedy in _find_clashes(libraries):
        tables[number].complain(key, message, remedy)
    return libraries


def _read_library(reader: Reader) -> LibrarySettings:
    reader.check_keys(LIBRARY_KEYS)
    upstream: Upstream | None = None
    if reader.holds_table("master"):
        from common_sync.core.upstream_settings import read_upstream  # most masters are here

        master, upstream = read_upstream(reader)
    else:
        master = reader.folder("master", required=True)
    last = Setting(upstream.name if upstream is not None else name_after(master.value), master.line)
    copy = reader.folder("copy", required=False)
    services = tuple(one._replace(value=tidy_path(one.value)) for one in reader.strings("services"))
    if not services:
        trouble = "is empty" if "services" in reader.names else "is missing"
        reader.complain("services", f'key "services" of a library {trouble}', 'services = ["services/*"], who gets it')
    name = reader.setting("name", LIBRARY_NAME, '"events"')
    exclude = reader.strings("exclude")
    pins: tuple[Pin, ...] = ()
    if "pins" in reader.names:
        from common_sync.core.pins import read_pins  # most projects pin nothing

        pins = read_pins(reader)
    return LibrarySettings(master, name or last, copy if copy.value else last, exclude, services, pins, upstream)


def _find_clashes(libraries: Sequence[LibrarySettings]) -> Iterator[tuple[int, str, str, str]]:
    """Yield what is wrong between a library and an earlier one: its number, the message, the key, and the remedy."""
    for number, one in enumerate(libraries):
        for other in libraries[:number]:
            whose = f"of the library in line {other.master.line}"
            if not one.master.value or not other.master.value:
                continue
            if _overlap(one, other):
                message = f'master "{one.master.value}" and "{other.master.value}" {whose} overlap'
                yield number, message, "master", "no library can lie in another one: move one of them"
            elif overlap(one.copy.value.casefold(), other.copy.value.casefold()):  # on some disks `A` is `a`
                message = f'copies at "{one.copy.value}" and at "{other.copy.value}" {whose} would overlap'
                yield number, message, "copy", f'give it a place of its own: copy = "{one.master.value}"'
            if one.name.value == other.name.value:
                message = f'the library in line {other.master.line} has the name "{one.name.value}" too'
                yield number, message, "name", 'give it a name of its own: name = "…"'


def _overlap(one: LibrarySettings, other: LibrarySettings) -> bool:
    """Tell whether one of two masters is the other, or lies in it."""
    places = [library.upstream for library in (one, other) if library.upstream is not None]
    if places[1:] and places[0].git == places[1].git and any(place.path == TOP for place in places):
        return True
    return overlap(one.master.value, other.master.value)
