"""Files that commands install from, whatever their names: `pip install -r deps/api.txt`, `uv run tool.py`.

A Dockerfile, a compose file or a script is searched as text: what is taken for a path and is none leads to no file of the service.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.references.contract import Include

_CONTINUED = expression(
    r"\\[ \t]*\r?\n|\r?\n[ \t]*-[ \t]+(?=[\"'\w./$-])"
)  # a backslash, or the next item of a list in YAML
_FOLDED = expression(
    r"^(?P<indent>[ \t]*)(?:-[ \t]+)?[\w-]+:[ \t]*>[-+]?[ \t]*\r?\n(?:(?P=indent)[ \t]+\S[^\n]*\n?)+", re.MULTILINE
)
_BREAK = expression(r"\r?\n[ \t]+(?=\S)")
_COMMAND = expression(r"[^\n;&|]+")
_TOOL = expression(
    r"(?<![a-z])(?:pip(?:x|env)?|uvx?|\w+\.(?:install|run)|deps)(?![a-z])|^[ \t]*(?=-r)", re.IGNORECASE
)  # tox lists in lines of their own what it installs
_WORD = r"(?:\$\([^()\s]*\)|\$?\{[^{}\s]*\}|[^\s\"',;(){}\[\]<>=])+"
_OPTION = expression(
    r"(?:(?<![\w-])(?:-r|--(?:with-)?requirements?|--requirements-from-script|--overrides?|(?P<constraint>-c|-b|--(?:build-)?constraints?))"
    rf"|(?<=PIP)_REQUIREMENT)(?:[\"']?[\s=,:]+[\"']?|(?=[\w./${{]))(?P<path>{_WORD})"
)
_LISTED = expression(rf"(?<![a-z])(?:sync|compile)(?![\w-])(?P<words>(?:[\s\"',]+{_WORD})*)")
_SPLIT = expression(_WORD)
_DYNAMIC = expression(
    r"dependencies(?:\.[\w-]+)?[\"']?(?:[ \t]*=[ \t]*\{[ \t]*|\.?[\w-]*\][ \t]*\r?\n|\.)file[ \t]*=[ \t]*(?P<files>\[[^\]]*|[\"'][^\"']*)"
)
_ASSIGNMENT = expression(r"(?<![\w-])(\w+)[ \t]*[:?]?=[ \t]*[\"']?([^\s\"';&|]+)")
_LOOP = expression(r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+([^\s;]+)[ \t]*(?:;|\n)")
_VARIABLE = expression(r"\$\{(\w+)(?::?-([^{}]*))?\}|\$\((\w+)\)|\$(\w+)|\{\{?[^{}]*\}\}?")
_COPIED = expression(
    r"^[ \t]*(?:COPY|ADD)[ \t]+(?:--\S+[ \t]+)*\[?[\"']?(?P<source>[^\s\"',]+)[\"']?,?[ \t]+[\"']?(?P<target>[^\s\"',\]]+)",
    re.MULTILINE | re.IGNORECASE,
)
_FIELD = expression(r"(?<![\w-])(source|src|target|dst|destination)=([^,\s\"']+)")
_MOUNT = expression(r"--mount=(\S+)", needs="--mount=")


class Named(NamedTuple):
    """A word that a command takes for a file's path, its line, and what the file is."""

    path: str
    line: int
    kind: str
    constraint: bool = False


def find_named(text: str) -> Iterator[Named]:
    """Yield the files that a text's commands install from, as they are written; `*` stands for what cannot be told.

    Args:
        text: A Dockerfile, a compose file or a script.
    """
    if "setuptools.dynamic" in text:
        yield from _list_dynamic(text)
    joined = _FOLDED.sub(lambda block: _blank(_BREAK, block[0]), text) if ">" in text else text
    joined = _blank(_CONTINUED, joined)
    values = {match[1]: match[2] for found in (_ASSIGNMENT, _LOOP) for match in found.finditer(joined)}
    for command in _COMMAND.finditer(joined):
        tool = _TOOL.search(command[0])
        if tool is None or command[0].lstrip().startswith("#"):
            continue
        for found in _list_words(command[0], tool.end()):
            path = _VARIABLE.sub(lambda match: _value(match, values), found.path)
            yield found._replace(path=path, line=text.count("\n", 0, command.start() + found.line) + 1)


def _list_dynamic(text: str) -> Iterator[Named]:
    """Yield the files of requirements that setuptools reads for a project."""
    for found in _DYNAMIC.finditer(text):
        for word in _SPLIT.finditer(text, *found.span("files")):
            yield Named(word[0], text.count("\n", 0, word.start()) + 1, "requirements")


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _list_words(command: str, start: int) -> Iterator[Named]:
    """Yield the words of one command that name files, with their offsets in place of lines."""
    for match in _OPTION.finditer(command, start):
        yield Named(match["path"], match.start("path"), "requirements", match["constraint"] is not None)
    for match in _LISTED.finditer(command, max(start - 1, 0)):
        for word in _SPLIT.finditer(command, *match.span("words")):
            if not word[0].startswith("-"):
                yield Named(word[0], word.start(), "requirements")
    for word in _SPLIT.finditer(command, start):
        if word[0].endswith(".py"):
            yield Named(word[0], word.start(), "script")


def _value(match: re.Match[str], values: dict[str, str]) -> str:
    name = match[1] or match[3] or match[4] or ""
    value = values.get(name, match[2] or "*")
    return "*" if "$" in value else value


def find_included(text: str, paths: Iterable[str], above: str) -> list[Include]:
    """Return the files of a service that a text's commands install from, as paths inside the service.

    Args:
        text: A Dockerfile, a compose file or a script.
        paths: The paths of the service's files.
        above: The folder that the text is in, inside the service.
    """
    known = list(paths)
    moved = dict(_list_moved(text))
    found = {
        path: Include(path, named.line, named.constraint, named.kind)
        for named in find_named(text)
        for path in _resolve(named.path, known, above, moved)
    }
    return list(found.values())


def _list_moved(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name that a file has in an image, and the path in the service that it comes from."""
    for match in _COPIED.finditer(text):
        yield posixpath.basename(match["target"]), match["source"]
    for mount in _MOUNT.finditer(text):
        fields = {
            key[:3].replace("src", "sou").replace("dst", "tar").replace("des", "tar"): value
            for key, value in _FIELD.findall(mount[1])
        }
        if len(fields) == 2:  # noqa: PLR2004 - where from, and where to
            yield posixpath.basename(fields["tar"]), fields["sou"]


def _resolve(word: str, known: list[str], above: str, moved: dict[str, str]) -> list[str]:
    """Return the files that a word may mean: from the file's folder, from the service's, or from another place in an image."""
    parts = [part for part in word.split("/") if part not in {"", ".", "*"}]
    words = [f"{above}/{word}".lstrip("/"), *("/".join(parts[index:]) for index in range(len(parts)))]
    if source := moved.get(posixpath.basename(word)):
        words.insert(0, source.removeprefix("./").lstrip("/"))
    for one in words:
        path = posixpath.normpath(one)
        if not path.rpartition("/")[2].strip("*"):
            continue  # a variable of which nobody can tell anything
        matching = [other for other in known if other == path or ("*" in path and fnmatchcase(other, path))]
        if matching:
            return [other for other in matching if other.count("/") == path.count("/")]
    return []
