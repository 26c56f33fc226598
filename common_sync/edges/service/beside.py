"""What lies beside services, by which they may be built: in folders such as `infra/` or `docker/`, and at the top."""

import os
from collections import deque
from collections.abc import Container, Iterator

from common_sync.core.references.kinds import is_compose, is_dockerfile

_DEEPEST, _MOST = 3, 1000
_SEEN = frozenset({".devcontainer", ".docker"})
_NEVER = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})


def list_compose_files(root: str, apart: Container[str]) -> Iterator[str]:
    """Yield the absolute paths of compose files in the folders below the root; those above services are read with these.

    Args:
        root: The absolute path of the configuration's folder.
        apart: The paths of folders that are left out: services, and masters.
    """
    return (
        os.path.join(root, folder, name) for folder, name in _list_files(root, apart) if folder and is_compose(name)
    )


def list_dockerfiles(root: str, apart: Container[str]) -> Iterator[str]:
    """Yield the paths from the root of the Dockerfiles at the top and in the folders below it.

    Args:
        root: The absolute path of the configuration's folder.
        apart: The paths of folders that are left out: services, and masters.
    """
    return (os.path.join(folder, name) for folder, name in _list_files(root, apart) if is_dockerfile(name))


def _list_files(root: str, apart: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield the folder and the name of each file, three folders deep and of a thousand folders at the most."""
    pending, looked = deque([("", 0)]), 0
    while pending and looked < _MOST:
        folder, depth = pending.popleft()
        looked += 1
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except OSError:
            continue  # whoever builds from there says so
        for name, is_folder in found:
            path = f"{folder}/{name}" if folder else name
            if not is_folder:
                yield folder, name
            elif depth < _DEEPEST and path not in apart and not _is_aside(name):
                pending.append((path, depth + 1))


def _is_aside(name: str) -> bool:
    return name in _NEVER or (name.startswith(".") and name not in _SEEN)
