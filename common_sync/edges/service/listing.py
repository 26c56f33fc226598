"""Find the files of a service that may refer to the library."""

import os
from collections.abc import Container, Iterator

from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.references.kinds import KINDS, Kind, kind_of
from common_sync.edges.files.reading import STAGING

_BEGINNING = 1 << 16
"""Bytes in which a file says what it is."""

_DEEPEST = 4
"""Folders below the service's; what lies deeper is data, and is not looked at."""

_PASSED_OVER = Rules(rule for rule in BUILT_IN if not rule.pattern.startswith("/"))  # `build/` may hold a Dockerfile


def list_files(folder: str, others: Container[str] = ()) -> list[tuple[str, Kind]]:
    """Return the files of a service that may refer to the library, as paths inside it: a folder's own before those below.

    Args:
        folder: The service's absolute path.
        others: The absolute paths of folders that are no part of it: its copy, and other services.

    Raises:
        OSError: A folder cannot be listed.
    """
    return [(path, kind) for path in list_paths(folder, others) if (kind := kind_of(path)) is not None]


def list_paths(folder: str, others: Container[str] = ()) -> Iterator[str]:
    """Yield the paths of a service's files, inside it: a folder's own before those below.

    Args:
        folder: The service's absolute path.
        others: The absolute paths of folders that are no part of it.

    Raises:
        OSError: A folder cannot be listed.
    """
    return _walk(folder, "", others)


def is_meant(folder: str, path: str, kind: Kind) -> bool:
    """Tell whether a file is of the kind that its name says, as far as its beginning tells; most modules are no scripts.

    Args:
        folder: The service's absolute path.
        path: The file's path in it.
        kind: What its name says.
    """
    holds = KINDS[kind].holds
    if not holds:
        return True
    try:
        descriptor = os.open(os.path.join(folder, path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return holds in os.read(descriptor, _BEGINNING)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _walk(folder: str, prefix: str, others: Container[str]) -> Iterator[str]:
    with os.scandir(folder) as found:
        children = sorted(found, key=lambda child: child.name)
    if prefix and any(child.name == ".git" for child in children):
        return  # a repository of its own
    folders = []
    for child in children:
        path = prefix + child.name
        if child.is_dir(follow_symlinks=False):
            folders += [child] if child.name != STAGING else []  # what a killed run has left is no file of the service
        else:
            yield path
    if prefix.count("/") < _DEEPEST:
        for child in folders:
            path = prefix + child.name
            if child.path not in others and _PASSED_OVER.match(path, True) is None:
                yield from _walk(child.path, f"{path}/", others)
