"""Put back what leads to one of several libraries, and leave what leads to the others."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from common_sync.core.references.undoing import Hunk, find_hunks, put_back

List = Callable[[str], Sequence[str]]
"""Tells of a text how each line in it stands that is about a library."""


class Undone(NamedTuple):
    """What a file comes to."""

    text: str  # the file with its former lines
    left: tuple[Hunk, ...]  # what is rewritten in it still


def undo_all(text: str, hunks: Iterable[Hunk]) -> Undone:
    """Return a file as it was before anything in it was rewritten.

    Args:
        text: The file as it is.
        hunks: What was rewritten in it.
    """
    return Undone(put_back(text, hunks), ())


def undo_one(text: str, hunks: Iterable[Hunk], of_one: List, of_others: List, redo: Callable[[str], str]) -> Undone:
    """Return a file as it would be had nothing been rewritten in it for one library.

    A line of it may be rewritten together with one of another library: then that one is rewritten once more.

    Args:
        text: The file as it is.
        hunks: What was rewritten in it, for any library.
        of_one: Lists what is about the library.
        of_others: Lists what is about the others.
        redo: Rewrites a text for the others.
    """
    left: list[Hunk] = []
    for hunk in hunks:
        before = put_back(text, [hunk])
        after = redo(before) if of_one(before) != of_one(text) else text
        if after == text or of_others(after) != of_others(text):  # it is not about the library, or not only
            left.append(hunk)
        else:
            left += find_hunks(before, after)
            text = after
    return Undone(text, tuple(left))
