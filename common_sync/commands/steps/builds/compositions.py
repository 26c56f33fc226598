"""What compose files build of a service: the images to follow, and what is built of it elsewhere."""

import os
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from common_sync.core.doctor.view import Service
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.compose.names import DeadEnd
from common_sync.core.formats.compose.paths import expand, has_variable
from common_sync.core.formats.dockerfile.sources import find_sources, keep_needed, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.paths import below, is_below
from common_sync.core.references.kinds import is_dockerfile
from common_sync.core.text import UnparsableError
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.folder import ServiceFolder

_BLOCK = frozenset({"|", ">"})
"""How a scalar begins whose text stands below it."""


class Dockerfile(NamedTuple):
    """A Dockerfile of a service.

    Attributes:
        path: Its path in the service.
        text: Its text.
        context: The path in the service of the build context that a compose file names for it, or None.
        targets: The stages that compose files build.
        arguments: The build arguments that they give, by name; None for one that the environment has.
        named: The build contexts with names, as paths in the service; None for one outside.
        builds: What compose files build so.
        lines_above: How many lines of the file stand above its text: none, unless it stands in a compose file.
    """

    path: str
    text: str
    context: str | None = None
    targets: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str | None], ...] = ()
    named: tuple[tuple[str, str | None], ...] = ()
    builds: tuple[BuiltService, ...] = ()
    lines_above: int = 0


def list_compositions(composes: ComposeFiles, service: Service, inside: Iterable[str]) -> tuple[BuiltService, ...]:
    """Return what compose files build of a service, by a Dockerfile elsewhere too.

    Args:
        composes: The compose files.
        service: The service.
        inside: The paths in it of its own compose files.
    """
    return tuple(one for one in composes.list_all(service.path, inside) if _is_of(one, service))


def _is_of(built: BuiltService, service: Service) -> bool:
    """Tell whether a build is about a service: it is in its folder, has its name, or takes files of it."""
    if is_below(built.context, service.place) or is_below(built.dockerfile, service.place):
        return True
    named = built.name == os.path.basename(service.path)
    if built.doubtful:
        return named or any(is_below(file, service.place) for file, _ in built.files)
    if not is_below(service.place, built.context):
        return False
    above, name = os.path.split(built.dockerfile)
    text = built.inline if built.section.inline else ServiceFolder(above).read_as_docker(name)
    target = built.section.target.value if built.section.target is not None else ""
    return named or any(is_below(path, service.place) for path in _list_taken(text or "", built.context, target))


def list_dead_ends(
    composes: ComposeFiles, service: Service, inside: Iterable[str], told: Container[tuple[str, str]] = ()
) -> Iterator[DeadEnd]:
    """Yield the lines of compose files that nobody can follow, but for those that the references' reader reports.

    Args:
        composes: The compose files.
        service: The service.
        inside: The paths in it of its own compose files.
        told: The files from the root of which that reader says something, and the codes.
    """
    for end in composes.list_dead_ends(service.path, inside):
        own = below(end.file, service.place)
        path = f"{service.path}/{own}"
        reported = own is not None and (end.refused or any((path, code) in told for code in ("CS104", "CS108")))
        about = is_below(end.context, service.place) or is_below(service.place, end.context)
        if not reported and (about or not end.context):
            yield end


def _list_taken(text: str, context: str, target: str) -> Iterator[str]:
    """Yield the absolute paths of what a build of one stage takes from its context; nothing of a file that Docker refuses."""
    try:
        for source in find_sources(keep_needed(parse_dockerfile(text), target)):
            yield os.path.normpath(os.path.join(context, normalise(source.path.text, within=True)))
    except UnparsableError:
        return


def list_dockerfiles(service: Service, folder: ServiceFolder, compositions: Iterable[BuiltService]) -> list[Dockerfile]:
    """Return the Dockerfiles of a service, once for each way in which a compose file builds it."""
    plain = {file: list[BuiltService]() for file in service.files if is_dockerfile(os.path.basename(file))}
    by_place = {os.path.realpath(os.path.join(service.place, file)): file for file in plain}
    inline = []
    for one in compositions:
        if one.doubtful:
            continue
        if not one.dockerfile and is_below(one.context, service.place):
            inline.append(one)
        elif is_below(one.dockerfile, service.place):
            file = by_place.get(one.dockerfile, os.path.relpath(one.dockerfile, service.place))
            plain.setdefault(file, []).append(one)
    found = [one for file, builds in plain.items() for one in _list_ways(service, folder, file, builds)]
    return [*found, *(_open_inline(service, one) for one in inline)]


def _list_ways(
    service: Service, folder: ServiceFolder, file: str, builds: Iterable[BuiltService]
) -> Iterator[Dockerfile]:
    bare = Dockerfile(file, folder.read_as_docker(file) or "")
    ways: dict[Dockerfile, list[BuiltService]] = {}
    for one in builds:
        ways.setdefault(_build(bare, one, service), []).append(one)
    for way, some in ways.items():
        targets = tuple(one.section.target.value.lower() for one in some if one.section.target is not None)
        yield way._replace(targets=targets, builds=tuple(some))
    if not ways:
        yield bare


def _build(dockerfile: Dockerfile, built: BuiltService, service: Service) -> Dockerfile:
    """Return a Dockerfile with what a compose file gives it: its context, its arguments, and contexts with names."""
    arguments = ((one.name, _expand(one.value)) for one in built.section.arguments)
    named = ((one.name.lower(), _inside(one.value, service)) for one in built.contexts)
    return dockerfile._replace(
        context=_inside(built.context, service),
        arguments=tuple(sorted(arguments)),
        named=tuple(named),
    )


def _expand(value: str | None) -> str | None:
    """Return what a build argument comes to; None where the environment has a part in it."""
    return None if value is None or has_variable(value) else expand(value)


def _inside(path: str | None, service: Service) -> str | None:
    """Return the path in a service of a folder, nothing for all of it; None where it is outside."""
    if path is None or not is_below(path, service.place):
        return None
    return os.path.relpath(path, service.place).removeprefix(".")


def _open_inline(service: Service, built: BuiltService) -> Dockerfile:
    scalar = built.section.inline
    assert scalar is not None
    above = scalar.line - (scalar.style not in _BLOCK)
    path = os.path.relpath(built.file_of(scalar), service.place)
    target = built.section.target
    bare = Dockerfile(path, built.inline or "", targets=(target.value.lower(),) if target else (), lines_above=above)
    return _build(bare, built, service)._replace(builds=(built,))
