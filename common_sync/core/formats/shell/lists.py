"""What follows a command in a list such as `a && b`: whether the script goes on when it fails, and whether it is waited for."""

import re
from collections.abc import Sequence
from itertools import dropwhile, takewhile
from posixpath import basename
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import is_python
from common_sync.core.formats.shell.simple import Simple

_ASSIGNMENT = expression(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PIP = expression(r"pip3?(?:\.\d+)?")
_STEADY = frozenset(
    (
        *("apt", "apt-get", "apk", "dpkg", "yum", "dnf", "microdnf", "zypper", "pacman", "uv", "poetry", "pdm", "pipx"),
        *("pipenv", "virtualenv", "venv", "ensurepip", "conda", "mamba", "micromamba", "cp", "mv", "rm", "mkdir", "ln"),
        *("chmod", "chown", "touch", "install", "rsync", "tar", "unzip", "sed", "tee", "cat", "echo", "printf", "cd"),
        *("pushd", "popd", "export", "local", "readonly", "declare", "unset", "set", "umask", "true", ":", "useradd"),
        *("groupadd", "adduser", "addgroup", "usermod", "ldconfig", "update-ca-certificates", "locale-gen", "sync"),
    )
)
"""Programs that fail only where something is wrong. All others may be asked a question, and say no."""
_LEADING = frozenset({"sudo", "env", "exec", "nice", "nohup", "time"})
_OPENING = frozenset({"if", "case", "{", "for", "while", "until", "select"})
_CLOSING = frozenset({"fi", "done", "esac", "}"})
_OTHER_WAYS = frozenset({"else", "elif"})
_KEYWORDS = _OPENING | _CLOSING | _OTHER_WAYS | {"then", "do"}
_FAILING = frozenset({"exit", "return", "false"})
_FARTHEST, _OUTERMOST = 100, 5
"""How many commands, and how many groups, are looked at: a hostile script has any number."""


class Outlook(NamedTuple):
    """What follows a command.

    Attributes:
        asked: Whether what follows by `&&` hangs on an answer, and not only on the command's success.
        passed_over: Whether the script goes on when the command fails.
        unawaited: Whether nobody waits for it.
    """

    asked: bool
    passed_over: bool
    unawaited: bool


def look_ahead(commands: Sequence[Simple], at: int) -> Outlook:
    """Return what follows a command of a script.

    Args:
        commands: The script.
        at: The command's index.
    """
    end = _end_of_list(commands, at)
    asked = commands[at].after == "&&" and not _is_steady(commands[at].words)
    return Outlook(asked, end is None or _goes_on(commands, end), end is not None and commands[end].after == "&")


def sets_errexit(words: Sequence[str]) -> bool:
    """Tell whether a command has the script end where one fails."""
    return words[:1] == ["set"] and any(re.fullmatch(r"-[a-z]*e[a-z]*|errexit", word) for word in words[1:])


def _is_steady(words: Sequence[str]) -> bool:
    rest = [*dropwhile((_LEADING | _KEYWORDS).__contains__, (one for one in words if not _ASSIGNMENT.fullmatch(one)))]
    if rest[1:2] == ["-m"] and is_python(basename(rest[0])):
        rest = rest[2:]
    program = basename(rest[0]) if rest else ":"
    return program in _STEADY or _PIP.fullmatch(program) is not None


def _end_of_list(commands: Sequence[Simple], at: int, depth: int = 0) -> int | None:
    """Return the last command of the list that a command is in, with the groups in it; None where that is too far."""
    for index in range(at, min(at + _FARTHEST, len(commands))):
        depth += _depth(commands[index].words) if index > at else 0
        after = commands[index].after
        if after == "(":
            depth += 1
        elif after == ")" and depth > 0:
            depth -= 1
        elif depth <= 0 and after not in {"&&", "|", "|&"}:
            return index
    return None


def _depth(words: Sequence[str]) -> int:
    """Return how many groups the keywords before a command open, less those that they close."""
    keywords = takewhile(_KEYWORDS.__contains__, words)
    return sum((word in _OPENING) - (word in _CLOSING) for word in keywords)


def _goes_on(commands: Sequence[Simple], end: int) -> bool:
    """Tell whether a script goes on after a list that has failed."""
    for _ in range(_OUTERMOST):
        after = commands[end].after
        if after == "||":
            return not _says_no(commands, end + 1)
        following = end + 1 if after == ")" else _next_command(commands, end + 1)
        if following is not None and (after == ";;" or not _OTHER_WAYS.isdisjoint(commands[following].words[:1])):
            following = _find_closing(commands, following)  # the other ways are not gone
        if following is None:
            return False
        outer = _end_of_list(commands, following)
        if outer is None or (after != ")" and _CLOSING.isdisjoint(commands[following].words[:1])):
            return True
        end = outer
    return True


def _next_command(commands: Sequence[Simple], at: int) -> int | None:
    rest = range(at, len(commands))
    return next((index for index in rest if commands[index].words or commands[index].after == "("), None)


def _find_closing(commands: Sequence[Simple], at: int) -> int | None:
    """Return the command that begins with what closes the group that a command is in."""
    depth = 0
    for index in range(at, min(at + _FARTHEST, len(commands))):
        depth += _depth(commands[index].words)
        if depth < 0:
            return index
    return None


def _says_no(commands: Sequence[Simple], at: int) -> bool:
    """Tell whether what runs instead of a list that has failed fails, too."""
    end = _end_of_list(commands, at, _depth(commands[at].words))
    runs = [[*dropwhile(_KEYWORDS.__contains__, one.words)] for one in commands[at : (end or at) + 1]]
    return any(words[:1] and words[0] in _FAILING and words[1:2] != ["0"] for words in runs)
