"""Installs that may only look into folders of packages: whether a file there is what they ask for.

Source of the files' names: https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed
from common_sync.core.doctor.image.files import Context
from common_sync.core.doctor.install.bounds import list_bounds
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Bound, Need, read_text
from common_sync.core.doctor.install.project.isolation import list_installed
from common_sync.core.doctor.install.settings.sources import LINKS, Source, forbids_indexes, given_sources, list_sources
from common_sync.core.doctor.install.wheels import fits, installs_for_itself, why_unsure
from common_sync.core.doctor.view import IF_HARMLESS
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.model import Finding

_WHEEL = expression(r"(?P<name>[^-]+)-(?P<version>[^-]+)-.*\.whl")
_SOURCE = expression(r"(?P<name>.+)-(?P<version>\d[^-]*)\.(?:tar\.gz|zip|tgz|tar\.bz2)")
_BACKENDS = frozenset({"setuptools", "hatchling", "flit-core", "poetry-core", "pdm-backend", "uv-build", "maturin"})
_UNBUILT = "it is a source, and nothing is there that builds one"
_FAR = expression(r"^[ \t]*(?:-f|--find-links)[= \t]+\w+://", re.MULTILINE)
_REMEDY = "put a file of that version there, or ask for one that is there"


class _Links(NamedTuple):
    """The folders that an install looks into.

    Attributes:
        shown: How they are named; nothing where there is none.
        held: The normalised name of each package there, with its versions, and why each may not be taken; nothing where it is.
        alone: Whether it looks nowhere else.
    """

    shown: str
    held: Mapping[str, Mapping[str, str]]
    alone: bool


class _Unlinked(NamedTuple):
    """What is asked for and no file fits, or one that may not be taken: then why."""

    bound: Bound
    why: str


def find_unlinked(
    build: Build, number: int, file: str, context: Context, admits: Callable[[str, str], bool]
) -> Iterator[Finding]:
    """Yield what the installs of a stage ask for and no folder of packages has that they look into.

    Args:
        build: What the build comes upon.
        number: The stage's number.
        file: The Dockerfile's path in the service.
        context: The build context.
        admits: Compares a version with a specifier.
    """
    stage = build.stages[number]
    before = (one for at in build.list_chain(number)[:-1] for one in build.stages[at].installs)
    held = _IN_PYTHONS.union(*(_names_of(event, context) for event in before))
    for event in stage.installs if not stage.taken else ():
        links = _read_links(event, context)
        if links is not None:
            unlinked = _list_unlinked(event, links, context, admits, held)
            yield from (_report(one, links, event, file) for one in unlinked)
        held |= _names_of(event, context)


def _report(unlinked: _Unlinked, links: _Links, event: Installed, file: str) -> Finding:
    bound, line = unlinked.bound, event.instruction.line
    asked = f"`{bound.written}`" + (f" ({bound.file}:{bound.line})" if bound.file and bound.line else "")
    code = "CS204" if links.alone and event.install.certain else "CS213"
    if not links.shown:
        said, remedy = (
            f"{asked} is asked for, and this line may look nowhere for it",
            "take `--no-index` out, or name a folder of packages",
        )
        return file_finding(code, file, line, said, remedy)
    if unlinked.why:
        said = f"{asked} is asked for, and it cannot be told whether a file in {links.shown} fits: {unlinked.why}"
        return file_finding("CS213", file, line, said, IF_HARMLESS)
    said = f"{asked} is asked for, and no file in {links.shown} fits: "
    said += "this line may look nowhere else" if links.alone else "an index is asked for it"
    return file_finding(code, file, line, said, _REMEDY)


_IN_PYTHONS = frozenset({"pip", "setuptools", "wheel"})


def _names_of(event: Installed, context: Context) -> set[str]:
    """Return the normalised names of what is installed."""
    projects = {need.project.name for need in event.needs if need.project is not None}
    return projects | {*list_installed(event.install, event.needs, event.image, context)}


def _list_unlinked(
    event: Installed, links: _Links, context: Context, admits: Callable[[str, str], bool], held: Collection[str]
) -> Iterator[_Unlinked]:
    """Yield what an install asks for and no file fits for certain."""
    needs = [one for one in event.needs if one.state == "there" and not one.refused]
    local = {one.project.name for one in needs if one.kind == "project" and one.project is not None}
    bounds = list_bounds(needs, event.install, event.image, context)
    wanted = [one for one in bounds if one.kind == "asked" and not one.marked and one.name not in held]
    wanted += (
        [] if event.install.has("--no-build-isolation", "--no-build") else [*_list_builders(needs, event.install.tool)]
    )
    excused = _UNBUILT if event.install.has("--no-build-isolation") or links.held.keys() & _BACKENDS else ""
    for bound in dict.fromkeys(wanted):
        versions = links.held.get(bound.name, {})
        fitting = [why for one, why in versions.items() if not bound.specifier or admits(bound.specifier, one)]
        reasons = ["" if why == excused else why for why in fitting]
        sure = not all(reasons) or (bool(reasons) and not links.alone)
        if not sure and bound.name not in local and (versions or links.alone):
            yield _Unlinked(bound, next(iter(reasons), ""))


def _list_builders(needs: Collection[Need], tool: str) -> Iterator[Bound]:
    """Yield what builds the folders that are installed: pip looks for it where it looks for all else; uv brings its own."""
    for need in needs:
        if need.kind == "project" and need.project is not None and need.project.name:
            for name in need.project.build_requires if (tool, need.project.backend) != ("uv", "uv_build") else ():
                yield Bound(name, "", f"{name}, which builds {need.written}", "asked")


def _read_links(event: Installed, context: Context) -> _Links | None:
    """Return the folders that an install looks into; None where it has none, or nobody can tell what is in one."""
    install, image = event.install, event.image
    odd = install.synced or install.action != "install" or any("://" in one for one in install.values(LINKS))
    if install.tool not in {"pip", "uv"} or install.folder is None or odd:
        return None
    sources = [(source, [install.folder]) for source in given_sources(install)]
    alone = install.has("--no-index")
    for need in event.needs:
        place = image.look(need.path) if need.kind == "file" and need.state == "there" and need.path else None
        text = read_text(place, context) if place is not None else None
        if text is not None and not need.path.endswith((".toml", ".lock")):
            sources += [(source, [dirname(need.path), install.folder]) for source in list_sources(text)]
            alone = alone or forbids_indexes(text)
            if _FAR.search(text) is not None:
                return None
    held: dict[str, dict[str, str]] = {}
    if not (sources or alone) or any(not _take(source, folders, event, held) for source, folders in sources):
        return None
    return _Links(", ".join(source.path for source, _ in sources), held, alone)


def _take(source: Source, folders: list[str], event: Installed, held: dict[str, dict[str, str]]) -> bool:
    """Take in what a folder holds that the image's Python takes, and tell whether that can be told."""
    image, own = event.image, installs_for_itself(event.install)
    places = [normpath(join(folder, source.path)) for folder in folders]
    folder = next((one for one in places if image.look(one) is not None), None)
    if folder is None or source.option != LINKS or image.look(join(folder, "what nobody has put there")) is not None:
        return False
    for name in image.names(folder):
        wheel, packed = _WHEEL.fullmatch(name), _SOURCE.fullmatch(name)
        if wheel is not None and (not own or fits(name, event.python, event.platform)):
            _hold(held, wheel, why_unsure(name, event.platform) if own else "")
        elif packed is not None and not _takes_wheels_only(event.install, packed["name"]):
            _hold(held, packed, _UNBUILT)
    return True


def _hold(held: dict[str, dict[str, str]], found: re.Match[str], why: str) -> None:
    versions = held.setdefault(normalise(found["name"]), {})
    versions[found["version"]] = why and versions.get(found["version"], why)


def _takes_wheels_only(install: Install, name: str) -> bool:
    """Tell whether an install builds no package of a name."""
    return install.has("--no-build") or bool(
        {":all:", normalise(name)} & {*map(normalise, install.values("--only-binary"))}
    )
