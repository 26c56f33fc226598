"""Files of a master that git neither knows nor ignores: no commit has them, and `distribute` copies them."""

import os
from collections.abc import Collection, Iterator, Sequence

from common_sync.core.copies.library import Library
from common_sync.core.copies.rules import Rules
from common_sync.core.paths import ancestors
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.ask import list_untracked


def list_unadded(root: str, library: Library, tracked: Sequence[str]) -> list[str]:
    """Return the files of a library that git neither knows nor ignores, sorted.

    Git is asked only where the folders show something that it does not track.

    Args:
        root: The absolute path of the configuration's folder; what is returned is relative to it.
        library: The library.
        tracked: What git tracks of it, relative to its master.

    Raises:
        TreeError: A folder cannot be listed.
        GitError: Git failed.
    """
    folder = os.path.join(root, library.master)
    if not any([*_list_more(folder, library.rules, tracked)]):  # all of them: a stamp is to know every folder
        return []
    found = library.rules.select(file for file in list_untracked(folder, ["."]) if not file.endswith("/"))
    return sorted(f"{library.master}/{file}" for file in found)


def _list_more(master: str, rules: Rules, tracked: Collection[str]) -> Iterator[str]:
    """Yield what lies beside tracked files and is not excluded; a folder stands for what is in it."""
    files, folders = frozenset(tracked), {"", *(above for file in tracked for above in ancestors(file))}
    for folder in sorted(folders):
        for name, is_folder in _list_children(master, folder):
            path = f"{folder}/{name}" if folder else name
            if path not in (folders if is_folder else files) and rules.exclusion(path, folder=is_folder) is None:
                yield path


def _list_children(master: str, folder: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(os.path.join(master, folder)) as children:
            return [(child.name, child.is_dir(follow_symlinks=False)) for child in children]
    except (FileNotFoundError, NotADirectoryError):  # it is gone from the disk: another question
        return []
    except OSError as error:
        raise explain_os_error(error, folder, "list it") from error
