"""Programs of Python packages that an image is started with: whether an install has brought them, and to where PATH leads.

Those are the programs that are known, and all others that are started by a path into an environment, or that a project names
as its own.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed, Started, Taken
from common_sync.core.doctor.checks.installers import ALONE, list_words
from common_sync.core.doctor.checks.start.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.checks.start.conditions import is_needed
from common_sync.core.doctor.checks.surroundings import activates, site_of, surround
from common_sync.core.doctor.image.files import Context, Doubt, Image
from common_sync.core.doctor.image.lookup import may_be_in_path
from common_sync.core.doctor.image.utilities import UTILITIES
from common_sync.core.doctor.install.bringers import BRINGERS, list_bringers, name_package
from common_sync.core.doctor.install.brought import Brought, list_brought
from common_sync.core.doctor.install.project.scripts import read_scripts
from common_sync.core.doctor.install.sites import PYTHON, UNKNOWN, Site
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.formats.python_command import read_module
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import Finding
from common_sync.core.paths import below

_OF_ENVIRONMENTS = expression(r"(?:python|pypy|pip)[\d.]*")
"""What an environment has from the beginning."""
_OF_SYSTEMS = frozenset({"/usr/local/bin", "/usr/bin", "/bin"})
_PREFIXES = ("/usr/local", "/usr", "")
OF_OTHERS = frozenset(
    {"tini", "dumb-init", "gosu", "su-exec", "catatonit", "sudo", "zsh", "ksh", "fish", "uv", "poetry", "pdm"}
)
"""What others tell of: the check of what a system lacks, and that of installs at the start."""
KNOWN = frozenset(BRINGERS)
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
        return self.only in {"", program} and (
            program in self.brought.scripts or not self.brought.names.isdisjoint(list_bringers(program))
        )

    def may_have(self, program: str) -> bool:
        """Tell whether it has a program, or may have it."""
        told = self.brought.all_told and self.brought.scripts_told and (program in BRINGERS or not self.brought.others)
        return self.only in {"", program} and (self.has(program) or not told)

    def may_have_own(self) -> bool:
        """Tell whether it may have the programs of a project that is here: that may have come as a wheel."""
        return self.brought.packed or not self.brought.scripts_told


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
    sought: bool = False  # whether it is none of those that are known


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
        for wanted in _list_wanted(started, begun):
            lacking = _why_lacking(wanted, begun, activated) if not _is_brought_otherwise(wanted, begun) else None
            needed = is_needed(wanted.program, started, begun) if lacking is not None else False
            if lacking is not None and needed is not False and ((lacking.sure and needed) or not told):
                yield _report(lacking._replace(sure=lacking.sure and needed is True), wanted, started, view, begun)


def _report(lacking: "_Lacking", wanted: _Wanted, started: Started, view: View, begun: Begun) -> Finding:
    code, remedy = "CS220", lacking.remedy
    said = f"`{started.shown}` is started with the image, and {lacking.why}"
    if not lacking.sure:
        code, remedy = "CS213", f"{lacking.remedy}; {IF_HARMLESS}"
        said = f"cannot be told whether `{wanted.program}` is there for `{started.shown}`: {lacking.why}"
    return make_finding(code, view.service.path, begun.file, started.line, said, remedy)


def _list_wanted(started: Started, begun: Begun) -> Iterator[_Wanted]:
    """Yield the programs of Python packages that are started: what a program goes through, too."""
    command = started.command
    if not command.words:
        return
    for through in command.through:
        if through and through[0].known and basename(through[0].text) in BRINGERS:
            yield _want(through[0].text, command)
    wanted = _want(command.words[0].text, command)
    if command.program in BRINGERS:
        yield wanted
    elif command.program and _is_of_packages(wanted, begun):
        yield wanted._replace(sought=True)
    module = read_module(command.program, command.arguments)
    if module in BRINGERS:
        yield _Wanted(module, command, module=True)


def _want(written: str, command: Command) -> _Wanted:
    folder = normpath(join(command.folder or "/", dirname(written))) if "/" in written else ""
    return _Wanted(basename(written), command, folder)


def _is_of_packages(wanted: _Wanted, begun: Begun) -> bool:
    """Tell whether a program that is not known has to come from a package of Python's, as far as that can be told."""
    name, image, system = wanted.program, _without_taken(begun), begun.end.system
    if _OF_ENVIRONMENTS.fullmatch(name) or wanted.command.folder is None:
        return False
    if wanted.folder:
        of_image = wanted.folder == "/usr/local/bin" and not system.python
        known = wanted.folder in {one.folder for one in list_bins(begun, begun.number)}
        return known and not of_image and image.look(join(wanted.folder, name)) is None
    if may_be_in_path(name, wanted.command, image) or begun.end.path_open:
        return False
    first = any(word.text == name for word in _words_of_docker(begun))
    named = name in _list_own_scripts(begun)
    return named or (bool(system.name) and first and name not in UTILITIES | OF_OTHERS and "." not in name)


def _words_of_docker(begun: Begun) -> Iterator[Word]:
    """Yield the words of ENTRYPOINT and CMD; those of the scripts that they start are not among them."""
    for start in begun.end.starts.values():
        yield from start.words if start.words is not None else (Word(one) for one in start.script.split())


def _list_own_scripts(begun: Begun) -> frozenset[str]:
    """Return the programs that the service's project and the library name as theirs, installed or not."""
    service = begun.image.service
    found = (read_scripts(partial(_read_below, service.context, above)) for above in ("", service.copy))
    return frozenset[str]().union(*(one.names for one in found))


def _read_below(context: Context, above: str, name: str) -> str | None:
    return context.read(join(above, name))


def _is_brought_otherwise(wanted: _Wanted, begun: Begun) -> bool:
    """Tell whether a file of the build, the base image, a mount or another installer brings a program, or may."""
    image, program = _without_taken(begun), wanted.program
    if any(image.look(f"{prefix}/bin/{program}") is not None for prefix in _PREFIXES):
        return True
    names = {program, *list_bringers(program)}
    for word in list_words(begun.image.build.stages):
        text = word.text.removeprefix("python3-")
        if not word.known or text in names or (wanted.sought and _is_alike(text, program)):
            return True
    return False


_SHORTEST = 3


def _is_alike(package: str, program: str) -> bool:
    """Tell whether a system's package is named after a program: `supervisor` brings `supervisord`."""
    named = len(package) >= _SHORTEST and not package.startswith("-")
    return named and (package.startswith(program) or program.startswith(package))


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
        of_system = wanted.folder in _OF_SYSTEMS and begun.end.system.name
        if wanted.folder and wanted.folder not in {one.folder for one in bins} and not of_system:
            return None  # nothing of it is known
    if any(one.has(program) for one in found) or any(_is_mounted(one, begun) for one in found):
        return None
    own = program in _list_own_scripts(begun)
    may_have = (one.may_have_own() if own else one.may_have(program) for one in found)
    sure = not any(may_have) and leaves_nothing(build, begun.number)
    sure = sure and not (wanted.sought and not wanted.folder and _may_be_of_system(begun))
    aside = next((one for one in bins if one.has(program)), None)
    if aside is not None and sure:
        if wanted.folder:
            return _Lacking(f"it is installed in {aside.folder}", f"start {aside.folder}/{program}", sure=True)
        why = f"it is installed in {aside.folder}, to which PATH does not lead"
        return _Lacking(why, f"add {aside.folder} to PATH", "PATH" not in begun.opened)
    left = next((one for one in every if one.has(program)), None)
    if left is not None and sure and not wanted.folder:
        why = f"{left.folder}/{program} is in another stage only: no COPY takes it"
        return _Lacking(why, f"copy {left.folder} as well, or start `python -m {program}`", sure=True)
    remedy = f"add `{name_package(program)}` to the requirements that the image installs"
    if wanted.sought:
        remedy = "start what is there, or install the package that brings it"
    if own:
        return _Lacking(f"no install line installs the project that names `{program}` as its script", remedy, sure)
    why = f"no install line brings `{program}`" if sure else "no requirement names a package that is known to bring it"
    return _Lacking(why, remedy, sure)


def _may_be_of_system(begun: Begun) -> bool:
    """Tell whether the system may have a program that nobody knows: its image has many, or a line installs a package."""
    stages = (begun.image.build.stages[at] for at in begun.image.build.list_chain(begun.number))
    return begun.end.system.full or any(not ALONE.fullmatch(one.text) for one in list_words(stages))


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
