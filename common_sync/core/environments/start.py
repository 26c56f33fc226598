"""Which module a service's command starts, and which folder comes first where Python looks; nothing where that cannot be told."""

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import read_python
from common_sync.core.formats.shell.words import Word

_PYTHON = expression(r"python(?:3(?:\.[0-9]{1,2})?)?")
_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn"})
"""Programs that import the application that they are told, from the current folder."""

_APPLICATION = expression(r"([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_][\w.]*(?:\(.*\))?")
_ELSEWHERE = ("--app-dir", "--chdir", "--pythonpath", "--config", "-c", "--python-path")
"""Options by which such a program looks in another folder, or may."""

_OWN_PATH = frozenset("IEP")
"""Options by which Python does not look in the current folder, or not as its variables say."""


class Start(NamedTuple):
    """What a command starts."""

    modules: tuple[str, ...] = ()  # the modules that it imports by their names
    script: str = ""  # the file that it runs, a path from the current folder; nothing where it runs none
    code: str = ""  # what it runs that stands in the command itself
    folder: str = ""  # the folder that comes first where Python looks, a path from the current folder
    main: str = ""  # the module that is run as the program, by its name; nothing for none


def read_start(words: Sequence[str]) -> Start | None:
    """Return what a command of an environment starts, or None where that cannot be told.

    Args:
        words: The command.
    """
    program, *rest = words or ("",)
    if _PYTHON.fullmatch(program):
        return _read_python(rest)
    return _read_server(program, rest)


def _read_server(program: str, words: Sequence[str]) -> Start | None:
    if program not in _SERVERS or any(one.partition("=")[0] in _ELSEWHERE for one in words):
        return None
    found = next((match[1] for one in words if (match := _APPLICATION.fullmatch(one))), None)
    return Start((found,)) if found is not None else None


def _read_python(words: Sequence[str]) -> Start | None:
    command = read_python([Word(one) for one in words])
    if command.letters & _OWN_PATH:
        return None
    if command.script is not None:
        path = posixpath.normpath(command.script.text)
        inside = path.endswith(".py") and not path.startswith(("/", "../"))
        return Start(script=path, folder=posixpath.dirname(path)) if inside else None
    if command.code:
        option = words[len(words) - len(command.rest) - 1]
        return Start(code=option.partition("c")[2] if option.startswith("-") else option)
    if command.module in _SERVERS:
        served = _read_server(command.module, [one.text for one in command.rest])
        return served._replace(modules=(command.module, *served.modules)) if served is not None else None
    return Start((command.module,), main=command.module) if command.module else None
