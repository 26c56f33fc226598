"""Merge the lines of three files, as `git merge` would; nothing is written where anybody looks."""

import os
from tempfile import TemporaryDirectory

from common_sync.core.copies.promotion import Merge
from common_sync.core.errors import GitError, Problem
from common_sync.edges.git.repository import environment_for


def merge_lines(base: bytes, ours: bytes, theirs: bytes, copy: str, folder: str) -> Merge:
    """Merge two changes of one file.

    Args:
        base: What both were made of.
        ours: What the master holds.
        theirs: What a copy holds.
        copy: What the marks call the copy.
        folder: An absolute path, whose git is asked.

    Raises:
        GitError: Git failed, or there is none.
    """
    import subprocess  # only where an edit is taken over

    with TemporaryDirectory(prefix="common-sync-") as place:
        files = {"master": ours, "base": base, "copy": theirs}
        for name, data in files.items():
            with open(os.path.join(place, name), "wb") as file:
                file.write(data)
        labels = [word for label in ("master", "what the copy was made of", copy) for word in ("-L", label)]
        command = ["git", "merge-file", "-p", "--diff3", *labels, *files]
        try:
            done = subprocess.run(command, cwd=place, env=environment_for(folder), capture_output=True, check=False)  # noqa: S603 - our own words
        except FileNotFoundError:
            raise GitError(Problem("git is not installed", remedy="install git")) from None
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        words = " ".join(os.fsdecode(done.stderr).split())
        raise GitError(Problem(f"git merge-file failed: {words}", copy))
    return Merge(done.stdout, done.returncode == 0)


_MOST_CONFLICTS = 127
"""Its exit status is the number of conflicts, and never more than this (git-merge-file(1))."""
