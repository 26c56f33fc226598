"""A library whose repository lies beside this one: its history can be looked at, and nobody is asked for it."""

import os

from common_sync.core.copies.library import Library
from common_sync.core.errors import CommonSyncError, Problem
from common_sync.core.model import NAMED_ID
from common_sync.edges.git.ask import ask
from common_sync.edges.git.history import WITHOUT_NETWORK
from common_sync.edges.git.repository import find_top
from common_sync.edges.git.revisions import find_commit
from common_sync.edges.library.checkouts import read_checkout
from common_sync.edges.library.targets import HELD, Target
from common_sync.edges.project.load import Project
from common_sync.edges.project.lockfile import read_lock


def find_beside(project: Project, library: Library) -> Target | Problem:
    """Return a library as its checkout beside this repository has it, or why its history tells nothing of the copies.

    Args:
        project: The project.
        library: A library of another repository.
    """
    assert library.upstream is not None
    git = library.upstream.git
    place = os.path.realpath(os.path.join(project.root, git))
    if (
        not git.startswith(".")
        or not os.path.isdir(os.path.join(place, library.upstream.path))
        or find_top(place) is None
    ):
        message = "its history is in another repository, which is not asked"
        return Problem(message, library.master, remedy="git log there")
    _, lock = read_lock(project.root)
    for entry in (one for key, one in sorted(lock.items()) if key.library == library.name):
        if not _led_here(place, entry.commit):
            message = f"commit {entry.commit[:NAMED_ID]}, which is locked, has not led to what is checked out in {git}"
            return Problem(message, library.master, remedy=f"check out there what has it, or git -C {git} pull")
    try:
        return read_checkout(library, place, HELD)
    except CommonSyncError as error:
        return error.problems[0]


def _led_here(place: str, commit: str) -> bool:
    try:
        ask(["merge-base", "--is-ancestor", commit, "HEAD"], place, literal=False, variables=WITHOUT_NETWORK)
    except CommonSyncError:
        return find_commit(place, "HEAD") == commit
    return True
