"""Rules: what is copied, what is not, and that every decision is the one that git would take."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.monorepo import environment
from support.trees import thorough

from common_sync.core.copies.rules import BUILT_IN, CACHES, EXCLUDES, Rule, Rules, parse_plain
from common_sync.edges.gitignore.patterns import Gitignores, compile_pattern, configured_rules

# The built-in rules

BUILT_IN_DECISIONS = {
    "caches": [
        "__pycache__/",
        "models/__pycache__/",
        "models/__pycache__/base.cpython-311.pyc",
        "base.pyc",
        "base.pyo",
        "base.pyd",
        ".pytest_cache/",
        ".mypy_cache/",
        ".ruff_cache/",
        ".hypothesis/",
        ".import_linter_cache/",
        ".pytype/",
    ],
    "excludes": [
        ".git",
        ".git/",
        "vendored/.git",
        ".hg/",
        ".svn/",
        ".venv/",
        ".venv/bin/python",
        "venv/",
        ".env",
        ".tox/",
        ".nox/",
        "our_common.egg-info/",
        "src/our_common.egg-info/PKG-INFO",
        "our_common-1.0.dist-info/",
        ".eggs/",
        "build/",
        "build/lib/a.py",
        "dist/",
        ".coverage",
        "htmlcov/",
        ".DS_Store",
        "models/.DS_Store",
        ".idea/",
        ".vscode/",
        ".settings.py.swp",
        "settings.py~",
        "node_modules/",
        ".a.py.swo",
        ".a.py.swn",
        ".#a.py",
        "models/.#__init__.py",
        "#a.py#",
        "#a b#",
        ".a.py.kate-swp",
        "a.py___jb_tmp___",
        "a.py___jb_old___",
        "x.sublime-workspace",
        "._a.py",
        "._a/",
        ".AppleDouble/a",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "Desktop.ini",
        ".directory",
        ".nfs000001",
        ".fuse_hidden0001",
    ],
    None: [
        "settings.py",
        "py.typed",
        ".gitignore",
        ".env.example",
        "__pycache__",
        "pyc",
        "a.pyx",
        "models/build/",
        "models/dist/a.py",
        "builder/",
        "build",
        "egg-info/",
        "our_common.egg-info",
        "venv",
        ".coveragerc",
        "#",
        "#a",
        "a#",
        "a.#b",
        "a._b",
        "x.swf",
        "thumbs.py",
        ".nf",
        "environment/",
    ],
}


@pytest.mark.parametrize(
    ("path", "layer"), [(path, layer) for layer, paths in BUILT_IN_DECISIONS.items() for path in paths]
)
def test_built_in_rules(path: str, layer: str | None) -> None:
    """A cache would be copied, a module left out, or somebody's virtual environment deleted."""
    rule = Rules(BUILT_IN).exclusion(path.rstrip("/"), folder=path.endswith("/"))
    assert (rule.layer if rule is not None else None) == layer


def test_no_built_in_pattern_was_dropped() -> None:
    """A built-in pattern that is not plain would be passed over in silence."""
    assert {rule.pattern for rule in CACHES} > {"__pycache__/", "*.pyc", "*.pyo", "*.pyd", ".hypothesis/"}
    assert {rule.pattern for rule in EXCLUDES} > {".git", "*.egg-info/", "/build/", "*~", "node_modules/"}
    assert (len(CACHES), len(EXCLUDES)) == (10, 38)


def test_the_built_in_rules_are_found_by_name() -> None:
    """Every path of every copy would be tried with every rule."""
    assert all(rule.name is not None for rule in BUILT_IN)


# The language of patterns: plain ones

PLAIN = [
    # pattern, what it matches, what it does not
    ("a", ["a", "a/", "d/a", "d/e/a/"], ["b", "A", "aa", "a.py"]),
    ("a/", ["a/", "d/a/"], ["a", "d/a"]),
    ("/a", ["a", "a/"], ["d/a"]),
    ("/a/", ["a/"], ["a", "d/a/"]),
    ("d/a", ["d/a", "d/a/"], ["a", "e/d/a"]),
    ("/d/a", ["d/a"], ["e/d/a"]),
    ("d/a/", ["d/a/"], ["d/a"]),
    ("*.py", ["a.py", ".py", "d/a.py", "a.py/"], ["a.pyc", "py"]),
    ("/*.py", ["a.py"], ["d/a.py"]),
    ("*.egg-info/", ["x.egg-info/", "d/x.egg-info/"], ["x.egg-info"]),
    ("*~", ["a~", "~"], ["~a"]),
    ("a*", ["a", "ab", "d/ab", "a/"], ["b", "ba", "a/b"]),
    ("a*/", ["ab/", "d/a/"], ["ab"]),
    ("/a*", ["ab"], ["d/ab"]),
    ("a*b", ["ab", "axb", "d/a.b"], ["a", "b", "abx", "xab", "a/b"]),
    ("aa*aa", ["aaaa", "aaxaa"], ["aa", "aaa"]),
    ("\\#*#", ["##", "#a#", "d/#a#"], ["#", "#a", "a#"]),
    ("\\#a", ["#a"], ["\\#a", "a"]),
    ("!\\!a*", ["!a", "!ab"], ["a"]),
    ("!a", ["a"], ["b", "!a"]),
    (" a", [" a"], ["a"]),
    ("a b", ["a b"], ["a"]),
    ("a#b", ["a#b"], []),
    ("a!", ["a!"], []),
    ("ä", ["ä"], ["a"]),
]


@pytest.mark.parametrize(("pattern", "matched", "other"), PLAIN)
def test_plain_patterns(pattern: str, matched: list[str], other: list[str]) -> None:
    """An exclude in the configuration would take out what it does not name."""
    rule = parse_plain(pattern, "configuration", "pyproject.toml", 3)
    assert rule is not None
    assert (rule.file, rule.line, rule.excludes) == ("pyproject.toml", 3, not pattern.startswith("!"))
    for path in matched:
        assert rule.matches(path.rstrip("/"), path.endswith("/"))
        assert Rules([rule]).match(path.rstrip("/"), path.endswith("/")) is rule
    for path in other:
        assert not rule.matches(path.rstrip("/"), path.endswith("/"))


NOT_PLAIN = [
    "",
    "/",
    "!",
    "!/",
    "*",
    "**",
    "?",
    "a*b*",
    "d/a*",
    "\\a",
    "a/*.py",
    "*/a",
    "[a]",
    "a\\ ",
    "#a",
    "!#a",
    "!!a",
    "//a",
    "a//b",
]
NOT_PLAIN += ["a ", "a\t", "a\r", "a /", "a**", "*a*", "a\nb", "a\0"]


@pytest.mark.parametrize("pattern", NOT_PLAIN)
def test_other_patterns_are_not_plain(pattern: str) -> None:
    """A pattern with a meaning of its own would be taken for a name."""
    assert parse_plain(pattern, "configuration") is None


# Several rules


def rules(*patterns: str) -> Rules:
    """Return rules as the configuration gives them, without the built-in ones."""
    compiled = (compile_pattern(pattern, "configuration", "c.toml", line) for line, pattern in enumerate(patterns, 1))
    return Rules(rule for rule in compiled if rule is not None)


DECISIONS = [
    # patterns, what is excluded and by which line, what belongs
    (["docs/**", "!docs/keep.md"], {"docs/a.md": 1, "docs/b/": 1}, ["docs/", "docs/keep.md"]),
    (["docs/", "!docs/keep.md"], {"docs/a.md": 1, "docs/keep.md": 1}, ["a.md"]),
    (["*", "!*/", "!*.py"], {"a.md": 1, "d/e/a.md": 1}, ["a.py", "d/", "d/e/", "d/e/f/a.py"]),
    (["*.md", "!README.md"], {"a.md": 1, "d/a.md": 1}, ["README.md", "d/README.md"]),
    (["!README.md", "*.md"], {"README.md": 2}, ["README"]),
    (["**/d/*.py"], {"d/a.py": 1, "e/d/a.py": 1}, ["d/e/a.py", "a.py"]),
    (["d/**/a.py"], {"d/a.py": 1, "d/e/a.py": 1, "d/e/f/a.py": 1}, ["e/d/a.py"]),
    (["tests", "!tests/a.py"], {"tests/a.py": 1, "d/tests/": 1}, ["test"]),
    (["a?c", "[x-z]*"], {"abc": 1, "x": 2, "d/yes": 2}, ["ac", "a/c", "w"]),
    (["[!a]"], {"b": 1}, ["a", "ab"]),
    (["d[!a]e"], {"dbe": 1}, ["d/e", "dae"]),
    (["\\#a", "\\!b", "c\\ "], {"#a": 1, "!b": 2, "c ": 3}, ["a", "b", "c"]),
    (["", "# comment", "  ", "a  "], {"a": 4}, ["a  ", "# comment"]),
    (["a/**/"], {"a/b/": 1, "a/b/c/": 1}, ["a/", "a/b"]),
    (["**"], {"a": 1, "d/": 1}, []),
]


@pytest.mark.parametrize(("patterns", "excluded", "belongs"), DECISIONS, ids=[" ".join(row[0]) for row in DECISIONS])
def test_the_last_pattern_that_matches_decides(
    patterns: list[str], excluded: dict[str, int], belongs: list[str]
) -> None:
    """A file that a `!pattern` brings back would not be copied, or one that is excluded would."""
    asked = rules(*patterns)
    for path, line in excluded.items():
        rule = asked.exclusion(path.rstrip("/"), folder=path.endswith("/"))
        assert rule is not None, path
        assert rule.line == line, path
    for path in belongs:
        assert asked.exclusion(path.rstrip("/"), folder=path.endswith("/")) is None, path


def test_names_with_a_line_feed_are_matched_whole() -> None:
    """A name that holds a line feed would escape every rule, or be taken for its first line."""
    asked = rules("*.py[cod]", "d/**/x[1]")
    assert asked.exclusion("a\nb/c.pyc") is not None
    assert asked.exclusion("d/a\nb/x1") is not None
    assert asked.exclusion("c.pyc\n") is None


def test_select_keeps_what_belongs_in_order() -> None:
    """The master would be listed without its files, or with its caches."""
    paths = ["b.py", "__pycache__/b.pyc", "a.py", "build/x", "src/build/x"]
    assert list(Rules(BUILT_IN).select(paths)) == ["b.py", "a.py", "src/build/x"]


def test_no_rules_exclude_nothing() -> None:
    """A project without excludes could not be copied."""
    assert Rules([]).exclusion("a/b.pyc") is None


def test_the_configuration_comes_after_the_built_in_rules() -> None:
    """`exclude = ["!build/"]` could not bring back what the tool leaves out of its own accord."""
    configured, problems = configured_rules([("!/build/", 4), ("*.md", 5), ("# why", 6)], "common-sync.toml")
    assert problems == []
    assert configured.exclusion("build/a.py") is None
    assert configured.exclusion("dist/a.py") is not None
    rule = configured.exclusion("a.md")
    assert rule is not None
    assert (rule.pattern, rule.layer, rule.file, rule.line) == ("*.md", "configuration", "common-sync.toml", 5)


IMPOSSIBLE = ["!", "!/", "/", "[", "[a", "a\\", "[[:foo:]]", "[a\\]", "[/]"]


@pytest.mark.parametrize("pattern", IMPOSSIBLE)
def test_a_pattern_that_can_match_nothing_is_a_problem(pattern: str) -> None:
    """A pattern with a slip in it would end in a traceback, or be passed over in silence."""
    configured, problems = configured_rules([("*.md", 1), (pattern, 2), ("a", 3)], "common-sync.toml")
    (problem,) = problems
    assert problem.message.startswith(f'"exclude" holds {pattern!r}, which is no gitignore pattern: ')
    assert problem.place == "common-sync.toml:2"
    assert configured.exclusion("a") is not None


# Held against git

NAMES = [
    "a",
    "b",
    "ab",
    "abc",
    "a.py",
    "b.pyc",
    "a b",
    "a ",
    " a",
    "!a",
    "#a",
    "[a]",
    "a*",
    "a?",
    "a\\",
    ".a",
    "-",
    "A",
]
NAMES += ["ä", "a\tb", "a\t", "*", "**", "a]", "]", "^"]
FOLDERS = ["d", "e", "d/e", "d/d", "d/e/f", "d.py", "d d", ".d", "e/a d"]

UNIVERSE: Mapping[str, bool] = dict.fromkeys(FOLDERS, True) | {
    prefix + name: False
    for prefix, name in [*product([""], NAMES), *product((f"{folder}/" for folder in FOLDERS), NAMES[:12])]
}
"""Every path that the properties ask about → whether it is a folder."""


class Repository:
    """A git repository that holds some paths, and can be asked which of them a list of patterns ignores."""

    def __init__(self, root: Path, paths: Mapping[str, bool]) -> None:
        self.root, self._paths = root, paths
        shutil.rmtree(root, ignore_errors=True)
        for path, folder in paths.items():
            (root / path if folder else (root / path).parent).mkdir(parents=True, exist_ok=True)
            if not folder:
                (root / path).touch()
        subprocess.run(["git", "init", "-q", root], env=environment(), check=True)

    def ignoring(self, gitignores: Mapping[str, bytes]) -> dict[str, tuple[str, int] | None]:
        """Return path → the file and line that ignores it, or None."""
        for file, data in gitignores.items():
            (self.root / file).write_bytes(data)
        command = ["git", "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n"]
        asked = "\0".join(self._paths).encode()
        done = subprocess.run(
            command, cwd=self.root, env=environment(), input=asked, stdout=subprocess.PIPE, check=False
        )
        for file in gitignores:
            (self.root / file).unlink()
        assert done.returncode in {0, 1}
        fields = iter(done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])
        return {
            path: (file, int(line)) if file and not pattern.startswith("!") else None
            for file, line, pattern, path in zip(fields, fields, fields, fields, strict=True)
        }


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository that holds all paths of the properties."""
    return Repository(tmp_path_factory.mktemp("git"), UNIVERSE)


PARTS = ["a", "b", "ab", "abc", "d", "e", "f", ".py", ".", "ä", "-", "^", "A", "a b", "*", "*", "?", "[ab]", "[a-c]"]
PARTS += [
    "[!a]",
    "[^a]",
    "[]]",
    "[!]a]",
    "[-a]",
    "[a-]",
    "\\a",
    "\\*",
    "\\ ",
    "\\\\",
    "\\[",
    "!",
    "#",
    "]",
    "\t",
    " ",
    "[z-a]",
    "[[:alpha:]]",
    "[![:punct:]a-c]",
    "[[:alpha]",
    "[a\\]]",
    "[a\\-c]",
    "[a--b]",
    "[a/b]",
    "[[a]",
    "\\/",
    "**",
]

segments = st.one_of(st.just("**"), st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("".join))

_STARS_AFTER_A_LITERAL = re.compile(r"!?[^*?\[\\]*[^*?\[\\/]\*\*+ *(?:/|\\/|$)")
"""Left out: before 2.52, git takes the literal text before the stars off first, and then sees a whole part: `a**/b` is also
`ax/y/b` (match_pathname in its dir.c). `test_gitignore.py` has what they mean here."""


@st.composite
def written_patterns(draw: st.DrawFn) -> str:
    """Return one line of a .gitignore file."""
    before = draw(st.sampled_from(["", "", "", "!", "!", "/", "!/", "**/", " "]))
    after = draw(st.sampled_from(["", "", "", "/", "/**", "/*", " ", "  ", "/ "]))
    middle = "/".join(draw(st.lists(segments, min_size=1, max_size=3)))
    assume(not _STARS_AFTER_A_LITERAL.match(before + middle + after))
    return before + middle + after


@thorough
@given(patterns=st.lists(written_patterns(), min_size=1, max_size=4))
@example(patterns=["*", "!*/", "!*.py"])
@example(patterns=["d/**", "!d/a"])
@example(patterns=["d/**/", "!d/e/f"])
@example(patterns=["a\\\\ ", "a\\ "])
@example(patterns=["[a\t"])
@example(patterns=["", " ", "#a", "\\#a"])
def test_every_decision_is_that_of_git(repository: Repository, patterns: list[str]) -> None:
    """The same pattern would mean one thing in .gitignore and another in `exclude`."""
    check_patterns(repository, patterns)


def check_patterns(repository: Repository, patterns: Sequence[str]) -> None:
    """Hold what patterns decide against git, for every path that there is."""
    found = repository.ignoring({".gitignore": "".join(f"{pattern}\n" for pattern in patterns).encode()})
    asked = Rules(accepted(patterns))
    for path, folder in UNIVERSE.items():
        rule = asked.exclusion(path, folder=folder)
        assert (rule.line if rule is not None else None) == (found[path] or (None, None))[1], path


def accepted(patterns: Sequence[str]) -> Iterator[Rule]:
    """Yield the rules; git passes over a pattern that can match nothing."""
    for line, pattern in enumerate(patterns, 1):
        try:
            rule = compile_pattern(pattern, "configuration", "c.toml", line)
        except ValueError:
            continue
        if rule is not None:
            yield rule


# .gitignore files where there is no git


def ignored_by_walking(root: Path, paths: Mapping[str, bool]) -> dict[str, tuple[str, int] | None]:
    """Return path → the file and line that ignores it, asked from the top downward as the master is walked."""
    gitignores = Gitignores(str(root))
    found: dict[str, tuple[str, int] | None] = {"": None}
    for path in sorted(paths):
        above = found[path.rpartition("/")[0]]
        rule = None if above else gitignores.exclusion(path, paths[path])
        found[path] = (str(rule.file), rule.line or 0) if rule is not None else above
    del found[""]
    return found


@thorough
@given(files=st.dictionaries(st.sampled_from(["", *FOLDERS[:5]]), st.lists(written_patterns(), max_size=3), max_size=3))
@example(files={"": ["a*", "!/ab", "e/"], "d": ["!a*", "/b"], "d/e": ["a", "!f"]})
def test_nested_gitignores_decide_as_in_git(repository: Repository, files: dict[str, list[str]]) -> None:
    """The same library would be copied otherwise where it is unpacked from an archive, without git."""
    written = {os.path.join(folder, ".gitignore"): "\n".join(patterns).encode() for folder, patterns in files.items()}
    found = repository.ignoring(written)
    for file, data in written.items():
        (repository.root / file).write_bytes(data)
    try:
        assert ignored_by_walking(repository.root, UNIVERSE) == found
    finally:
        for file in written:
            (repository.root / file).unlink()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a\r\nb\r\n", id="line ends of Windows"),
        pytest.param(b"a\r\nb\r", id="the last line without one"),
        pytest.param(b"\xef\xbb\xbfa\nb\n", id="byte order mark"),
        pytest.param(b"b\x0cc\n\xc2\x85\na\n", id="what is a line end to Python only"),
        pytest.param(b"a\rb\n", id="a carriage return within"),
        pytest.param(b"\xff\na\n", id="not UTF-8"),
        pytest.param(b"\xc3?\n[\xc3]*\n", id="half a character"),
        pytest.param(b"a\0b\n\0\nab*\0c\n", id="zero bytes"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_gitignore_is_read_as_git_reads_it(repository: Repository, data: bytes) -> None:
    """A .gitignore that an editor on Windows wrote would ignore nothing, and caches be copied."""
    found = repository.ignoring({".gitignore": data})
    (repository.root / ".gitignore").write_bytes(data)
    try:
        assert ignored_by_walking(repository.root, UNIVERSE) == found
    finally:
        (repository.root / ".gitignore").unlink()


def test_a_gitignore_that_is_no_file_is_passed_over(tmp_path: Path) -> None:
    """A FIFO of that name would hang the tool, a symlink make it read somebody else's file."""
    (tmp_path / "elsewhere").write_text("*\n")
    (tmp_path / "link").mkdir()
    (tmp_path / "link/.gitignore").symlink_to("../elsewhere")
    (tmp_path / "folder/.gitignore").mkdir(parents=True)
    (tmp_path / "fifo").mkdir()
    os.mkfifo(tmp_path / "fifo/.gitignore")
    gitignores = Gitignores(str(tmp_path))
    for folder in ("link", "folder", "fifo", "not-there"):
        assert gitignores.exclusion(f"{folder}/a", folder=False) is None
