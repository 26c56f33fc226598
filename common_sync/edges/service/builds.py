"""Which compose files build a service's images, and from which folder."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.formats.compose.paths import Build
from common_sync.core.references.contract import Place, Site
from common_sync.core.references.kinds import is_compose
from common_sync.core.text import UndecodableError, UnparsableError, decode_unicode


class BuiltFrom(NamedTuple):
    """An image, as a compose file builds it.

    Attributes:
        compose: The compose file's absolute path.
        build: What it says.
        context: The build context's absolute path.
        dockerfile: The Dockerfile's absolute path, symlinks resolved.
    """

    compose: str
    build: Build
    context: str
    dockerfile: str


class Widened(NamedTuple):
    """A Dockerfile that takes the library from the master, by a build context that is not the service's folder.

    Attributes:
        path: POSIX path inside the service.
        builds: How it is built, from such contexts.
    """

    path: str
    builds: tuple[BuiltFrom, ...]


def locate_builds(compose: str, builds: Iterable[Build]) -> list[BuiltFrom]:
    """Return where what a compose file builds lies.

    Args:
        compose: The compose file's absolute path.
        builds: What it builds.
    """
    located = []
    for build in builds:
        context = os.path.normpath(os.path.join(os.path.dirname(compose), build.context))
        dockerfile = os.path.realpath(os.path.join(context, build.dockerfile))
        located.append(BuiltFrom(compose, build, context, dockerfile))
    return located


class RootBuilds:
    """What the compose files beside the configuration build; read once, and only when a service has a Dockerfile.

    One that cannot be read or parsed counts for nothing here: it is no service's own.

    Args:
        root: The absolute path of the configuration's folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._found: list[BuiltFrom] | None = None

    def list(self) -> Sequence[BuiltFrom]:
        """Return them all."""
        if self._found is None:
            self._found = []
            for name in sorted(filter(is_compose, os.listdir(self._root))):
                path = os.path.join(self._root, name)
                with suppress(OSError, UndecodableError, UnparsableError):
                    self._found += locate_builds(path, _read(path))
        return self._found


def _read(path: str) -> tuple[Build, ...]:
    with open(path, "rb") as file:
        data = file.read()
    if b"dockerfile" not in data:
        return ()  # then no context but the Dockerfile's own folder finds it
    from common_sync.core.references.compose.rewriting import read_compose
    from common_sync.edges.files.yaml import parse_yaml

    site = Site(lambda _path, _from_file: Place("outside"), "")
    return read_compose(decode_unicode(data).characters, site, parse_yaml).builds
