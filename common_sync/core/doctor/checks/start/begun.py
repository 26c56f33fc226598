"""The ways in which the images of a service are started: by ENTRYPOINT and CMD, or by `entrypoint` and `command` of a compose file."""

from collections.abc import Iterator
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, NotFollowed, Ran, StageEnd, Start
from common_sync.core.doctor.build.starting import Surrounding, list_started
from common_sync.core.doctor.image.copying import MissingSource
from common_sync.core.doctor.view import ImageView, View
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.compose.file import Mount
from common_sync.core.formats.compose.starts import ComposeStart, read_start
from common_sync.core.formats.python_command import read_module

_INSTALLERS = frozenset({"apt", "apt-get", "apk", "yum", "dnf", "microdnf", "pip", "pip3", "uv", "poetry"})
_OF_PYTHON = frozenset({"venv", "virtualenv", "compileall"})
_OF_USERS = frozenset({"useradd", "adduser", "usermod", "groupadd", "addgroup", "chmod", "chown"})
_OF_FILES = frozenset({"mkdir", "rm", "ln", "cp", "mv", "touch", "find", "ls", "cat", "sed"})
_OF_THE_SHELL = frozenset({"echo", "printf", "true", ":", "set", "export", "hash", "command", "which", "test", "["})
_OF_THE_SYSTEM = frozenset({"update-ca-certificates", "ldconfig", "locale-gen"})
_QUIET = _INSTALLERS | _OF_PYTHON | _OF_USERS | _OF_FILES | _OF_THE_SHELL | _OF_THE_SYSTEM
"""Programs that leave no script of a service behind, but where they are told to."""
_PATHS = frozenset({"PATH", "PYTHONPATH"})
"""The variables that say where programs and modules are looked for."""


class Begun(NamedTuple):
    """One way in which an image is started."""

    image: ImageView  # the image
    number: int  # the number of the stage that is run
    end: StageEnd  # that stage, as it is then
    file: str  # the file that says so, by its path from the root
    mounts: tuple[Mount, ...] = ()  # what is mounted then
    opened: frozenset[str] = frozenset()  # the variables that a file of variables may set to what nobody can tell


def list_begun(view: View) -> Iterator[Begun]:
    """Yield the ways in which the images of a service are started; not where something is missing that may bring what is started.

    Args:
        view: The service.
    """
    for image in view.images:
        if not (is_told(image, MissingSource) or _lacks_project(image)):
            yield from _list_of_image(view, image)


def is_told(image: ImageView, kind: type[MissingSource | NotFollowed]) -> bool:
    """Tell whether something is said of an image already that may have what it is started with not be there."""
    return any(isinstance(event, kind) for stage in image.build.stages for event in stage.events)


def _lacks_project(image: ImageView) -> bool:
    """Tell whether an install lacks a folder: what brings that may bring what is started, too."""
    return any(need.kind == "project" and need.state == "missing" for need in image.build.needs)


def _list_of_image(view: View, image: ImageView) -> Iterator[Begun]:
    """Yield the ways in which an image is started: its own, unless all compose files have others, and those of compose files."""
    stages = image.build.stages
    own = f"{view.service.path}/{image.dockerfile}"
    composed = [_composed(built, image, view) for built in image.builds]
    if not composed or any(one is None for one in composed):
        mounts = tuple(mount for built in image.builds for mount in built.mounts)
        for number in dict.fromkeys(image.build.ends(image.targets)):
            yield Begun(image, number, stages[number], own, mounts)
    yield from (one for one in composed if one is not None)


def _composed(built: BuiltService, image: ImageView, view: View) -> Begun | None:
    """Return how a compose file starts an image, or None where it leaves that to the image."""
    start = read_start(built.starts)
    if start == ComposeStart():
        return None
    stages, target = image.build.stages, built.section.target
    named = [number for number, one in enumerate(stages) if target is not None and one.name == target.value.lower()]
    number = (named or [len(stages) - 1])[-1]
    end = stages[number]
    starts = dict(end.starts) if start.entrypoint is None else {}
    for key, words in (("ENTRYPOINT", start.entrypoint), ("CMD", start.command)):
        if words is not None:
            starts[key] = Start(words.line, words.words, put_in=words.put_in, fault=words.fault)
    folder = normpath(join(end.workdir, start.folder or ""))
    told_elsewhere = {"FLASK_APP": None} if start.files else {}
    environment = {**end.environment, **told_elsewhere, **start.environment}
    around = Surrounding(end.image, image.context, folder, environment, end.posix, end.login_path)
    said = start.command or start.entrypoint
    started = tuple(
        one._replace(line=said.line if said is not None else one.line) for one in list_started(starts, around)
    )
    end = end._replace(workdir=folder, environment=environment, starts=starts, started=started)
    file = view.path_of(said.file) if said is not None else f"{view.service.path}/{image.dockerfile}"
    opened = _PATHS - start.environment.keys() if start.files else frozenset[str]()
    return Begun(image, number, end, file, built.mounts, opened)


def leaves_nothing(build: Build, number: int, besides: frozenset[str] = frozenset()) -> bool:
    """Tell whether every program that a stage runs is known to leave no script or module of a service behind.

    Args:
        build: The build.
        number: The stage's number; those that it is built on count.
        besides: Programs that may leave something, but nothing that is looked for.
    """
    return all(one in _QUIET or one in besides for one in _programs(build, number))


def _programs(build: Build, number: int) -> Iterator[str]:
    for step in (step for at in build.list_chain(number) for step in build.stages[at].steps):
        if isinstance(step, Ran) and step.command.words:
            program = step.command.program
            yield read_module(program, step.command.arguments) or program
