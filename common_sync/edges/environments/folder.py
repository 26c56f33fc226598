"""A service's `.venv`: a real folder, whose entries lead through one symlink, `current`, into the environment that is used.

.venv/envs/3f2a9c01b7de/    an environment, finished when it holds env.json
.venv/envs/.memory.json     what is remembered
.venv/current               -> envs/3f2a9c01b7de
.venv/bin                   -> current/bin; so are lib, lib64 and pyvenv.cfg
.venv/replaced/             somebody else's .venv, once --force has exchanged it

`place` is the absolute path of a service's folder, `name` the name of one of its environments, `path` an environment's own.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from stat import S_ISDIR, S_ISLNK
from typing import NamedTuple

from common_sync.core import limits
from common_sync.core.environments.record import (
    Memory,
    is_name,
    parse_environment,
    parse_memory,
)
from common_sync.core.environments.resolved import DIST_INFO, Installed, distribution_name, parse_record
from common_sync.core.environments.state import LINK, NO_FOLDER, VENV, Folder, Seen
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.files.reading import hash_blocks

ENVIRONMENTS, CURRENT, REPLACED = "envs", "current", "replaced"
RECORD, MEMORY = "env.json", ".memory.json"
ASIDE = ".common-sync.venv"
"""Beside `.venv`: what takes its place, and then for a moment what had it."""

ENTRIES = ("lib", "lib64", "pyvenv.cfg", "bin")


def path_of(place: str, name: str) -> str:
    """Return the path of an environment."""
    return os.path.join(place, VENV, ENVIRONMENTS, name)


def read_folder(place: str) -> Folder:
    """Return a service's `.venv`, as it is.

    Raises:
        TreeError: It cannot be read.
    """
    try:
        with opened(place) as above:
            if foreign := why_foreign(VENV, above):
                return Folder(foreign)
            with opened(VENV, above) as venv:
                memory = _read(f"{ENVIRONMENTS}/{MEMORY}", venv)
                known = parse_memory(memory) if memory is not None else Memory()
                current = _current(venv)
                wired = all(leads(venv, name) == f"{CURRENT}/{name}" for name in ("bin", "lib", "pyvenv.cfg"))
                return Folder("", see(place, current) if current else None, wired, known)
    except FileNotFoundError:
        return Folder()
    except OSError as error:
        raise explain_os_error(error, os.path.join(place, VENV), "read it") from error


def has_exchanged(place: str) -> bool:
    """Tell whether a killed run has left an exchange half done."""
    return os.path.lexists(os.path.join(place, ASIDE))


def why_foreign(name: str, above: int) -> str:
    """Say why a `.venv` is not the tool's, or return nothing where it is, or is empty.

    Raises:
        FileNotFoundError: There is none.
    """
    mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
    if not S_ISDIR(mode):
        return f"{VENV} {LINK if S_ISLNK(mode) else NO_FOLDER}"
    with opened(name, above) as venv:
        names = os.listdir(venv)
        taken = [one for one in (*ENTRIES, CURRENT) if one in names and not _is_ours(venv, one)]
        if taken:
            return f"{VENV}/{taken[0]} is somebody else's"
        if leads(venv, ENVIRONMENTS) is not None:  # what it leads to may be others' too
            return f"{VENV}/{ENVIRONMENTS} {LINK}"
        return f"{VENV} is somebody else's" if names and ENVIRONMENTS not in names else ""


def _is_ours(venv: int, name: str) -> bool:
    target = leads(venv, name)
    return target == f"{CURRENT}/{name}" or (name == CURRENT and bool(_current(venv)))


def leads(venv: int, name: str) -> str | None:
    """Return where a symlink in `.venv` leads; None where it is none."""
    with suppress(OSError):
        return os.readlink(name, dir_fd=venv)
    return None


def _current(venv: int) -> str:
    """Return the name of the environment that `current` leads to, or nothing."""
    above, _, name = (leads(venv, CURRENT) or "").partition("/")
    return name if above == ENVIRONMENTS and is_name(name) else ""


def _read(path: str, venv: int) -> bytes | None:
    with suppress(OSError), opened(os.path.dirname(path), venv) as folder:
        return read_bytes(os.path.basename(path), folder, limits.MANIFEST)
    return None


def see(place: str, name: str) -> Seen:
    """Return an environment, as it is."""
    path = path_of(place, name)
    try:
        with opened(path) as folder:
            data = read_bytes(RECORD, folder, limits.MANIFEST)
    except OSError:
        return Seen(name)
    return Seen(name, parse_environment(data), frozenset(list_distributions(path)))


def list_distributions(path: str) -> Iterator[str]:
    """Yield the names of the `.dist-info` folders of an environment."""
    for packages in find_packages(path):
        with suppress(OSError):
            yield from (name for name in os.listdir(packages) if name.endswith(DIST_INFO))


def find_packages(path: str) -> list[str]:
    """Return the folders of an environment that packages are installed in."""
    lib = os.path.join(path, "lib")
    with suppress(OSError):
        return [os.path.join(lib, name, "site-packages") for name in os.listdir(lib)]
    return []


def list_environments(place: str) -> list[str]:
    """Return the names of all environments of a place, finished or not."""
    with suppress(OSError):
        return sorted(name for name in os.listdir(path_of(place, "")) if is_name(name))
    return []


def modified(path: str) -> float | None:
    """Return when an environment was finished, in seconds; None where it is not."""
    with suppress(OSError):
        return os.stat(os.path.join(path, RECORD)).st_mtime
    return None


class ChangedFile(NamedTuple):
    """An installed file that is not what it was when it was installed: of which distribution, and what was done to it."""

    distribution: str
    path: str
    what: str


def find_changed_files(path: str) -> Iterator[ChangedFile]:
    """Yield the installed files that are not what they were when they were installed."""
    for packages in find_packages(path):
        for name in sorted(os.listdir(packages)):
            record = os.path.join(packages, name, "RECORD")
            if name.endswith(DIST_INFO) and os.path.isfile(record):
                with open(record, encoding="utf-8", errors="surrogateescape") as file:
                    installed = list(parse_record(file.read()))
                yield from _compare(path, packages, distribution_name(name), installed)


def _compare(path: str, packages: str, distribution: str, files: list[Installed]) -> Iterator[ChangedFile]:
    for installed in files:
        full = os.path.normpath(os.path.join(packages, installed.path))
        shown = os.path.relpath(full, path)
        try:
            with open(full, "rb", buffering=0) as file:
                same = hash_blocks(file.fileno()) == installed.sha256
        except OSError:
            yield ChangedFile(distribution, shown, "removed")
            continue
        if not same:
            yield ChangedFile(distribution, shown, "edited")
