"""Gitignore patterns beyond the plain ones, by pathspec; and `.gitignore` files where there is no git to ask."""

import os
from collections.abc import Sequence

from common_sync.core.errors import Problem
from common_sync.core.rules import BUILT_IN, Layer, Matcher, Rule, Rules, parse_plain


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
    if not pattern.strip() or pattern.startswith("#"):
        return None
    return Rule(pattern, layer, _pathspec_matcher(pattern), None, False, file, line)


def _pathspec_matcher(pattern: str) -> Matcher:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # 40 ms, and most patterns are plain

    compiled = GitIgnoreSpecPattern(pattern)
    if compiled.regex is None:
        message = "it can match nothing"
        raise ValueError(message)
    regex = compiled.regex

    def matches(path: str, folder: bool) -> bool:
        # pathspec's expressions also match all that is below a folder that they match; the group `ps_d` marks where
        # that folder's name ends. Here each folder is asked for by itself, as git does.
        name = path + "/" if folder else path
        match = regex.search(name)
        below = match is not None and match.groupdict().get("ps_d") is not None and match.end() < len(name)
        return match is not None and not below

    return matches


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
            self._files[folder] = Rules(self._read(os.path.join(folder, ".gitignore")))
        return self._files[folder]

    def _read(self, file: str) -> list[Rule]:
        try:
            with open(os.path.join(self._root, file), encoding="utf-8", errors="surrogateescape") as stream:
                lines = stream.read().splitlines()
        except OSError:
            return []
        rules = []
        for number, line in enumerate(lines, 1):
            try:
                rule = compile_pattern(line, "gitignore", file, number)
            except ValueError:  # git passes over a pattern that can match nothing
                continue
            if rule is not None:
                rules.append(rule)
        return rules
