"""How services stood after the last commits, as git tells it."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.ancestry import EXECUTABLE, PLAIN, SYMLINK, Blob
from common_sync.core.copies.library import Library
from common_sync.core.errors import GitError
from common_sync.core.report.timeline import Copied, Moment, Tree, list_moments
from common_sync.edges.git.history import is_cut_off, read_last, read_line
from common_sync.edges.git.repository import find_top
from common_sync.edges.git.revisions import Row, list_tree, list_trees
from common_sync.edges.library.targets import Target


class Past(NamedTuple):
    """How services stood."""

    moments: tuple[Moment, ...]  # after each commit, the oldest first
    why: str = ""  # why there are none


def read_past(found: Survey, most: int) -> Past:
    """Return how the services stood after the last commits that changed a master or a copy.

    Args:
        found: What was read and planned.
        most: How many commits.
    """
    root = found.project.root
    if find_top(root) is None:
        return Past((), "this is no git repository")
    try:
        if is_cut_off(root):
            return Past((), "this clone is shallow: git fetch --unshallow")
        return Past(tuple(_list_moments(found, most)))
    except GitError as error:
        return Past((), error.problems[0].message)


def _list_moments(found: Survey, most: int) -> Sequence[Moment]:
    root, copies = found.project.root, _list_copies(found)
    masters = [library.master for library in found.project.libraries]
    commits = read_last(root, masters, found.project.copies, most + 1)
    before: Tree = {}
    former: dict[str, Mapping[str, Collection[Blob]]] = {}
    if len(commits) > most:
        oldest, *commits = commits
        before = _as_blobs(list_trees(root, oldest.id, [*masters, *(copy.path for copy in copies)]))
        known = {commit.id for commit in commits}
        former = {library.master: _list_former(root, library, known) for library in found.project.libraries}
    return [*list_moments(commits, copies, before, former)]


def _list_copies(found: Survey) -> list[Copied]:
    return [
        Copied(number, copy.path, target.library, _list_pinned(found.project.root, target))
        for number, plan in enumerate(found.plans)
        for copy, target in zip(plan.copies, found.targets_of(plan), strict=True)
    ]


def _list_pinned(root: str, target: Target) -> Tree | None:
    """Return what a copy is pinned to; nothing where this clone does not have it, and None where it follows the master."""
    if target.key.ref is None:
        return None
    try:
        rows = list_tree(root, target.locked.commit, target.locked.path) if target.locked is not None else {}
    except GitError:
        return {}
    return _as_blobs({path: rows[path] for path in target.library.rules.select(rows)})


def _as_blobs(rows: Mapping[str, Row]) -> Tree:
    return {path: Blob(row.mode, row.name) for path, row in rows.items() if row.mode in (SYMLINK, EXECUTABLE, PLAIN)}


def _list_former(root: str, library: Library, but: Collection[str]) -> dict[str, Collection[Blob]]:
    """Return path → all that a master held there, but for what some commits brought."""
    former: dict[str, set[Blob]] = {}
    for commit in read_line(os.path.join(root, library.master)):
        if commit.id not in but:
            for path, blob in commit.changes.items():
                former.setdefault(path, set()).update(() if blob is None else (blob,))
    return dict(former)
