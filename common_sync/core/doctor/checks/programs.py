"""Programs of Python packages that an image is started with: whether an install has brought them, and to where PATH leads."""

from collections.abc import Iterator
from itertools import chain
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed, Started, Taken
from common_sync.core.doctor.checks.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.checks.installers import list_words
from common_sync.core.doctor.checks.surroundings import activates, site_of, surround
from common_sync.core.doctor.image.files import Doubt, Image
from common_sync.core.doctor.install.brought import Brought, list_brought
from common_sync.core.doctor.install.sites import PYTHON, UNKNOWN, Site
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.formats.python_command import read_module
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import Finding, below

_FASTAPI = frozenset({"fastapi-cli", "fastapi[standard]", "fastapi[all]"})
_OF_FLASK = (
    *("admin", "caching", "compress", "cors", "jwt-extended", "limiter", "login", "marshmallow", "migrate", "restful"),
    *("restx", "smorest", "socketio", "sqlalchemy", "wtf"),
)
_BRINGERS: dict[str, frozenset[str]] = {
    **{one: frozenset({one}) for one in ("daphne", "hypercorn", "granian", "streamlit", "alembic", "arq", "dramatiq")},
    **{one: frozenset({one}) for one in ("faststream", "litestar", "rq", "sanic", "taskiq", "uwsgi")},
    "waitress-serve": frozenset({"waitress"}),
    "gunicorn": frozenset({"gunicorn", "mlflow", "uvicorn-worker"}),
    "uvicorn": frozenset({"uvicorn", "uvicorn-worker", "chainlit", "gradio", "mcp", "prefect"}) | _FASTAPI,
    "fastapi": _FASTAPI,
    "celery": frozenset({"celery", "django-celery-beat", "django-celery-results"}),
    "flask": frozenset({"flask", "dash", "mlflow", *(f"flask-{one}" for one in _OF_FLASK)}),
    "django-admin": frozenset({"django", "djangorestframework", "django-ninja"}),
}
"""Program → the packages that bring it, or that require one which does."""
_OF_ENVIRONMENTS = expression(r"(?:python|pypy|pip)[\d.]*")
"""What an environment has from the beginning."""
_PREFIXES = ("/usr/local", "/usr", "")
KNOWN = frozenset(_BRINGERS)
"""The programs that are looked for here."""


class Bin(NamedTuple):
    """A folder of programs that an install has filled.

    Attributes:
        folder: Its absolute path; nothing where nobody can tell.
        brought: What was installed.
        only: The one program that was copied there, or nothing for all.
    """

    folder: str
    brought: Brought
    only: str = ""

    def has(self, program: str) -> bool:
        """Tell whether it has a program."""
        return self.only in {"", program} and not self.brought.names.isdisjoint(_BRINGERS[program])

    def may_have(self, program: str) -> bool:
        """Tell whether it has a program, or may have it."""
        return self.only in {"", program} and (self.has(program) or not self.brought.all_told)


def may_be_in_environment(path: str, begun: Begun) -> bool:
    """Tell whether an environment has a program at a path, or may have it: nobody knows all programs that packages bring.

    Args:
        path: The absolute path.
        begun: How the image is started.
    """
    folder, name = dirname(path), basename(path)
    bins = [*list_bins(begun, begun.number)]
    if any(one.folder == folder and one.only in {"", name} for one in bins):
        return True  # of a program that is known, `check_programs` tells more
    untold = any(not one.folder.startswith("/") for one in bins)
    if folder in {f"{one}/bin" for one in surround(begun.image.build, begun.number).made}:
        return untold or _OF_ENVIRONMENTS.fullmatch(name) is not None
    return basename(folder) == "bin" and any(not one.folder for one in bins)


class _Wanted(NamedTuple):
    """A program of a Python package that is started."""

    program: str  # its name
    command: Command
    folder: str = ""  # the one folder in which it is looked for, or nothing
    module: bool = False  # whether it is started as a module, `python -m`


def check_programs(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the programs of Python packages that an image is started with and nothing has installed.

    Args:
        view: The service.
        begun: How the image is started.
    """
    if begun.end.installs_later:
        return
    activated = ""
    unread = any(need.kind == "file" and need.state != "there" for need in begun.image.build.needs)
    told = unread or is_told(begun.image, NotFollowed)
    for started in begun.end.started:
        activated = activates(started.command) or activated
        wanted = _read(started)
        if wanted is None or _is_brought_otherwise(wanted.program, begun):
            continue
        lacking = _why_lacking(wanted, begun, activated)
        if lacking is None or (told and not lacking.sure):
            continue
        code, remedy = "CS220", lacking.remedy
        said = f"`{started.shown}` is started with the image, and {lacking.why}"
        if not lacking.sure:
            code, remedy = "CS213", f"{lacking.remedy}; {IF_HARMLESS}"
            said = f"cannot be told whether `{wanted.program}` is there for `{started.shown}`: {lacking.why}"
        yield make_finding(code, view.service.path, begun.file, started.line, said, remedy)


def _read(started: Started) -> _Wanted | None:
    """Return the program of a Python package that is started in any case; None where it is none that is known."""
    command = started.command
    if not command.words or not started.sure:
        return None
    written = command.words[0].text
    if command.program in _BRINGERS:
        folder = normpath(join(command.folder or "/", dirname(written))) if "/" in written else ""
        return _Wanted(command.program, command, folder)
    module = read_module(command.program, command.arguments)
    return _Wanted(module, command, module=True) if module in _BRINGERS else None


def _is_brought_otherwise(program: str, begun: Begun) -> bool:
    """Tell whether a file of the build, the base image, a mount or another installer brings a program, or may."""
    image = _without_taken(begun)
    if any(image.look(f"{prefix}/bin/{program}") is not None for prefix in _PREFIXES):
        return True
    names = {program, *_BRINGERS[program]}
    words = list_words(begun.image.build.stages)
    return any(not word.known or word.text.removeprefix("python3-") in names for word in words)


def _without_taken(begun: Begun) -> Image:
    """Return the files of an image without the doubts about what is copied out of other stages: their installs are known."""
    places = {normpath(one.place) for stage in begun.image.build.stages for one in stage.taken}
    return Image(tuple(one for one in begun.end.image.layers if not (isinstance(one, Doubt) and one.place in places)))


class _Lacking(NamedTuple):
    """Why a program is not there, or may not be; what to do; whether that is sure."""

    why: str
    remedy: str
    sure: bool


def _why_lacking(wanted: _Wanted, begun: Begun, activated: str) -> _Lacking | None:
    """Return why a program is not there, or may not be; None where it is."""
    build, program = begun.image.build, wanted.program
    of_stages = [[*list_bins(begun, number)] for number in range(len(build.stages))]
    bins, every = of_stages[begun.number], [*chain.from_iterable(of_stages)]
    folders = _folders(wanted, begun, activated)
    if wanted.module or folders is None:
        found = every
    else:
        found = [one for one in bins if not one.folder or one.folder in folders]
        if wanted.folder and wanted.folder not in {one.folder for one in bins}:
            return None  # nothing of it is known
    if any(one.has(program) for one in found) or any(_is_mounted(one, begun) for one in found):
        return None
    sure = not any(one.may_have(program) for one in found) and leaves_nothing(build, begun.number)
    bringers = _BRINGERS[program]
    package = program if program in bringers else min(bringers & {"django", "waitress", "fastapi[standard]"})
    remedy = f"add `{package}` to the requirements that the image installs"
    aside = next((one for one in bins if one.has(program)), None)
    if aside is not None and sure and not wanted.folder:
        why = f"it is installed in {aside.folder}, to which PATH does not lead"
        return _Lacking(why, f"add {aside.folder} to PATH", "PATH" not in begun.opened)
    left = next((one for one in every if one.has(program)), None)
    if left is not None and sure and not wanted.folder:
        why = f"{left.folder}/{program} is in another stage only: no COPY takes it"
        return _Lacking(why, f"copy {left.folder} as well, or start `python -m {program}`", sure=True)
    why = f"no install line brings `{program}`" if sure else "no requirement names a package that is known to bring it"
    return _Lacking(why, remedy, sure)


def _folders(wanted: _Wanted, begun: Begun, activated: str) -> list[str] | None:
    """Return the folders in which a program is looked for, or None for any."""
    if wanted.folder:
        return [wanted.folder]
    path = wanted.command.environment.get("PATH")
    if path is None or begun.end.path_open:
        return None
    return [*([f"{activated}/bin"] if activated else []), *map(normpath, path.split(":"))]


def _is_mounted(one: Bin, begun: Begun) -> bool:
    return any(below(one.folder, mount.target) is not None for mount in begun.mounts)


def list_bins(begun: Begun, number: int) -> Iterator[Bin]:
    """Yield the folders that installs have filled with programs, in a stage and in those that it is built on.

    Args:
        begun: How the image is started.
        number: The stage's number.
    """
    build = begun.image.build
    stage = build.stages[number]
    if stage.built_on is not None:
        yield from list_bins(begun, stage.built_on)
    for step, around in zip(stage.steps, surround(build, number).arounds, strict=True):
        if isinstance(step, Taken):
            yield from _list_taken(step, begun)
        elif isinstance(step, Installed) and step.install.action == "install":
            site = site_of(step, around)
            if site is not None:
                yield Bin(_bin_of(site), _brought(step, begun))


def _bin_of(site: Site) -> str:
    return "/usr/local/bin" if site == PYTHON else "" if site == UNKNOWN else f"{site.path}/bin"


def _brought(step: Installed, begun: Begun) -> Brought:
    """Return what an install brings; where it takes wheels, what all were made of."""
    brought = list_brought(step.install, step.needs, step.image, begun.image.context)
    if brought.packed:
        for one in _list_packers(begun.image.build):
            brought = brought.with_more(
                list_brought(one.install, one.needs, one.image, begun.image.context).names, all_told=False
            )
    return brought


def _list_packers(build: Build) -> Iterator[Installed]:
    for stage in build.stages:
        yield from (one for one in stage.installs if one.install.action in {"wheel", "download"})


def _list_taken(taken: Taken, begun: Begun) -> Iterator[Bin]:
    bins = [*list_bins(begun, taken.stage)]
    for source in (normpath(f"/{one.lstrip('/')}") for one in taken.sources):
        for one in bins:
            rest, inner = below(one.folder, source), below(source, one.folder)
            if not one.folder:
                yield one
            elif rest is not None:
                yield one._replace(folder=normpath(join(taken.place, rest)))
            elif inner:
                folder = taken.place if basename(taken.place) != inner else dirname(taken.place)
                yield one._replace(folder=normpath(folder), only=inner)
