"""Environments of Python that were made in one stage and are started in another: in another place, or without the Python that made them.

The `python` of an environment is a link to the one that made it, and the first line of each program that is installed there names the
environment by its whole path: https://docs.python.org/3/library/venv.html.
"""

from collections.abc import Iterator, Mapping
from posixpath import basename, dirname, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Ran, StageEnd, Started, Taken
from common_sync.core.doctor.checks.installers import list_words
from common_sync.core.doctor.checks.start.begun import Begun
from common_sync.core.doctor.checks.start.conditions import is_needed
from common_sync.core.doctor.checks.start.programs import KNOWN, list_bins
from common_sync.core.doctor.checks.surroundings import activates, surround
from common_sync.core.doctor.image.lookup import find_started, list_folders
from common_sync.core.doctor.install.sites import Site, moved
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.findings import make_finding
from common_sync.core.formats.python_command import is_python
from common_sync.core.model import Finding
from common_sync.core.paths import below

_COMPILED = frozenset({"uwsgi"})
"""Programs that are no scripts, and have no first line."""
_OTHER_PYTHONS = (
    "UV_PYTHON_PREFERENCE",
    "UV_PYTHON_INSTALL_DIR",
    "UV_MANAGED_PYTHON",
    "UV_PYTHON",
    "UV_VENV_RELOCATABLE",
)
_OF_ANOTHER = frozenset({"--python", "-p", "--managed-python", "--relocatable", "python"})
"""Words of lines that make an environment with another Python, or fetch one (`uv python install`)."""
_WRITING = frozenset({"sed", "perl", "find", "xargs", "virtualenv-relocate", "venv-pack", "conda-pack"})


class _Made(NamedTuple):
    """An environment: where it was made, in which stage, and the line that has taken it elsewhere; 0 for none."""

    born: str
    stage: int
    line: int = 0


class _Fault(NamedTuple):
    why: str
    remedy: str
    sure: bool = True


def check_moved(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the programs of environments that were taken out of another stage and do not run where they are now.

    Args:
        view: The service.
        begun: How the image is started.
    """
    made = _list_made(begun.image.build, begun.number)
    for started in begun.end.started:
        found = _why_not(started, made, begun)
        needed = is_needed(started.command.program, started, begun) if found is not None else False
        if found is not None and needed is not False:
            found = found._replace(sure=found.sure and needed is True)
            said = f"`{started.shown}` is started with the image, and {found.why}"
            said = said if found.sure else f"cannot be told whether this runs: {said}"
            remedy = found.remedy if found.sure else f"{found.remedy}; {IF_HARMLESS}"
            yield make_finding(
                "CS220" if found.sure else "CS213", view.service.path, begun.file, started.line, said, remedy
            )


def _list_made(build: Build, number: int) -> dict[str, _Made]:
    """Return the environments that a stage has at its end, by their paths."""
    stage = build.stages[number]
    found = _list_made(build, stage.built_on) if stage.built_on is not None else {}
    for taken in stage.taken:
        for path, made in _list_made(build, taken.stage).items():
            for source in taken.sources:
                there = moved(Site("environment", path), normpath("/" + source.lstrip("/")), taken.place)
                if there is not None and there.kind == "environment":
                    found[there.path] = made._replace(line=taken.line)
    for path in surround(build, number).made:
        found.setdefault(path, _Made(path, number))
    return found


def _why_not(started: Started, made: Mapping[str, _Made], begun: Begun) -> _Fault | None:
    """Return why a program of an environment does not run; None where it does, is of none, or nobody can tell."""
    command = started.command
    activated = activates(command)
    path = activated or _environment_of(started, begun, made)
    one = made.get(path)
    if one is None or not one.line or any(below(path, mount.target) is not None for mount in begun.mounts):
        return None
    maker, end = begun.image.build.stages[one.stage], begun.end
    if _is_made_by_another_python(one.stage, begun.image.build):
        return None
    name = command.program
    if (fault := _why_no_python(one, maker, begun)) is not None:
        return fault
    is_script = not activated and not is_python(name) and name not in _COMPILED
    if one.born == path or one.born in made or end.image.look(one.born) is not None or not (activated or is_script):
        return _why_other_python(one, maker, end)
    if _may_be_mended(begun, path, one.born):
        return None
    remedy = f"copy it to {one.born}, or make it at {path}, or start `{path}/bin/python -m …`"
    what = "the first line of each program in it" if is_script else "what it activates"
    why = f"line {one.line} has put the environment into {path}: {what} names {one.born}, where it was made"
    return _Fault(why, remedy, sure=bool(activated) or name in KNOWN)


def _environment_of(started: Started, begun: Begun, made: Mapping[str, _Made]) -> str:
    """Return the environment that a program is of; nothing where it is of none."""
    command = started.command
    written = command.words[0].text if command.words and command.words[0].known else ""
    if "/" in written:
        path = find_started(command, begun.end.image) or ""
        there = begun.end.image.look(path) if path else None
        own = there is not None and there.kind == "file"
        return dirname(dirname(path)) if basename(dirname(path)) == "bin" and not own else ""
    folders = list_folders(command) if not begun.end.path_open else []
    if is_python(written):
        return next((dirname(one) for one in folders if dirname(one) in made), "")
    if written not in KNOWN:
        return ""
    having = {one.folder for one in list_bins(begun, begun.number) if one.has(written)}
    return next((dirname(one) for one in folders if one in having), "")


def _is_made_by_another_python(number: int, build: Build) -> bool:
    """Tell whether the Python of an environment may be none that the base image of its stage has, or its programs may be run anywhere."""
    stages = [build.stages[at] for at in build.list_chain(number)]
    words = {
        word.text.partition("=")[0]
        for stage in stages
        for step in stage.steps
        if not isinstance(step, Taken)
        for word in step.command.arguments
    }
    return bool(words & _OF_ANOTHER) or any(stages[-1].environment.get(name, "") != "" for name in _OTHER_PYTHONS)


def _why_no_python(one: _Made, maker: StageEnd, begun: Begun) -> _Fault | None:
    """Return that the Python which made an environment is not in the image."""
    end, minor = begun.end, ".".join((maker.python or "3").split(".")[:2])
    folder = "/usr/local/bin" if maker.system.python else "/usr/bin"
    has = end.system.python if maker.system.python else end.system.full
    if not maker.system.name or not end.system.name or has:
        return None
    if any(end.image.look(f"{folder}/{name}") is not None for name in ("python", "python3", f"python{minor}")):
        return None
    stages = [begun.image.build.stages[at] for at in begun.image.build.list_chain(begun.number)]
    if any(below(folder, taken.place) is not None for stage in stages for taken in stage.taken):
        return None
    if not maker.system.python and any(not one.known or one.text.startswith("python") for one in list_words(stages)):
        return None
    why = f"its Python is a link to {folder}/python3, which line {one.line} leaves in the other stage"
    return _Fault(why, "begin both stages with the same image of Python")


def _why_other_python(one: _Made, maker: StageEnd, end: StageEnd) -> _Fault | None:
    """Return that an image has another Python than the one that made an environment."""
    versions = [".".join((stage.python or "").split(".")[:2]) for stage in (maker, end)]
    both = maker.system.python and end.system.python
    remedy = "begin both stages with the same image of Python"
    if both and all("." in version for version in versions) and versions[0] != versions[1]:
        why = f"line {one.line} brings an environment of Python {versions[0]}, in which Python {versions[1]} finds nothing"
        return _Fault(why, remedy)
    if both and maker.system.name != end.system.name:
        why = f"line {one.line} brings an environment from {maker.system.name} to {end.system.name}, where what is compiled does not run"
        return _Fault(why, remedy, sure=False)
    return None


def _may_be_mended(begun: Begun, path: str, born: str) -> bool:
    """Tell whether a line may write the first lines of programs anew."""
    for stage in begun.image.build.stages:
        for step in stage.steps:
            texts = " ".join(word.text for word in step.command.words) if isinstance(step, Ran) else ""
            if isinstance(step, Ran) and step.command.program in _WRITING and (born in texts or path in texts):
                return True
    return False
