"""Errors: each says what, where and how to mend it."""

import pytest

from common_sync.core import errors
from common_sync.core.errors import CommonSyncError, ConfigurationError, Problem


@pytest.mark.parametrize(
    ("problem", "place", "text"),
    [
        (Problem("is gone"), "", "is gone"),
        (Problem("is gone", "a.toml"), "a.toml", "a.toml: is gone"),
        (Problem("is gone", "a.toml", 3), "a.toml:3", "a.toml:3: is gone"),
        (Problem("is gone", "a.toml", 3, "make it"), "a.toml:3", "a.toml:3: is gone (make it)"),
        (Problem("is gone", remedy="make it"), "", "is gone (make it)"),
    ],
)
def test_an_error_says_what_where_and_how(problem: Problem, place: str, text: str) -> None:
    """Somebody would know that something is wrong, but not what or where."""
    assert problem.place == place
    assert str(CommonSyncError(problem)) == text


def test_an_error_says_all_its_problems() -> None:
    """Only the first of several problems would be shown."""
    error = ConfigurationError(Problem("one", "a", 1), Problem("two"))
    assert str(error) == "a:1: one\ntwo"
    assert error.problems == (Problem("one", "a", 1), Problem("two"))


def test_every_error_has_one_root() -> None:
    """An error of a new kind would pass the boundary of the program as if it were a bug."""
    leaves = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(leaves) > 1
    assert all(issubclass(leaf, CommonSyncError) for leaf in leaves)
