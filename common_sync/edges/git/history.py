"""What git's history holds: earlier versions of a file, and former states of the master's, which are nobody's edit."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256

from common_sync.core.copies.ancestry import EXECUTABLE, PLAIN, SYMLINK, Blob, Commit
from common_sync.core.errors import GitError, Problem
from common_sync.core.expressions import expression
from common_sync.core.model import Entries, Entry, Symlink
from common_sync.edges.files.large import BLOCK
from common_sync.edges.git.ask import ask, list_untracked, split
from common_sync.edges.git.checkout import name_contents
from common_sync.edges.git.repository import environment_for, find_top


class FormerStates:
    """What each file of the master once held, in the commits that led to this one; asked of git once, when it is needed.

    Args:
        master: The absolute path of the master's folder.
    """

    def __init__(self, master: str) -> None:
        self._list: Callable[[], dict[str, list[Blob]]] = cache(lambda: _list_states(master))

    def select(self, entries: Entries, folder: str) -> frozenset[str]:
        """Return the paths of files that hold what the master once had at the same path; the executable bit may differ.

        Args:
            entries: What a copy holds that the master does not have now.
            folder: The copy's absolute path.

        Raises:
            OSError: A file cannot be read.
        """
        states = self._list() if entries else {}
        return frozenset(
            path
            for path, entry in entries.items()
            if path in states and _is_former(entry, os.path.join(folder, path), states[path])
        )

    def list_states(self, path: str) -> Sequence[Blob]:
        """Return what a file once was, the newest first."""
        return self._list().get(path, ())


def _list_states(master: str) -> dict[str, list[Blob]]:
    """Return path → all that the master ever held there; nothing where git cannot tell, which guards more.

    `-c` shows of a merge what none of its parents had, which is all that is new in it. A file's own changes name each of
    its states, so no contents are read: a clone without blobs answers as well, and opens no connection.
    """
    states: dict[str, dict[Blob, None]] = {}
    with suppress(GitError):  # a clone without trees
        for commit in read_commits(master, "-c", "--full-history"):
            for path, blob in commit.changes.items():
                if blob is not None:
                    states.setdefault(path, {})[blob] = None
    return {path: [*blobs] for path, blobs in states.items()}


def read_line(master: str) -> list[Commit]:
    """Return the commits that made a master what it is now, the oldest first: of a merge only what it brought.

    Raises:
        GitError: Git failed.
    """
    return [*read_commits(master, *_LINE)][::-1]


def read_commits(master: str, *options: str) -> Iterator[Commit]:
    """Yield the commits that led to this one and changed a master, the newest first; nothing outside git.

    Nothing that somebody has configured may change the answer. Not `--relative`: git passes over it where a merge is shown.

    Args:
        master: The absolute path of its folder.
        options: Which commits, and how a merge is shown.

    Raises:
        GitError: Git failed; it fetches nothing.
    """
    top = find_top(master)
    if top is not None:
        prefix = "" if master == top else os.path.relpath(master, top) + "/"
        yield from _read_log(top, prefix, [prefix or "."], options)


def read_between(root: str, path: str, since: str, until: str) -> list[Commit]:
    """Return the commits that led to one, not to another, and changed a folder, the newest first: of a merge only what it brought.

    Args:
        root: The absolute path of the folder that the folder's path is from; it lies in a work tree.
        path: The folder's path.
        since: The other commit, its full id; both are here.
        until: The commit, its full id.

    Raises:
        GitError: Git failed; it fetches nothing.
    """
    top = find_top(root) or root
    place = os.path.relpath(os.path.join(root, path), top)
    prefix = "" if place == os.curdir else f"{place}/"
    return [*_read_log(top, prefix, [prefix or "."], (*_LINE, f"^{since}"), until)]


def read_last(root: str, folders: Iterable[str], names: Iterable[str], most: int) -> list[Commit]:
    """Return the last commits that changed some folders, the oldest first: of a merge only what it brought.

    Args:
        root: The absolute path of the folder that paths are from, those of the changes too; it lies in a work tree.
        folders: The folders.
        names: Ends of paths: each folder whose path ends so is one of them, too. To name hundreds takes git two seconds.
        most: How many commits.

    Raises:
        GitError: Git failed; it fetches nothing.
    """
    top = find_top(root) or root
    prefix = "" if root == top else os.path.relpath(root, top) + "/"
    above = _SPECIAL.sub(_ESCAPED, prefix)
    where = [f":(literal){prefix}{folder}" for folder in folders]
    where += [f":(glob){above}**/{_SPECIAL.sub(_ESCAPED, name)}/**" for name in names]
    return [*_read_log(top, prefix, where, (*_LINE, f"--max-count={most}"), literal=False)][::-1]


_SPECIAL = expression(r"[*?\[\\]")
_ESCAPED = r"\\\g<0>"
_LINE = ("--first-parent", "--diff-merges=first-parent")


def _read_log(
    top: str, prefix: str, where: Iterable[str], options: Iterable[str], until: str = "HEAD", *, literal: bool = True
) -> Iterator[Commit]:
    shown = (
        "--root",
        "--no-show-signature",
        "--no-color",
        "--encoding=UTF-8",
        f"--format={_HEAD}{_FIELDS}",
    )
    raw = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-follow", "--no-relative")
    command = ["log", "--ignore-missing", *options, *shown, *raw, until, "--", *where]
    try:
        said = ask(command, top, literal=literal, variables=WITHOUT_NETWORK)  # the master itself may be gone
    except GitError as error:
        raise (_not_here(top, "folders") if "promisor" in str(error) else error) from None
    fields = iter(said.split("\0"))
    commit: Commit | None = None
    changes: dict[str, Blob | None] = {}
    for field in fields:
        if field.startswith(_HEAD):
            if commit is not None:
                yield commit
            changes = {}
            told = (field.removeprefix(_HEAD), next(fields), next(fields), next(fields))
            commit = Commit(*told, changes, int(next(fields)))
        elif field.strip("\n"):
            changes[next(fields).removeprefix(prefix)] = _read_change(field.strip("\n"))
    if commit is not None:
        yield commit


_HEAD = "commit "
_FIELDS = "%H%x00%as%x00%an%x00%s%x00%ct"
WITHOUT_NETWORK = {"GIT_NO_LAZY_FETCH": "1"}
"""Git would fetch what a partial clone lacks, in silence."""


def _read_change(row: str) -> Blob | None:
    """Read `:modes names letters`: a mode and a name for each parent, then those that the commit has."""
    words = row.split(" ")
    parents = len(words[0]) - len(words[0].lstrip(":"))
    mode, name = words[parents], words[2 * parents + 1]
    return Blob(mode, name) if mode in (SYMLINK, EXECUTABLE, PLAIN) else None


def read_blobs(folder: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield git's name and the bytes of what it has under some names; it reads as fast as it is asked.

    Args:
        folder: An absolute path inside a work tree.
        names: Git's names; no two are the same.

    Raises:
        GitError: Git has one of them not here, as in a clone without blobs, or failed.
    """
    import subprocess  # only where old bytes are asked for
    from tempfile import TemporaryFile

    with TemporaryFile() as asked:
        asked.write("".join(f"{name}\n" for name in names).encode())
        asked.seek(0)
        command = ["git", "-C", folder, "cat-file", "--batch"]
        environment = environment_for(folder) | WITHOUT_NETWORK
        with subprocess.Popen(  # noqa: S603 - our own words
            command, env=environment, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as git:
            assert git.stdout is not None
            while words := git.stdout.readline().decode().split():
                if words[1] != "blob":
                    raise _not_here(folder)
                yield words[0], git.stdout.read(int(words[2]))
                git.stdout.read(1)
    if git.returncode != 0:
        raise _not_here(folder)


def _not_here(folder: str, what: str = "bytes") -> GitError:
    message = f"this clone lacks {what} of earlier commits, and nothing is fetched in silence"
    return GitError(Problem(message, folder, remedy="git fetch --refetch --no-filter"))


def _is_former(entry: Entry, path: str, states: Iterable[Blob]) -> bool:
    names = {blob.name for blob in states if blob.is_link is isinstance(entry, Symlink)}
    return bool(names) and name_entry(entry, path, len(next(iter(names)))) in names


def name_entry(entry: Entry, path: str, digits: int) -> str | None:
    """Return git's name for what a file or symlink is; None where something else stands there by now.

    Args:
        entry: What it was when it was read.
        path: Its absolute path.
        digits: How many hex digits names have in this repository.

    Raises:
        OSError: It cannot be read.
    """
    if isinstance(entry, Symlink):
        target = os.fsencode(entry.target)
        return name_contents(len(target), [target], digits)
    with open(path, "rb") as file:
        size, held = os.fstat(file.fileno()).st_size, sha256()

        def blocks() -> Iterable[bytes]:
            while block := file.read(BLOCK):
                held.update(block)
                yield block

        name = name_contents(size, blocks(), digits)
    # what was edited since the copy was read is not what the plan is about
    return name if held.hexdigest() == entry.sha256 else None


def earlier_versions(root: str, path: str) -> Iterator[bytes]:
    """Yield what a file held in the commits that led to this one, the newest first, each once; nothing outside git.

    Args:
        root: The absolute path of the folder that the file's path is from.
        path: That path.

    Raises:
        GitError: Git failed.
    """
    if versions := list_versions(root, path):
        yield from (data for _, data in read_blobs(root, dict.fromkeys(versions)))


def list_versions(root: str, path: str) -> list[str]:
    """Return git's names of what a file held in the commits that led to this one, the newest first; nothing outside git.

    Args:
        root: The absolute path of the folder that the file's path is from.
        path: That path.

    Raises:
        GitError: Git failed.
    """
    top = find_top(root)
    if top is None:
        return []
    prefix = "" if root == top else os.path.relpath(root, top) + "/"
    line = _read_log(top, prefix, [f"{prefix}{path}"], ("--diff-merges=first-parent",))
    held = (commit.changes.get(path) for commit in line)
    return [blob.name for blob in held if blob is not None and not blob.is_link]


def read_head(root: str) -> tuple[str, Commit] | None:
    """Return the branch and the commit that are checked out, without its changes; None where there is none.

    The branch is `HEAD` where none is checked out.
    """
    with suppress(GitError):
        if find_top(root) is not None:
            branch = ask(["rev-parse", "--abbrev-ref", "HEAD"], root).strip()
            return branch, read_named(root, "HEAD")
    return None


def read_named(root: str, name: str) -> Commit:
    """Return a commit without its changes.

    Args:
        root: An absolute path inside a work tree.
        name: The commit's full id, or `HEAD`.

    Raises:
        GitError: It is not here, or git failed.
    """
    shown = ("--no-show-signature", "--no-color", "--encoding=UTF-8", f"--format={_FIELDS}")
    said = ask(["log", "-1", *shown, name, "--"], root, variables=WITHOUT_NETWORK)
    number, date, author, subject, time = said.rstrip("\n").split("\0")
    return Commit(number, date, author, subject, {}, int(time))


def is_cut_off(root: str) -> bool:
    """Tell whether git has only the last part of the history: a shallow clone.

    Raises:
        GitError: Git failed.
    """
    return ask(["rev-parse", "--is-shallow-repository"], root).strip() == "true"


def list_uncommitted(folder: str) -> list[str]:
    """Return the files below a folder that are not as the last commit has them; paths relative to it.

    Raises:
        GitError: Git failed.
    """
    shown = ("--name-only", "-z", "--no-renames", "--relative", "--no-ext-diff", "--ignore-submodules")
    changed = ask(["diff", *shown, "HEAD", "--", "."], folder)
    return split(changed) + list_untracked(folder, ["."])
