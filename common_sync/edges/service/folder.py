"""The files of a service as a build would get them: looked at when somebody asks for them, and never outside its folder."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from stat import S_ISDIR, S_ISREG, S_IXGRP, S_IXOTH, S_IXUSR

from common_sync.core.asked_once import asked_once
from common_sync.core.doctor.image.files import BuildContext, Place
from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.references.kinds import limit_of
from common_sync.core.text import UndecodableError, UnparsableError, decode_bytes, decode_requirements
from common_sync.edges.files.folders import follow, opened, read_bytes

DOCKERIGNORE = ".dockerignore"
_EXECUTE = S_IXUSR | S_IXGRP | S_IXOTH


class ServiceFolder:
    """A folder on the disk; symlinks are followed as long as they stay in it.

    Args:
        folder: Its absolute path, without symlinks in it.
        list_bits: Returns for the path of each file below a folder that git knows whether git has it executable.
    """

    def __init__(self, folder: str, list_bits: Callable[[str], Mapping[str, bool]] | None = None) -> None:
        self._folder, self._list_bits = folder, list_bits
        self._listed: dict[str, Place] = {}

    @asked_once
    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        if path in self._listed:
            return self._listed[path]
        real = self._resolve(path)
        try:
            mode = os.stat(real).st_mode if real is not None else 0
        except (OSError, ValueError):
            return None
        if S_ISDIR(mode):
            return Place("folder", path)
        return Place("file", path) if S_ISREG(mode) else None

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed by anybody, or None where nobody can tell.

        Args:
            path: The file's path.
            cloned: Whether it is asked of a clone: what git has counts there, where it knows the file.
        """
        real = self._resolve(path)
        known = self._bits.get(os.path.relpath(real, self._folder)) if cloned and real is not None else None
        if known is not None:
            return known
        try:
            return bool(os.stat(real).st_mode & _EXECUTE) if real is not None and os.name == "posix" else None
        except OSError:
            return None

    @cached_property
    def _bits(self) -> Mapping[str, bool]:
        return self._list_bits(self._folder) if self._list_bits is not None else {}

    def _resolve(self, path: str) -> str | None:
        """Return the absolute path of what a path leads to, or None when that is outside: a build does not follow it."""
        above, _, name = path.rpartition("/")
        plain = name not in {"", ".", ".."} and "\0" not in path and not path.startswith("/")
        parent = self._follow(above) if plain else None
        there = parent and os.path.join(parent, name)
        real = there if there and not os.path.islink(there) else self._follow(path)
        return real if real is not None and (real == self._folder or real.startswith(self._folder + os.sep)) else None

    @asked_once
    def _follow(self, path: str) -> str | None:
        """Return where a path leads to, anywhere, or None where no path is like that."""
        try:
            return follow(os.path.join(self._folder, path))
        except ValueError:  # a NUL in it
            return None

    @asked_once
    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder, sorted."""
        real = self._resolve(path)
        try:
            entries = list(os.scandir(real)) if real is not None else []
        except OSError:
            return []
        for entry in entries:
            # The system tells the kind with the name; a symlink is followed when somebody asks for it.
            inner = f"{path}/{entry.name}" if path else entry.name
            if entry.is_dir(follow_symlinks=False):
                self._listed[inner] = Place("folder", inner)
            elif entry.is_file(follow_symlinks=False):
                self._listed[inner] = Place("file", inner)
        return sorted(entry.name for entry in entries)

    def read(self, path: str) -> str | None:
        """Return a file's text as pip reads it, or None when it has none that can be read."""
        data = self._read_bytes(path)
        try:
            return decode_requirements(data).characters if data is not None else None
        except UndecodableError:
            return None

    def read_as_docker(self, path: str) -> str | None:
        """Return a file's text as Docker reads it, or None when it cannot be read; it is UTF-8, and other bytes are no error."""
        data = self._read_bytes(path)
        return decode_bytes(data).characters if data is not None else None

    def _read_bytes(self, path: str) -> bytes | None:
        real = self._resolve(path)
        if real is None:
            return None
        above, name = os.path.split(real)
        try:
            with opened(above) as folder:
                return read_bytes(name, folder, limit_of(path))
        except OSError:
            return None


def find_ignore_file(folder: ServiceFolder, above: str, dockerfile: str) -> str:
    """Return the path in the service of the file that tells what a build does not get, whether it is there or not.

    Args:
        folder: The service's files.
        above: The build context's path in it, or nothing for all of it.
        dockerfile: The Dockerfile's path in the service: an ignore file of its own takes the place of the common one.
    """
    own = f"{dockerfile}{DOCKERIGNORE}"
    return own if folder.look(own) is not None else f"{above}/{DOCKERIGNORE}".lstrip("/")


def open_context(folder: ServiceFolder, above: str = "", ignore_file: str = "") -> BuildContext:
    """Return what a build gets of a folder.

    Args:
        folder: The service's files.
        above: The build context's path in it, or nothing for all of it.
        ignore_file: The path in the service of the file that tells what it does not get, or nothing for all.

    Raises:
        UnparsableError: That file holds what Docker refuses, or cannot be read.
    """
    text = folder.read_as_docker(ignore_file) if ignore_file else None
    if text is None and ignore_file and folder.look(ignore_file) is not None:
        raise UnparsableError(1, "it cannot be read, or is no file of text")
    return BuildContext(Below(folder, above) if above else folder, parse_dockerignore(text or ""), ignore_file)


class Below:
    """A folder inside another, with its own paths.

    Args:
        folder: The outer folder.
        above: The inner one's path in it.
    """

    def __init__(self, folder: ServiceFolder, above: str) -> None:
        self._folder, self._above = folder, above

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        place = self._folder.look(self._inside(path))
        return place and place._replace(origin=path)

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder."""
        return self._folder.names(self._inside(path))

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""
        return self._folder.read(self._inside(path))

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed by anybody, or None where nobody can tell."""
        return self._folder.may_run(self._inside(path), cloned=cloned)

    def _inside(self, path: str) -> str:
        return f"{self._above}/{path}".rstrip("/")
