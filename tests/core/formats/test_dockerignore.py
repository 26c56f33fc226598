"""`.dockerignore`: every decision is the one that Docker would take; moby's own matcher, in docker-devtools, is asked."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.monorepo import PROGRAM, environment
from support.trees import thorough

from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.paths import ancestors
from common_sync.core.text import UnparsableError

_ORACLE = os.path.join(os.path.dirname(PROGRAM[0]), "docker-devtools")


def look(text: str, paths: Sequence[str]) -> dict[str, bool]:
    """Return whether each path is kept out."""
    ignore = parse_dockerignore(text)
    return {path: ignore.exclusion(path) is not None for path in paths}


def ask_moby(folder: Path, text: str) -> dict[str, bool] | None:
    """Return whether each file below a folder is kept out; None where Docker refuses the `.dockerignore`."""
    (folder / ".dockerignore").write_bytes(os.fsencode(text))
    command = [_ORACLE, "build-context", "ls", ".", "--whole-context", "--all", "--json"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    if done.returncode != 0:
        assert b"pattern" in done.stderr or b"too long" in done.stderr, done
        return None
    entries: list[dict[str, object]] = json.loads(done.stdout)["entries"]
    return {str(one["path"]): one["status"] == "ignored" for one in entries}


def make_tree(folder: Path, paths: Sequence[str]) -> Path:
    """Make a folder that can be built from, with empty files."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


class Row(NamedTuple):
    """A file's text, the paths that it keeps out, and those that it does not."""

    text: str
    out: Sequence[str]
    stays: Sequence[str] = ()


ROWS: dict[str, Row] = {
    "a name is anchored at the top": Row("a\n", ["a"], ["d/a"]),
    "unlike gitignore's, a name with a wildcard too": Row("*.log\n", ["b.log"], ["d/b.log"]),
    "two stars are any folders, and none": Row("**/*.log\n", ["b.log", "d/b.log", "d/e/b.log"], ["b.logs"]),
    "two stars in the middle": Row("d/**/b\n", ["d/b", "d/e/b", "d/e/f/b"], ["b", "e/b"]),
    "two stars at the end are what is below": Row("d/**\n", ["d/x", "d/e/x"], ["x/d"]),
    "two stars alone are everything": Row("**\n", ["a", "d/x"]),
    "two stars and a name is an end": Row("**b\n", ["b", "ab", "d/ab"], ["ba"]),
    "two stars and a wildcard is not": Row("**b*\n", ["b", "bc", "d/bc"], ["ab"]),
    "a folder and all below": Row("d\n", ["d/x", "d/e/x"], ["dd/x"]),
    "slashes around it mean nothing": Row("/d/\n", ["d/x"], ["e/d/x"]),
    "a slash at the end does not ask for a folder": Row("a/\n", ["a"]),
    "a roundabout way": Row("./d/../a//\n", ["a"], ["d/x"]),
    "upward is the top": Row("/../a\n", ["a"]),
    "blanks around it": Row(" \ta \u00a0\n", ["a"]),
    "a blank inside": Row("a b\n", ["a b"], ["a"]),
    "a comment": Row("#a\n", [], ["#a", "a"]),
    "no comment after a blank": Row(" #a\n", ["#a"]),
    "no comment at the end": Row("a # why\n", ["a # why"], ["a"]),
    "a byte order mark": Row("\ufeffa\n", ["a"]),
    "line ends of Windows": Row("a\r\nb\r\n", ["a", "b"]),
    "no line end": Row("b\na", ["a", "b"]),
    "upper case": Row("A\n", ["A"], ["a"]),
    "the last one that matches decides": Row("*.md\n!a.md\na.*\n", ["a.md", "b.md"]),
    "brought back": Row("*.md\n!a.md\n", ["b.md"], ["a.md"]),
    "brought back from a folder that is out": Row("d\n!d/e\n", ["d/x"], ["d/e/x"]),
    "brought back too early": Row("!a\n*\n", ["a"]),
    "blanks after the mark": Row("*\n! a\n", ["b"], ["a"]),
    "a slash after the mark": Row("*\n!/a/\n", ["b"], ["a"]),
    "an allow-list": Row("*\n!app\n!d/e\n", ["b", "d/x"], ["app/x", "d/e/x"]),
    "an allow-list with wildcards": Row("**\n!**/*.py\n", ["b", "d/b"], ["a.py", "d/a.py"]),
    "two marks": Row("*\n!!a\n", ["a"], ["!a"]),
    "a mark behind a slash is a mark": Row("*\n/!a\n", ["b"], ["a"]),
    "a name that begins with a mark": Row("\\!a\n", ["!a"], ["a"]),
    "a rule that could change nothing is not remembered": Row("d\n!d/e\nd\n", ["d/x"], ["d/e/x"]),
    "a question mark": Row("?.md\n", ["a.md"], ["ab.md", ".md"]),
    "a question mark is no slash": Row("d?x\n", ["dxx"], ["d/x"]),
    "brackets": Row("[a-c]?\n", ["bx"], ["dx"]),
    "brackets that do not": Row("[^a-c]x\n", ["dx"], ["ax"]),
    "for Docker the exclamation mark is a character": Row("[!a]x\n", ["!x", "ax"], ["bx"]),
    "brackets of Python's": Row("[a&&b|~[]x\n", ["[x", "&x", "|x", "~x"], ["cx"]),
    "a bracket by itself": Row("a]*\n", ["a]b"], ["ab"]),
    "a star between brackets": Row("[*]y\n", [], ["*y"]),
    "an escaped star": Row("a\\*\n", ["a*"], ["ab"]),
    "an escaped letter is one of Go's classes": Row("\\d\n", ["1"], ["d"]),
    "what is special elsewhere": Row("a.b+(c)|{d}$\n", ["a.b+(c)|{d}$"]),
    "the same beside a wildcard": Row("a.b+(c)$*\n", ["a.b+(c)$", "a.b+(c)$x"], ["axb+(c)$"]),
    "braces and bars are expressions of Go's beside a wildcard": Row("a{2}|b*\n", ["aa", "xb", "bc"], ["a", "ax"]),
    "a number of times without its least is none": Row("a{,2}*\n", ["a{,2}", "a{,2}b"], ["b", "aab"]),
    "a caret beside a wildcard matches nothing": Row("a^*\n", [], ["a^b"]),
    "a caret alone": Row("a^b\n", ["a^b"]),
    "nothing": Row("\n \n.\n/\n/\u00a0/\n", [], ["a"]),
    "a byte that is no text": Row("\udcff\n", ["\udcff"], ["\udcfe"]),
    "a line feed in a name": Row("a*\n**/x\n", ["a\nb", "d\ne/x"], ["d\ne/y"]),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_kept_out(tmp_path: Path, name: str) -> None:
    """A copy would be said to be in an image that it is not in, or the other way round."""
    row = ROWS[name]
    found = look(row.text, [*row.out, *row.stays])
    assert [path for path, out in found.items() if out] == [*row.out]
    asked = ask_moby(make_tree(tmp_path, [*row.out, *row.stays]), row.text)
    assert asked is not None
    assert {path: asked.get(path, found[path]) for path in found} == found  # JSON has no bytes that are no text


@pytest.mark.parametrize(
    "line",
    [
        "!",
        "! ",
        "!/",
        "!!",
        "!!/",
        "#" * (1 << 16),
        "é" * (1 << 15),
        "a[",
        "[]a]",
        "[^]",
        "[a-]",
        "[-a]",
        "[z-a]",
        "a\\",
        "\\q",
        "\\é",
        "[a\\",
        "/!/",
    ],
)
def test_what_docker_refuses(tmp_path: Path, line: str) -> None:
    """A build would fail on a line that nobody has named."""
    with pytest.raises(UnparsableError) as caught:
        parse_dockerignore(f"# ours\n\n{line}\n")
    assert caught.value.line == 3
    assert ask_moby(make_tree(tmp_path, ["a"]), f"# ours\n\n{line}\n") is None


@pytest.mark.parametrize("line", ["[[:digit:]]", "\\x31", "\\bx", "a*[?"])
def test_what_is_not_understood(line: str) -> None:
    """An expression of Go's would be taken for one of Python's, or a line that Docker does not read to its end for a rule."""
    with pytest.raises(UnparsableError, match="is no pattern"):
        parse_dockerignore(line)


@pytest.mark.parametrize("line", ["[^a]" * 5_000 + "[", "[^][^" * 5_000, "[^a-b" * 5_000, "[^^]" * 5_000 + "\\"])
def test_a_line_of_many_brackets(line: str) -> None:
    """A line of a hundred bytes would stop every commit."""
    with pytest.raises(UnparsableError):
        parse_dockerignore(line)


def test_the_deciding_line() -> None:
    """Somebody would be sent to a line that is not the one to change."""
    ignore = parse_dockerignore("# all\n*\n\n!app\napp/**/secret*\n")
    found = ignore.exclusion("app/x/secret.txt")
    assert found is not None
    assert (found.line, found.text, found.excludes) == (5, "app/**/secret*", True)
    assert ignore.exclusion("app/x/public.txt") is None
    assert [pattern.line for pattern in ignore.patterns] == [2, 4, 5]


TREE = ("a", "b", "ab", "a.b", "d/a", "d/b", "d/e/a", "d/e/f/b", "a b", "[x", "d/]", "^a", "!a", "#a", "de/a", "*")

_pieces = st.sampled_from(
    [
        "a",
        "b",
        "d",
        "e",
        "f",
        "x",
        ".",
        "..",
        "/",
        "/",
        "*",
        "**",
        "**/",
        "?",
        "]",
        "[ab]",
        "[^a]",
        "^",
        "-",
        "#",
        " ",
        "\\*",
        "\\[",
        "\\d",
        "|",
        "{",
    ]
)
_lines = st.tuples(st.sampled_from(["", "", "!"]), st.lists(_pieces, max_size=5).map("".join)).map("".join)


@thorough
@given(lines=st.lists(_lines, max_size=5))
@example(lines=["d", "!d/e/a"])
def test_a_folder_that_need_not_be_looked_into(lines: list[str]) -> None:
    """A file that is brought back from a folder that is kept out would be missing in what `context` writes."""
    try:
        ignore = parse_dockerignore("\n".join(lines))
    except UnparsableError:
        return
    for path in TREE:
        above = [folder for folder in ancestors(path) if ignore.exclusion(folder) is not None]
        if not all(map(ignore.may_bring_back_below, above)):
            assert ignore.exclusion(path) is not None


def test_most_folders_need_not_be_looked_into() -> None:
    """A virtual environment of some thousand files would be walked through for one line of an allow-list."""
    ignore = parse_dockerignore("**/.venv\n!.env.example\n!app/data\n")
    assert not ignore.may_bring_back_below(".venv")
    assert ignore.may_bring_back_below("app")
    assert ignore.may_bring_back_below("app/data/x")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds all of a tree."""
    return make_tree(tmp_path_factory.mktemp("context"), TREE)


@thorough
@given(lines=st.lists(_lines, max_size=5))
@example(lines=["*", "!d/*/a", "d/e"])
@example(lines=["**", "!d", "d/e", "!d/e/f"])
def test_agreement(tree: Path, lines: list[str]) -> None:
    """A copy would be said to be in an image that it is not in, for a rule that nobody has thought of here."""
    text = "\n".join(lines)
    asked = ask_moby(tree, text)
    try:
        found = look(text, TREE)
    except UnparsableError:
        found = None
    assert (found is None) == (asked is None), (found, asked)
    assert found is None or asked is None or found == {path: asked[path] for path in TREE}
