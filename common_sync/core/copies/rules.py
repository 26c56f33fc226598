"""Which paths of a tree belong to the library: gitignore patterns in three layers, the last match decides.

A pattern that is a plain name, a path, or a name with one `*` is matched here, by comparing text; all others are matched by
`core/formats/gitignore.py`, which would give the same answers for these, but not as fast.

Source of the format: https://git-scm.com/docs/gitignore#_pattern_format
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

Layer = Literal["caches", "excludes", "configuration", "gitignore"]

Part = Literal["whole", "end", "beginning"]

Matcher = Callable[[str, bool], bool]
"""(POSIX path relative to the patterns' folder, whether it is a folder) → does the pattern match this very path?"""


class Rule(NamedTuple):
    """One pattern, and where it was written.

    Attributes:
        pattern: As it was written, with its `!`.
        layer: What it means when it decides; a rule of the `caches` layer also removes what it matches in a copy.
        matches: Whether the pattern, without its `!`, matches a path.
        name: The last name of every match, or what it ends or begins with; None when it takes `matches` to tell.
        part: Whether `name` is the whole of the last name, its end or its beginning.
        file: The file that it was read from, or None for a built-in.
        line: Its line there, counted from 1.
    """

    pattern: str
    layer: Layer
    matches: Matcher
    name: str | None
    part: Part
    file: str | None = None
    line: int | None = None

    @property
    def excludes(self) -> bool:
        """Whether it takes a path out; one that begins with `!` brings it back."""
        return not self.pattern.startswith("!")


def parse_plain(pattern: str, layer: Layer, file: str | None = None, line: int | None = None) -> Rule | None:
    """Return the rule for a pattern without wildcards, or with one `*` in a name, or None when it is another."""
    body = pattern.removeprefix("!")
    only_folders, anchored = body.endswith("/"), "/" in body[:-1]
    body = body.removesuffix("/").removeprefix("/")
    escaped = body.startswith(("\\#", "\\!"))
    literal = body[1:] if escaped else body
    beginning, star, end = literal.partition("*")
    plain = f"{beginning}{end}" and not _SPECIAL.intersection(beginning + end) and "//" not in pattern
    if not plain or literal[-1] in " \t\r" or (star and "/" in literal):
        return None
    if not escaped and body.startswith(("#", "!", "/")):
        return None
    matches = _matcher(beginning, star, end, only_folders=only_folders, anchored=anchored)
    part: Part = "whole" if not star else "end" if end else "beginning"
    return Rule(pattern, layer, matches, end or beginning.rpartition("/")[2], part, file, line)


_SPECIAL = frozenset("*?[]\\\0\n")


def _matcher(beginning: str, star: str, end: str, *, only_folders: bool, anchored: bool) -> Matcher:
    least = len(beginning) + len(end)

    def matches(path: str, folder: bool) -> bool:
        if only_folders and not folder:
            return False
        candidate = path if anchored else path.rpartition("/")[2]
        if not star:
            return candidate == beginning
        fits = candidate.startswith(beginning) and candidate.endswith(end) and "/" not in candidate
        return fits and len(candidate) >= least

    return matches


def _built_in(layer: Layer, patterns: str) -> tuple[Rule, ...]:
    return tuple(rule for pattern in patterns.split() if (rule := parse_plain(pattern, layer)))


CACHES = _built_in(
    "caches",
    "__pycache__/ *.pyc *.pyo *.pyd .pytest_cache/ .mypy_cache/ .ruff_cache/ .hypothesis/ .pytype/ .import_linter_cache/",
)
"""Never copied, and removed where they turn up in a copy: tools make them anew."""

EXCLUDES = _built_in(
    "excludes",
    ".git .hg .svn .venv/ venv/ .env .tox/ .nox/ *.egg-info/ *.dist-info/ .eggs/ /build/ /dist/ .coverage htmlcov/"
    " node_modules/ .idea/ .vscode/ *.sublime-workspace *~ *.swp *.swo *.swn .#* \\#*# *.kate-swp *___jb_tmp___ *___jb_old___"
    " .DS_Store ._* .AppleDouble/ Thumbs.db ehthumbs.db desktop.ini Desktop.ini .directory .nfs* .fuse_hidden*",
)
"""Never copied, and left alone in a copy: an editable install, an editor or the system puts them there."""

BUILT_IN = CACHES + EXCLUDES


class Rules:
    """Patterns in order, with what is needed to ask quickly; a question about a folder is answered once.

    Args:
        rules: From the first to the last; the last that matches decides.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._last_first = self.rules[::-1]
        self._names = frozenset(self._list_names("whole"))
        self._ends, self._beginnings = tuple(set(self._list_names("end"))), tuple(set(self._list_names("beginning")))
        self._plain = all(rule.name is not None for rule in self.rules)
        self._folders: dict[str, Rule | None] = {"": None}

    def _list_names(self, part: Part) -> Iterator[str]:
        return (rule.name for rule in self.rules if rule.name is not None and rule.part == part)

    def match(self, path: str, folder: bool) -> Rule | None:
        """Return the last rule that matches this very path, whatever holds for the folders above it.

        Args:
            path: POSIX path relative to the patterns' folder.
            folder: Whether it is a folder; a symlink is none.
        """
        name = path.rpartition("/")[2]
        if (
            self._plain
            and name not in self._names
            and not name.endswith(self._ends)
            and not name.startswith(self._beginnings)
        ):
            return None
        return next((rule for rule in self._last_first if rule.matches(path, folder)), None)

    def exclusion(self, path: str, *, folder: bool = False) -> Rule | None:
        """Return the rule that keeps a path out, or None when it belongs: a file below an excluded folder is excluded."""
        parent = path.rpartition("/")[0]
        if parent not in self._folders:
            self._folders[parent] = self.exclusion(parent, folder=True)
        above = self._folders[parent]
        if above is not None:
            return above
        rule = self.match(path, folder)
        return rule if rule is not None and rule.excludes else None

    def select(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield the paths of files that belong."""
        return (path for path in paths if self.exclusion(path) is None)
