"""What an edited file of a copy was made of: the base of a three-way comparison."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256

from common_sync.commands.steps.promote.edit import Edit, Home
from common_sync.core.copies.ancestry import find_likest
from common_sync.core.copies.manifest import parse_manifest
from common_sync.core.copies.promotion import make_entry
from common_sync.core.errors import GitError, ManifestError
from common_sync.core.model import File, Symlink, Version
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.git.ask import ask
from common_sync.edges.git.former import FormerStates
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.repository import find_top


class NoBaseError(Exception):
    """Nothing tells what a file was made of."""


class Bases:
    """Finds what files were made of.

    Args:
        root: The absolute path of the configuration's folder.
    """

    def __init__(self, root: str) -> None:
        self._root, self._former = root, cache(FormerStates)

    def find(self, edit: Edit, home: Home, *known: Version | None) -> Version | None:
        """Return what the copy's manifest says of a file, with its bytes."""
        operation = edit.operation
        if operation.state == "modified":
            if self._is_adopted(edit):
                return self.guess(edit, home, known[0] if known else None)
            entry = operation.after
        else:
            entry = edit.copy.plan.retained.get(operation.path) if operation.state == "diverged" else None
        if entry is None:
            return None
        if (same := next((one for one in known if one is not None and make_entry(one) == entry), None)) is not None:
            return same
        if isinstance(entry, Symlink):
            return Version(os.fsencode(entry.target), is_link=True)
        for data in self._list_bytes(edit, home):
            if sha256(data).hexdigest() == entry.sha256:
                return Version(data, entry.executable)
        message = "was made of bytes that are neither in the master nor in git's history, so it cannot be merged"
        raise NoBaseError(message)

    def _is_adopted(self, edit: Edit) -> bool:
        """Tell whether a manifest states of a file what the copy never held: the copy was made by hand, and then adopted.

        What it was made of is older, as a rule. To take it for an edit of what the master holds now would take out of the
        master what has come since.
        """
        entry, copy = edit.operation.after, edit.copy.path
        if find_top(self._root) is None or not isinstance(entry, File):
            return False
        with suppress(GitError, ManifestError):  # nothing tells it, so the manifest counts
            names = {blob.name: None for blob in self._former(os.path.join(self._root, copy)).list_states(edit.path)}
            if not names or any(sha256(data).hexdigest() == entry.sha256 for _, data in read_blobs(self._root, names)):
                return False
            row = ask(["ls-tree", "-z", "HEAD", "--", f"{copy}/{MANIFEST_NAME}"], self._root)
            stated = [parse_manifest(data, copy) for _, data in read_blobs(self._root, [row.split()[2]])] if row else []
            return all(one.files.get(edit.path) == entry for one in stated)
        return False

    def _list_bytes(self, edit: Edit, home: Home) -> Iterator[bytes]:
        """Yield what a file may have been: what the last commit has in the copy, then all that the master ever had there."""
        if find_top(self._root) is None:
            return
        with suppress(GitError):  # before the first commit
            row = ask(["ls-tree", "-z", "HEAD", "--", edit.file], self._root)
            if row.startswith("100"):
                yield from (data for _, data in read_blobs(self._root, [row.split()[2]]))
        failed: GitError | None = None
        for folder in self._list_pasts(edit, home):
            names = {blob.name: None for blob in self._former(folder).list_states(edit.path)}
            try:
                yield from (data for _, data in read_blobs(folder, names))
            except GitError as error:
                failed = error
        if failed is not None:
            raise NoBaseError(failed.problems[0].message) from failed

    def _list_pasts(self, edit: Edit, home: Home) -> Iterator[str]:
        """Yield whose history may have what a file was made of: the master's; where that is elsewhere, the copy's own, too."""
        if home.folder:
            yield home.folder
        if home.folder != os.path.join(self._root, edit.copy.master):
            yield os.path.join(self._root, edit.copy.path)

    def guess(self, edit: Edit, home: Home, ours: Version | None) -> Version | None:
        """Return what a file of a copy without a manifest was made of: the former one with the fewest lines that differ.

        Of several it is the oldest. Where somebody has written what the master has changed, too, the newest would make an
        edit of the master's own change, and take that out of it without a word.
        """
        folder = home.folder
        states = self._former(folder).list_states(edit.path) if folder else ()
        mode = edit.theirs.executable if ours is None else ours.executable
        names = {blob.name: None for blob in states if blob.is_link is edit.theirs.is_link}
        try:
            known = dict(read_blobs(folder, names)) if names else {}
        except GitError as error:
            raise NoBaseError(error.problems[0].message) from error
        if ours is not None and ours.is_link is edit.theirs.is_link:
            known = {"": ours.data, **known}
        if not known:
            return None
        return Version(known[find_likest(edit.theirs.data, reversed(known.items()))], mode, edit.theirs.is_link)
