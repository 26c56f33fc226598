"""A file's earlier versions, as git has them."""

import os
from collections.abc import Iterator

from common_sync.edges.git.ask import ask
from common_sync.edges.git.repository import find_top


def earlier_versions(root: str, path: str) -> Iterator[bytes]:
    """Yield what a file held in the commits that led to this one, the newest first; nothing outside git.

    Args:
        root: An absolute path.
        path: The file's path from there.

    Raises:
        GitError: Git failed.
    """
    if find_top(root) is None:
        return
    for commit in ask(["rev-list", "--ignore-missing", "HEAD", "--", path], root).split():
        tree = ask(["ls-tree", "-z", commit, "--", path], root)
        if tree.startswith(_FILES):
            yield os.fsencode(ask(["cat-file", "blob", tree.split()[2]], root))


def is_cut_off(root: str) -> bool:
    """Tell whether git has only the last part of the history: a shallow clone.

    Args:
        root: An absolute path inside a work tree.

    Raises:
        GitError: Git failed.
    """
    return ask(["rev-parse", "--is-shallow-repository"], root).strip() == "true"


_FILES = ("100644 ", "100755 ")
