"""Programs that a line of an official image runs before anything brings them: `curl` in a slim image, `uv` that nothing has installed.

What such images lack is in `core/doctor/image/systems.py`. All other images may have anything.
"""

from collections.abc import Iterable, Iterator
from posixpath import basename, dirname
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Installed, NotFollowed, Ran, StageEnd, Step, Taken
from common_sync.core.doctor.checks.installers import OF_SYSTEMS
from common_sync.core.doctor.checks.start.begun import QUIET
from common_sync.core.doctor.checks.start.lacking import NEUTRAL
from common_sync.core.doctor.image.files import Context
from common_sync.core.doctor.image.lookup import SOURCING, at_script, is_shell, list_folders, may_be_in_path
from common_sync.core.doctor.image.systems import OF_PYTHON, PYTHONS, brings, lacks, name_of, say_remedy
from common_sync.core.doctor.image.utilities import UTILITIES
from common_sync.core.doctor.install.brought import list_brought
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import IF_HARMLESS, ImageView
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.python_command import is_python, read_module, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import Finding
from common_sync.core.paths import below

_FETCHING = frozenset({"curl", "wget"})
_UNPACKING = frozenset({"tar", "bsdtar", "unzip", "rsync"})
_OF_SYSTEM = expression(r"(?:-C|--directory=?|--prefix=?)?/(?:(?:usr|opt)(?:/.*)?|s?bin/?)?")
"""A word that names a folder where a system has programs."""
_COMMON = QUIET | NEUTRAL | UTILITIES | OF_PYTHON.keys() | {"gcc", "g++", "cc", "c++", "cmake", "unzip", "npx", "jq"}
_STEADY = _COMMON - {"dpkg", "eval"}
"""Programs that bring no other, unless their words say so."""
_BY_INDEX = OF_PYTHON.keys() | {"cmake", "node", "npm", "npx"}
"""Programs that packages of an index bring, too."""
_MAKERS = frozenset({"uv", "poetry", "pdm", "pipenv"})
"""Installers that make environments, and so bring a Python. A mirror of an official image often has them, so no error is made of one."""
_BY_GIT = expression(r"(?m)^[^#;\n]*\bgit\+(?:https?|ssh|git|file)://[^;\n]*$")
"""A requirement without a marker that git fetches."""
_OF_INSTALLERS = expression(r"(?:get|install)[-_]\w+\.py")
_HARMLESS_MODULES = frozenset({"venv", "compileall", "virtualenv", "pip", "uv", "build"})


class _Stage(NamedTuple):
    """A stage of an image."""

    image: ImageView
    number: int
    told: set[str]  # the programs of which something is said

    @property
    def end(self) -> StageEnd:
        """What it is when all of it has run."""
        return self.image.build.stages[self.number]

    def list_before(self, at: int) -> list[Step]:
        """Return what has run before one of its steps, in those that it is built on, too."""
        *below_it, _ = self.image.build.list_chain(self.number)
        return [*(step for one in below_it for step in self.image.build.stages[one].steps), *self.end.steps[:at]]

    def is_followed(self, line: int) -> bool:
        """Tell whether all that stands above a line can be followed."""
        stages = [self.image.build.stages[one] for one in self.image.build.list_chain(self.number)]
        inner = [event for stage in stages[:-1] for event in stage.events]
        own = [event for event in stages[-1].events if isinstance(event, NotFollowed) and event.line < line]
        return not own and not any(isinstance(event, NotFollowed) for event in inner)


def check_absent(image: ImageView) -> Iterator[Finding]:
    """Yield the programs that lines run, and that nothing has brought into the image before.

    Args:
        image: The image.
    """
    told: dict[int, set[str]] = {}
    for number in sorted(image.build.needed(image.targets)):
        end = image.build.stages[number]
        above = told.get(end.built_on, set()) if end.built_on is not None else set[str]()
        told[number] = {*above}
        if end.system.name and not end.path_open:
            yield from _check_stage(_Stage(image, number, told[number]))


def _check_stage(stage: _Stage) -> Iterator[Finding]:
    for at, step in enumerate(stage.end.steps):
        if isinstance(step, Taken):
            continue
        for name in _list_needed(step, stage.image.context):
            if name in stage.told or not lacks(name, stage.end.system):
                continue
            found = _report(name, step, stage.list_before(at), stage)
            if found is not None:
                stage.told.add(name)
                yield found


def _list_needed(step: Installed | Ran, context: Context) -> Iterator[str]:
    """Yield the names of the programs that a step goes through and runs, where it runs them in any case."""
    command = step.command
    if not command.certain or command.passed_over:
        return
    for word in [*(one[0] for one in command.through if one), *command.words[:1]]:
        if word.known and dirname(word.text) in {"", "/bin", "/usr/bin", "/usr/local/bin"}:
            yield basename(word.text)
    module = read_module(command.program, command.arguments)
    yield from [module] if module in OF_PYTHON else ()
    if isinstance(step, Installed) and _fetches_by_git(step, context):
        yield "git"


def _fetches_by_git(step: Installed, context: Context) -> bool:
    """Tell whether pip or uv fetches something by git, as a word or a file of requirements says; Poetry does without it."""
    if step.install.tool not in {"pip", "uv"}:
        return False
    words = [one.word.text for one in step.install.asked if one.kind in {"project", "editable"}]
    places = [step.image.look(one.path) for one in step.needs if one.kind == "file" and not one.constrains]
    texts = [read_text(one, context) or "" for one in places if one is not None and one.kind == "file"]
    return any(_BY_GIT.search(one) for one in (*words, *texts))


def _line_of(step: Installed | Ran) -> int:
    return step.instruction.line if isinstance(step, Installed) else step.line


def _report(name: str, step: Installed | Ran, before: list[Step], stage: _Stage) -> Finding | None:
    """Return that a program is not there, or may not be; None where it is, or nobody can tell."""
    line, command = _line_of(step), step.command
    if not list_folders(command) or may_be_in_path(name, command, step.image) or not stage.is_followed(line):
        return None
    brought = [_brings(one, name, command, stage) for one in before]
    if True in brought:
        return None
    sure, file = None not in brought and not command.piped and name not in _MAKERS, stage.image.dockerfile
    remedy = say_remedy(name, stage.end.system)
    if sure:
        message = f"`{name}` is run here, and the image does not have it: no line before this one installs it"
        return file_finding("CS220", file, line, message, remedy)
    message = f"cannot be told whether there is `{name}` when this line runs it: no line before installs it by its name"
    if None not in brought and command.piped:
        message = (
            f"`{name}` is run here, and no line before this one installs it: the next program gets nothing from it"
        )
    return file_finding("CS213", file, line, message, f"{remedy}; {IF_HARMLESS}")


def _brings(step: Step, name: str, needing: Command, stage: _Stage) -> bool | None:
    """Tell whether a step brings a program, or asks whether it is there; None where nobody can tell."""
    if isinstance(step, Taken):
        return _takes(step, name, needing)
    command = step.command
    if any(not word.known for word in command.words[:1]) or _names(name, command):
        return True
    if isinstance(step, Installed):
        brought = list_brought(step.install, step.needs, step.image, stage.image.context)
        if OF_PYTHON.get(name, name) in brought.names:
            return True
        if name in PYTHONS and step.install.tool in _MAKERS:
            return True
        return None if name in _BY_INDEX and (brought.packed or not brought.all_told) else False
    if command.program in OF_SYSTEMS:
        return _worst(brings(word.text, name) if word.known else True for word in command.arguments)
    if command.program in SOURCING:
        return not any(word.text.endswith("/activate") for word in command.arguments[:1])
    if is_shell(command.program) or is_python(command.program):
        return _runs(command, name, stage)
    return _by_the_way(command, name)


def _worst(several: Iterable[bool | None]) -> bool | None:
    found = {*several}
    return True if True in found else None if None in found else False


def _takes(step: Taken, name: str, needing: Command) -> bool:
    """Tell whether a COPY out of another stage brings a program, or may."""
    folders = list_folders(needing)
    whole = any(below(folder, step.place) is not None for folder in folders)
    names = {basename(one.rstrip("/")) for one in (step.place, *step.sources)}
    return whole or (name in names and any(below(step.place, folder) is not None for folder in folders))


def _names(name: str, command: Command) -> bool:
    """Tell whether a command has a program among its words, or asks whether it is there."""
    asks = any(one[0].text == "command" and len(one) > 1 for one in command.through if one)
    words = (*command.arguments, *command.writes)
    named = any(name_of(word.text) == name or word.text.endswith(f"bin/{name}") for word in words)
    return named or (asks and command.program == name)


def _runs(command: Command, name: str, stage: _Stage) -> bool | None:
    """Tell whether what a shell or Python runs brings a program: any script may, but one that was not fetched."""
    if is_shell(command.program):
        return at_script(command) > 0 or not _is_unfetched(command, stage)
    python = read_python(command.arguments)
    if python.module:
        return None if name in OF_PYTHON and python.module not in _HARMLESS_MODULES else name in PYTHONS
    if python.script is None and not python.code:
        return not _is_unfetched(command, stage) and name in OF_PYTHON
    installs = python.script is not None and _OF_INSTALLERS.search(python.script.text) is not None
    return installs and (name in OF_PYTHON or name in PYTHONS)


def _is_unfetched(command: Command, stage: _Stage) -> bool:
    """Tell whether a program gets nothing to run: the one before it, which fetches that, is not there."""
    steps = stage.end.steps
    at = next((at for at, step in enumerate(steps) if isinstance(step, Ran) and step.command is command), 0)
    fetching = steps[at - 1] if at else None
    return (
        isinstance(fetching, Ran)
        and fetching.command.piped
        and bool({fetching.command.program} & _FETCHING & stage.told)
    )


def _by_the_way(command: Command, name: str) -> bool | None:
    """Tell whether any other program brings one."""
    if command.program in {"", "xargs"}:
        return bool(command.words)
    if command.program in _UNPACKING and any(map(_is_of_system, command.arguments)):
        return True
    if command.program in _MAKERS and name in PYTHONS:
        return True
    if command.program in {"pipx", "uv"} and name in OF_PYTHON:
        return None if command.program == "pipx" or command.arguments[:1] == (Word("tool"),) else False
    return False if command.program in _STEADY or command.program == "pipx" else None


def _is_of_system(word: Word) -> bool:
    return not word.known or _OF_SYSTEM.fullmatch(word.text) is not None
