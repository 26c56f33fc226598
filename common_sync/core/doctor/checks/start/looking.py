"""Where the Python programs that are started with an image look for what they import.

Source of the rules: https://docs.python.org/3/using/cmdline.html and https://docs.python.org/3/library/sys_path_init.html.
"""

from collections.abc import Iterable, Iterator, Sequence
from posixpath import dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Ran, StageEnd, Started
from common_sync.core.doctor.checks.start.served import read_served
from common_sync.core.doctor.checks.surroundings import activates
from common_sync.core.doctor.image.files import Doubt, Put
from common_sync.core.doctor.install.command import read_install
from common_sync.core.doctor.install.sites import PYTHON, UNKNOWN, Around, Site, python_of, site_at, user_site
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "celery", "flask", "fastapi", "pytest", "daphne", "granian"})
"""Programs that look into the current folder of themselves, however Python is told not to."""
_FOLDERS = frozenset({"--app-dir", "--chdir", "--pythonpath", "--workdir"})
_OWN_MODULES = frozenset({"pip", "venv", "ensurepip", "compileall", "http.server", "json.tool"})
"""Modules of Python's own: they import nothing of the service."""


class Look(NamedTuple):
    """Where a program looks.

    Attributes:
        folders: The folders, before packages that were installed.
        python: The Python whose packages it has; None where no program is known, so that it may be any.
        packages: Whether it has any packages that were installed.
        user: Where the user's own packages are; None where it does not look there.
        more: Whether it may look into more folders, which nobody can tell.
        line: The line that starts it; 0 where no program is known.
        shown: How it is started, in short.
        script: The absolute path of the file or folder that is run, or nothing.
        module: The module that is run by its name (`-m`), or that a server is told to serve; or nothing.
        served: The server that it is for, or nothing.
        certain: Whether it is started in any case.
    """

    folders: tuple[str, ...]
    python: Site | None = None
    packages: bool = True
    user: Site | None = None
    more: bool = False
    line: int = 0
    shown: str = ""
    script: str = ""
    module: str = ""
    served: str = ""
    certain: bool = True


def find_looks(stage: StageEnd, made: Iterable[str], entries: Iterable[str]) -> list[Look]:
    """Return where the programs look that a stage starts; where none of them is known, where one could.

    Args:
        stage: The stage.
        made: The environments that were made.
        entries: The folders that the service's files put on `sys.path`.
    """
    found: list[Look] = []
    aside: list[Look] = []
    around, known = Around(frozenset(made), user=stage.user), tuple(entries)
    for started in stage.started:
        around = around._replace(activated=activates(started.command) or around.activated)
        if (read := _read(started.command)) is not None and read.module not in _OWN_MODULES:
            (aside if read.code else found).append(_look(started, read, around, stage, known))
    return found or aside or [any_look(stage, known)]


def look_of(command: Command, line: int, around: Around, stage: StageEnd, entries: Sequence[str]) -> Look | None:
    """Return where a program looks that a RUN runs; None where it is none of Python's own, or a server.

    Args:
        command: The command.
        line: The line of the RUN.
        around: What is around it.
        stage: The stage that it runs in.
        entries: The folders that the service's files put on `sys.path`.
    """
    read = _read(command)
    if read is None or read.server or read.module in _OWN_MODULES:
        return None
    return _look(Started(line, command), read, around, stage, entries)


def any_look(stage: StageEnd, entries: Iterable[str]) -> Look:
    """Return where a program could look of which nothing is known.

    Args:
        stage: The stage.
        entries: The folders that the service's files put on `sys.path`.
    """
    folders = (stage.workdir, *stage.python_path, *entries)
    return Look(folders, user=user_site(stage.user, None), more=stage.python_path_open)


class _Read(NamedTuple):
    """How Python is started, and whether as a server."""

    letters: frozenset[str]
    module: str = ""
    script: Word | None = None
    code: bool = False
    server: bool = False


def _read(command: Command) -> _Read | None:
    """Return how a command starts Python, or None where it starts no program of Python's, or installs."""
    if command.program in SERVERS:
        return _Read(frozenset("P"), server=True)
    if not command.words or not is_python(command.program) or read_install(command) is not None:
        return None
    letters, module, script, code, *_ = read_python(command.arguments)
    return _Read(letters, module, script, code, server=module.partition(".")[0] in SERVERS)


def _look(started: Started, read: _Read, around: Around, stage: StageEnd, entries: Sequence[str]) -> Look:
    command, letters = started.command, read.letters
    path, more = ((), False) if letters & {"E", "I"} else _python_path(command, stage)
    own = [*_first(command, read)] if not (letters & {"P", "I"} or _is_set(command, letters, "PYTHONSAFEPATH")) else []
    own += [folder for folder in _given(command) if read.server and folder is not None]
    alone = bool(letters & {"s", "I"}) or _is_set(command, letters, "PYTHONNOUSERSITE")
    packages = "S" not in letters
    home = command.environment.get("PYTHONHOME", "") if not letters & {"E", "I"} else ""
    python = python_of(command, around) if home == "" else UNKNOWN if home is None else site_at(home)
    user = _user_site(command, letters, stage) if packages and not alone and python == PYTHON else None
    folders = (*(one for one in own if one is not None), *path, *entries)
    script = _script_of(command, read)
    server = read.module.partition(".")[0] or command.program
    told = read_served(server, command) if read.server else ""
    more = more or None in own or started.open or started.told or _has_path_file(stage)
    look = Look(folders, python, packages, user, more, started.line, started.shown, script)
    return look._replace(module=told or read.module, served=server if told else "", certain=started.sure)


def _script_of(command: Command, read: _Read) -> str:
    if (
        read.script is None
        or not read.script.known
        or (command.folder is None and not read.script.text.startswith("/"))
    ):
        return ""
    return normpath(join(command.folder or "/", read.script.text))


def _is_set(command: Command, letters: frozenset[str], name: str) -> bool:
    """Tell whether a variable is set to anything, or may be, and Python reads it."""
    return not letters & {"E", "I"} and command.environment.get(name, "") != ""


def _user_site(command: Command, letters: frozenset[str], stage: StageEnd) -> Site:
    base = command.environment.get("PYTHONUSERBASE", "") if not letters & {"E", "I"} else ""
    if base is None:
        return UNKNOWN
    return Site("environment", normpath(base)) if base else user_site(stage.user, None)


def _python_path(command: Command, stage: StageEnd) -> tuple[tuple[str, ...], bool]:
    """Return the folders of `PYTHONPATH`, and whether it may name more."""
    value = command.environment.get("PYTHONPATH", "")
    if value is None:
        return stage.python_path, True
    if command.folder is None:
        return tuple(part for part in value.split(":") if part.startswith("/")), True
    return tuple(normpath(join(command.folder, part)) for part in value.split(":") if value), False


def _first(command: Command, read: _Read) -> Iterator[str | None]:
    """Yield the folder that Python looks into first: that of the script, or the current one; None where nobody can tell."""
    if read.script is None:
        yield command.folder
    elif not read.script.known or (command.folder is None and not read.script.text.startswith("/")):
        yield None
    else:
        place = normpath(join(command.folder or "/", read.script.text))
        yield dirname(place)
        yield place  # a folder or an archive that is run is looked into itself


def _given(command: Command) -> Iterator[str | None]:
    """Yield the folders that a server looks into by itself: the current one, and those of its options."""
    yield command.folder
    words = command.arguments
    for word, after in zip(words, (*words[1:], *words[-1:]), strict=True):
        name, equals, value = word.text.partition("=")
        if name in _FOLDERS and command.folder is not None:
            told = value if equals else after.text
            for folder in told.split(",") if name == "--pythonpath" else [told]:
                yield normpath(join(command.folder, folder))


def _has_path_file(stage: StageEnd) -> bool:
    """Tell whether a line makes a `.pth` file, which may have Python look into more folders."""
    places = [one.place for one in stage.image.layers if isinstance(one, Put | Doubt)]
    commands = [step.command for step in stage.steps if isinstance(step, Ran)]
    places += [word.text for one in commands for word in (*one.writes, *one.arguments)]
    return any(place.endswith(".pth") for place in places)
