"""Gitignore patterns that are not plain, by pathspec; imported once there is one."""

import re

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from common_sync.core.copies.rules import Matcher
from common_sync.core.expressions import expression


def make_matcher(pattern: str) -> Matcher:
    """Return what tells whether a pattern, without its `!`, matches a path.

    Args:
        pattern: One gitignore pattern.

    Raises:
        ValueError: It is no pattern, or can match nothing.
    """
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
_UNPADDED = expression(r"((?:\\.|[^\\])*?) *", re.DOTALL)
_LAST_SPACE = expression(r"((?:\\.|[^\\])*?)\\?(\s)", re.DOTALL)
_BRACKETS = expression(r"\\.|\[([!^]?\]?[^]]*)\]", re.DOTALL)
_UNLIKE_GIT = expression(r"[\\[/]|--|&&|~~|\|\|")
_BETWEEN_STARS = expression(r"\[\^/\]\*((?:\\.|\[(?!\^/\]\*)[^]]+\]|[^][()*/\\])+)(?=\[\^/\]\*)", re.DOTALL)
"""What stands between two stars of a part: the first place where it fits is as good as any, and trying no other keeps a pattern
of many stars from taking longer than anybody can wait for."""

_SET = expression(r"\\.|\[(?!\^/\])", re.DOTALL)


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
        if found[1] is not None and _UNLIKE_GIT.search(found[1]):
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
