"""Which of the folders that a glob matches are services: not what a branch, a tool or an editor has left behind."""

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.errors import GitError
from common_sync.core.paths import MANIFEST_NAME, ancestors, list_below
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores

_CACHES = Rules(BUILT_IN)
_OWN = (".py", ".txt", ".toml", "Dockerfile")
"""How the names of files end that a service has and that no rule ignores."""


def find_used(root: str, folders: Sequence[str], copies: Sequence[str]) -> set[str]:
    """Return those of some folders that hold more than caches and what git ignores; an empty one may become a service.

    Git is asked only about folders that do not show it: a service with a copy and a file of its own does.

    Raises:
        TreeError: The disk fails.
    """
    unclear = [folder for folder in folders if not _is_evident(root, folder, copies)]
    try:
        return {*folders}.difference(unclear) | _find_written(root, unclear)
    except GitError:  # there may be none on this machine, and a copy can be verified without it
        return set(folders)


def find_tracked(root: str, folders: Sequence[str]) -> set[str]:
    """Return those of some folders of which git knows a file that is no cache.

    Raises:
        GitError: Git failed.
    """
    # Git holds each file against each path that it is asked for: the folders above them are fewer.
    above = {folder.rpartition("/")[0] for folder in folders}
    return _with_files(folders, _ask(root, ["--cached"], [] if "" in above else sorted(above))) if folders else set()


def _find_written(root: str, folders: Sequence[str]) -> set[str]:
    if folders and find_top(root) is None:
        ignores = Gitignores(root)
        files = (path for folder in folders for path in _walk(root, folder) if not _is_ignored(ignores, path))
        return _with_files(folders, files)
    tracked = find_tracked(root, folders)
    new = [folder for folder in folders if folder not in tracked]
    return tracked | (_find_new(root, new) if new else set())


def _find_new(root: str, folders: Sequence[str]) -> set[str]:
    """Return those of some folders without a tracked file that hold one which git would take.

    Git names a folder of which it knows nothing by itself, which is much faster than each file in it. It is told what a cache is.
    Where a pattern holds in the service's own folder only, git cannot be told, and is asked for the files.
    """
    patterns = [f"--exclude={rule.pattern}" for rule in BUILT_IN if not rule.pattern.startswith("/")]
    unclear = [one for one in folders if _has_own_cache(os.path.join(root, one))]
    clear = [one for one in folders if one not in {*unclear}]
    named = _ask(root, [*_NEW, *patterns, "--directory", "--no-empty-directory"], clear) if clear else []
    files = _ask(root, _NEW, unclear) if unclear else []
    return _with_files(clear, [path.removesuffix("/") for path in named]) | _with_files(unclear, files)


_NEW = ("--others", "--exclude-standard")
_OWN_CACHES = tuple(rule.pattern.strip("/") for rule in BUILT_IN if rule.pattern.startswith("/"))


def _has_own_cache(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in _OWN_CACHES)


def _ask(root: str, kinds: Sequence[str], paths: Sequence[str]) -> list[str]:
    return split(ask(["ls-files", "-z", *kinds, "--", *paths], root))


def is_copy(root: str, folder: str) -> bool:
    """Tell whether a folder is a copy that the tool has made."""
    return os.path.lexists(os.path.join(root, folder, MANIFEST_NAME))


def _is_evident(root: str, folder: str, copies: Sequence[str]) -> bool:
    """Tell whether a folder is empty and no cache by its name, or has a copy and a file of its own."""
    if not any(is_copy(root, f"{folder}/{copy}") for copy in copies):
        return next(_walk(root, folder), None) is None and _CACHES.match(folder, folder=True) is None
    with os.scandir(os.path.join(root, folder)) as children:
        return any(child.name.endswith(_OWN) and child.is_file(follow_symlinks=False) for child in children)


def _is_ignored(ignores: Gitignores, path: str) -> bool:
    above = (ignores.exclusion(folder, folder=True) for folder in reversed([*ancestors(path)]))
    return any(rule is not None for rule in above) or ignores.exclusion(path, folder=False) is not None


def _walk(root: str, folder: str) -> Iterator[str]:
    try:
        with os.scandir(os.path.join(root, folder)) as found:
            children = [(f"{folder}/{child.name}", child.is_dir(follow_symlinks=False)) for child in found]
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # what is gone or closed shows nothing
        return
    except OSError as error:
        raise explain_os_error(error, folder, "list it") from error
    for path, is_folder in children:
        yield from _walk(root, path) if is_folder else (path,)


def _with_files(folders: Iterable[str], files: Iterable[str]) -> set[str]:
    """Return those of some folders of which a file is named that is no cache, or which are named themselves."""
    rules, every = Rules(BUILT_IN), sorted(files)
    return {folder for folder in folders if any(rules.exclusion(path) is None for path in _list_inside(every, folder))}


def _list_inside(every: Sequence[str], folder: str) -> Iterator[str]:
    """Yield those of some sorted paths that are in a folder, relative to it; the folder itself is the empty one."""
    at = bisect_left(every, folder)
    if every[at : at + 1] == [folder]:
        yield ""
    yield from (path[len(folder) + 1 :] for path in list_below(every, folder))
