"""The clone of a service's repository, as the agent finds and moves it: the standard library alone, Python 3.7 or newer.

Before each move it is looked for what git would overwrite without a word: it takes ignored files for worthless.
"""

from __future__ import annotations

import contextlib
import os
import tempfile

from common_sync.remote.calls import Caller, fail, refuse
from common_sync.remote.look import read_checkout

SHORT = 12
"""Letters of an id in names and messages."""

_MOST_NAMED = 3
_NONE = "000000"
"""The mode of a file that is not there."""

_REPOSITORY = "160000"
"""The mode of a submodule."""


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
            refuse(f"edited in the clone: {', '.join(edits[:_MOST_NAMED])}: see git diff there, then git restore FILE")
        if not there or (branch and there != branch):
            wanted = (
                f"and not at {branch}: git checkout {branch} there"
                if branch
                else "so nobody could go on there by git pull"
            )
            refuse(f"the clone is at {f'the branch {there}' if there else 'no branch'}, {wanted}")

    def check_left(self, commit: str, branch: str) -> None:
        """Refuse a clone that is not as the last deploy has left it: the way back would take what came since.

        Args:
            commit: The commit that it has left.
            branch: The branch that it was at; nothing where that was not noted.
        """
        self.check(branch)
        head, left = self.head()[:SHORT], commit[:SHORT]
        if head != left:
            remedy = (
                f"keep what git log {left}..HEAD shows there, by git push or git branch; then git reset --keep {left}"
            )
            refuse(f"somebody has moved the clone to {head}, and the last deploy has left it at {left}: {remedy}")

    def check_branch(self, branch: str) -> None:
        """Refuse a clone that is at another branch than the deploy that was interrupted: it is somebody's.

        Args:
            branch: The branch that was noted; nothing where none was.
        """
        there = self.branch()
        if branch and there != branch:
            at = f"the branch {there}" if there else "no branch"
            refuse(f"somebody has put the clone at {at}: go to the deploy's own there, by git checkout {branch}")

    def fetch(self) -> None:
        """Bring the commit, and see that the clone can move to it."""
        self.bring()
        if not self.succeeds("git", "merge-base", "--is-ancestor", "HEAD", self.job.commit):
            fail(f"the clone has commits that are not in {self.job.commit[:SHORT]}: it can only move forward")
        self.check_way(self.job.commit)

    def bring(self) -> None:
        """Bring the commit, and see that it has the service as it is wanted."""
        commit = self.job.commit
        if not self.succeeds("git", "cat-file", "-e", f"{commit}^{{commit}}"):
            self.do("git", "fetch", "--no-tags", "--no-recurse-submodules", "origin", commit)
        if self.ask("git", "rev-parse", f"{commit}:./{self.job.service}") != self.job.tree:
            fail(f"{commit[:SHORT]} holds another state of {self.job.service} there than here")

    def check_way(self, commit: str) -> None:
        """Refuse to go to a commit that has a file where something lies that git does not know: it may be all there is of it.

        Args:
            commit: Where to go.
        """
        lying = self._list_lying(commit)
        if lying:
            what = f"git does not know what lies where {commit[:SHORT]} has a file"
            refuse(f"{what}: {', '.join(lying[:_MOST_NAMED])}: move it away there")

    def _list_lying(self, commit: str) -> list[str]:
        """Return what is untracked, or ignored, and would have to make room for a commit."""
        top = self.ask("git", "rev-parse", "--show-toplevel")
        here, there = self._list_changed(commit)
        gone, added = set(here).difference(there), set(there).difference(here)
        return sorted({self._find_lying(top, path, gone) for path in added}.difference([""]))

    def _list_changed(self, commit: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the files that differ between HEAD and a commit, as each has them: mode and id by path."""
        told = self.ask("git", "diff-tree", "-r", "--no-renames", "--raw", "-z", "HEAD", commit).split("\0")
        here: dict[str, str] = {}
        there: dict[str, str] = {}
        for number in range(0, len(told) - 1, 2):
            path, (old_mode, new_mode, old, new, _) = told[number + 1], told[number][1:].split(" ")
            for side, mode, name in ((here, old_mode, old), (there, new_mode, new)):
                if mode != _NONE:
                    side[path] = f"{mode} {name}"
        return here, there

    def _find_lying(self, top: str, path: str, gone: set[str]) -> str:
        """Return what lies at a path, or where a folder above it must be; nothing where git has it or there is none.

        Args:
            top: The work tree.
            path: A file that is new in a commit.
            gone: The files that are no more in it.
        """
        parts = path.split("/")
        for above in ("/".join(parts[:number]) for number in range(1, len(parts))):
            if not _is_folder(os.path.join(top, above)):
                return above if os.path.lexists(os.path.join(top, above)) and above not in gone else ""
        if _is_folder(os.path.join(top, path)):
            words = ("git", "-C", top, "--literal-pathspecs", "ls-files", "--others", "-z", "--", path)
            return self.ask(*words).split("\0")[0]
        return path if os.path.lexists(os.path.join(top, path)) else ""

    def move(self, commit: str, *, back: bool) -> None:
        """Move the clone's branch and files to a commit, over nothing that somebody has there.

        Args:
            commit: Where to go.
            back: Whether that is not forward.
        """
        self.check_way(commit)
        self.do("git", *(("reset", "--keep") if back else ("merge", "--ff-only", "--no-overwrite-ignore")), commit)

    def mend(self, other: str) -> None:
        """Put back what a git that died on its way has written or taken away; what a person has edited is named.

        Args:
            other: Where it came from, or was to go: only what is like there, or missing, is put back.
        """
        top, lock = (
            self.ask("git", "rev-parse", "--show-toplevel"),
            self.ask("git", "rev-parse", "--git-path", "index.lock"),
        )
        lock = os.path.join(self.job.path, lock)
        if os.path.lexists(lock):
            refuse(f"git has died there, or is at work: see that none is, then rm {lock}")
        here, there = self._list_changed(other)
        words = ("git", "-C", top, "diff-index", "--cached", "--name-only", "--no-renames", "-z")
        staged, unlike = (set(self.ask(*words, commit).split("\0")) for commit in ("HEAD", other))
        theirs = staged & unlike  # a person has staged them
        half = self._list_alike(top, there).difference(theirs)
        for path in half.difference(here):
            _remove(top, path)
        lost = {path for path in here if path not in theirs and _is_missing(top, path)}
        for side in (there, here):  # what is to go first: a file may be where a folder was
            entries = [_describe(path, here.get(path), there) for path in side if path not in theirs]
            self.do("git", "-C", top, "update-index", "-z", "--index-info", given="".join(entries))
        files = "".join(f"{path}\0" for path in sorted(lost.union(half.intersection(here))))
        self.do("git", "-C", top, "checkout-index", "--force", "-z", "--stdin", given=files)
        self.succeeds("git", "-C", top, "update-index", "-q", "--refresh")
        self.check("")

    def _list_alike(self, top: str, there: dict[str, str]) -> set[str]:
        """Return which files in the work tree are as another commit has them."""
        files = {path: entry for path, entry in there.items() if not entry.startswith(_REPOSITORY)}
        with tempfile.TemporaryDirectory() as folder:
            git = ("env", f"GIT_INDEX_FILE={folder}/index", "git", "-C", top)
            given = "".join(f"{entry}\t{path}\0" for path, entry in files.items())
            self.do(*git, "update-index", "-z", "--index-info", given=given)
            self.succeeds(*git, "update-index", "-q", "--refresh")
            return set(files).difference(self.ask(*git, "diff-files", "--name-only", "-z").split("\0"))


def _describe(path: str, entry: str | None, there: dict[str, str]) -> str:
    """Return a line for the index; one that takes the file out of it where there is no entry."""
    return f"{entry or '0 ' + '0' * len(there[path].split(' ')[1])}\t{path}\0"


def _is_missing(top: str, path: str) -> bool:
    """Tell whether there is nothing at a path, nor anything but folders above it."""
    parts = path.split("/")
    places = [os.path.join(top, *parts[:number]) for number in range(1, len(parts))]
    return not os.path.lexists(os.path.join(top, path)) and all(map(_may_be_folder, places))


def _may_be_folder(path: str) -> bool:
    return _is_folder(path) or not os.path.lexists(path)


def _remove(top: str, path: str) -> None:
    """Remove a file, and the folders above it that are empty then."""
    place = os.path.join(top, path)
    os.remove(place)
    with contextlib.suppress(OSError):  # one is not empty
        while len(place) > len(top) + 1:
            place = os.path.dirname(place)
            os.rmdir(place)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
