"""How much work something is, counted and not timed: a busy machine counts what an idle one does."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from support.waiting import PATIENCE

if TYPE_CHECKING:
    from _typeshed import TraceFunction

MOST = 3.0
"""So many times the work for twice the size, at most: what grows with the square does four times as much."""


def count_steps(action: Callable[[], object]) -> int:
    """Return how many lines of Python an action runs, and how many functions of C it calls.

    What a single call into C does, as of `re`, is not counted: see `no_hang`.

    Args:
        action: What is to be counted.
    """
    steps = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> "TraceFunction":
        nonlocal steps
        steps += 1
        return trace

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event == "c_call"

    tracing, profiling = sys.gettrace(), sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(tracing)
        sys.setprofile(profiling)
    return steps


def assert_grows_with_size(prepare: Callable[[int], Callable[[], object]], size: int) -> None:
    """Assert that twice the size is no more than about twice the work.

    Args:
        prepare: Return what is to be done with an input of a size.
        size: So large that what is done once for any input does not matter.
    """
    prepare(size)()  # what is done only the first time
    small, large = count_steps(prepare(size)), count_steps(prepare(2 * size))
    assert large < MOST * small, f"{small} steps for {size}, {large} for twice that"


@contextmanager
def no_hang() -> Iterator[None]:
    """End what takes longer than anybody could wait, so that a test fails instead of hanging.

    It is for work in C, which cannot be counted: the input has to be so large that hours would pass if work grew with
    the square of its size, or faster.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        message = f"it hangs: {PATIENCE} seconds are over"
        raise AssertionError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
