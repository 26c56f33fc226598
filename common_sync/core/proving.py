"""Divide changes into those that can be proven and those that cannot."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from common_sync.core.text import UnparsableError

Change = TypeVar("Change")

_MOST_PROOFS = 200
"""Enough to judge each of a hundred changes by itself; a file that takes more keeps what was not proven by then."""


def keep_proven(
    changes: Sequence[Change], holds: Callable[[tuple[Change, ...]], bool]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Divide changes into those that do what they should, all together, and those that do not, or cost too much to prove.

    Args:
        changes: What is meant to be changed, each by itself.
        holds: Whether a file that was changed so says what was meant; one that cannot be parsed any more does not.
    """
    proven: list[Change] = []
    refused: list[Change] = []
    waiting = [tuple(changes)] if changes else []
    left = _MOST_PROOFS
    while waiting:  # halves instead of single ones: each proof reads the whole file again
        some = waiting.pop()
        left -= 1
        if left >= 0 and _is_proven(holds, (*proven, *some)):
            proven += some
        elif len(some) == 1 or left < 0:
            refused += some
        else:
            half = len(some) // 2
            waiting += (some[half:], some[:half])
    return tuple(proven), tuple(refused)


def _is_proven(holds: Callable[[tuple[Change, ...]], bool], changes: tuple[Change, ...]) -> bool:
    try:
        return holds(changes)
    except UnparsableError:
        return False
