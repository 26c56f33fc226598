"""Read what uv is told by its own files and variables: https://docs.astral.sh/uv/concepts/configuration-files/."""

import os
from collections.abc import Iterator
from contextlib import suppress

from common_sync.core import limits
from common_sync.core.environments.indexes import digest_uv_settings, list_uv_variables
from common_sync.core.environments.inputs import FILE

_FILE, _PROJECT = "uv.toml", "pyproject.toml"


def read_uv_settings(root: str, folder: str) -> dict[str, str]:
    """Return what uv is told where packages come from, and how versions are chosen, by labels.

    Args:
        root: The absolute path of the configuration's folder; what is in it is labelled by its path from there.
        folder: The absolute path of the service.
    """
    own = os.environ.get("UV_CONFIG_FILE")
    files = [os.path.join(folder, own)] if own else [*_list_general(), *_find_of_project(folder)]
    digests = {path: _digest(path) for path in files}
    labels = {path: os.path.relpath(path, root) if path.startswith(f"{root}/") else path for path in files}
    named = {FILE + labels[path]: digest for path, digest in digests.items() if digest is not None}
    return named | list_uv_variables(os.environ)


def _list_general() -> Iterator[str]:
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    general = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for above in (*general.split(os.pathsep), "/etc", config):
        yield os.path.join(above, "uv", _FILE)


def _find_of_project(folder: str) -> Iterator[str]:
    """Yield the file of the nearest folder that has one: only that counts."""
    while True:
        for name in (_FILE, _PROJECT):
            if _digest(os.path.join(folder, name)) is not None:
                yield os.path.join(folder, name)
                return
        if folder == (above := os.path.dirname(folder)):
            return
        folder = above


def _digest(path: str) -> str | None:
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return digest_uv_settings(file.read(limits.TEXT), pyproject=path.endswith(_PROJECT))
    return None
