"""A workspace for one of its members: which others it needs, and what the root's two files say without the rest.

In the result `uv lock --check` and `uv sync --locked --package` say what they say in the whole workspace. The versions are those
of the lock: nothing is resolved anew.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.errors import Problem, TreeError
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.tables import find_table, list_tables
from common_sync.core.formats.toml_cuts import Places, cut, locate, quote
from common_sync.core.text import UnparsableError
from common_sync.core.workspace.lock import LOCK, Kept, Lock, Package, keep, list_gone, list_needed, read_lock, tidy
from common_sync.core.workspace.project import check_member, list_built_by, takes_from_workspace
from common_sync.core.workspace.root import WORKSPACE, Carrier, add_carrier, prune_root, require_python

if TYPE_CHECKING:
    from common_sync.core.formats.toml import Path

PROJECT = "pyproject.toml"
_UV: "Path" = ("tool", "uv")


class Workspace(NamedTuple):
    """The files of a workspace."""

    read: Callable[[str], str | None]  # reads a file by its path from the root; None where there is none
    name: Callable[[str], str]  # tells what the user calls a path


class Pruned(NamedTuple):
    """A workspace for one of its members."""

    root: str  # the text of the root's pyproject.toml
    lock: str  # the text of uv.lock
    members: tuple[str, ...]  # the paths of the members that stay, sorted; nothing is the root itself
    others: tuple[str, ...]  # the paths of all other members
    local: tuple[str, ...]  # the paths of other packages on this disk: folders, archives, folders of archives
    names: Mapping[str, str]  # path → name of each member that stays


def prune(workspace: Workspace, member: str) -> Pruned:
    """Return a workspace without the members that one of them does not need.

    Args:
        workspace: Its files.
        member: The member's path from the root; nothing is the root itself.

    Raises:
        TreeError: Something that it needs is not there, or a file cannot be understood; all that is wrong is reported at once.
    """
    root = _read_project(workspace, "")
    lock = _read_lock(workspace)
    target = lock.member_at(member)
    if target is None:
        raise TreeError(_report_stranger(workspace, root, lock, member))
    projects, problems = _follow(workspace, lock, target, root)
    if problems:
        raise TreeError(*problems)
    kept = keep(lock, projects)
    local = _list_local(workspace, root, lock, kept)
    places = {name: tidy(lock.members[name].place) or "" for name in projects}
    own = next((name for name, path in places.items() if not path), "")
    python = _find_unsaid(lock, projects)
    try:
        text = prune_root(root, {name: path for name, path in places.items() if path}, own)
        if python and own:
            text = require_python(locate(text), python)
    except UnparsableError as error:
        raise TreeError(Problem(error.reason, workspace.name(PROJECT), error.line)) from None
    carrier = Carrier(_choose_name(lock), python) if python and not own else None
    text = add_carrier(text, carrier) if carrier is not None else text
    others = {tidy(one.place) or "" for name, one in lock.members.items() if name not in projects}
    names = {path: name for name, path in places.items()}
    written = _write_lock(lock, kept, projects, root, carrier)
    return Pruned(text, written, tuple(sorted(places.values())), tuple(sorted(others)), local, names)


def _read_project(workspace: Workspace, path: str) -> Places:
    file = posixpath.join(path, PROJECT)
    text = workspace.read(file)
    if text is None:
        message = f"{LOCK} has a member here, and there is no such file"
        raise TreeError(Problem(message, workspace.name(file), remedy="put it back, or run `uv lock`"))
    try:
        return locate(text)
    except UnparsableError as error:
        raise TreeError(Problem(f"cannot be parsed: {error.reason}", workspace.name(file), error.line)) from None


def _read_lock(workspace: Workspace) -> Lock:
    text = workspace.read(LOCK)
    if text is None:
        raise TreeError(
            Problem("is not there, and says which versions are meant", workspace.name(LOCK), remedy="uv lock")
        )
    return read_lock(text, workspace.name(LOCK))


def _report_stranger(workspace: Workspace, root: Places, lock: Lock, member: str) -> Problem:
    """Say that a folder is no member: the globs do not take it in, or the lock is older than it."""
    known = ", ".join(sorted(tidy(one.place) or "." for one in lock.members.values()))
    message = f"`{member or '.'}` is no member of the workspace by its {LOCK}" + (
        f", which has {known}" if known else ""
    )
    remedy = "see that `members` takes it in and `exclude` does not, then run `uv lock`"
    return Problem(message, workspace.name(PROJECT), root.line(WORKSPACE), remedy)


def _follow(workspace: Workspace, lock: Lock, target: Package, root: Places) -> tuple[dict[str, Places], list[Problem]]:
    """Return what a member needs, with itself, and what is wrong with these."""
    found: dict[str, Places] = {}
    problems: list[Problem] = []
    waiting = [target.name]
    while waiting:
        package = lock.members[waiting.pop()]
        if package.name in found:
            continue
        path = tidy(package.place) or ""
        places = root if not path else _read_project(workspace, path)
        found[package.name] = places
        problems += check_member(places, package, lock, workspace.name(posixpath.join(path, PROJECT)))
        built = (one.name for one in list_built_by(places.tables))
        brought = (lock.packages[at].name for at in keep(lock, [package.name]).packages)
        waiting += [name for name in (*list_needed(package), *built, *brought) if name in lock.members]
    return found, problems


def _list_local(workspace: Workspace, root: Places, lock: Lock, kept: Kept) -> tuple[str, ...]:
    """Return the paths of what packages on this disk come from that are no members, and where uv is told to look for some."""
    found: dict[str, Problem] = {}
    for at in sorted(kept.packages):
        package = lock.packages[at]
        if package.name not in lock.members and package.place is not None:
            path, line = posixpath.normpath(package.place), lock.places.line(("package", at))
            found.setdefault(path, _report_outside(package.name, path, workspace.name(LOCK), line))
    for path, line in _list_places(root):
        found.setdefault(path, _report_outside("", path, workspace.name(PROJECT), line))
    outside = [one for path, one in found.items() if path.startswith(("/", "../")) or path in ("..", ".")]
    if outside:
        raise TreeError(*outside)
    return tuple(sorted(found))


def _list_places(root: Places) -> Iterator[tuple[str, int | None]]:
    """Yield the folders on this disk in which uv is told to look for packages: it ends where one is not there."""
    uv = find_table(root.tables, *_UV)
    links = uv.get("find-links")
    named = [(one, (*_UV, "find-links", at)) for at, one in enumerate(links if isinstance(links, list) else [])]
    named += [(one.get("url"), (*_UV, "index", at)) for at, one in enumerate(list_tables(uv.get("index", [])))]
    for place, path in named:
        if isinstance(place, str) and "://" not in place:
            yield posixpath.normpath(place), root.line(path)


def _report_outside(name: str, path: str, file: str, line: int | None) -> Problem:
    message = (
        f"`{name}` comes from `{path}`, which is not inside the workspace"
        if name
        else f"`{path}` is not inside the workspace"
    )
    return Problem(message, file, line, "move it below the workspace's root")


def _find_unsaid(lock: Lock, projects: Mapping[str, Places]) -> str | None:
    """Return which Pythons the lock is for, where no member that stays says just that.

    uv takes what all members allow. Where one of them says what the lock says, the others allow that, too.
    """
    python = lock.places.tables.get("requires-python")
    if not isinstance(python, str):
        return None
    said = (find_table(places.tables, "project").get("requires-python") for places in projects.values())
    return None if any(isinstance(one, str) and _parts(one) == _parts(python) for one in said) else python


def _parts(specifier: str) -> frozenset[str]:
    return frozenset("".join(one.split()) for one in specifier.split(","))


def _choose_name(lock: Lock) -> str:
    name, taken = "workspace", {package.name for package in lock.packages}
    while name in taken:
        name += "-root"
    return name


def _write_lock(lock: Lock, kept: Kept, projects: Mapping[str, Places], root: Places, carrier: Carrier | None) -> str:
    names = sorted([*projects, *([carrier.name] if carrier else [])])
    listed = "".join(f"    {quote(name)},\n" for name in names)
    values: dict[Path, str] = {("manifest", "members"): f"[\n{listed}]"}
    gone = list_gone(lock, kept, projects)
    if not any(lock.members[name].place == "." for name in projects):
        gone |= {("manifest", "dependency-groups"), ("manifest", "group-requires-python")}
    asked = {normalise(name) for places in (root, *projects.values()) for name in takes_from_workspace(places.tables)}
    for name, places in projects.items():
        package = lock.members[name]
        if "editable" in find_table(package.table, "source") and _is_plain(places) and name not in asked:
            values["package", package.at, "source"] = f"{{ virtual = {quote(package.place or '')} }}"
    text = cut(lock.places, gone, values).rstrip("\n") + "\n"
    return _add_package(text, carrier) if carrier is not None else text


def _is_plain(places: Places) -> bool:
    """Tell whether a project is installed only where another one asks for it: it does not say what builds it."""
    return "build-system" not in places.tables and "package" not in find_table(places.tables, *_UV)


def _add_package(text: str, carrier: Carrier) -> str:
    """Put a project without files at the place that its name has among the packages."""
    places = locate(text)
    block = f'[[package]]\nname = {quote(carrier.name)}\nversion = "0"\nsource = {{ virtual = "." }}\n'
    tables = list_tables(places.tables.get("package", []))
    after = next((at for at, one in enumerate(tables) if normalise(str(one.get("name"))) > carrier.name), None)
    if after is None:
        return f"{text}\n{block}"
    start = next(spot.start for spot in places.spots if spot.path == ("package", after))
    return f"{text[:start]}{block}\n{text[start:]}"
