"""What `init` proposes: libraries with their services, what a person should know of them, and the text that says so."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.configuration import OWN_FILE, PYPROJECT
from common_sync.core.copies.library import Library
from common_sync.core.copies.rules import Rules
from common_sync.core.errors import shell_word
from common_sync.core.expressions import expression
from common_sync.core.paths import ancestors, overlap
from common_sync.edges.detection.links import WideImage
from common_sync.edges.detection.repository import Candidate, FoundService, Reason
from common_sync.edges.detection.tree import above, last
from common_sync.edges.project.services import match_services
from common_sync.edges.project.workspace import find_members

if TYPE_CHECKING:
    from tomlkit.items import Table

_COMMENTS = ("common-sync distribute brings every service's copy in sync.", "common-sync verify checks them.")
_WIDEST = 100
"""Characters; a longer list of services gets one line each."""

_GLOB = expression(r"[*?\[]")


class ProposedLibrary(NamedTuple):
    """A shared library of a proposal.

    Attributes:
        master: Its folder, relative to the root.
        name: What it is called.
        copy: The copy's folder inside each service.
        patterns: The services that get it, as they are written down.
        services: These services, sorted, each with the reasons.
        guess: Whether it is a guess: it is imported, mounted or named, and neither installed nor copied from there.
    """

    master: str
    name: str
    copy: str
    patterns: tuple[str, ...]
    services: tuple[FoundService, ...]
    guess: bool


class Proposal(NamedTuple):
    """A configuration, and why it is what it is.

    Attributes:
        root: The absolute path of the folder that it is for.
        file: The absolute path of the file that it goes to.
        libraries: The shared libraries, the likeliest first.
        patterns: The services as they are written down: folders, and globs that match nothing else.
        notes: What a person should know before it is written down.
        others: Folders that may be a library, too, but for which less speaks.
        wide: The images that take one from its master and are built from a folder above their service, sorted.
        members: The services that take their libraries from a uv workspace, and so get no copy.
    """

    root: str
    file: str
    libraries: tuple[ProposedLibrary, ...]
    patterns: tuple[str, ...]
    notes: tuple[Reason, ...]
    others: tuple[Candidate, ...]
    wide: tuple[WideImage, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def first(self) -> ProposedLibrary:
        """The library for which most speaks."""
        return self.libraries[0]

    @property
    def services(self) -> tuple[str, ...]:
        """The paths of all services, sorted."""
        return tuple(sorted({service.path for one in self.libraries for service in one.services}))


def make_proposal(root: str, chosen: Sequence[Candidate], others: Sequence[Candidate], *, guessed: bool) -> Proposal:
    """Return the configuration for some libraries.

    Args:
        root: The folder that it is for.
        chosen: The libraries, each with its services.
        others: Folders that may be a library, too.
        guessed: Whether nobody has named the libraries.
    """
    pyproject = os.path.join(root, PYPROJECT)
    file = pyproject if os.path.lexists(pyproject) else os.path.join(root, OWN_FILE)
    services = sorted({service.path for one in chosen for service in one.services})
    masters, copies = [one.master for one in chosen], [one.copy for one in chosen]

    def find_meant(parent: str) -> set[str]:
        return {*match_services(root, _glob_in(parent), masters, copies)}

    def find_among(parent: str) -> set[str]:
        return {service for service in services if above(service) == parent}

    top = _list_patterns(services, find_meant)
    libraries = tuple(
        ProposedLibrary(
            one.master,
            one.name or last(one.master),
            one.copy,
            _list_patterns([service.path for service in one.services], find_among) if chosen[1:] else top,
            one.services,
            guessed and one.weight == 1,
        )
        for one in chosen
    )
    notes = tuple(dict.fromkeys(note for one in chosen for note in one.notes))
    notes += tuple(_note_unused(chosen, services))
    members = _find_members(root, services, libraries)
    notes += tuple(_note_members(members))
    wide = tuple(sorted({image for one in chosen for image in one.wide if image.service not in members}))
    return Proposal(root, file, libraries, top, notes, tuple(others), wide, members)


def _note_members(members: Sequence[str]) -> Iterator[Reason]:
    if len(members) == 1:
        text = f"takes the library from the uv workspace, so the service gets no copy: common-sync context {shell_word(members[0])}"
        yield Reason(f"{members[0]}/{PYPROJECT}", None, text)
    elif members:
        named = ", ".join(members[:_MOST_NAMED]) + (
            f" and {len(members) - _MOST_NAMED} more" if members[_MOST_NAMED:] else ""
        )
        text = f"{named} take the library from the uv workspace, so they get no copies: common-sync context SERVICE"
        yield Reason(PYPROJECT, None, text)


_MOST_NAMED = 5
"""Services that a note names."""


def _find_members(root: str, services: Sequence[str], libraries: Sequence[ProposedLibrary]) -> tuple[str, ...]:
    try:
        with open(os.path.join(root, PYPROJECT), encoding="utf-8") as file:
            text = file.read()
    except (OSError, ValueError):  # whoever reads it for itself says so
        return ()
    takers = ((one, frozenset(service.path for service in one.services)) for one in libraries)
    found = [Library(one.name, one.master, one.copy, Rules(()), services=taking) for one, taking in takers]
    return find_members(root, text, services, found)


def _note_unused(chosen: Sequence[Candidate], services: Sequence[str]) -> Iterator[Reason]:
    """Yield a note for what looks like a service and uses none of the libraries."""
    around = {folder for service in services for folder in (service, *ancestors(service))}
    masters = [one.master for one in chosen]
    what = "any of the libraries" if masters[1:] else masters[0]
    for folder in dict.fromkeys(folder for one in chosen for folder in one.unused):
        if folder not in around and not any(overlap(folder, master) for master in masters):
            text = f"looks like a service, but nothing in it uses {what}: left out"
            yield Reason(folder, None, text)


def _list_patterns(services: Sequence[str], find_meant: Callable[[str], set[str]]) -> tuple[str, ...]:
    """Return each service, or in place of two or more a glob where it means these and no other folder."""
    together: dict[str, set[str]] = {}
    for service in services:
        together.setdefault(above(service), set()).add(service)
    several = (parent for parent, children in together.items() if parent and len(children) > 1)
    meant = {parent: _glob_in(parent) for parent in several if together[parent] == find_meant(parent)}
    return tuple(dict.fromkeys(meant.get(above(service), _escape(service)) for service in services))


def _glob_in(folder: str) -> str:
    return f"{_escape(folder)}/*"


def _escape(path: str) -> str:
    """Spell a folder whose name looks like a glob as the glob that means just this folder."""
    return _GLOB.sub(r"[\g<0>]", path)


def format_configuration(proposal: Proposal) -> str:
    """Return what is to be written: a table of pyproject.toml, or the whole of common-sync.toml."""
    import tomlkit  # 60 ms, and nothing else needs it

    table = tomlkit.table()
    for comment in _COMMENTS:
        table.add(tomlkit.comment(comment))
    first = proposal.first
    if len(proposal.libraries) == 1:
        _add_library(table, first, proposal.patterns)
    else:
        _add_services(table, proposal.patterns)
        tables = tomlkit.aot()
        for one in proposal.libraries:
            tables.append(_add_library(tomlkit.table(), one, one.patterns))
        table.add("library", tables)
    if not proposal.file.endswith(PYPROJECT):
        return table.as_string().rstrip("\n") + "\n"
    tool = tomlkit.table(is_super_table=True)
    tool.add("common-sync", table)
    return tomlkit.document().add("tool", tool).as_string().rstrip("\n") + "\n"


def _add_library(table: "Table", library: ProposedLibrary, patterns: Sequence[str]) -> "Table":
    table.add("master", library.master)
    if library.name != last(library.master):
        table.add("name", library.name)
    _add_services(table, patterns)
    if library.copy != last(library.master):
        table.add("copy", library.copy)
    return table


def _add_services(table: "Table", patterns: Sequence[str]) -> None:
    import tomlkit  # as above

    services = tomlkit.array()
    services.extend(patterns)
    services.multiline(len(services.as_string()) > _WIDEST)
    table.add("services", services)
