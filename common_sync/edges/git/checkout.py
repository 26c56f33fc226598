"""What git makes of bytes: how it names them, whether it converts them, and how they come out of a checkout."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import new
from typing import IO

from common_sync.core import limits
from common_sync.core.model import Entry, Symlink
from common_sync.edges.files.folders import BLOCK, opened, read_bytes
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.repository import environment_for, find_top, git_directory


def format_entry(entry: Entry, read: Callable[[], IO[bytes]], digits: int) -> str:
    """Return the row of the index that stands for a file or symlink exactly as it is.

    Args:
        entry: What it is.
        read: Opens a file; it is closed again.
        digits: How many hex digits names have in this repository: 40 of sha1, 64 of sha256.

    Raises:
        OSError: It cannot be read.
    """
    if isinstance(entry, Symlink):
        target = os.fsencode(entry.target)
        return f"120000 {name_contents(len(target), [target], digits)} 0"
    with read() as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        name = name_contents(size, iter(partial(file.read, BLOCK), b""), digits)
    return f"{'100755' if entry.executable else '100644'} {name} 0"


def name_contents(size: int, blocks: Iterable[bytes], digits: int) -> str:
    """Return git's name for contents; the kind and the size go before them.

    Source: https://git-scm.com/docs/gitformat-loose.

    Args:
        size: Bytes in all.
        blocks: The bytes, in order.
        digits: How many hex digits names have in this repository: 40 of sha1, 64 of sha256.
    """
    digest = new("sha1" if digits == _SHA1 else "sha256", b"blob %d\0" % size, usedforsecurity=False)
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


_SHA1 = 40


def may_convert(folders: Collection[str], files: Iterable[str]) -> bool:
    """Tell whether a checkout may give other bytes than those that were committed.

    LFS is not meant: what it keeps away has other bytes in the index to begin with.

    Args:
        folders: Absolute paths of folders whose `.gitattributes` count.
        files: Absolute paths of more such files.
    """
    for file in [os.path.join(folder, ATTRIBUTES) for folder in folders] + list(files):
        above, name = os.path.split(file)
        try:
            with opened(above) as folder:
                data = read_bytes(name, folder, limits.OF_GIT)
        except OSError:  # git, too, passes over one that is a symlink, or larger
            continue
        if converts(data):
            return True
    return False


def converts(attributes: bytes) -> bool:
    """Tell whether the lines of a `.gitattributes` may have a checkout give other bytes than were committed."""
    data = attributes.replace(b"filter=lfs", b"")
    return any(word in data for word in _CONVERTING)


ATTRIBUTES = ".gitattributes"
_CONVERTING = (b"eol=crlf", b"ident", b"working-tree-encoding", b"filter=")


@contextmanager
def checking_out(root: str, commit: str | None) -> Iterator[tuple[str, Callable[[Sequence[str]], None]]]:
    """Make a place to check out what the next commit will hold, or what a commit holds, as another machine would.

    Git's variables are set for as long, so that every question to git is about that work tree.

    Args:
        root: An absolute path inside a work tree.
        commit: The commit's name, or None for the index.

    Yields:
        The absolute path of what is the root there, and what checks out the paths that match pathspecs relative to it.
    """
    from tempfile import TemporaryDirectory  # 10 ms, and rarely asked

    top = find_top(root) or root
    place = git_directory(top)
    index = environment_for(root).get("GIT_INDEX_FILE", os.path.join(place, "index"))
    with TemporaryDirectory(prefix="common-sync-") as above:
        folder = os.path.realpath(above)
        tree = os.path.join(folder, "tree")
        if commit is not None:
            index = os.path.join(folder, "index")
            ask(["read-tree", commit], root, variables={"GIT_INDEX_FILE": index})
        there = os.path.normpath(os.path.join(tree, os.path.relpath(root, top)))
        os.makedirs(there)
        with variables_set(GIT_DIR=place, GIT_WORK_TREE=tree, GIT_INDEX_FILE=index):
            yield there, lambda patterns: _take(there, patterns)


def _take(folder: str, patterns: Sequence[str]) -> None:
    rows = split(ask(["ls-files", "-z", "-t", "--", *patterns], folder, literal=False, variables=_AS_ELSEWHERE))
    options = ["--ignore-skip-worktree-bits"] if any(row.startswith("S ") for row in rows) else []
    paths = "".join(f"{row[2:]}\0" for row in rows)
    ask(["checkout-index", "-z", "--stdin", *options], folder, data=paths, variables=_AS_ELSEWHERE)


# Nothing that is configured on this machine alone: line ends as they are committed. Attributes are those of the index,
# because git looks for them in the work tree first, and there they are the ones that it has checked out.
_AS_ELSEWHERE = {
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "core.autocrlf",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "core.eol",
    "GIT_CONFIG_VALUE_1": "lf",
    "GIT_CONFIG_KEY_2": "core.attributesFile",
    "GIT_CONFIG_VALUE_2": os.devnull,
}


@contextmanager
def variables_set(**values: str) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
