"""What git's history holds: commits and what they change, earlier versions of a file, and git's names of what is on the disk."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256

from common_sync.core.copies.ancestry import EXECUTABLE, PLAIN, SYMLINK, Blob, Commit
from common_sync.core.errors import GitError, Problem
from common_sync.core.expressions import expression
from common_sync.core.model import Entry, Symlink
from common_sync.edges.files.folders import BLOCK
from common_sync.edges.git.ask import ask, list_untracked, split
from common_sync.edges.git.checkout import name_contents
from common_sync.edges.git.repository import environment_for, find_top


def read_line(master: str) -> list[Commit]:
    """Return the commits that made a master what it is now, the oldest first: of a merge only what it brought.

    Raises:
        GitError: Git failed.
    """
    return [*read_commits(master, *LINE)][::-1]


def read_end(master: str, most: int) -> tuple[list[Commit], bool]:
    """Return the last of these commits, and whether they are all; else the first has all that the master held then.

    Args:
        master: The absolute path of its folder.
        most: How many commits.

    Raises:
        GitError: Git failed.
    """
    line = [*read_commits(master, *LINE, f"--max-count={most}")][::-1]
    if len(line) < most:
        return line, True
    top = find_top(master) or master
    prefix = _find_prefix(master, top)
    command = ["ls-tree", "-r", "-z", "--full-tree", line[0].id, "--", *([prefix] if prefix else [])]
    rows = (row.partition("\t") for row in split(ask(command, top, variables=WITHOUT_NETWORK)))
    held = {path.removeprefix(prefix): _make_blob(*words.split(" ")[::2]) for words, _, path in rows}
    return [line[0]._replace(changes=held), *line[1:]], False


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
        prefix = _find_prefix(master, top)
        yield from _read_log(top, prefix, [prefix or "."], options)


def read_changes(master: str, *options: str) -> Iterator[tuple[str, str]]:
    """Yield each file that these commits changed, and git's row about it, the newest first, without the commits: git is a third faster.

    Args:
        master: As for `read_commits`, and so are the others.
        options: Which commits, and how a merge is shown.

    Raises:
        GitError: Git failed; it fetches nothing.
    """
    top = find_top(master)
    if top is not None:
        prefix = _find_prefix(master, top)
        fields = iter(_ask_log(top, [prefix or "."], options, "").split("\0"))
        rows = (row for field in fields if (row := field.strip("\n")))
        yield from ((next(fields).removeprefix(prefix), row) for row in rows)


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
    prefix = _find_prefix(os.path.normpath(os.path.join(root, path)), top)
    return [*_read_log(top, prefix, [prefix or "."], (*LINE, f"^{since}"), until)]


def read_paths(root: str, paths: Iterable[str], *options: str) -> Iterator[Commit]:
    """Yield the commits that led to this one and changed some paths, the newest first; nothing outside git.

    Args:
        root: The absolute path of the folder that paths are from, those of the changes too.
        paths: The paths.
        options: Which commits, and how a merge is shown.

    Raises:
        GitError: Git failed; it fetches nothing.
    """
    top = find_top(root)
    if top is not None:
        prefix = _find_prefix(root, top)
        yield from _read_log(top, prefix, [f"{prefix}{path}" for path in paths], options)


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
    prefix = _find_prefix(root, top)
    above = _SPECIAL.sub(_ESCAPED, prefix)
    where = [f":(literal){prefix}{folder}" for folder in folders]
    where += [f":(glob){above}**/{_SPECIAL.sub(_ESCAPED, name)}/**" for name in names]
    return [*_read_log(top, prefix, where, (*LINE, f"--max-count={most}"), literal=False)][::-1]


_SPECIAL = expression(r"[*?\[\\]")
_ESCAPED = r"\\\g<0>"
LINE = ("--first-parent", "--diff-merges=first-parent")
"""Of a merge only what it brought."""


def _find_prefix(folder: str, top: str) -> str:
    return "" if folder == top else os.path.relpath(folder, top) + "/"


def _ask_log(
    top: str, where: Iterable[str], options: Iterable[str], form: str, until: str = "HEAD", *, literal: bool = True
) -> str:
    shown = ("--root", "--no-show-signature", "--no-color", "--encoding=UTF-8", f"--format={form}")
    raw = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-follow", "--no-relative")
    command = ["log", "--ignore-missing", *options, *shown, *raw, until, "--", *where]
    try:
        return ask(command, top, literal=literal, variables=WITHOUT_NETWORK | _AT_ONCE)  # the master itself may be gone
    except GitError as error:
        raise (_not_here(top, "folders") if "promisor" in str(error) else error) from None


def _read_log(
    top: str, prefix: str, where: Iterable[str], options: Iterable[str], until: str = "HEAD", *, literal: bool = True
) -> Iterator[Commit]:
    fields = iter(_ask_log(top, where, options, f"{_HEAD}{_FIELDS}", until, literal=literal).split("\0"))
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
            changes[next(fields).removeprefix(prefix)] = read_change(field.strip("\n"))
    if commit is not None:
        yield commit


_HEAD = "commit "
_FIELDS = "%H%x00%as%x00%an%x00%s%x00%ct"
WITHOUT_NETWORK = {"GIT_NO_LAZY_FETCH": "1"}
"""Git would fetch what a partial clone lacks, in silence."""
_AT_ONCE = {"GIT_FLUSH": "0"}
"""Into a pipe git would write each commit by itself, which takes a quarter of the time."""


def read_change(row: str) -> Blob | None:
    """Return what a commit made of a file, by git's row: `:modes names letters`, a mode and a name for each parent, then its own."""
    words = row.split(" ")
    parents = len(words[0]) - len(words[0].lstrip(":"))
    return _make_blob(words[parents], words[2 * parents + 1])


def _make_blob(mode: str, name: str) -> Blob | None:
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
