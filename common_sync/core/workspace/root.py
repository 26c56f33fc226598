"""The pyproject.toml at the root of a workspace, for some of its members."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.tables import find_table, list_tables
from common_sync.core.formats.toml import Path
from common_sync.core.formats.toml_cuts import Places, cut, list_remarks, quote
from common_sync.core.text import UnparsableError
from common_sync.core.workspace.lock import list_lost_conflicts
from common_sync.core.workspace.project import SOURCES

WORKSPACE: Path = ("tool", "uv", "workspace")
"""The table that makes a project the root of a workspace."""

_MEMBERS: Path = (*WORKSPACE, "members")
_UV = ("tool", "uv")
_OF_ITSELF: tuple[Path, ...] = (
    *(("project",), ("build-system",), ("dependency-groups",), (*_UV, "dev-dependencies"), (*_UV, "default-groups")),
    *((*_UV, "dependency-groups"), (*_UV, "package"), (*_UV, "build-backend")),
)
"""What a root says as a project of its own, and not for the workspace."""

_SPECIAL = str.maketrans({character: f"[{character}]" for character in "*?["})


class Carrier(NamedTuple):
    """A project without files, in the place of the root: uv takes the Pythons of a lock from the members alone."""

    name: str  # a name that no package has
    python: str  # its `requires-python`


def prune_root(places: Places, members: Mapping[str, str], own: str) -> str:
    """Return the text for some members.

    Args:
        places: What the root's pyproject.toml says.
        members: The members that stay, without the root: their names, and their paths from there.
        own: The root's name where it stays a project, or nothing.

    Raises:
        UnparsableError: It is written in a form that cannot be changed.
    """
    if members and "members" not in find_table(places.tables, *WORKSPACE):
        raise UnparsableError(places.line(WORKSPACE), "the workspace has no `members`, and the lock has some")
    kept = {*members, own}
    conflicts = find_table(places.tables, *_UV).get("conflicts")
    gone: set[Path] = {(*WORKSPACE, "exclude"), *_list_lost_sources(places, kept)}
    gone.update(list_lost_conflicts((*_UV, "conflicts"), conflicts, kept, own))
    gone.update(() if own else _OF_ITSELF)
    folders = [quote(one) for one in sorted(path.translate(_SPECIAL) for path in members.values())]
    return cut(places, gone, {_MEMBERS: _format_list(folders, list_remarks(places, _MEMBERS))})


def _format_list(items: Sequence[str], remarks: Sequence[str]) -> str:
    """Return a list in one line, or with a line for each item below what people have remarked in it."""
    if not remarks:
        return f"[{', '.join(items)}]"
    return "\n".join(["[", *(f"    {one}" for one in remarks), *(f"    {one}," for one in items), "]"])


def add_carrier(text: str, carrier: Carrier) -> str:
    """Return the text of a root that is no project, with one that says which Pythons the lock is for."""
    lines = (
        "# The lock is for these Pythons: a member asks for that which is not in here.",
        "[project]",
        f"name = {quote(carrier.name)}",
        'version = "0"',
        f"requires-python = {quote(carrier.python)}",
    )
    return f"{text.rstrip()}\n\n" + "\n".join(lines) + "\n"


def require_python(places: Places, python: str) -> str:
    """Return the text of a root that stays a project, and says which Pythons the lock is for.

    Raises:
        UnparsableError: It says nothing of Pythons.
    """
    if "requires-python" not in find_table(places.tables, "project"):
        reason = f'write `requires-python = "{python}"`: the lock is for that, and no member that stays says so'
        raise UnparsableError(places.line(("project",)), reason)
    return cut(places, (), {("project", "requires-python"): quote(python)})


def _list_lost_sources(places: Places, members: Collection[str]) -> Iterator[Path]:
    """Yield the sources at the root that say of a member which goes that it is one."""
    for name, source in find_table(places.tables, *SOURCES).items():
        if normalise(name) not in members and any(one.get("workspace") is True for one in list_tables(source)):
            yield (*SOURCES, name)
