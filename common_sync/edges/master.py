"""Read the master: which files it holds, their digests, and their bytes for those that are about to be copied."""

import os
from collections.abc import Iterator
from functools import cached_property

from common_sync.core.errors import Problem, TreeError
from common_sync.core.library import METADATA_FILES, read_library
from common_sync.core.manifest import NAME as MANIFEST_NAME
from common_sync.core.manifest import Manifest, format_manifest, make_manifest, why_unsafe
from common_sync.core.model import Snapshot, Symlink
from common_sync.core.plan import CopyPlan, build_plan
from common_sync.core.rules import Rules
from common_sync.edges.folders import DEEPEST, explain_os_error, opened
from common_sync.edges.git import find_top, list_files
from common_sync.edges.patterns import Gitignores
from common_sync.edges.reading import STAGING, TEMPORARY, Expected, read_listed

HELD = 40 << 20
"""Bytes of the master's small files that are held while copying; what does not fit is read again."""


class Master:
    """A master that was read once.

    Attributes:
        path: The absolute path of its folder.
        name: Its path from the root.
        snapshot: What it holds.
        manifest: The manifest of a copy in sync with it.
        held: Path → bytes of the files that are held.
    """

    def __init__(self, path: str, name: str, snapshot: Snapshot, held: dict[str, bytes]) -> None:
        self.path, self.name, self.snapshot, self.held = path, name, snapshot, held
        texts = {file: held[file].decode("utf-8", "replace") for file in METADATA_FILES if file in held}
        self.manifest: Manifest = make_manifest(read_library(name, texts), snapshot.entries)
        self.manifest_bytes = format_manifest(self.manifest)
        self.expected = Expected(snapshot.entries)

    @cached_property
    def first_plan(self) -> CopyPlan:
        """What a service without a copy needs: the same for each."""
        return build_plan(self.manifest, None, None)


def read_master(root: str, name: str, rules: Rules, *, tracked_only: bool = False, hold: bool = False) -> Master:
    """Read the master.

    Args:
        root: The absolute path of the configuration's folder.
        name: The master's path from there.
        rules: The excludes.
        tracked_only: Leave out what git does not track.
        hold: Keep the bytes of its small files, to write them.

    Raises:
        TreeError: It holds nothing, or something that cannot be copied.
        GitError: Git failed.
    """
    path = os.path.join(root, name)
    held: dict[str, bytes] = {}
    room = HELD if hold else 0
    prefix = len(name) + 1

    def keep(where: str, data: bytes) -> None:
        nonlocal room
        file = where[prefix:]
        if len(data) <= room or file in METADATA_FILES:
            held[file] = data
            room -= len(data)

    try:
        with opened(path) as folder:
            snapshot = read_listed(folder, list_master(root, name, rules, tracked_only=tracked_only), name, keep)
    except FileNotFoundError:
        raise TreeError(Problem("the master is gone", name)) from None
    problems = [*_unsafe(snapshot, path, name)]
    if not snapshot.entries:
        which = "that git tracks" if tracked_only else "that are not ignored or excluded"
        problems.append(Problem(f"the master holds no files {which}", name, remedy="common-sync explain " + name))
    if problems:
        raise TreeError(*problems)
    return Master(path, name, snapshot, held)


def list_master(root: str, name: str, rules: Rules, *, tracked_only: bool = False) -> list[str]:
    """Return the paths of the files that belong to the master.

    Args:
        root: The absolute path of the configuration's folder.
        name: The master's path from there.
        rules: The excludes.
        tracked_only: Leave out what git does not track.
    """
    path = os.path.join(root, name)
    files = _walk(root, name, rules) if find_top(path) is None else list_files(path, tracked_only=tracked_only)
    reserved = {TEMPORARY, STAGING}
    return [file for file in rules.select(files) if file.rpartition("/")[2] not in reserved]


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


def _unsafe(snapshot: Snapshot, path: str, name: str) -> Iterator[Problem]:
    """Yield what may not be copied: a path that no manifest may name, a symlink that leads outside."""
    here = os.path.realpath(path) + os.sep
    for file, entry in snapshot.entries.items():
        where = f"{name}/{file}"
        if file == MANIFEST_NAME:
            yield Problem("the master is itself a copy", where, remedy="name the library's own folder as master")
        elif reason := why_unsafe(file):
            yield Problem(f"cannot be copied: the path {reason}", where, remedy="rename it, or exclude it")
        if isinstance(entry, Symlink):
            leads = os.path.realpath(os.path.join(path, file))
            if os.path.isabs(entry.target) or not (leads + os.sep).startswith(here):
                message = f"is a symlink out of the master, to {entry.target}"
                yield Problem(message, where, remedy="exclude it, or replace it by what it leads to")
