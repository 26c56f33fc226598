"""Gitignore patterns beyond the plain ones, by pathspec; and `.gitignore` files where there is no git to ask."""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from errno import EACCES, EIO, EPERM

from common_sync.core.errors import Problem
from common_sync.core.rules import BUILT_IN, Layer, Matcher, Rule, Rules, parse_plain
from common_sync.edges.folders import explain_os_error, opened
from common_sync.edges.reading import read_bytes


def compile_pattern(pattern: str, layer: Layer, file: str, line: int) -> Rule | None:
    """Return the rule for one pattern, or None for a comment or an empty line.

    Args:
        pattern: One gitignore pattern.
        layer: The layer that it stands in.
        file: The file that it stands in.
        line: Its line there, counted from 1.

    Raises:
        ValueError: It is no pattern, or can match nothing.
    """
    plain = parse_plain(pattern, layer, file, line)
    if plain is not None:
        return plain
    if not pattern.strip(" ") or pattern.startswith("#"):
        return None
    return Rule(pattern, layer, _pathspec_matcher(pattern), None, False, file, line)


def _pathspec_matcher(pattern: str) -> Matcher:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # 40 ms, and most patterns are plain

    source, _ = GitIgnoreSpecPattern.pattern_to_regex(_for_pathspec(pattern))
    if source is None:
        message = "it can match nothing"
        raise ValueError(message)
    if source == _ANY_FOLDER:
        return lambda _, folder: folder
    regex = _compile(source)
    # pathspec's expressions also match all that is below a folder that they match, and mark where that folder's name
    # ends. Here each folder is asked for by itself, as git does, so that the mark must end the path. An expression
    # without it comes of a pattern that ends in `**`: it matches what is below a folder, at any depth.
    marked = _MARK in regex.groupindex

    def matches(path: str, folder: bool) -> bool:
        name = _as_git_reads(path)
        if marked:
            return regex.fullmatch(name + "/" if folder else name) is not None
        return regex.search(name) is not None

    return matches


_MARK = "ps_d"
_ANY_FOLDER = f"(?P<{_MARK}>/)"
_UNPADDED = re.compile(r"((?:\\.|[^\\])*?) *", re.DOTALL)
_LAST_SPACE = re.compile(r"((?:\\.|[^\\])*?)\\?(\s)", re.DOTALL)
_BRACKETS = re.compile(r"\\.|\[([!^]?\]?[^]]*)\]", re.DOTALL)
_UNLIKE_GIT = re.compile(r"[\\[/]|--|&&|~~|\|\|").search
_BETWEEN_STARS = re.compile(r"\[\^/\]\*((?:\\.|\[(?!\^/\]\*)[^]]+\]|[^][()*/\\])+)(?=\[\^/\]\*)", re.DOTALL)
"""What stands between two stars of a part: the first place where it fits is as good as any, and trying no other keeps a pattern
of many stars from taking longer than anybody can wait for."""

_SET = re.compile(r"\\.|\[(?!\^/\])", re.DOTALL)


def _for_pathspec(pattern: str) -> str:
    """Return what pathspec is to be given so that it means what git means.

    Git drops spaces at the end, pathspec any white space; for git, `a/**/` is a folder somewhere below `a`.
    """
    unpadded = _UNPADDED.fullmatch(pattern)
    if unpadded is None:
        message = "it ends in a backslash"
        raise ValueError(message)
    text = _as_git_reads(unpadded[1])
    if text == "!/":
        message = "it can match nothing"
        raise ValueError(message)
    if text.endswith("/**/"):
        text += "*/"
    if text[-1].isspace():
        text = _LAST_SPACE.sub(r"\1[\2]", text)
    for found in _BRACKETS.finditer(text):
        if found[1] is not None and _UNLIKE_GIT(found[1]):
            message = "it has brackets of a kind that is not supported"
            raise ValueError(message)
    return text


def _as_git_reads(text: str) -> str:
    """Return one character for each byte: git matches bytes, so that `?` is half an `ä`."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _compile(source: str) -> re.Pattern[str]:
    """Compile pathspec's expression; no bracket expression matches a slash."""
    source = _BETWEEN_STARS.sub(r"(?>[^/]*?\1)", source)
    try:
        return re.compile(_SET.sub(lambda found: "(?!/)[" if found[0] == "[" else found[0], source), re.DOTALL)
    except re.error as error:
        raise ValueError(error.msg) from None


def configured_rules(patterns: Sequence[tuple[str, int]], file: str) -> tuple[Rules, list[Problem]]:
    """Return the rules of all three layers, and what is wrong with the configured ones.

    Args:
        patterns: The configuration's patterns, each with its line.
        file: The configuration's path, for messages.
    """
    rules = list(BUILT_IN)
    problems = []
    for pattern, line in patterns:
        try:
            rule = compile_pattern(pattern, "configuration", file, line)
        except ValueError as error:
            problems.append(Problem(f'"exclude" holds {pattern!r}, which is no gitignore pattern: {error}', file, line))
            continue
        if rule is not None:
            rules.append(rule)
    return Rules(rules), problems


class Gitignores:
    """The `.gitignore` files from a folder downward, for a tree outside git.

    Args:
        root: The absolute path of the folder that the first one may stand in.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, Rules] = {}

    def exclusion(self, path: str, folder: bool) -> Rule | None:
        """Return the rule that ignores a path, or None; the nearest `.gitignore` that matches decides.

        Args:
            path: POSIX path relative to the root; the folders above it are not ignored.
            folder: Whether it is a folder.
        """
        parts = path.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            rule = self._rules("/".join(parts[:depth])).match("/".join(parts[depth:]), folder)
            if rule is not None:
                return rule if rule.excludes else None
        return None

    def _rules(self, folder: str) -> Rules:
        if folder not in self._files:
            self._files[folder] = Rules(self._read(folder))
        return self._files[folder]

    def _read(self, folder: str) -> Iterator[Rule]:
        file = f"{folder}/{_GITIGNORE}" if folder else _GITIGNORE
        try:
            with opened(os.path.join(self._root, folder)) as descriptor:
                data = read_bytes(_GITIGNORE, descriptor, _LARGEST_GITIGNORE)
        except OSError as error:
            if error.errno in _UNREADABLE:  # what it ignores would be copied
                raise explain_os_error(error, file, "read it") from error
            return
        lines = data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").split("\n")
        for number, line in enumerate(lines, 1):
            with suppress(ValueError):  # git passes over a pattern that can match nothing
                rule = compile_pattern(line.removesuffix("\r"), "gitignore", file, number)
                if rule is not None:
                    yield rule


_GITIGNORE = ".gitignore"
_UNREADABLE = (EACCES, EIO, EPERM)
_LARGEST_GITIGNORE = 100 << 20
"""Bytes; git passes over a larger one too."""
