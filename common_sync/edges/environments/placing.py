"""Write a service's `.venv`: environments that are finished, the switch, and somebody else's put aside.

Nothing here is in use before it is whole: an environment is built under its final name, since scripts hold absolute paths, and
counts once `env.json` is in it; one rename has `.venv` lead to it. `place` and `name` are as in `folder.py`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common_sync.core.environments.record import Environment, Memory, format_environment, format_memory
from common_sync.core.environments.state import VENV
from common_sync.core.errors import Problem, TreeError
from common_sync.edges.environments.disk import exchange, flush
from common_sync.edges.environments.folder import (
    ASIDE,
    CURRENT,
    ENTRIES,
    ENVIRONMENTS,
    MEMORY,
    RECORD,
    REPLACED,
    leads,
    path_of,
    why_foreign,
)
from common_sync.edges.files.folders import explained, opened, remove_tree
from common_sync.edges.files.writing import replace_bytes

_WORK = ".work"
"""The folder for what is only needed while an environment is built."""

_IGNORE = ".gitignore"


@contextmanager
def working(place: str) -> Iterator[str]:
    """Make the folder for what is only needed while an environment is built, and remove it; yield its absolute path."""
    path = path_of(place, _WORK)
    with explained(path, "make it"):
        os.makedirs(path_of(place, ""), exist_ok=True)
        with opened(path_of(place, "")) as environments:
            remove_tree(_WORK, environments)
            os.mkdir(_WORK, dir_fd=environments)
    try:
        yield path
    finally:
        with explained(path, "remove it"):
            with opened(path_of(place, "")) as environments:
                remove_tree(_WORK, environments)
            with opened(place) as above:
                _remove_unused(above)


def _remove_unused(above: int) -> None:
    """Remove the folders that were made for an environment that was not, if nothing is in them."""
    for path in (f"{VENV}/{ENVIRONMENTS}", VENV):
        with suppress(OSError):
            os.rmdir(path, dir_fd=above)


def remove_environment(place: str, name: str) -> None:
    """Remove an environment; its record goes first, so that what is left of it is not taken for one."""
    path = path_of(place, name)
    with explained(path, "remove it"), opened(path_of(place, "")) as environments:
        with suppress(FileNotFoundError), opened(name, environments) as folder:
            remove_tree(RECORD, folder)
        remove_tree(name, environments)


def finish(place: str, name: str, environment: Environment) -> None:
    """Declare an environment finished: all of it is on the disk first."""
    path = path_of(place, name)
    with explained(path, "finish it"), opened(path) as folder:
        flush(folder)
        replace_bytes(folder, RECORD, format_environment(environment), flushed=True)


def remember(place: str, memory: Memory) -> None:
    """Write down what is remembered."""
    with explained(path_of(place, MEMORY), "write it"), opened(path_of(place, "")) as folder:
        replace_bytes(folder, MEMORY, format_memory(memory), flushed=True)


def switch(place: str, name: str) -> None:
    """Have `.venv` lead to an environment: one rename does it."""
    path = os.path.join(place, VENV)
    with explained(path, "switch it"), opened(path) as venv:
        _wire(venv, os.listdir(path_of(place, name)))
        if _IGNORE not in os.listdir(venv):
            replace_bytes(venv, _IGNORE, b"*\n")
        point(venv, CURRENT, f"{ENVIRONMENTS}/{name}")


def point(folder: int, name: str, target: str) -> None:
    """Have a symlink lead elsewhere, by one rename; it needs no room on the disk.

    Args:
        folder: The folder that it is in, an open descriptor.
        name: Its name.
        target: Where it is to lead.

    Raises:
        OSError: It cannot be made.
    """
    following = f".{name}.new"
    remove_tree(following, folder)
    os.symlink(target, following, dir_fd=folder)
    os.rename(following, name, src_dir_fd=folder, dst_dir_fd=folder)


def _wire(venv: int, names: list[str]) -> None:
    """Make the entries that are missing."""
    for entry in ENTRIES:
        if entry in names and leads(venv, entry) is None:
            os.symlink(f"{CURRENT}/{entry}", entry, dir_fd=venv)


def replace_foreign(place: str, name: str) -> None:
    """Put the tool's `.venv` in the place of somebody else's, in one step; that one is kept in `replaced`.

    The environment has been built in somebody else's folder, under the path that it has afterwards.

    Raises:
        TreeError: The system cannot exchange two names here.
    """
    venv, aside = os.path.join(place, VENV), os.path.join(place, ASIDE)
    with explained(venv, "exchange it"):
        os.mkdir(aside)
        with opened(aside) as folder:
            _wire(folder, os.listdir(path_of(place, name)))
            os.symlink(f"{ENVIRONMENTS}/{name}", CURRENT, dir_fd=folder)
            replace_bytes(folder, _IGNORE, b"*\n")
        os.rename(os.path.join(venv, ENVIRONMENTS), os.path.join(aside, ENVIRONMENTS))
        try:
            exchange(aside, venv)
        except OSError as error:
            os.rename(os.path.join(aside, ENVIRONMENTS), os.path.join(venv, ENVIRONMENTS))
            tidy_exchange(place)
            remove_environment(place, name)
            remedy = f"move {VENV} away yourself, then run this again"
            raise TreeError(Problem(f"cannot be exchanged here: {error.strerror}", venv, remedy=remedy)) from error
    tidy_exchange(place)


def tidy_exchange(place: str) -> None:
    """Finish what a killed run has left of an exchange: somebody else's `.venv` is kept, what is the tool's own goes."""
    with explained(os.path.join(place, ASIDE), "tidy it up"), opened(place) as above:
        try:
            foreign = why_foreign(ASIDE, above)
        except FileNotFoundError:
            return
        if foreign and not os.path.isdir(os.path.join(place, VENV)):
            os.rename(ASIDE, VENV, src_dir_fd=above, dst_dir_fd=above)
        elif foreign:
            os.rename(ASIDE, f"{VENV}/{REPLACED}", src_dir_fd=above, dst_dir_fd=above)
        else:
            remove_tree(ASIDE, above)


def remove_replaced(place: str) -> None:
    """Remove somebody else's `.venv` that `--force` has kept."""
    path = os.path.join(place, VENV, REPLACED)
    with explained(path, "remove it"), opened(os.path.dirname(path)) as venv:
        remove_tree(REPLACED, venv)
