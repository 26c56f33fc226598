"""What images are made of: what a Dockerfile takes from its context, whichever folder that is, and what a compose file builds."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.compose.file import Build, read_compose_file
from common_sync.core.formats.compose.paths import UNKNOWN, Use, WrittenPath, expand, is_remote, list_paths
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    find_value,
    is_merge,
    list_documents,
    list_merged,
)

_WILDCARD = expression(r"[*?\[\\$]")


class Copied(NamedTuple):
    """Something that a Dockerfile copies or mounts."""

    path: str  # its path from the context, up to the first wildcard or variable
    line: int  # the line, counted from 1
    text: str  # the line, to be shown
    name: str  # what it is called in the image, or nothing
    varies: bool  # whether a variable decides which folder in that path it is


def read_copied(text: str) -> Iterator[Copied]:
    """Yield what a Dockerfile takes from its context, in the order of the file.

    Raises:
        UnparsableError: Docker would refuse it.
    """
    lines = text.split("\n")
    sources = list(find_sources(parse_dockerfile(text)))
    for source in sources:
        number = text.count("\n", 0, source.written.start) + 1
        # With several sources the destination is a folder that holds them all, and names none of them.
        alone = sum(one.destination is source.destination for one in sources) == 1
        name = _last_name(source.destination.text) if source.destination and alone else ""
        path = source.written.text if source.unknown else source.path.text
        yield Copied(_before_wildcard(path), number, lines[number - 1].strip(), name, source.unknown)


def _before_wildcard(source: str) -> str:
    """Return the folder that a source lies in; `/common` means the context's, as Docker has it."""
    parts = source.lstrip("/").split("/")
    whole = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return "/".join(parts[:whole]) or "."


def _last_name(path: str) -> str:
    name = posixpath.basename(path.rstrip("/"))
    return "" if name in {".", ".."} or "$" in name else name


def cut_off(path: str) -> str:
    """Return a path as BuildKit takes it: a `..` that would lead out of the context counts for nothing."""
    return normalise(path, within=True)


class ComposedPath(NamedTuple):
    """A path of a compose service: as written, its line, what it is for, and where in the container it is mounted."""

    path: str
    line: int
    use: Use
    target: str


class ComposedService(NamedTuple):
    """A service of a compose file: its name, the images that it builds, and all paths that it names."""

    name: str
    builds: tuple[Build, ...]
    paths: tuple[ComposedPath, ...]


def read_services(root: Node) -> Iterator[ComposedService]:
    """Yield the services of a compose file; one of the oldest kind is nothing but services."""
    for document in list_documents(root):
        services = find_value(document, "services")
        for mapping in list_merged(services if services is not None else document):
            for key, service in mapping.pairs:
                if isinstance(key, YamlScalar) and isinstance(service, YamlMapping) and not is_merge(key):
                    yield _read_service(key, service)


def _read_service(key: YamlScalar, service: Node) -> ComposedService:
    alone = YamlMapping(((_SERVICES, YamlMapping(((key, service),), "", key.line)),), "", key.line)
    builds = (one.build for one in read_compose_file(alone).builds)
    paths = (_read_path(one) for one in list_paths(alone).written if UNKNOWN not in expand(one.path))
    return ComposedService(key.value, tuple(filter(_is_here, map(_expand, builds))), tuple(paths))


_SERVICES = YamlScalar("services", "", "", 0, 0, 1)


def _expand(build: Build) -> Build:
    return build._replace(context=expand(build.context), dockerfile=expand(build.dockerfile))


def _is_here(build: Build) -> bool:
    return UNKNOWN not in build.context + build.dockerfile and not is_remote(build.context)


def _read_path(written: WrittenPath) -> ComposedPath:
    after = written.scalar.value[written.end :].lstrip("/")
    target = after[1:].partition(":")[0] if after.startswith(":") else ""
    if written.use == "folder":
        target = written.scalar.value[: written.start].rstrip("=")  # `additional_contexts` as a list
    return ComposedPath(expand(written.path), written.scalar.line, written.use, target)
