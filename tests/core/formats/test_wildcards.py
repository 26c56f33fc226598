"""Expressions with many wildcards: each finds what Python's `re` finds, and none takes long."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.counted import no_hang
from support.depth import deep
from support.trees import thorough

from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.formats.wildcards import Wildcards
from common_sync.core.text import UnparsableError

_PIECES = (
    "a",
    "b",
    "/",
    "[^/]*",
    "[^/]",
    "(.*/)?",
    ".*",
    "a{1,2}",
    "b{2,}",
    "a{2}",
    "a{0,1}",
    "[ab]",
    "[^a]",
    "|",
    "^",
    r"\.",
)


@thorough
@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text("ab./\n", max_size=8))
@example("a|b", "xb")
@example("a|b|c", "xbx")
@example("(.*/)?a", "b\n/a")
def test_it_finds_what_an_expression_finds(source: str, path: str) -> None:
    """A file would be in an image that no pattern lets in, only because the pattern has one star more."""
    assert Wildcards(source).search(path) == (re.search(f"^{source}\\Z", path) is not None)


@deep("what a hostile file costs")
@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("common/" + "*a" * 12 + "b?", "common/" + "a" * 200),
        ("**/a/" * 12 + "b", "a/" * 200 + "c"),
        ("**a" * 12 + "b*", "a/" * 200 + "c"),
        ("*" + "a{1,9}" * 12 + "b", "a" * 200),
        ("*a|" * 12 + "b", "a" * 200 + "c"),
    ],
)
def test_no_pattern_takes_long(line: str, path: str) -> None:
    """One line of a `.dockerignore` would keep a hook busy for longer than anybody can wait."""
    with no_hang():
        parse_dockerignore(line).exclusion(path)


@pytest.mark.parametrize("line", ["*a{1001}", "*a{2,1001}", "*a{99999999999}", "*{99999999999}", "*a|{99999999999}"])
def test_no_more_repeats_than_docker_takes(line: str) -> None:
    """A pattern that Docker refuses would end the program with a traceback."""
    with pytest.raises(UnparsableError, match="no pattern that Docker takes"):
        parse_dockerignore(line)


def test_as_many_repeats_as_docker_takes() -> None:
    """A pattern that Docker takes would be refused."""
    ignore = parse_dockerignore("*a{1000}\n[{5000}]*\n")
    assert ignore.exclusion("b" + "a" * 1000) is not None
    assert ignore.exclusion("b" + "a" * 999) is None
