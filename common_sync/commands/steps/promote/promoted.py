"""What is left of a `promote` once copies follow: its journal forgets the edits that need no remembering any more."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from common_sync.commands.steps.promote.taking import list_locked
from common_sync.core.model import Entries
from common_sync.core.paths import is_foreign
from common_sync.edges.files.folders import opened, remove_tree
from common_sync.edges.files.reading import TEMPORARY, read_listed
from common_sync.edges.project.load import Project
from common_sync.edges.state.promoting import Take, read_journal, write_journal


def settle(project: Project) -> None:
    """Forget each edit that the master has and the copy follows, or that was never taken; remove what a killed run left.

    Raises:
        TreeError: The journal cannot be written, or a file cannot be read.
    """
    masters = {
        f"{service}/{one.copy}": one.master for service in project.services for one in project.libraries_of(service)
    }
    locked = list_locked(project)
    pending: dict[str, dict[str, Take]] = {}
    for copy, files in read_journal(project.root).items():
        if copy not in masters:
            continue
        held = _read(project.root, copy, files)
        if copy in locked:  # it keeps the edit until what it is locked at has it
            pending[copy] = {path: take for path, take in files.items() if take.is_kept(path, held)}
        if not is_foreign(masters[copy]):
            clean(os.path.join(project.root, masters[copy]), files)
        if copy not in locked:
            has = _read(project.root, masters[copy], files)
            pending[copy] = {path: take for path, take in files.items() if take.is_pending(path, held, has)}
    write_journal(project.root, {copy: files for copy, files in pending.items() if files})


def _read(root: str, folder: str, files: Mapping[str, Take]) -> Entries:
    with suppress(OSError), opened(os.path.join(root, folder)) as tree:
        return read_listed(tree, files, folder).entries
    return {}


def clean(master: str, files: Iterable[str]) -> None:
    """Remove the temporary files of a run that was killed while it wrote the master.

    Args:
        master: The absolute path of the master's folder.
        files: The paths in it that such a run may have written.
    """
    with suppress(OSError), opened(master) as tree:
        for above in {path.rpartition("/")[0] for path in files}:
            with suppress(FileNotFoundError), opened(above, tree) as folder:
                remove_tree(TEMPORARY, folder)
