"""Where the paths of a compose file lead, and which of them could be made to lead to the copy."""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

from common_sync.core.formats.compose.file import BuildSection, ComposeFile
from common_sync.core.formats.compose.paths import UNKNOWN, WrittenPath, expand, has_variable, is_remote
from common_sync.core.model import Edit
from common_sync.core.references.contract import Place, Site
from common_sync.core.text import is_no_path


class Located(NamedTuple):
    """A path and where it leads.

    Attributes:
        written: The path.
        place: Where it leads.
        up: What leads from the folder that it is relative to, to the service's; None where that cannot be told.
        variable: Whether a variable may make it lead to the library.
        foreign: Whether it is a mount of another service's image, which must not get this one's copy.
    """

    written: WrittenPath
    place: Place
    up: str | None
    variable: bool = False
    foreign: bool = False

    def of_others(self, starts: Container[int]) -> "Located":
        """Return the same, told whether it is one of the mounts of others, by the offsets of these."""
        return self._replace(foreign=self.written.use == "mount" and self.written.scalar.start in starts)

    @property
    def line(self) -> int:
        """Its line, counted from 1."""
        return self.written.scalar.line

    @property
    def leads_to_master(self) -> bool:
        """Whether it leads to the master, whatever the environment."""
        return self.place.where == "master" and not self.variable

    def path_to(self, copy: str) -> str:
        """Return the path that leads to the copy instead."""
        return f"{self.up or './'}{copy}/{self.place.rest}".rstrip("/")

    def edit_to(self, copy: str) -> Edit:
        """Return the edit of the scalar's value that makes it lead to the copy."""
        return Edit(self.written.start, self.written.end, self.path_to(copy).replace("$", "$$"))


def locate_paths(paths: Iterable[WrittenPath], builds: Iterable[BuildSection], site: Site) -> Iterator[Located]:
    """Yield where each path leads: once, but for a Dockerfile that several contexts share."""
    contexts: dict[int, list[str]] = {}
    for one in builds:
        if one.dockerfile:
            contexts.setdefault(one.dockerfile.start, []).append(one.build.context)
    for written in paths:
        if written.use == "dockerfile":
            for context in contexts.get(written.scalar.start, ()):
                yield from _locate_dockerfile(written, context, site)
        else:
            place, variable = _resolve(written.path, lambda path: site.locate(path, True))
            yield Located(written, place, site.up, variable)


def _locate_dockerfile(written: WrittenPath, context: str, site: Site) -> Iterator[Located]:
    """Yield where a Dockerfile lies, unless it goes with a context in the master, or with one that is beyond this file."""
    if _may_be_read(context) and site.locate(context, True).where in {"service", "copy"}:
        place, variable = _resolve(written.path, lambda path: site.locate(_join(context, path), True))
        yield Located(written, place, _climb(context, site.up), variable)


def list_others(compose: ComposeFile, site: Site) -> set[int]:
    """Return the offsets of mounts of services alone that are built from another service's folder."""
    of_others, own = set[int](), set[int]()
    for service in compose.services:
        context = service.build.build.context if service.build is not None else "."
        place = site.locate(context, True) if _may_be_read(context) else None
        elsewhere = place is not None and place.where == "outside" and not place.holds
        (of_others if elsewhere else own).update(mount.start for mount in service.mounts)
    return of_others - own


def list_held(builds: Iterable[BuildSection], site: Site) -> set[int]:
    """Return the offsets of contexts that are in the master while their Dockerfile is not."""
    return {
        one.context.start
        for one in builds
        if one.context is not None
        and _may_be_read(one.build.context)
        and site.locate(one.build.context, True).where == "master"
        and site.locate(_join(one.build.context, one.build.dockerfile), True).where != "master"
    }


def _may_be_read(context: str) -> bool:
    return not (is_remote(context) or has_variable(context) or is_no_path(context))


def _join(folder: str, path: str) -> str:
    return path if path.startswith("/") else f"{folder}/{path}"


def _climb(context: str, up: str) -> str | None:
    """Return what leads from a build context to the service's folder; None for an absolute one."""
    if context.startswith("/"):
        return None
    steps = up.count("../") + sum({"": 0, ".": 0, "..": -1}.get(part, 1) for part in context.split("/"))
    return "../" * steps


def _resolve(path: str, locate: Callable[[str], Place]) -> tuple[Place, bool]:
    """Return where a path leads, and whether a variable has a part in it that could take it to the library.

    A variable that has a default counts as that; behind a fixed beginning, another one counts as a name there. So
    `./data/${STAGE}` is the service's own, and `../${NAME}` may be anything that is beside it.
    """
    expanded = expand(path)
    fixed, unknown, _ = expanded.partition(UNKNOWN)
    if unknown:
        place = locate(fixed.rpartition("/")[0] or ".")
        return place, not fixed or place.where == "master" or place.holds
    place = locate(expanded)
    return place, expanded != path.replace("$$", "$") and place.where == "master"
