"""Gitignore patterns of every kind: each is held against git, byte by byte, and none takes long.

The judge is the git of this machine; where its releases differ, the pattern is not among those that it is asked about.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.depth import deep
from support.monorepo import environment
from support.trees import thorough

from common_sync.core.copies.rules import parse_plain
from common_sync.core.formats import gitignore
from common_sync.core.formats.gitignore import make_matcher
from common_sync.core.paths import ancestors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType

    from _typeshed import TraceFunction

# Held against git

_PATTERNS = r"""
    foo bar ??? ?? * f* *f *foo* *ob*a*r* *ab a\\*b foo\*bar f\oo \foo \f\o\o **** f**o ***o \\ \\\\ a\\ \#a \!a

    t[a-g]n t[!a-g]n [ab] [!ab] [^ab] []] [^]] []-a] [!]-a] a[]]b a[]-]b a[]a-]b ] [] [!] [a [ [[] [[ab] [ab[:]c] [-] [--] [--a]
    [a-] [a-c-e] [,-.] [!------] [---] [a-c]b* [a-y]*[^c] a*[^c] [z-a] [b-a] [\\-^] [\]] [\\] [[-\]] [\1-\3] [[-\\] [\\-a] [a\-c]
    [a\]c] [^-a] [!-a] [*] [?] [[?*\\] []*?[] [!]*?[] [\-_] [\-] [\/] [a/b] [/] a[/]b a[!x]b a[^/]b a/[!x]b [a\ [a-\ [a-

    [[:alpha:]] [^[:alpha:]] [[:alpha:][:digit:]] [[:digit:][:upper:][:space:]] [a-c[:digit:]x-z] [[:alpha:]-z] [a-[:alpha:]]
    [[:foo:]] [[:foo:] [[::]] [[:]] [[:] [[:al:pha:]] [[:a]b] [[:a[b:]] [:alpha:] [[:alpha:a]] [[:alpha] [\[:] [[:alpha:\]] [[:-a]
    [[:UPPER:]] [[:^alpha:]] [[:x[:alpha:]] [[:alpha:]:] [[:

    foo/bar foo/* */bar */* **/* **/foo **/bar **/ba* foo/** foo/**/ foo/**/bar foo/**/**/bar **/**/**/bar /**/bar /** ** **/ /**/
    ***/bar **/foo/** foo/***/bar foo/?*/bar */*/bar **/b[ao]r/* **/*a*b*/** *a/**/b* foo?bar foo[/]bar f[^eiu][^eiu][^eiu]a[^eiu]
    f*/bar ?**/bar *o**/bar *o**/ ?**/?? foo\/bar foo/\bar **\/bar \**/bar foo/**\/bar **/\* a//b //a / // a/ a\/ /a/ foo/bar/
    [f]oo/**/ **/**

    ä [ä] [à-ü] [!ä] ä* \ä ä/? é/**
"""
_WITH_BLANKS = [
    "a ",
    "a  ",
    "a\\ ",
    "a\\  ",
    "a\\\\ ",
    "a\\\\\\ ",
    " a",
    "a b",
    "a\t",
    "a\v",
    "[ ]",
    "[ ",
    "\\ ",
    "a/ ",
    "?\\ ",
    "**/ ",
]
_OF_BYTES = ["*\udca4", "\u2028", "[\u2028]", "\udcff", "[\udcff]", "[\udc80-\udcff]?"]
PATTERNS = [*_PATTERNS.split(), *_WITH_BLANKS, *_OF_BYTES]

_PATHS = r"""
    foo bar fo oof foobar foo*bar f\oo \foo ten ton tan a b c d e z A Z 0 1 2 5 - -- --a ] ]a [ [a [] [ab] \ \\ \] ^ ! !a #a * ? **
    , a. + : :] = ab ac abc acb ab] a]b a-b aab a\b a*b a[ a[b al alpha [: ae [:alpha:] _ foba fooxbar
    foo/bar foo/baz/bar foo/baz/x foo/b/a/z/bar foo/b*r foob/ar foo/bar/x bar/foo bar/foo/bar a/b a/a a/b/c a/x/b
    xo/bar xo/y/bar x/bar x/y/bar **/bar */bar x/* a/-b a\/b ab/b b/c/a foo/ab/c ä é foo/ä é/ü ä/é €/x
"""
_OTHER_PATHS = [
    "a ",
    "a  ",
    " a",
    "a b",
    " ",
    "a\t",
    "a\v",
    "a\\ ",
    "x/a ",
    "a\nb",
    "\n",
    "\u2028",
    "\udcff",
    "\udcc3",
    "\udcc3/\udca4",
    "\udca4",
]
PATHS = [*_PATHS.split(), *_OTHER_PATHS]


_make_once = functools.cache(make_matcher)


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a path or a folder above it; one that is refused matches nothing."""
    try:
        matcher = _make_once(pattern)
    except ValueError:
        return False
    return matcher(path, False) or any(matcher(folder, True) for folder in ancestors(path))


def ask_git(root: Path, patterns: Sequence[str], paths: Sequence[str]) -> set[tuple[str, str]]:
    """Return the pairs of a pattern and a path that it ignores; each pattern is in a folder of its own."""
    subprocess.run(["git", "init", "-q", root], env=environment(), check=True)
    for number, pattern in enumerate(patterns):
        (root / str(number)).mkdir()
        (root / str(number) / ".gitignore").write_bytes(pattern.encode("utf-8", "surrogateescape") + b"\n")
    asked = "\0".join(f"{number}/{path}" for number in range(len(patterns)) for path in paths)
    command = ["git", "check-ignore", "--no-index", "-z", "--stdin"]
    data = asked.encode("utf-8", "surrogateescape")
    done = subprocess.run(command, cwd=root, env=environment(), input=data, stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return {(patterns[int(number)], path) for number, _, path in (answer.partition("/") for answer in answers)}


def test_every_pattern_means_what_it_means_to_git(tmp_path: Path) -> None:
    """The same pattern would mean one thing in .gitignore and another in `exclude`."""
    assert len(set(PATTERNS)) == len(PATTERNS)
    found = {(pattern, path) for pattern in PATTERNS for path in PATHS if matches(pattern, path)}
    assert found == ask_git(tmp_path, PATTERNS, PATHS)


CLASSES = ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"]


def test_every_class_holds_the_bytes_that_it_holds_in_git(tmp_path: Path) -> None:
    """`[[:space:]]` would take a vertical tab, which is no white space to git."""
    names = [bytes((byte,)).decode("utf-8", "surrogateescape") for byte in range(1, 256) if byte not in b"./"] + ["x."]
    patterns = [f"{before}[{neg}[:{name}:]]" for name in CLASSES for before, neg in (("", ""), ("", "!"), ("x", ""))]
    found = {(pattern, name) for pattern in patterns for name in names if matches(pattern, name)}
    assert found == ask_git(tmp_path, patterns, names)


# Where git's own releases differ


@pytest.mark.parametrize(
    ("pattern", "matched", "other"),
    [("a**/b", ["a/b", "ax/b"], ["ab", "ax/y/b"]), ("d/a**", ["d/a", "d/ax"], ["d"]), ("d/a**x", ["d/ayx"], ["d/a/x"])],
)
def test_stars_after_a_literal_are_one_star(pattern: str, matched: list[str], other: list[str]) -> None:
    """`a**/b` would match `ab`, against what git says of it: before git 2.52 it did so in git."""
    assert [path for path in (*matched, *other) if matches(pattern, path)] == matched


# Two ways to the same answer

plain_patterns = st.lists(
    st.sampled_from(["a", "b", "d", "e", ".py", "/", "*", "a b", " ", "!", "#", "ä", "."]), min_size=1, max_size=5
).map("".join)
paths = st.lists(
    st.sampled_from(["a", "b", "d", "e", ".py", "/", "a b", " ", "!", "#", "ä", "é", "."]), min_size=1, max_size=6
).map("".join)


@thorough
@given(plain_patterns, paths)
def test_plain_patterns_mean_the_same_to_both_matchers(pattern: str, path: str) -> None:
    """The same pattern would mean something else, depending on which of two matchers it is given to."""
    rule = parse_plain(pattern, "configuration")
    assume(rule is not None and "//" not in path and path.strip("/") == path)
    assert rule is not None
    matcher = make_matcher(pattern)
    assert (rule.matches(path, False), rule.matches(path, True)) == (matcher(path, False), matcher(path, True))


# Hostile patterns

HOSTILE = [
    # what a pattern repeats, what follows, and what its path repeats
    ("*a", "b", "a"),
    ("*?", "b", "a"),
    ("**/a/", "b", "a/"),
    ("*/", "b", "a/"),
    ("**/*a*", "/b", "a/"),
    ("[ab]*", "c", "ab"),
    ("?", "", "a"),
    ("*", "b", "a"),
    (" ", "a", " "),
    ("\\ ", " ", " "),
    ("[[:", "]*", "[:"),
    ("[a", "]*", "a"),
    ("[a-z]", "*", "z"),
]


@pytest.mark.parametrize(("repeated", "last", "path"), HOSTILE, ids=[row[0] + row[1] for row in HOSTILE])
def test_twice_as_long_is_twice_the_work(repeated: str, last: str, path: str) -> None:
    """One line of a configuration or a .gitignore would keep a hook busy for longer than anybody can wait."""
    once, twice = (_lines_run(repeated * size + last, path * size) for size in (200, 400))
    assert twice < 2.1 * once


def _lines_run(pattern: str, path: str) -> int:
    """Return how many lines of the matcher run for a pattern, for the first path and for the second."""
    lines = 0

    def count(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal lines
        lines += event == "line"
        return count if frame.f_code.co_filename == gitignore.__file__ else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        for one in (path, path[::-1]):
            matches(pattern, one.strip("/"))
    finally:
        sys.settrace(before)
    return lines


@deep("what a hostile file costs")
def test_the_longest_pattern() -> None:
    """A line of a hundred thousand characters would keep a hook busy, or fill the memory."""
    size = 100_000
    assert not matches("*a" * (size // 2) + "?", "a" * 4096)
    assert matches("*" * size, "a" * 4096)
    assert matches("*" + "?*" * 4095, "a" * 4096)
    assert not matches(" " * size + "?", "a")
    assert not matches("[[:" * (size // 3), "a")


# What is refused

REFUSED = {
    "it can match nothing": ["", "!", "/", "!/", "//", " ", "! ", "[/]", "a[/]b"],
    "it ends in a backslash": ["\\", "a\\", "\\\\\\", "a\\/", "a \\", "a[b\\", "a[b\\"],
    "it has a bracket that is not closed": [
        "[",
        "[a",
        "[]",
        "[!]",
        "[a\\]",
        "[a-",
        "[[:alpha:]",
        "[[:alpha",
        "[:",
        "[a/",
    ],
    "it has a class of characters that git does not know": ["[[:foo:]]", "[[::]]", "[[:a[b:]]", "[[:Alpha:]x]"],
}


@pytest.mark.parametrize(("reason", "pattern"), [(reason, one) for reason, all_ in REFUSED.items() for one in all_])
def test_a_pattern_that_can_match_nothing_is_refused(reason: str, pattern: str) -> None:
    """A pattern with a slip in it would be passed over in silence."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        make_matcher(pattern)
