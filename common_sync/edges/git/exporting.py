"""The files of a commit in a folder of their own; the work tree, its index and its hooks have no part in it."""

import os

from common_sync.core.errors import ConfigurationError, GitError, Problem, shell_word
from common_sync.core.model import NAMED_ID
from common_sync.core.pins import is_commit
from common_sync.core.typos import nearest
from common_sync.edges.git.ask import ask
from common_sync.edges.git.history import WITHOUT_NETWORK, is_cut_off
from common_sync.edges.git.repository import find_top, git_directory
from common_sync.edges.git.revisions import find_commit

_ALONE = ("core.hooksPath=/dev/null", "core.sparseCheckout=false", "core.fsmonitor=false")
"""Settings for a checkout that is whole, and runs nothing of the user's."""


def resolve_revision(root: str, revision: str) -> str:
    """Return the full id of the commit that a user names: a tag, a branch, an id, `HEAD~1`.

    Args:
        root: An absolute path inside a work tree.
        revision: What he names.

    Raises:
        ConfigurationError: It is unknown here.
        GitError: There is no repository, or git failed.
    """
    if find_top(root) is None:
        raise GitError(Problem("is in no git repository, so it has no commits", root))
    found = find_commit(root, revision)
    if found is None:
        raise ConfigurationError(_explain(root, revision))
    return found


def _explain(root: str, revision: str) -> Problem:
    """Say what brings a revision here that is not: a shallow clone lacks it, nobody has fetched it, or it is a typo."""
    patterns = ("refs/tags", "refs/heads")
    names = ask(["for-each-ref", "--format=%(refname:strip=2)", *patterns], root).split("\n")
    near = "" if is_commit(revision) else nearest(revision, [name for name in names if name])
    if is_cut_off(root):
        message = f"there is no revision {revision!r} in this shallow clone, and nothing is fetched in silence"
        return Problem(message, remedy=near or "git fetch --unshallow --tags")
    message = f"there is no revision {revision!r} in this clone"
    fetch = "git fetch --tags origin" if is_commit(revision) else f"git fetch origin tag {shell_word(revision)}"
    return Problem(message, remedy=near or fetch)


def export_commit(root: str, commit: str, folder: str) -> None:
    """Write the files of a commit into a folder, as a checkout of it has them.

    Args:
        root: An absolute path inside a work tree.
        commit: The commit's full id.
        folder: The absolute path of the folder, which is empty.

    Raises:
        GitError: The clone has not all of the commit, or its files cannot be written.
    """
    top = find_top(root) or root
    own = {"GIT_DIR": git_directory(top), "GIT_WORK_TREE": folder, "GIT_INDEX_FILE": f"{folder}.index"}
    settings = [word for setting in _ALONE for word in ("-c", setting)]
    try:
        ask([*settings, "read-tree", "-u", "--reset", commit], top, variables={**WITHOUT_NETWORK, **own})
    except GitError as error:
        message = f"commit {commit[:NAMED_ID]} cannot be taken out of this clone, and nothing is fetched in silence"
        reason = error.problems[0].message.rpartition("failed: ")[2]
        remedy = "git fetch --refetch --no-filter, where the clone lacks a part of it"
        raise GitError(Problem(f"{message}: {reason}", top, remedy=remedy)) from None
    finally:
        if os.path.lexists(own["GIT_INDEX_FILE"]):
            os.unlink(own["GIT_INDEX_FILE"])
