"""Read a master: which files it holds, their digests, and their bytes for those that are about to be copied."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from common_sync.core.copies.library import Library, TargetKey
from common_sync.core.copies.manifest import DEEPEST, LARGEST, Manifest, format_manifest, make_manifest, why_unsafe
from common_sync.core.copies.metadata import METADATA_FILES, read_library
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.copies.rules import Rules
from common_sync.core.errors import Problem, TreeError, shell_word
from common_sync.core.model import Origin, Snapshot, Symlink
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.edges.files.content import Content, WorkTree
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import ANNOUNCED, STAGING, TEMPORARY, Expected, read_listed
from common_sync.edges.git.ask import list_files
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores
from common_sync.edges.library.fitness import find_unfit

if TYPE_CHECKING:
    from common_sync.core.copies.lockfile import Locked

Tracked = Mapping[str, Sequence[str]] | None
"""What git tracks of each master, by its library's name, relative to it; None where git is not asked."""

Unadded = Mapping[str, frozenset[str]]
"""What git neither knows nor ignores of each master, by its library's name, relative to it."""

NO_FILES: Unadded = MappingProxyType({})
"""Git is not asked."""

HELD = 40 << 20
"""Bytes of all masters' small files that are held; what does not fit is read again to be written, and hashed to be known."""


class Target:
    """What a copy should hold: a library as it was read, once, however many services take it.

    Attributes:
        library: The library.
        snapshot: What it holds.
        held: The bytes of its small files.
        content: The bytes of all its files.
        began: When reading began, in nanoseconds since 1970.
        key: What tells it from others.
        locked: What the lock says of it, where it is pinned and locked.
        source: The library as it was read: its master is where its files are.
        checkout: The checkout that a library of another repository was read from, as a person has named it; or nothing.
        manifest: The manifest of a copy in sync with it.
        manifest_bytes: The same as it is written.
        expected: The paths that a copy should hold.
    """

    def __init__(
        self,
        library: Library,
        snapshot: Snapshot,
        held: Held,
        content: Content,
        began: int,
        ref: str | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.library, self.snapshot, self.held, self.content, self.began = library, snapshot, held, content, began
        self.key = TargetKey(library.name, ref)
        self.locked: Locked | None = None
        self.source, self.checkout = library, ""
        origin = origin or read_origin(library.master, held.get)
        self.manifest: Manifest = make_manifest(origin, snapshot.entries)
        self.manifest_bytes = format_manifest(self.manifest)
        self.expected = Expected(snapshot.entries, held=held)

    @property
    def is_here(self) -> bool:
        """Whether it is known what a copy should hold."""
        return bool(self.snapshot.entries)

    @cached_property
    def first_plan(self) -> CopyPlan:
        """What a service without a copy needs: the same for each."""
        return build_plan(self.manifest, None, None)


def read_origin(master: str, read: Callable[[str], bytes | None]) -> Origin:
    """Return what a library says about itself.

    Args:
        master: The master's path from the root.
        read: Returns the bytes of one of its files, or None where it has none.
    """
    texts = {file: data.decode("utf-8", "replace") for file in METADATA_FILES if (data := read(file)) is not None}
    return read_library(master, texts)


def read_targets(root: str, libraries: Iterable[Library], tracked: Tracked = None) -> dict[TargetKey, Target]:
    """Read the masters.

    Args:
        root: The absolute path of the configuration's folder.
        libraries: The libraries.
        tracked: What git tracks of each (in a hook), or None to take what git does not know as well.

    Raises:
        TreeError: One holds nothing, or something that cannot be copied.
        GitError: Git failed.
    """
    targets: dict[TargetKey, Target] = {}
    problems: list[Problem] = []
    for library in libraries:
        room = HELD - sum(target.held.size for target in targets.values())
        try:
            target = read_master(root, library, room, (tracked or {}).get(library.name))
            targets[target.key] = target
        except TreeError as error:
            problems += error.problems
    if problems:
        raise TreeError(*problems)
    return targets


def read_master(root: str, library: Library, room: int = HELD, tracked: Sequence[str] | None = None) -> Target:
    """Read one master.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        room: Bytes to hold at the most.
        tracked: What git tracks of it, or None to take what git does not know as well.

    Raises:
        TreeError: It holds nothing, or something that cannot be copied.
        GitError: Git failed.
    """
    name, rules = library.master, library.rules
    path, began = os.path.join(root, name), time.time_ns()
    held = Held(room, Large(path), METADATA_FILES)
    try:
        with opened(path) as folder:
            listed = list_master(root, library, tracked)
            snapshot = read_listed(folder, listed, name, held)
    except OSError as error:
        raise explain_os_error(error, name, "open the master") from error
    problems = [
        *_repositories(listed, snapshot, rules, path, name),
        *_unsafe(snapshot, path, name),
        *find_unfit(path, name, listed, held),
    ]
    if not snapshot.entries:
        which = "that git tracks" if tracked is not None else "that are not ignored or excluded"
        problems.append(
            Problem(f"the master holds no files {which}", name, remedy=f"common-sync explain {shell_word(name)}")
        )
    if problems:
        raise TreeError(*problems)
    target = Target(library, snapshot, held, WorkTree(path, held), began)
    if len(target.manifest_bytes) > LARGEST:  # no copy of it could ever be checked
        message = f"the master holds too many files: its manifest would be larger than {LARGEST:,} bytes"
        raise TreeError(Problem(message, name, remedy="exclude what the services do not need"))
    return target


_SKEW = 2_000_000_000
"""Nanoseconds by which a file system's clock may be behind; what was touched a moment too early is read again in vain."""

_MOST_NAMED = 3


def find_changes(target: Target, root: str, tracked: Tracked = None) -> tuple[Problem, ...]:
    """Return a problem when a master is no longer what was read: the copies are of none of its states then, or an old one.

    Only what was touched since it was read is read again. What no work tree holds does not change.

    Args:
        target: What was read.
        root: The absolute path of the configuration's folder.
        tracked: As for `read_targets`.

    Raises:
        TreeError: Something in it cannot be read any more.
    """
    if not isinstance(target.content, WorkTree):
        return ()
    library, was = target.source, target.snapshot.entries
    try:
        with opened(target.content.path) as folder:
            listed = list_master(root, library, (tracked or {}).get(library.name))
            touched = [
                path
                for path in _touched(folder, listed, target.began - _SKEW)
                if not target.held.large.is_untouched(path)
            ]
            now = read_listed(folder, touched, library.master).entries
    except OSError as error:
        raise explain_os_error(error, library.master, "open the master") from error
    changed = sorted({path for path in touched if now.get(path) != was.get(path)} | (was.keys() - listed))
    if not changed:
        return ()
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    message = f"the master has changed while it was copied: {', '.join(changed[:_MOST_NAMED])}{more}"
    return (Problem(message, library.master, remedy="run it again"),)


def _touched(folder: int, paths: Iterable[str], since: int) -> Iterator[str]:
    """Yield the paths that were touched since a time, or that are in a folder that was: it may be another one by now."""

    def is_touched(path: str) -> bool:
        try:
            return os.stat(path, dir_fd=folder, follow_symlinks=False).st_ctime_ns >= since
        except OSError:  # gone; or reading it will say what is wrong
            return True

    @cache
    def is_moved(above: str) -> bool:
        return any(is_touched(place) for place in (above or ".", *ancestors(above), "."))

    return (path for path in paths if is_moved(path.rpartition("/")[0]) or is_touched(path))


def list_master(root: str, library: Library, tracked: Sequence[str] | None = None) -> list[str]:
    """Return the paths of the files that belong to a master.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        tracked: What git tracks of it, or None to ask.
    """
    path = os.path.join(root, library.master)
    files: Iterable[str] | None = tracked
    if files is None:
        files = _walk(root, library.master, library.rules) if find_top(path) is None else list_files(path)
    reserved = {ANNOUNCED, STAGING, TEMPORARY}
    # git ends the name of a repository inside this one with a slash
    return [file.removesuffix("/") for file in library.rules.select(files) if file.rpartition("/")[2] not in reserved]


def _walk(root: str, name: str, rules: Rules) -> Iterator[str]:
    """Yield the files below a folder outside git, as the `.gitignore` files from the root on would have it."""
    gitignores = Gitignores(root)

    def inside(prefix: str, depth: int) -> Iterator[str]:
        where = f"{name}/{prefix}"
        if depth > DEEPEST:
            raise TreeError(Problem(f"folders nested more than {DEEPEST} deep", where))
        try:
            with os.scandir(os.path.join(root, where)) as found:
                children = sorted((child.name, child.is_dir(follow_symlinks=False)) for child in found)
        except OSError as error:
            raise explain_os_error(error, where.rstrip("/"), "list it") from error
        for child, is_folder in children:
            if gitignores.exclusion(where + child, is_folder) is not None:
                continue
            if not is_folder:
                yield prefix + child
            elif rules.exclusion(prefix + child, folder=True) is None:
                yield from inside(f"{prefix}{child}/", depth + 1)

    return inside("", 0)


def _repositories(listed: Sequence[str], snapshot: Snapshot, rules: Rules, path: str, name: str) -> Iterator[Problem]:
    """Yield the git repositories inside the master: git lists the folder, and nothing that is in it.

    So it does with a folder that cannot be opened, which is an error.

    Any other folder that is listed as a file has taken a file's place since the last commit; what it holds is listed, too.
    """
    for file in [file for file in listed if file not in snapshot.entries]:
        full = os.path.join(path, file)
        if not os.path.isdir(full) or rules.exclusion(file, folder=True) is not None:
            continue
        try:
            inside = os.listdir(full)
        except OSError as error:
            raise explain_os_error(error, f"{name}/{file}", "list it") from error
        if ".git" in inside:
            message = "is a git repository of its own, which cannot be copied"
            yield Problem(message, f"{name}/{file}", remedy="exclude it")
        elif not inside:
            message = "is an empty folder where git has a submodule or a file"
            yield Problem(message, f"{name}/{file}", remedy="exclude it, or remove it")


def _unsafe(snapshot: Snapshot, path: str, name: str) -> Iterator[Problem]:
    """Yield what may not be copied: a path that no manifest may name, a symlink that leads outside."""
    here = os.path.realpath(path) + os.sep
    for file, entry in snapshot.entries.items():
        where = f"{name}/{file}"
        if file == MANIFEST_NAME:
            yield Problem("the master is itself a copy", where, remedy="name the library's own folder as master")
        elif file.count("/") > DEEPEST:
            yield Problem(f"folders nested more than {DEEPEST} deep", where, remedy="exclude it")
        elif reason := why_unsafe(file):
            yield Problem(f"cannot be copied: the path {reason}", where, remedy="rename it, or exclude it")
        if isinstance(entry, Symlink):
            leads = os.path.realpath(os.path.join(path, file))
            if os.path.isabs(entry.target) or not (leads + os.sep).startswith(here):
                message = f"is a symlink out of the master, to {entry.target}"
                yield Problem(message, where, remedy="exclude it, or replace it by what it leads to")
