"""Former states of the master's files, in git's history: what holds one of them is nobody's edit."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache

from common_sync.core.copies.ancestry import Blob
from common_sync.core.errors import GitError
from common_sync.core.model import Entries, Entry, Symlink
from common_sync.edges.git.history import name_entry, read_change, read_changes


class FormerStates:
    """What each file of the master once held, in the commits that led to this one; asked of git once, when it is needed.

    Args:
        master: The absolute path of the master's folder.
    """

    def __init__(self, master: str) -> None:
        self._rows: Callable[[], Mapping[str, Sequence[str]]] = cache(lambda: _list_rows(master))
        self.list_states: Callable[[str], Sequence[Blob]] = cache(self._read_states)
        """Returns what a file once was, the newest first. Of most files nobody asks, so their rows are not read."""

    def select(self, entries: Entries, folder: str) -> frozenset[str]:
        """Return the paths of files that hold what the master once had at the same path; the executable bit may differ.

        Args:
            entries: What a copy holds that the master does not have now.
            folder: The copy's absolute path.

        Raises:
            OSError: A file cannot be read.
        """
        return frozenset(
            path
            for path, entry in entries.items()
            if _is_former(entry, os.path.join(folder, path), self.list_states(path))
        )

    def _read_states(self, path: str) -> Sequence[Blob]:
        return [*dict.fromkeys(blob for row in self._rows().get(path, ()) if (blob := read_change(row)) is not None)]


def _list_rows(master: str) -> Mapping[str, Sequence[str]]:
    """Return path → git's rows about all that the master ever held there; nothing where git cannot tell, which guards more.

    `-c` shows of a merge what none of its parents had, which is all that is new in it. A file's own changes name each of
    its states, so no contents are read: a clone without blobs answers as well, and opens no connection. With `--sparse`
    git does not compare each commit with its parent twice, first to know whether it is to be shown.
    """
    rows: dict[str, list[str]] = {}
    with suppress(GitError):  # a clone without trees
        for path, row in read_changes(master, "-c", "--full-history", "--sparse"):
            rows.setdefault(path, []).append(row)
    return rows


def _is_former(entry: Entry, path: str, states: Iterable[Blob]) -> bool:
    names = {blob.name for blob in states if blob.is_link is isinstance(entry, Symlink)}
    return bool(names) and name_entry(entry, path, len(next(iter(names)))) in names
