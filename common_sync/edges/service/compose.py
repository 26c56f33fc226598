"""The compose files of a repository that may run a service: its own, and those in the folders above it."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.doctor.image.mounts import Composed, find_composed
from common_sync.core.references.kinds import is_compose
from common_sync.core.text import UndecodableError, UnparsableError, decode_unicode

_LARGEST = 4 << 20


class ComposedService(NamedTuple):
    """A service of a compose file: the file's path from the root, and what it says."""

    file: str
    composed: Composed


class ComposeFiles:
    """Compose files, each read once.

    Args:
        root: The absolute path of the configuration's folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, list[ComposedService]] = {}

    def services_of(self, service: str, inside: list[str]) -> list[ComposedService]:
        """Return what runs a service: what is built from its folder, or by a Dockerfile in it.

        Args:
            service: Its path from the root.
            inside: The paths in it of its own compose files.
        """
        folder = os.path.join(self._root, service)
        files = [*self._above(service), *(f"{service}/{path}" for path in inside)]
        found = [one for file in files for one in self._read(file)]
        return [one for one in found if _is_in(one.composed.context, folder) or _is_in(one.composed.dockerfile, folder)]

    def _above(self, service: str) -> Iterator[str]:
        folder = ""
        for part in service.split("/"):
            for name in _names(os.path.join(self._root, folder)):
                if is_compose(name):
                    yield f"{folder}/{name}".lstrip("/")
            folder = f"{folder}/{part}".lstrip("/")

    def _read(self, file: str) -> list[ComposedService]:
        if file not in self._files:
            self._files[file] = [ComposedService(file, one) for one in self._parse(os.path.join(self._root, file))]
        return self._files[file]

    def _parse(self, path: str) -> list[Composed]:
        """Return what a file says; nothing for one that cannot be read, which `verify` reports."""
        try:
            if os.path.getsize(path) > _LARGEST:
                return []
            with open(path, "rb") as stream:
                data = stream.read()
            if b"build" not in data:
                return []
            from common_sync.edges.files.yaml import parse_yaml  # 20 ms, where there is something to read

            return list(find_composed(parse_yaml(decode_unicode(data).characters), os.path.dirname(path)))
        except (OSError, UndecodableError, UnparsableError):
            return []


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
