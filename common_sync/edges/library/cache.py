"""Where trees of other repositories are kept: copies that are named after their digest. It belongs to the user, and to no repository."""

import os

TREES = "trees"
"""The folder that they are in."""

VARIABLE = "XDG_CACHE_HOME"
"""The variable that says where the user's caches are."""


def cache_folder() -> str:
    """Return the folder that trees of other repositories are kept in: the user's own.

    A relative path in `$XDG_CACHE_HOME` does not count (https://specifications.freedesktop.org/basedir-spec/latest/).
    """
    cache = os.environ.get(VARIABLE, "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "common-sync")


def place_in_cache(tree: str) -> tuple[str, str]:
    """Return where a tree would be: an absolute path, and a path from there.

    Args:
        tree: Its digest.
    """
    return cache_folder(), f"{TREES}/{tree.removeprefix('cs1:')}"
