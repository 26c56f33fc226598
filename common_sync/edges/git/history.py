"""What git's history holds: earlier versions of a file, and former states of the master's, which are nobody's edit."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256

from common_sync.core.model import Entries, Entry, Symlink
from common_sync.edges.files.reading import BLOCK
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.checkout import name_contents
from common_sync.edges.git.repository import find_top

_SYMLINK = "120000"
_FORMER = frozenset({"100644", "100755", _SYMLINK})


class FormerStates:
    """What each file of the master once held, in the commits that led to this one; asked of git once, when it is needed.

    Args:
        master: The absolute path of the master's folder.
    """

    def __init__(self, master: str) -> None:
        self._master = master
        self._list: Callable[[], dict[str, set[tuple[bool, str]]]] = cache(lambda: _list_states(master))

    def select(self, entries: Entries, folder: str) -> frozenset[str]:
        """Return the paths of files that hold what the master once had at the same path; the executable bit may differ.

        Args:
            entries: What a copy holds that the master does not have now.
            folder: The copy's absolute path.

        Raises:
            GitError: Git failed.
            OSError: A file cannot be read.
        """
        states = self._list() if entries else {}
        return frozenset(
            path
            for path, entry in entries.items()
            if path in states and _is_former(entry, os.path.join(folder, path), states[path])
        )


def _list_states(master: str) -> dict[str, set[tuple[bool, str]]]:
    """Return path → (whether it was a symlink, git's name for its contents) of all that the master ever held.

    `-c` shows of a merge what none of its parents had, which is all that is new in it. A file's own changes name each of
    its states, so no contents are read: a clone without blobs answers as well, and opens no connection. Not `--relative`: git
    passes over it where a merge is shown.
    """
    top = find_top(master)
    if top is None:
        return {}
    prefix = "" if master == top else os.path.relpath(master, top) + "/"
    options = (
        "--raw",
        "-z",
        "-c",
        "--no-abbrev",
        "--no-renames",
        "--full-history",
        "--relative",
        "--no-show-signature",
    )
    command = ["log", "--ignore-missing", "--root", "--format=", *options, "HEAD", "--", "."]
    fields = iter(split(ask(command, master, variables={"GIT_NO_LAZY_FETCH": "1"})))
    states: dict[str, set[tuple[bool, str]]] = {}
    for field in fields:
        words, path = field.strip("\n").split(" "), next(fields)
        parents = len(words[0]) - len(words[0].lstrip(":"))
        mode, name = words[parents], words[2 * parents + 1]
        if mode in _FORMER:
            states.setdefault(path.removeprefix(prefix), set()).add((mode == _SYMLINK, name))
    return states


def _is_former(entry: Entry, path: str, states: set[tuple[bool, str]]) -> bool:
    if isinstance(entry, Symlink):
        target = os.fsencode(entry.target)
        return any(link and name == name_contents(len(target), [target], len(name)) for link, name in states)
    names = {name for link, name in states if not link}
    if not names:
        return False
    with open(path, "rb") as file:
        size, held = os.fstat(file.fileno()).st_size, sha256()

        def blocks() -> Iterable[bytes]:
            while block := file.read(BLOCK):
                held.update(block)
                yield block

        name = name_contents(size, blocks(), len(next(iter(names))))
    # what was edited since the copy was read is not what the plan is about
    return name in names and held.hexdigest() == entry.sha256


def earlier_versions(root: str, path: str) -> Iterator[bytes]:
    """Yield what a file held in the commits that led to this one, the newest first; nothing outside git.

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

    Raises:
        GitError: Git failed.
    """
    return ask(["rev-parse", "--is-shallow-repository"], root).strip() == "true"


_FILES = ("100644 ", "100755 ")
