"""The lock of a uv workspace: who its members are, what they need, and the lock without the rest.

uv writes the file, and its form is not documented. What is read here was looked up in locks of uv 0.5 to 0.13; every cut is
held against the real program in the tests.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.errors import Problem, TreeError
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.tables import Table, find_table, list_strings, list_tables
from common_sync.core.formats.toml import Path
from common_sync.core.formats.toml_cuts import Places, locate
from common_sync.core.text import UnparsableError

LOCK = "uv.lock"
VERSION = 1
"""The version of uv's lock that can be read; a revision only adds to it."""

_ON_DISK = ("editable", "virtual", "directory", "path")
"""Where the source of a package that is a folder or a file here says its path."""


class Package(NamedTuple):
    """A package of a lock."""

    at: int  # its place among the packages, from 0
    name: str  # its name, normalised
    table: Table  # all that the lock says of it

    @property
    def place(self) -> str | None:
        """The path from the root of what is on this disk, or None."""
        source = find_table(self.table, "source")
        found = next((source[key] for key in _ON_DISK if key in source), source.get("registry"))
        return found if isinstance(found, str) and "://" not in found else None

    @property
    def extras(self) -> tuple[str, ...]:
        """The names of its extras that bring something."""
        return tuple(find_table(self.table, "optional-dependencies"))


class Lock(NamedTuple):
    """A lock that was read."""

    places: Places  # its text, and where what is
    packages: tuple[Package, ...]  # its packages, in their order
    members: Mapping[str, Package]  # the members of the workspace, by their names

    def member_at(self, path: str) -> Package | None:
        """Return the member whose folder is at a path from the root, where there is one."""
        return next((one for one in self.members.values() if tidy(one.place) == path), None)


class Kept(NamedTuple):
    """What stays of a lock."""

    packages: frozenset[int]  # the places of the packages
    extras: frozenset[tuple[int, str]]  # of packages that are no members, the extras that somebody asks for


def tidy(place: str | None) -> str | None:
    """Return a path as the rest of the program has it: nothing for the root itself."""
    return "" if place == "." else place


def read_lock(text: str, where: str) -> Lock:
    """Read the lock of a workspace.

    Args:
        text: Its text.
        where: Its path, for messages.

    Raises:
        TreeError: It is no lock of a workspace, or of another version.
    """
    try:
        places = locate(text)
    except UnparsableError as error:
        raise TreeError(Problem(f"cannot be parsed: {error.reason}", where, error.line, "uv lock")) from None
    version = places.tables.get("version")
    if version != VERSION:
        message = f"is of version {version}, and common-sync knows version {VERSION} of uv's lock"
        remedy = "take a newer common-sync, or the whole workspace for the build"
        raise TreeError(Problem(message, where, places.line(("version",)), remedy))
    tables = list_tables(places.tables.get("package", []))
    packages = tuple(Package(at, normalise(str(one.get("name"))), one) for at, one in enumerate(tables))
    names = {normalise(one) for one in list_strings(find_table(places.tables, "manifest").get("members"))}
    members = {one.name: one for one in packages if one.name in names and one.place is not None}
    return Lock(places, packages, members)


def list_needed(package: Package) -> Iterator[str]:
    """Yield the names of what a member asks for, whatever the platform, the extra or the group."""
    metadata = find_table(package.table, "metadata")
    groups = find_table(metadata, "requires-dev").values()
    lists = [metadata.get("requires-dist", []), *groups, *_list_dependencies(package)]
    return (normalise(str(one.get("name"))) for some in lists for one in list_tables(some))


def _list_dependencies(package: Package) -> Iterator[object]:
    """Yield its lists of what was resolved for it."""
    yield package.table.get("dependencies", [])
    for key in ("optional-dependencies", "dev-dependencies"):
        yield from find_table(package.table, key).values()


def keep(lock: Lock, members: Iterable[str]) -> Kept:
    """Return what members bring, with all of their extras and groups.

    Args:
        lock: The lock.
        members: Their names.
    """
    extras: set[tuple[int, str]] = set()
    packages: set[int] = set()
    own = {package.at for package in lock.members.values()}
    by_name: dict[str, list[Package]] = {}
    for package in lock.packages:
        by_name.setdefault(package.name, []).append(package)
    waiting = [(lock.members[name], extra) for name in members for extra in ("", *lock.members[name].extras)]
    seen = {(package.at, extra) for package, extra in waiting}
    while waiting:
        package, extra = waiting.pop()
        packages.add(package.at)
        if package.at not in own and extra in package.extras:
            extras.add((package.at, extra))
        for dependency in _list_asked(package, extra, all_groups=package.at in own):
            for found in _resolve(dependency, by_name):
                every = ("", *found.extras) if found.at in own else ("", *list_strings(dependency.get("extra")))
                new = [(found, one) for one in every if (found.at, one) not in seen]
                seen.update((one.at, name) for one, name in new)
                waiting += new
    return Kept(frozenset(packages), frozenset(extras))


def _list_asked(package: Package, extra: str, *, all_groups: bool) -> list[Table]:
    """Return what a package asks for by itself, or by one of its extras."""
    if extra:
        return list_tables(find_table(package.table, "optional-dependencies").get(extra, []))
    groups = find_table(package.table, "dev-dependencies").values() if all_groups else ()
    return [one for some in (package.table.get("dependencies", []), *groups) for one in list_tables(some)]


def _resolve(dependency: Table, by_name: Mapping[str, Sequence[Package]]) -> Iterator[Package]:
    """Yield the packages that a line of the lock means: it names no more than it takes to tell them apart."""
    for package in by_name.get(normalise(str(dependency.get("name"))), ()):
        if all(dependency.get(key, package.table.get(key)) == package.table.get(key) for key in ("version", "source")):
            yield package


def list_gone(lock: Lock, kept: Kept, members: Collection[str]) -> set[Path]:
    """Return the parts of a lock that nobody needs any more.

    Args:
        lock: The lock.
        kept: What stays.
        members: The names of the members that stay.
    """
    gone: set[Path] = set()
    for package in lock.packages:
        if package.at not in kept.packages:
            gone.add(("package", package.at))
        elif package.name not in lock.members:
            gone.update(_list_unasked(package, kept))
    return gone.union(list_lost_conflicts(("conflicts",), lock.places.tables.get("conflicts"), members))


def _list_unasked(package: Package, kept: Kept) -> Iterator[Path]:
    """Yield the extras of a package that nobody asks for."""
    unasked = [extra for extra in package.extras if (package.at, extra) not in kept.extras]
    above = ("package", package.at, "optional-dependencies")
    if unasked and len(unasked) == len(package.extras):
        yield above
    else:
        yield from ((*above, extra) for extra in unasked)


def list_lost_conflicts(above: Path, conflicts: object, members: Collection[str], own: str = "") -> Iterator[Path]:
    """Yield what goes of the sets of extras and groups that exclude each other; a set of one excludes nothing.

    Args:
        above: The path of the list of sets.
        conflicts: The list, or anything else where there is none.
        members: The names of the members that stay.
        own: The member that is meant where a set names none.
    """
    sets = conflicts if isinstance(conflicts, list) else []
    lost: list[Path] = []
    for at, one in enumerate(sets):
        items = list_tables(one)
        gone = [place for place, item in enumerate(items) if normalise(str(item.get("package", own))) not in members]
        lost += [(*above, at)] if gone and len(items) - len(gone) < _A_PAIR else [(*above, at, one) for one in gone]
    whole = [(*above, at) for at in range(len(sets))]
    yield from [above] if whole and lost == whole else lost


_A_PAIR = 2
