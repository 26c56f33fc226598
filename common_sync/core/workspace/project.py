"""What the pyproject.toml of a member asks for, and whether the workspace and its lock have that."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from common_sync.core.errors import Problem
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.tables import Table, find_table, list_strings, list_tables
from common_sync.core.formats.toml import Path
from common_sync.core.formats.toml_cuts import Places
from common_sync.core.typos import nearest
from common_sync.core.workspace.lock import Lock, Package, list_needed

SOURCES = ("tool", "uv", "sources")
"""Where uv is told what to take from elsewhere than an index."""

_LOCK_IT = "run `uv lock`"
_NAME = expression(r"\s*([A-Za-z0-9][\w.-]*)")


class Asked(NamedTuple):
    """A distribution that a member asks for."""

    name: str  # normalised
    path: Path  # what leads to the line that asks for it


def list_asked(tables: Table) -> Iterator[Asked]:
    """Yield what a project asks for, in any of its extras and groups."""
    project = find_table(tables, "project")
    above: list[Path] = [("project", "dependencies"), ("tool", "uv", "dev-dependencies")]
    above += [("project", "optional-dependencies", key) for key in find_table(project, "optional-dependencies")]
    above += [("dependency-groups", key) for key in find_table(tables, "dependency-groups")]
    for path in above:
        yield from _list_named(tables, path)


def list_built_by(tables: Table) -> Iterator[Asked]:
    """Yield what a project asks for to be built."""
    return _list_named(tables, ("build-system", "requires"))


def _list_named(tables: Table, path: Path) -> Iterator[Asked]:
    *above, last = path
    lines = find_table(tables, *above).get(str(last))
    for at, line in enumerate(lines if isinstance(lines, list) else ()):
        if isinstance(line, str) and (found := _NAME.match(line)):
            yield Asked(normalise(found[1]), (*path, at))


def takes_from_workspace(tables: Table) -> Iterator[str]:
    """Yield the names of what uv is told to take from the workspace."""
    for name, source in find_table(tables, *SOURCES).items():
        if any(one.get("workspace") is True for one in list_tables(source)):
            yield name


def list_from_workspace(tables: Table, root: Table) -> set[str]:
    """Return the names, normalised, of what a project asks for and uv takes from the workspace.

    Args:
        tables: What its pyproject.toml says.
        root: What the root's says: its sources count for every member that has none of that name.
    """
    own = {normalise(name) for name in find_table(tables, *SOURCES)}
    taken = {normalise(name) for name in takes_from_workspace(tables)}
    taken |= {normalise(name) for name in takes_from_workspace(root)} - own
    return taken & {one.name for one in list_asked(tables)}


def check_member(places: Places, package: Package, lock: Lock, where: str) -> Iterator[Problem]:
    """Yield what a member asks for and does not get from this workspace, or from this lock.

    Args:
        places: Its pyproject.toml.
        package: The member, as the lock has it.
        lock: The lock.
        where: The path of its pyproject.toml, for messages.
    """
    own = find_table(places.tables, "project")
    name = normalise(str(own.get("name")))
    if name != package.name:
        message = f'is named "{name}", and the lock has "{package.name}" there'
        yield Problem(message, where, places.line(("project", "name")), _LOCK_IT)
        return
    asked = [one for one in list_asked(places.tables) if one.name != name]
    known = {one for one in list_needed(package) if one != name}
    yield from _find_absent(places, asked, lock.members, where)
    for one in asked:
        if one.name not in known:
            yield Problem(
                f"asks for `{one.name}`, and the lock does not know that", where, places.line(one.path), _LOCK_IT
            )
    if "dependencies" not in list_strings(own.get("dynamic")) and "optional-dependencies" not in list_strings(
        own.get("dynamic")
    ):
        metadata = {one for one in _list_metadata(package) if one != name} - {one.name for one in asked}
        for lost in sorted(metadata):
            message = f"does not ask for `{lost}` any more, and the lock still says so"
            yield Problem(message, where, places.line(("project",)), _LOCK_IT)


def _list_metadata(package: Package) -> Iterator[str]:
    metadata = find_table(package.table, "metadata")
    for some in (metadata.get("requires-dist", []), *find_table(metadata, "requires-dev").values()):
        yield from (normalise(str(one.get("name"))) for one in list_tables(some))


def _find_absent(places: Places, asked: Collection[Asked], members: Collection[str], where: str) -> Iterator[Problem]:
    """Yield what is to come from the workspace, and is no member of it."""
    needed = {one.name for one in asked}
    for name in takes_from_workspace(places.tables):
        if normalise(name) in needed and normalise(name) not in members:
            message = f"takes `{name}` from the workspace, which has no such member"
            remedy = (
                nearest(normalise(name), members) or "add its folder to `members` of the workspace, and run `uv lock`"
            )
            yield Problem(message, where, places.line((*SOURCES, name)), remedy)
