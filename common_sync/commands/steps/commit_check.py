"""Whether the commit holds what is on the disk: a fresh clone of it must be in sync too."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.commands.steps.commit_comparison import Comparison, Copy, Lack
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.configuration import OWN_FILE
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.errors import CommonSyncError
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors
from common_sync.edges.git.ask import refuse_sparse
from common_sync.edges.git.checkout import ATTRIBUTES, checking_out, may_convert
from common_sync.edges.git.repository import find_top, folders_up
from common_sync.edges.project.index import Index, escape, list_compose_patterns, list_tracked, may_decide, read_ahead
from common_sync.edges.project.load import CONFIGURATION_FILES, Project, load_project, read_configuration


class Commit(NamedTuple):
    """What is wrong with the commit."""

    lacks: tuple[Lack, ...]  # what it does not hold as it is on the disk
    clone: tuple[Finding, ...] = ()  # what `verify` would find in a fresh clone, where that had to be tried

    @property
    def is_whole(self) -> bool:
        """Whether a fresh clone would be in sync."""
        return not self.lacks and not self.clone


def list_tracked_masters(project: Project, index: Index) -> dict[str, list[str]]:
    """Return the files of each library's master that git tracks, relative to it, by the library's name.

    Raises:
        GitError: A sparse checkout keeps some of them out of the work tree.
    """
    return {library.name: _list_tracked_master(project.root, library.master, index) for library in project.libraries}


def _list_tracked_master(root: str, master: str, index: Index) -> list[str]:
    files, folder = index.below(master), os.path.join(root, master)
    if index.hidden:
        refuse_sparse(folder, [file for file in files if index.hidden.get(f"{master}/{file}") in ("S", "s")])
    return files or (list_tracked(folder, ["."]) if is_elsewhere(root, master) else [])


def is_elsewhere(root: str, folder: str) -> bool:
    """Tell whether a folder is in a repository of its own, such as a submodule: its files are in no commit of this one.

    Args:
        root: The absolute path of the configuration's folder.
        folder: Its path from there.
    """
    return find_top(os.path.join(root, folder)) != find_top(root)


def check_commit(found: Survey, copies: Sequence[Copy], index: Index, pushed: str | None, *, in_sync: bool) -> Commit:
    """Compare the commit with the disk.

    Args:
        found: What is on the disk, as it was read.
        copies: The copies, as they are now.
        index: What the next commit will hold.
        pushed: The commit that is about to be pushed, or None when it is the next one that counts.
        in_sync: Whether all is in sync on the disk; where it is not, a clone need not be tried.

    Raises:
        CommonSyncError: Git failed, or what was committed makes no sense.
    """
    more = [path for copy in copies for path in copy.references if not _is_asked_for(path, copy)]
    if more:
        index = read_ahead(found.project, more)() or index
    comparison = Comparison(found, copies, index)
    lacks = list(comparison.lacks()) if comparison.wrong else []
    root, masters = found.project.root, [library.master for library in found.project.libraries]
    if not in_sync or (lacks and not comparison.doubtful) or any(is_elsewhere(root, master) for master in masters):
        return Commit(tuple(lacks))
    certain = comparison.is_certain() and not _may_convert(found, copies, index)
    if certain and pushed is None:
        return Commit(())
    try:
        clone = tuple(_verify_clone(found, comparison.outside, pushed))
    except CommonSyncError:
        if not comparison.doubtful:
            raise
        return Commit((*lacks, *map(comparison.explain, sorted(comparison.doubtful))))
    if pushed is None:
        wrong = {finding.file for finding in clone} | {lack.path for lack in lacks}
        lacks += map(comparison.explain, _find_needed(found.project, comparison.doubtful, wrong))
    return Commit(tuple(lacks), () if lacks else clone)


def _is_asked_for(path: str, copy: Copy) -> bool:
    return path.startswith(f"{copy.service}/") and may_decide(path)


def _find_needed(project: Project, doubtful: set[str], wrong: set[str]) -> Iterator[str]:
    """Yield what has to be staged, because a clone would not be in sync without it; some files are about many others."""
    for path in sorted(doubtful):
        about_all = path in (project.configuration.file, OWN_FILE, LOCK_FILE) or path.endswith(ATTRIBUTES)
        if path in wrong or (wrong and about_all):
            yield path


def _may_convert(found: Survey, copies: Sequence[Copy], index: Index) -> bool:
    root = found.project.root
    paths = [*(library.master for library in found.project.libraries), *(copy.path for copy in copies)]
    above = {os.path.join(root, folder) for path in paths for folder in ancestors(path)}
    inside = [os.path.join(root, path) for path in index.files if path.endswith(ATTRIBUTES)]
    return may_convert([*above, *folders_up(root)], inside)


def _verify_clone(found: Survey, outside: set[str], commit: str | None) -> Iterator[Finding]:
    """Yield what `verify` would find in a fresh clone."""
    composes = found.composes.list_shared(plan.service for plan in found.plans)
    with checking_out(found.project.root, commit) as (root, take):
        take([f":(literal){name}" for name in (*CONFIGURATION_FILES, LOCK_FILE, ATTRIBUTES)])
        configuration = read_configuration(root)
        if configuration is None:
            return  # an older commit, of before there was one
        take([f":(literal){master.value}" for master in configuration.masters])
        services = [setting.value for setting in configuration.services]
        files = [f":(glob){escape(service, keep='*?[]')}/**" for service in services]
        take([*files, *list_compose_patterns(services), *(f":(literal){path}" for path in composes)])
        clone = load_project(root)
        indexed = clone.indexed
        names = [service for service in clone.services if service not in outside and service not in indexed]
        if names:
            findings = survey(clone, names).findings()
            yield from (finding for finding in findings if finding.severity == "error")
