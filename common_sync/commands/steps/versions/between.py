"""What `pin` and `update` say of locked commits: when one was made, and which lie between two of them; nothing is fetched."""

from contextlib import suppress
from typing import NamedTuple

from common_sync.core.copies.ancestry import Commit
from common_sync.core.copies.library import Library
from common_sync.core.copies.lockfile import Locked
from common_sync.core.errors import GitError
from common_sync.edges.git.history import is_cut_off, read_between, read_named
from common_sync.edges.git.revisions import find_commit


class Between(NamedTuple):
    """The commits that change what a copy holds between two locked ones; the newest first."""

    gained: tuple[Commit, ...] = ()  # those that led to the second one, and not to the first
    lost: tuple[Commit, ...] = ()  # those that led to the first one, and not to the second
    is_complete: bool = False  # whether git has all of them here


def find_between(root: str, library: Library, was: Locked, now: Locked) -> Between:
    """Return what lies between two locked commits of a library; nothing is known of those of another repository.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        was: The first one.
        now: The second one.
    """
    ends = (was.commit, now.commit)
    if was.git or now.git or None in (find_commit(root, one) for one in ends):
        return Between()
    gained, lost = (
        tuple(one for one in read_between(root, entry.path, since, entry.commit) if _concerns(library, one))
        for entry, since in ((now, was.commit), (was, now.commit))
    )
    return Between(gained, lost, not is_cut_off(root))


def _concerns(library: Library, commit: Commit) -> bool:
    return any(library.rules.exclusion(path) is None for path in commit.changes)


def find_made(root: str, locked: Locked | None) -> Commit | None:
    """Return a locked commit as git has it; None where it is not here, as one of another repository is not.

    Args:
        root: The absolute path of the configuration's folder.
        locked: The entry of the lock; None for none.
    """
    if locked is None or locked.git:
        return None
    with suppress(GitError):
        return read_named(root, locked.commit)
    return None
