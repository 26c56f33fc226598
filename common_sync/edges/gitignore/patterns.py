"""Gitignore patterns, plain or not; and `.gitignore` files where there is no git to ask."""

import os
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from errno import EACCES, EIO, EPERM

from common_sync.core import limits
from common_sync.core.asked_once import asked_once
from common_sync.core.copies.rules import BUILT_IN, Layer, Rule, Rules, parse_plain
from common_sync.core.errors import Problem
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes


def compile_pattern(pattern: str, layer: Layer, file: str, line: int) -> Rule | None:
    """Return the rule for one pattern, or None for a comment or an empty line.

    Raises:
        ValueError: It is no pattern, or can match nothing.
    """
    plain = parse_plain(pattern, layer, file, line)
    if plain is not None:
        return plain
    if not pattern.strip(" ") or pattern.startswith("#"):
        return None
    from common_sync.core.formats.gitignore import make_matcher  # most patterns are plain

    return Rule(pattern, layer, make_matcher(pattern), None, "whole", file, line)


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

    @asked_once
    def _rules(self, folder: str) -> Rules:
        return Rules(self._read(folder))

    def _read(self, folder: str) -> Iterator[Rule]:
        file = f"{folder}/{_GITIGNORE}" if folder else _GITIGNORE
        try:
            with opened(os.path.join(self._root, folder)) as descriptor:
                data = read_bytes(_GITIGNORE, descriptor, limits.OF_GIT)
        except OSError as error:
            if error.errno in _UNREADABLE:  # what it ignores would be copied
                raise explain_os_error(error, file, "read it") from error
            return
        lines = data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").split("\n")
        for number, line in enumerate(lines, 1):
            with suppress(ValueError):  # git passes over a pattern that can match nothing
                rule = compile_pattern(line.removesuffix("\r").partition("\0")[0], "gitignore", file, number)
                if rule is not None:
                    yield rule


_GITIGNORE = ".gitignore"
_UNREADABLE = (EACCES, EIO, EPERM)
