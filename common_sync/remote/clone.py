"""The clone of a service's repository, as the agent finds and moves it: the standard library alone, Python 3.7 or newer.

Before each move it is looked for what git would overwrite without a word: it takes ignored files for worthless.
"""

from __future__ import annotations

import os

from common_sync.remote.calls import Caller, fail, refuse
from common_sync.remote.look import read_checkout

SHORT = 12
"""Letters of an id in names and messages."""

_MOST_NAMED = 3


class Clone(Caller):
    """Asks and moves a service's clone."""

    def head(self) -> str:
        """Return the commit that the clone holds."""
        return self.ask("git", "rev-parse", "HEAD")

    def branch(self) -> str:
        """Return the branch that the clone is at, or nothing."""
        return str(read_checkout(self.job.path, self.job.service).get("branch", ""))

    def check(self, branch: str) -> None:
        """Refuse a clone that somebody works in.

        Args:
            branch: The branch that it must be at; nothing where any will do.
        """
        told = read_checkout(self.job.path, self.job.service)
        if "error" in told:
            refuse(f"the clone cannot be read: {told['error']}")
        edits, there = told["edits"], told["branch"]
        assert isinstance(edits, list)
        if edits:
            refuse(f"edited in the clone: {', '.join(edits[:_MOST_NAMED])}")
        if not there or (branch and there != branch):
            wanted = f"and not at {branch}" if branch else "so nobody could go on there by git pull"
            refuse(f"the clone is at {f'the branch {there}' if there else 'no branch'}, {wanted}")

    def check_left(self, commit: str, branch: str) -> None:
        """Refuse a clone that is not as the last deploy has left it: the way back would take what came since.

        Args:
            commit: The commit that it has left.
            branch: The branch that it was at; nothing where that was not noted.
        """
        head, left = self.head()[:SHORT], commit[:SHORT]
        if head != left:
            remedy = (
                f"keep what git log {left}..HEAD shows there, by git push or git branch; then git reset --keep {left}"
            )
            refuse(f"somebody has moved the clone to {head}, and the last deploy has left it at {left}: {remedy}")
        self.check_branch(branch)

    def check_branch(self, branch: str) -> None:
        """Refuse a clone that is at another branch than its last deploy, or an interrupted one: that branch is somebody's.

        Args:
            branch: The branch that was noted; nothing where none was.
        """
        there = self.branch()
        if branch and there != branch:
            at = f"the branch {there}" if there else "no branch"
            refuse(f"somebody has put the clone at {at}: go to the deploy's own there, by git checkout {branch}")

    def fetch(self) -> None:
        """Bring the commit, and see that the clone can move to it."""
        commit, short = self.job.commit, self.job.commit[:SHORT]
        if not self.succeeds("git", "cat-file", "-e", f"{commit}^{{commit}}"):
            self.do("git", "fetch", "--no-tags", "--no-recurse-submodules", "origin", commit)
        if not self.succeeds("git", "merge-base", "--is-ancestor", "HEAD", commit):
            fail(f"the clone has commits that are not in {short}: it can only move forward")
        if self.ask("git", "rev-parse", f"{commit}:./{self.job.service}") != self.job.tree:
            fail(f"{short} holds another state of {self.job.service} there than here")
        top = self.ask("git", "rev-parse", "--show-toplevel")
        added = self.ask("git", "diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", "HEAD", commit).split(
            "\0"
        )
        lying = [one for one in added if one and os.path.lexists(os.path.join(top, one))]
        if lying:
            fail(f"git does not know what lies where {short} has a file: {', '.join(lying[:_MOST_NAMED])}")
