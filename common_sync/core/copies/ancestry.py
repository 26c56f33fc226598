"""Which state of a library a copy was made of: the nearest one in a line of commits, and what came after it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.copies.digest import digest_tree
from common_sync.core.model import Entries, Entry, File, Symlink

SYMLINK, EXECUTABLE, PLAIN = "120000", "100755", "100644"
"""The modes of files in git's trees."""


class Blob(NamedTuple):
    """A file or symlink as git's trees have it."""

    mode: str  # one of the three above
    name: str  # git's name for its bytes, 40 or 64 hex digits

    @property
    def is_link(self) -> bool:
        """Whether it is a symlink: its bytes are the target."""
        return self.mode == SYMLINK


class Commit(NamedTuple):
    """A commit, and what it makes of a library's files."""

    id: str  # 40 or 64 hex digits
    date: str  # when it was written, as 2026-02-28
    author: str  # who wrote it
    subject: str  # the first line of its message
    changes: Mapping[str, Blob | None]  # path in the library → what is there from now on, or None where it went
    time: int = 0  # when it was committed, in seconds since 1970


class Nearest(NamedTuple):
    """The state that a copy is nearest to."""

    number: int  # the number of its commit in the line, counted from 0
    differing: frozenset[str]  # the paths that the copy lists otherwise


def find_nearest(line: Sequence[Commit], listed: Mapping[str, Collection[Blob]]) -> Nearest | None:
    """Return the newest of the states that a copy is nearest to; None where it has nothing in common with any.

    Args:
        line: Commits, the oldest first, each on top of the one before.
        listed: Path → what fits there.
    """
    states = [len(differing) for differing in _compare(line, listed)]
    fewest = min(states, default=0)
    if not states or (listed and fewest >= len(listed)):
        return None
    number = len(states) - 1 - states[::-1].index(fewest)
    *_, differing = _compare(line[: number + 1], listed)
    return Nearest(number, frozenset(differing))


def _compare(line: Sequence[Commit], listed: Mapping[str, Collection[Blob]]) -> Iterator[Collection[str]]:
    """Yield, for the state after each commit, the paths in which it is not what is listed: one set, which changes."""
    differing = set(listed)
    for commit in line:
        for path, blob in commit.changes.items():
            fits = blob in listed[path] if path in listed else blob is None
            (differing.discard if fits else differing.add)(path)
        yield differing


def find_digest(line: Sequence[Commit], digest: str, entries: Mapping[Blob, Entry]) -> int | None:
    """Return the number of the newest commit whose state has a tree digest, or None.

    Args:
        line: Commits, the oldest first, each on top of the one before.
        digest: The digest, or its first characters.
        entries: What each file of these states is.
    """
    state: dict[str, Entry] = {}
    found = None
    for number, commit in enumerate(line):
        for path, blob in commit.changes.items():
            state.pop(path, None)
            if blob is not None:
                state[path] = entries[blob]
        if digest_tree(state).startswith(digest):
            found = number
    return found


def make_entry(blob: Blob, sha256: str, target: str) -> Entry:
    """Return what a file is.

    Args:
        blob: What git has.
        sha256: The sha256 of its bytes.
        target: Its bytes as a text, for a symlink.
    """
    return Symlink(target) if blob.is_link else File(sha256, blob.mode == EXECUTABLE)


def find_differing(listed: Entries, other: Entries, *, modes: bool) -> frozenset[str]:
    """Return the paths in which two trees differ.

    Args:
        listed: One of them.
        other: The other one.
        modes: Whether the executable bit counts.
    """
    paths = listed.keys() | other.keys()
    return frozenset(path for path in paths if not _is_same(listed.get(path), other.get(path), modes=modes))


def _is_same(one: Entry | None, other: Entry | None, *, modes: bool) -> bool:
    if modes or not isinstance(one, File) or not isinstance(other, File):
        return one == other
    return one.sha256 == other.sha256


def find_likest(data: bytes, states: Iterable[tuple[str, bytes]]) -> str:
    """Return the name of the state that differs from a file in the fewest lines, the first of several.

    Args:
        data: What the file holds.
        states: Names, and what the file held then; at least one.
    """
    lines = Counter(data.splitlines())

    def distance(state: bytes) -> int:
        others = Counter(state.splitlines())
        return (lines - others).total() + (others - lines).total()

    return min(((distance(state), number, name) for number, (name, state) in enumerate(states)))[2]
