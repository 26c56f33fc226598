"""Whether a start needs a program, where a condition of its scripts decides about it, or what runs before may bring it."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from posixpath import basename

from common_sync.core.doctor.build.outcome import Started
from common_sync.core.doctor.checks.start.begun import Begun
from common_sync.core.doctor.image.lookup import find_read, find_started
from common_sync.core.doctor.install.need import read_text
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command

UNTOLD = "cannot be told whether this is needed: "
"""What stands before a sentence about what only some starts need."""
_ASKING = frozenset({"which", "type", "hash"})
_TESTS = frozenset({"[", "[[", "test"})
_OF_FILES = frozenset({"-e", "-f", "-s", "-x", "-r", "-d"})
_AS_ROOT = expression(
    r"""\bif[ \t]+(?:\[\[?|test)[ \t]+"?(?:\$\(id[ ]-u\)|`id[ ]-u`|\$\{?E?UID\}?)"?[ \t]+(?:==?|-eq)[ \t]+['"]?0['"]?[ \t]*\]?\]?"""
    r"""\s*;?\s*then\b(?P<body>(?:(?!\b(?:fi|else|elif|if)\b)[\s\S]){0,2000})"""
)
"""What a start script does only where root runs it."""


def is_needed(written: str, started: Started, begun: Begun) -> bool | None:
    """Tell whether a start needs a program or a file; None where only some ways of its scripts do, or nobody can tell.

    Args:
        written: The program or the file.
        started: What is started by it.
        begun: How the image is started.
    """
    if started.sure:
        return True
    name = basename(written)
    command, others = started.command, [one for one in begun.end.started if one is not started]
    if command.passed_over or _asks_by(command) or name in _list_asked_for(begun):
        return False
    by_the_way = any(one[0].text == written for one in command.through if one)
    if not by_the_way and any(one.sure and one.command.words == command.words for one in others):
        return False  # that says it
    handed = len(command.words)
    if started.open and name in _list_named(one for one in others if one.command.words[-handed:] != command.words):
        return False  # what runs before may make it
    return _is_for_root(name, begun)


def _asks_by(command: Command) -> bool:
    """Tell whether a command only asks whether there is a program: `command -v gosu`."""
    return any(one[0].text == "command" and len(one) > 1 for one in command.through if one)


def _list_asked_for(begun: Begun) -> Iterator[str]:
    """Yield the names of what a start script looks for before it starts it."""
    for command in (one.command for one in begun.end.started):
        words = [word.text for word in command.arguments]
        if _asks_by(command):
            yield command.program
        elif command.program in _ASKING:
            yield from map(basename, words)
        elif command.program in _TESTS:
            yield from (basename(path) for option, path in pairwise(words) if option in _OF_FILES)


def _list_named(several: Iterable[Started]) -> Iterator[str]:
    """Yield the names of the files that some programs are told of, or write."""
    words = (word for one in several for word in (*one.command.arguments, *one.command.writes))
    yield from (basename(word.text) for word in words)


def _is_for_root(name: str, begun: Begun) -> bool | None:
    """Tell whether a start script, which runs a program where root runs it, is run by root; None where it does not, or nobody can tell."""
    image, end = begun.end.image, begun.end
    paths = {path for one in end.started for path in (find_read(one.command, image), find_started(one.command, image))}
    places = [image.look(path) for path in paths if path is not None]
    texts = [read_text(one, begun.image.context) or "" for one in places if one is not None and one.kind == "file"]
    told = any(name in body for text in texts for body in _AS_ROOT.findall(text))
    own = (
        begun.file.endswith(f"/{begun.image.dockerfile}") and not begun.image.builds
    )  # else a compose file may say `user`
    return end.user in {"", "0", "root"} if told and own else None
