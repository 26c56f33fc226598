"""Programs of the system, and scripts by PATH, that an image is started with and does not have: `tini`, `bash` on Alpine, `run.sh`.

What systems have from the beginning is looked up for official images only (`python`, `debian`, `ubuntu`, `alpine`, and those of uv):
all others may hold anything.
"""

from collections.abc import Iterator
from posixpath import basename, dirname, join
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import NotFollowed, Ran, StageEnd, Started
from common_sync.core.doctor.checks.installers import ALONE, list_words
from common_sync.core.doctor.checks.start.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.checks.start.conditions import is_needed
from common_sync.core.doctor.checks.surroundings import surround
from common_sync.core.doctor.image.lookup import find_started, list_folders, may_be_in_path
from common_sync.core.doctor.install.brought import list_brought
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.formats.python_command import is_python
from common_sync.core.formats.shell.script import Command, read_first_line, read_words
from common_sync.core.model import Finding
from common_sync.core.paths import below

_WRAPPERS = frozenset({"tini", "dumb-init", "gosu", "su-exec", "catatonit"})
"""What no system has from the beginning, and what a start that needs it always needs."""
_NOT_IN = {
    "debian": _WRAPPERS | {"sudo", "zsh", "ksh", "fish", "ash"},
    "alpine": _WRAPPERS | {"sudo", "zsh", "ksh", "fish", "dash", "bash"},
}
"""System → programs that it has only where something installs them."""
_SHELL_SCRIPT = expression(r"[\w.-]+\.(?:sh|bash)")
_NEUTRAL = frozenset(
    (
        *("python", "python3", "manage.py", "django-admin", "curl", "wget", "gpg", "npm", "yarn", "pnpm", "node"),
        *("groupmod", "install", "tar", "dpkg-reconfigure", "apt-key", "tee", "git", "playwright", "nltk.downloader"),
    )
)
"""What brings no program of a system but to a place that its words name."""
_INSTALL = {"debian": "apt-get install -y", "alpine": "apk add --no-cache"}


class _Needed(NamedTuple):
    """A program that a start needs."""

    written: str  # its name or path
    sure: bool  # whether it is started in any case
    command: Command  # what needs it
    by: str = ""  # the script whose first line names it, or nothing


def check_lacking(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the programs that an image is started with, that are of no Python package, and that it does not have.

    Args:
        view: The service.
        begun: How the image is started.
    """
    if any(_is_fetched(one.command) for one in begun.end.started):
        return
    told, seen = is_told(begun.image, NotFollowed), set[str]()
    for started in begun.end.started:
        for needed in _list_needed(started, begun):
            found = _why_lacking(needed, begun) if needed.written not in seen else None
            if found is None or (told and not found.sure):
                continue
            seen.add(needed.written)
            yield _report(found, needed, started, view, begun)


def _report(found: "_Lacking", needed: _Needed, started: Started, view: View, begun: Begun) -> Finding:
    name = needed.written
    said = f"the first line of {needed.by} names `{name}`" if needed.by else f"`{name}` is started with the image"
    code, message, remedy = "CS220", f"{said}, and {found.why}", found.remedy
    if not found.sure:
        code, remedy = "CS213", f"{remedy}; {IF_HARMLESS}"
        message = f"cannot be told whether there is `{name}`, which the image is started with: {found.why}"
    return make_finding(code, view.service.path, begun.file, started.line, message, remedy)


def _is_fetched(command: Command) -> bool:
    """Tell whether a start installs packages of the system first."""
    return command.program in {"apt-get", "apt", "apk"}


def _list_needed(started: Started, begun: Begun) -> Iterator[_Needed]:
    """Yield the programs that a start needs: what it goes through, the program itself, and what runs that by its first line."""
    command = started.command
    for written in (one[0].text for one in command.through if one and one[0].known):
        needed = is_needed(written, started, begun)
        if needed is not False:
            yield _Needed(written, needed is True, command)
    if not command.words or not command.words[0].known:
        return
    path = find_started(command, begun.end.image)
    place = begun.end.image.look(path) if path is not None else None
    needed = is_needed(command.words[0].text, started, begun)
    if needed is False:
        return
    if path is None or place is None:
        yield _Needed(command.words[0].text, needed is True, command)
    elif place.kind == "file" and not any(below(path, one.target) is not None for one in begun.mounts):
        words = read_first_line(read_text(place, begun.image.context) or "")
        for inner in read_words(words, None, {}) if words else ():
            names = inner.words[0].text if inner.words else ""
            yield _Needed(names, needed is True, command, by=path)


class _Lacking(NamedTuple):
    """Why a program is not there, or may not be; what to do; whether that is sure."""

    why: str
    remedy: str
    sure: bool


def _why_lacking(needed: _Needed, begun: Begun) -> _Lacking | None:
    """Return why a program is not there, or may not be; None where it is, or nobody can tell."""
    name, image = basename(needed.written), begun.end.image
    folder = dirname(needed.written)
    there = image.look(needed.written) is not None if folder else may_be_in_path(name, needed.command, image)
    system = begun.end.system.name
    if there or _is_brought(name, begun):
        return None
    if is_python(name):
        return _why_no_python(name, folder, needed, begun) if system else None
    if name in _NOT_IN.get(system, frozenset()):
        return _why_no_program(name, needed, begun)
    return _why_no_script(name, needed, begun) if not folder and _SHELL_SCRIPT.fullmatch(name) else None


_FOLDERS_OF_SYSTEMS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin")


def _is_brought(name: str, begun: Begun) -> bool:
    """Tell whether a line names a program as what it makes, or as a package to install, or may."""
    build = begun.image.build
    installs = [one for stage in build.stages for one in stage.installs]
    if any(name in list_brought(one.install, one.needs, one.image, begun.image.context).names for one in installs):
        return True
    words = [*list_words(_list_stages(begun))]
    ran = (step.command for stage in build.stages for step in stage.steps if isinstance(step, Ran))
    made = any(word.text.endswith(f"bin/{name}") for command in ran for word in command.arguments)
    packages = {name, f"{name}-static"}
    return made or any(not word.known or _VERSION.sub("", word.text) in packages for word in words)


_VERSION = expression(r"[=<>~@].*")
"""What follows the name of a package of a system."""


def _list_stages(begun: Begun) -> Iterator[StageEnd]:
    """Yield the stage that is started, those that it is built on, and those that it takes a folder of programs from."""
    stages = begun.image.build.stages
    for stage in (stages[at] for at in begun.image.build.list_chain(begun.number)):
        yield stage
        for taken in stage.taken:
            if any(below(folder, taken.place) is not None for folder in _FOLDERS_OF_SYSTEMS):
                yield stages[taken.stage]


def _is_all_known(begun: Begun) -> bool:
    """Tell whether nothing runs while the image is built that may bring a program unseen."""
    return leaves_nothing(begun.image.build, begun.number, _NEUTRAL)


def _why_no_program(name: str, needed: _Needed, begun: Begun) -> _Lacking:
    others = [word.text for word in list_words(_list_stages(begun)) if not ALONE.fullmatch(word.text)]
    alone = name in _WRAPPERS or not others
    remedy = f"install it: `{_INSTALL[begun.end.system.name]} {name}`"
    if name == "bash" and not needed.by:
        remedy += ", or start `sh`"
    return _Lacking("no line installs it", remedy, needed.sure and alone and _is_all_known(begun))


def _why_no_python(name: str, folder: str, needed: _Needed, begun: Begun) -> _Lacking | None:
    """Return why a Python is not there."""
    system, version = begun.end.system, begun.end.python
    made = surround(begun.image.build, begun.number).made
    if any(dirname(one) in made for one in ([folder] if folder else list_folders(needed.command))):
        return None
    packages = {word.text for word in list_words(_list_stages(begun)) if word.text.startswith("python")}
    minor = name.removeprefix("python").removeprefix("pypy")
    sure = needed.sure and _is_all_known(begun)
    if system.python:
        own = minor in {"", "3"} or version is None or ".".join(version.split(".")[:2]) == minor
        if folder in {"/usr/bin", "/bin"} and not system.full and not packages:
            return _Lacking("the image has its Python in /usr/local/bin", f"write `/usr/bin/env {name}`", sure)
        if own or folder or packages:
            return None
        return _Lacking(f"the image has Python {version}", "start `python3`", sure)
    if folder == "/usr/local/bin":
        return _Lacking("no line puts one there", "write `/usr/bin/env python3`, and install that", sure)
    three = any(one.startswith("python3") for one in packages)
    if three and (name != "python" or system.name == "alpine" or packages & _NAMED_PYTHON):
        return None
    if three:
        return _Lacking("the system calls it `python3`", "start `python3`, or install `python-is-python3`", sure)
    others = any(not ALONE.fullmatch(word.text) for word in list_words(_list_stages(begun)))
    return _Lacking("no line installs Python", f"install it: `{_INSTALL[system.name]} python3`", sure and not others)


_NAMED_PYTHON = frozenset({"python", "python2", "python-is-python3", "python-dev-is-python3", "python-minimal"})
"""Packages of Debian's that bring a program `python`."""


def _why_no_script(name: str, needed: _Needed, begun: Begun) -> _Lacking | None:
    """Return that a script is in no folder of PATH: a shell and Docker look for it nowhere else."""
    folder = needed.command.folder
    place = begun.end.image.look(join(folder, name)) if folder is not None else None
    here = place is not None and place.kind == "file"
    remedy = f"start `./{name}`" if here else "copy it to /usr/local/bin, or start it by its path"
    why = "no folder of PATH has it" + (f": {folder} is none of them" if here else "")
    known = bool(begun.end.system.name)
    return _Lacking(why, remedy, needed.sure and known and (here or _is_all_known(begun))) if known or here else None
