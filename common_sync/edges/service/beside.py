"""The compose files that lie beside services: in folders such as `infra/` or `deploy/`, neither in a service nor above one."""

import os
from collections import deque
from collections.abc import Container, Iterator

from common_sync.core.references.kinds import is_compose

_DEEPEST, _MOST = 3, 1000
_SEEN = frozenset({".devcontainer", ".docker"})
_NEVER = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})


def list_beside(root: str, apart: Container[str]) -> Iterator[str]:
    """Yield the absolute paths of compose files in the folders below the root, three deep and in a thousand at the most.

    Args:
        root: The absolute path of the configuration's folder.
        apart: The paths of folders that are left out: services, and masters.
    """
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
            if is_folder and depth < _DEEPEST and path not in apart and not _is_aside(name):
                pending.append((path, depth + 1))
            elif not is_folder and folder and is_compose(name):
                yield os.path.join(root, path)


def _is_aside(name: str) -> bool:
    return name in _NEVER or (name.startswith(".") and name not in _SEEN)
