"""Where the library lies once a stage has run, and whether what is started there looks for it in that place."""

from collections.abc import Iterable, Mapping
from posixpath import basename, dirname, join, normpath
from types import MappingProxyType
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Installed, Ran, StageEnd, Taken
from common_sync.core.doctor.checks.asked_first import asks_for, is_library, may_bring, names_archive
from common_sync.core.doctor.checks.start.looking import Look
from common_sync.core.doctor.checks.surroundings import ONLY_LOOKS, environment_made_by, site_of, surround
from common_sync.core.doctor.install.sites import (
    PYTHON,
    UNKNOWN,
    Around,
    Site,
    folder_site,
    moved,
    python_of,
)
from common_sync.core.doctor.view import ImageView
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.shell.conditions import Path, is_sure
from common_sync.core.paths import below

_INEXACT = "--inexact"


class Lost(NamedTuple):
    """Why the library is not where it is looked for: the line, what that does, and whether that is sure."""

    line: int
    what: str
    sure: bool = True


class Arrived(NamedTuple):
    """What has become of the library in a stage.

    Attributes:
        sites: Where it lies, and the line that has brought it there.
        made: The environments that were made.
        linked: Those of them that also look into the image's own Python.
        hanging: Where it lies if a condition holds: the place and the line that may bring it there, and what that hangs on.
        lost: The last line that brought it nowhere, or took it away.
    """

    sites: dict[Site, int]
    made: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    lost: Lost | None = None
    hanging: Mapping[tuple[Site, int], frozenset[Path]] = MappingProxyType({})

    def gone(self, sites: Iterable[Site], line: int, what: str, *, sure: bool = True) -> "Arrived":
        """Return what is left once a line has taken the library away from some places."""
        out = {one for one in sites if one in self.sites}
        left = {one: at for one, at in self.sites.items() if one not in out}
        return self._replace(sites=left, lost=Lost(line, what, sure)) if out else self

    def hung(self, site: Site, line: int, path: Path) -> "Arrived":
        """Return what there is once a line has brought the library somewhere, if a condition holds."""
        paths = self.hanging.get((site, line), frozenset()) | {path}
        if is_sure(paths):
            return self.brought(site, line)
        return self._replace(hanging={**self.hanging, (site, line): paths})

    def brought(self, site: Site, line: int) -> "Arrived":
        """Return what there is once a line has brought the library somewhere."""
        return self._replace(sites={**self.sites, site: line})


def arrive(image: ImageView, number: int) -> Arrived:
    """Return what has become of the library once a stage has run.

    Args:
        image: The image.
        number: The stage's number.
    """
    stage = image.build.stages[number]
    arrived = arrive(image, stage.built_on) if stage.built_on is not None else Arrived({})
    surroundings = surround(image.build, number)
    for step, around in zip(stage.steps, surroundings.arounds, strict=True):
        match step:
            case Installed():
                arrived = _install(arrived, step, around, image, stage)
            case Taken():
                arrived = _take(
                    arrived, step, arrive(image, step.stage), _differ(stage, image.build.stages[step.stage])
                )
            case _:
                arrived = _run(arrived, step, around, image)
    return arrived._replace(made=surroundings.made, linked=surroundings.linked)


def _install(arrived: Arrived, event: Installed, around: Around, image: ImageView, stage: StageEnd) -> Arrived:
    install, line = event.install, event.instruction.line
    site = site_of(event, around)
    brings = any(is_library(need, image) and need.brought for need in event.needs)
    brings = brings or names_archive(event) or (may_bring(event) and asks_for(event, image, stage.image))
    if install.action != "install" or install.has(*ONLY_LOOKS):
        looks = f"only does `{install.action}`" if install.action != "install" else "only looks what it would do"
        return arrived._replace(lost=Lost(line, looks)) if brings else arrived
    if site is None:
        plain = stage.image.look("/.venv") is None  # else the base image may have one
        lost = Lost(line, "finds no environment to install into, and is not told `--system`", sure=plain)
        return arrived._replace(lost=lost) if brings else arrived
    if brings:
        return arrived.hung(site, line, event.command.under)
    exact = "takes away what it does not install"
    return arrived.gone([site], line, exact, sure=event.command.certain) if _is_exact(event) else arrived


def _is_exact(event: Installed) -> bool:
    """Tell whether an install takes away all that it does not install."""
    words = [word.text for word in event.command.words]
    if event.command.program == "pip-sync":
        return True
    return event.install.tool == "uv" and "sync" in words[:4] and not event.install.has(_INEXACT)


def _differ(stage: StageEnd, other: StageEnd) -> str:
    """Return in words that two stages have another Python each, of which one does not look for the other's packages."""
    versions = [(one.python or "").split(".")[:2] for one in (other, stage)]
    if not all(map(any, versions)) or versions[0] == versions[1]:
        return ""
    return "brings packages of Python {} to Python {}".format(*map(".".join, versions))


def _take(arrived: Arrived, taken: Taken, other: Arrived, differ: str) -> Arrived:
    if differ and any(one.kind in {"python", "environment"} for one in other.sites):
        return arrived._replace(lost=Lost(taken.line, differ, sure=False))
    for source in (normpath("/" + one.lstrip("/")) for one in taken.sources):
        for site in other.sites:
            if (there := moved(site, source, taken.place)) is not None:
                arrived = arrived.brought(there, taken.line)
        for (site, line), paths in other.hanging.items():
            if (there := moved(site, source, taken.place)) is not None:
                arrived = arrived._replace(hanging={**arrived.hanging, (there, line): paths})
    return arrived


def _run(arrived: Arrived, step: Ran, around: Around, image: ImageView) -> Arrived:
    command = step.command
    words = [word.text for word in command.words]
    if command.program == "rm":
        return _remove(arrived, step, around, image)
    if (place := environment_made_by(command)) is not None:
        cleared = "--clear" in words or command.program == "uv"
        return arrived.gone([place] if cleared else [], step.line, f"makes {place.path} anew", sure=command.certain)
    if "uninstall" in words[:5]:
        names = {normalise(word) for word in words}
        if normalise(image.service.library) in names or "-r" in words:
            sites = [*arrived.sites] if command.program == "uv" else [python_of(command, around)]
            return arrived.gone(sites, step.line, "uninstalls it", sure=command.certain)
    return arrived


def _remove(arrived: Arrived, step: Ran, around: Around, image: ImageView) -> Arrived:
    """Return what is left once files were removed."""
    home = "/root" if around.user == "root" else f"/home/{around.user}"
    removed = [word.text for word in step.command.arguments if not word.text.startswith("-")]
    paths = [normpath(join(step.command.folder or "/", one.replace("~", home, 1))) for one in removed]
    names = {"*", *(one.package.partition(".")[0] for one in image.service.imports)}
    sites = [site for site in arrived.sites if any(_holds(path, site, names) for path in paths)]
    return arrived.gone(sites, step.line, "removes it", sure=step.command.certain)


def _holds(path: str, site: Site, names: set[str]) -> bool:
    """Tell whether the library in a site goes with a path: the whole site, its folder of packages, or its package there."""
    inner = basename(path) in names and folder_site(dirname(path)) == site
    packages = folder_site(path) == site and path != site.path
    return inner or packages or bool(site.path and below(site.path, path) is not None)


def why_unreached(arrived: Arrived, look: Look) -> Lost | None:
    """Return why a program does not find the library, although something installs it; None where it may.

    Args:
        arrived: What has become of the library in the stage that starts it.
        look: Where the program looks.
    """
    if not arrived.sites and (hanging := _why_hanging(arrived)) is not None:
        return hanging
    if look.more or UNKNOWN in {*arrived.sites, look.python}:
        return None
    if any(_is_found(site, look, arrived) for site in arrived.sites):
        return None
    if any(_is_found(site, look, arrived) for site, _ in arrived.hanging):
        return _why_hanging(arrived)
    site, line = next(reversed(arrived.sites.items()), (UNKNOWN, 0))
    if not line:
        return arrived.lost
    place = site.path or "the image's own Python"
    return Lost(line, f"brings it into {place}, where what the image starts does not look", sure=False)


def _why_hanging(arrived: Arrived) -> Lost | None:
    line = next((line for _, line in reversed([*arrived.hanging])), None)
    return Lost(line, "installs it only if a condition holds", sure=False) if line is not None else None


def _is_found(site: Site, look: Look, arrived: Arrived) -> bool:
    if site.kind == "folder":
        return site.path in look.folders
    if any(below(folder, site.path) is not None for folder in look.folders if site.path):
        return True
    if not look.packages or site == look.user:
        return look.packages
    if site.kind == "python":
        return look.python in {None, PYTHON} or look.python.path in arrived.linked
    return site == look.python or (look.python is None and site.path in arrived.made)
