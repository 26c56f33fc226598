"""Which of the folders that a glob matches are services: not what a branch, a tool or an editor has left behind."""

import os
from collections.abc import Iterable, Iterator, Sequence

from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.errors import GitError
from common_sync.core.model import ancestors
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores

_OWN = (".py", ".txt", ".toml", "Dockerfile")
"""How the names of files end that a service has and that no rule ignores."""


def find_used(root: str, folders: Sequence[str], copies: Sequence[str]) -> set[str]:
    """Return those of some folders that hold more than caches and what git ignores; an empty one may become a service.

    Git is asked only about folders that do not show it: a service with a copy and a file of its own does.

    Raises:
        TreeError: The disk fails.
    """
    unclear = [folder for folder in folders if not _shows(os.path.join(root, folder), copies)]
    unclear = [folder for folder in unclear if next(_walk(root, folder), None) is not None]
    try:
        return {*folders}.difference(unclear) | _with_files(unclear, _list(root, unclear))
    except GitError:  # there may be none on this machine, and a copy can be verified without it
        return set(folders)


def find_tracked(root: str, folders: Sequence[str]) -> set[str]:
    """Return those of some folders of which git knows a file.

    Raises:
        GitError: Git failed.
    """
    tracked = split(ask(["ls-files", "-z", "--cached", "--", *folders], root)) if folders else []
    return _with_files(folders, tracked)


def is_copy(root: str, folder: str) -> bool:
    """Tell whether a folder is a copy that the tool has made."""
    return os.path.lexists(os.path.join(root, folder, MANIFEST_NAME))


def _shows(folder: str, copies: Sequence[str]) -> bool:
    if not any(os.path.lexists(os.path.join(folder, copy, MANIFEST_NAME)) for copy in copies):
        return False
    with os.scandir(folder) as children:
        return any(child.name.endswith(_OWN) and child.is_file(follow_symlinks=False) for child in children)


def _list(root: str, folders: Sequence[str]) -> Iterable[str]:
    if not folders:
        return ()
    if find_top(root) is None:
        ignores = Gitignores(root)
        return (path for folder in folders for path in _walk(root, folder) if not _is_ignored(ignores, path))
    return split(ask(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders], root))


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


def _with_files(folders: Sequence[str], files: Iterable[str]) -> set[str]:
    rules, found = Rules(BUILT_IN), set[str]()
    known = frozenset(folders)
    deepest = max((folder.count("/") for folder in folders), default=0)
    for file in files:
        parts = file.split("/")
        prefixes = ("/".join(parts[:end]) for end in range(1, min(len(parts), deepest + 1) + 1))
        for folder in (one for one in prefixes if one in known and one not in found):
            if rules.exclusion(file[len(folder) + 1 :]) is None:
                found.add(folder)
    return found
