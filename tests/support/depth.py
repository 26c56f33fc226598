"""How deep a run of the tests goes: `make test` tries a part that is the same each time, `make test-all` all of it.

Nothing is left out in silence: what a run leaves is counted, and named at its end.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("RELIABILITY") == "full"
"""Whether this is `make reliability`."""

ALL = FULL or os.environ.get("TESTS") == "all"
"""Whether this is `make test-all`, or more."""

Point = TypeVar("Point")

Record = Callable[[str, object], None]
"""pytest's `record_property`. A name that begins with `count: ` or `left: ` is printed at the end of the run."""

ROWS = 1
"""Of a test of the whole program, which is all processes."""

EXAMPLES = 100 if ALL else 25
"""Of a property: without this Hypothesis tries a hundred."""


def load_profile() -> None:
    """Have Hypothesis look at no clock, and try the same examples each time: in `make test`, and where CI is set."""
    slow = [HealthCheck.too_slow]
    settings.register_profile(
        "quick", max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=slow
    )
    settings.register_profile(
        "all", max_examples=EXAMPLES, derandomize="CI" in os.environ, deadline=None, suppress_health_check=slow
    )
    settings.load_profile("all" if ALL else "quick")


def spread(points: Sequence[Point], most: int) -> list[Point]:
    """Return so many of some points at most, evenly spread, with the first and the last."""
    if len(points) <= most:
        return [*points]
    return (
        [points[at * (len(points) - 1) // (most - 1)] for at in range(most)] if most > 1 else [points[len(points) // 2]]
    )


def sample(points: Sequence[Point], most: int, record: Record, what: str) -> list[Point]:
    """Return the points that this run tries, and record how many it leaves.

    Args:
        points: All of them.
        most: How many `make test` tries.
        record: pytest's `record_property`.
        what: What they are.
    """
    tried = [*points] if ALL else spread(points, most)
    record(f"left: {what}", len(points) - len(tried))
    return tried


def sampled(rows: Iterable[object], most: int, reason: str) -> list[object]:
    """Return the rows of a table of parameters; all but so many of them are left to `make test-all`.

    Args:
        rows: Each a tuple, or the value of the only parameter.
        most: How many `make test` tries.
        reason: Why not all.
    """
    every = [*rows]
    kept = spread(range(len(every)), most)
    return [row if at in kept else _left(row, reason) for at, row in enumerate(every)]


def _left(row: object, reason: str) -> object:
    several = isinstance(row, tuple) and not hasattr(row, "_fields")  # and not one value that is a NamedTuple
    return pytest.param(*(row if isinstance(row, tuple) and several else (row,)), marks=deep(reason))


def deep(reason: str) -> pytest.MarkDecorator:
    """Return the mark of what only `make test-all` runs.

    Args:
        reason: Why.
    """
    return pytest.mark.deep(reason)


def skip(reason: str) -> None:
    """Skip a test that cannot run here, and say why; in CI that is a failure.

    Args:
        reason: What is missing.
    """
    if os.environ.get("CI") == "true":
        pytest.fail(f"must not be skipped in CI: {reason}")
    pytest.skip(reason)
