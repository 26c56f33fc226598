"""What becomes of an edit in a copy that is taken over into the master: a three-way comparison of one file.

================  ==============  ==================================================
master to base    copy to master  result
================  ==============  ==================================================
any               same            nothing to do
same              changed         the copy's, as it is
changed           changed         a merge of lines, or a refusal
gone              changed         a refusal
================  ==============  ==================================================

The base is what the copy was made of. The executable bit is compared by itself.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Literal, NamedTuple

from common_sync.core.copies.digest import digest_tree
from common_sync.core.model import Entry, File, Symlink, Version
from common_sync.core.text import find_conflict

How = Literal["as-is", "merged", "equal"]


class Merge(NamedTuple):
    """What a merge of lines came to."""

    data: bytes  # with marks where lines are in each other's way
    clean: bool  # whether there are none


class Combined(NamedTuple):
    """What becomes of an edit."""

    result: Version | None  # what the master is to hold, or None where that is refused
    how: How = "as-is"  # how it was made
    refusal: str = ""  # why not
    conflict: Version | None = None  # what a person has to finish


Merger = Callable[[bytes, bytes, bytes], Merge]
"""(base, master's, copy's) → the merge of their lines."""


def combine(base: Version | None, ours: Version | None, theirs: Version, merge: Merger) -> Combined:
    """Take an edit over.

    Args:
        base: What the copy was made of, or None where it had no such file.
        ours: What the master holds now, or None where it has no such file.
        theirs: What the copy holds.
        merge: Merges lines.
    """
    if ours == theirs:
        return Combined(theirs, "equal")
    if has_marks(theirs):
        return Combined(None, refusal="holds the marks of a merge that nobody has finished")
    if base == ours:
        return Combined(theirs)
    if ours is None:
        return Combined(None, refusal="was edited in the copy, and is gone from the master")
    if base is None:
        return Combined(None, refusal="the master has another file there, and nothing tells what both were made of")
    if base.is_link or ours.is_link or theirs.is_link:
        return Combined(None, refusal="is a symlink, and was changed on both sides")
    return _combine_files(base, ours, theirs, merge)


def _combine_files(base: Version, ours: Version, theirs: Version, merge: Merger) -> Combined:
    executable = theirs.executable if ours.executable == base.executable else ours.executable
    if ours.data in (base.data, theirs.data):
        return Combined(Version(theirs.data, executable), "merged")
    if theirs.data == base.data:
        return Combined(Version(ours.data, executable), "merged")
    if any(b"\0" in one.data for one in (base, ours, theirs)):
        return Combined(None, refusal="is binary, and was changed on both sides")
    merged = merge(base.data, ours.data, theirs.data)
    result = Version(merged.data, executable)
    if merged.clean and not has_marks(result):
        return Combined(result, "merged")
    return Combined(None, refusal="conflicts with a change of the master", conflict=result)


def has_marks(version: Version) -> bool:
    """Tell whether a file holds the marks of a merge that nobody has finished."""
    data = version.data
    return b"<<<<<<< " in data and b"\0" not in data and find_conflict(data.decode("latin-1")) is not None


def digest_file(path: str, entry: Entry | None) -> str:
    """Return the digest of one file at its path, or of nothing."""
    return digest_tree({} if entry is None else {path: entry})


def make_entry(version: Version) -> Entry:
    """Return what a file or symlink is in a tree."""
    if version.is_link:
        return Symlink(version.data.decode("utf-8", "surrogateescape"))
    return File(sha256(version.data).hexdigest(), version.executable)
