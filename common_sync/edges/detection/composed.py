"""What each service of a compose file is made of: the image that it builds, and the other places that it names."""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.formats.compose.file import Build, read_compose_file
from common_sync.core.formats.compose.paths import Use, WrittenPath, is_remote, list_paths
from common_sync.core.formats.compose.variables import UNKNOWN, expand
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    find_value,
    is_merge,
    list_documents,
    list_merged,
)


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
