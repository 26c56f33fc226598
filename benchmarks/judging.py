"""A goal, and what is said of some runs: what every module of goals takes."""

from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple

from benchmarks.running import Run


class Goal(NamedTuple):
    """One goal.

    Attributes:
        key: What `REASONS` calls it.
        text: What was hoped for.
        measured: What was measured.
        met: Whether that is enough.
    """

    key: str
    text: str
    measured: str
    met: bool


def spread(runs: Sequence[Run]) -> float:
    """Return the interquartile range of some runs' seconds.

    Args:
        runs: At least one.
    """
    if len(runs) == 1:
        return 0.0
    low, _, high = quantiles([each.seconds for each in runs], n=4, method="inclusive")
    return high - low


def middle(runs: Sequence[Run]) -> float:
    """Return the median of some runs' seconds.

    Args:
        runs: At least one.
    """
    return median(each.seconds for each in runs)


def processor(runs: Sequence[Run]) -> float:
    """Return the median of some runs' seconds of processor time, of all their processes.

    Args:
        runs: At least one.
    """
    return median(each.cpu for each in runs)
