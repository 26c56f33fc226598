"""Libraries of other repositories, taken from a checkout on this disk for one run: to try what has no tag yet."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from common_sync.core.copies.library import Library
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.limits import TEXT
from common_sync.core.model import Origin
from common_sync.core.paths import TOP
from common_sync.edges.files.folders import opened, read_bytes
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.targets import Target, read_master, read_origin
from common_sync.edges.project.libraries import select_libraries
from common_sync.edges.project.load import Project


def select_checkouts(project: Project, words: Iterable[str]) -> Mapping[str, str]:
    """Return the libraries that a person wants from a checkout, and where that is.

    Args:
        project: The project.
        words: `LIBRARY=PATH` of each; a library by its name, or by that of its distribution.

    Raises:
        ConfigurationError: One names no library of another repository, or no checkout that has it.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, place = word.partition("=")
        if not (name and equals and place):
            raise ConfigurationError(Problem("write it as LIBRARY=CHECKOUT", f"--from {word}"))
        (library,) = select_libraries(project, [name], _list_declared(project, place))
        check_checkout(library, place)
        found[library.name] = place
    return found


def _list_declared(project: Project, place: str) -> dict[str, str]:
    """Return the libraries that a checkout may have → the distributions that they are there.

    One that says nothing about itself there is not among them: it goes on being called as its copies say.
    """
    known = {}
    for library in (one for one in project.libraries if one.upstream is not None):
        assert library.upstream is not None
        held: dict[str, bytes] = {}
        for file in METADATA_FILES:
            with suppress(OSError), opened(os.path.join(place, library.upstream.path)) as folder:
                held[file] = read_bytes(file, folder, TEXT)
        if held:
            known[library.name] = read_origin(library.master, held.get).name
    return known


def check_checkout(library: Library, place: str) -> None:
    """Refuse what is no checkout of a library's repository.

    Args:
        library: The library.
        place: The checkout's path from the current folder.

    Raises:
        ConfigurationError: It is none, or the library is of this repository.
    """
    if library.upstream is None:
        message = f"{library.master}/ is the master of {library.name}, and is taken as it is"
        raise ConfigurationError(Problem(message, remedy="common-sync distribute"))
    if not os.path.isdir(place) or find_top(os.path.realpath(place)) is None:
        raise ConfigurationError(Problem("is no git checkout", place, remedy="name the folder of one"))
    inside = library.upstream.path
    if not os.path.isdir(os.path.join(place, inside)):
        message = f"has no folder {inside}, where the configuration has {library.name}"
        raise ConfigurationError(Problem(message, place, remedy="name the top of that checkout"))


def read_checkout(library: Library, place: str, room: int) -> Target:
    """Read a library's work tree in a checkout, as a master is read.

    Args:
        library: The library.
        place: The checkout's path from the current folder.
        room: Bytes to hold at the most.

    Raises:
        TreeError: It holds nothing, or something that cannot be copied.
        GitError: Git failed.
    """
    assert library.upstream is not None
    inside = "" if library.upstream.path == TOP else library.upstream.path
    folder = os.path.join(os.path.realpath(place), inside).rstrip("/")
    read = read_master("", library._replace(master=folder), room)
    name, _, version = read.manifest.library
    target = Target(
        library, read.snapshot, read.held, read.content, read.began, None, Origin(name, library.master, version)
    )
    target.source, target.checkout = read.library, place
    return target
