"""What the pre-commit hook does: sync from what git tracks, and see to it that the commit gets all of it."""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.commands.steps.commit_check import Commit, check_commit, is_elsewhere, list_tracked_masters
from common_sync.commands.steps.commit_comparison import Copy, Lack, make_copy
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.model import Finding
from common_sync.core.paths import list_below
from common_sync.edges.library.targets import Tracked, Unadded
from common_sync.edges.library.unadded import list_unadded
from common_sync.edges.project.index import Index, read_ahead
from common_sync.edges.project.leftovers import find_tracked
from common_sync.edges.project.load import Project

if TYPE_CHECKING:  # the first at run time only once there is something to write
    from common_sync.commands.distribute import Distribution


class HookRun(NamedTuple):
    """What a run of the hook came to.

    Attributes:
        found: What was read and planned.
        done: What was distributed, or None when nothing was to be or nothing may be written.
        commit: What the commit does not hold of what is in sync on the disk.
        unknown: Files of the masters that git does not know, and that no copy has in git; sorted.
    """

    found: Survey
    done: "Distribution | None"
    commit: Commit
    unknown: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to say."""
        return self.done is None and self.passes and not self.unknown

    @property
    def passes(self) -> bool:
        """Whether the commit may go on: all is in sync, and the commit has it."""
        in_sync = self.found.in_sync if self.done is None else self.done.in_sync
        return in_sync and self.commit.is_whole

    def findings(self) -> list[Finding]:
        """Return what is not in sync on the disk."""
        return self.found.findings() if self.done is None else self.done.findings()


def run_hook(project: Project, index: Index | None, pushed: str | None = None, *, check: bool = False) -> HookRun:
    """Bring every service in sync with what git tracks of the masters, and compare the commit with it.

    Args:
        project: The project.
        index: What the next commit will hold, or None outside git.
        pushed: The commit that is about to be pushed, or None when one is about to be made.
        check: Write nothing.

    Raises:
        CommonSyncError: As for `distribute`, or git failed.
    """
    left = _find_left(project, index) if index is not None else set[str]()
    run = _run(_without(project, left), index, pushed, check=check)
    named = left.intersection(setting.value for setting in project.configuration.services)
    lacks = (*map(_lack_service, sorted(named)), *run.commit.lacks)
    return run._replace(commit=run.commit._replace(lacks=lacks)) if named else run


def _run(project: Project, index: Index | None, pushed: str | None, *, check: bool) -> HookRun:
    tracked = list_tracked_masters(project, index) if index is not None else None
    unadded = _find_unadded(project, tracked) if tracked is not None and pushed is None else {}
    if unadded and tracked is not None and index is not None:
        tracked, unadded = _take_what_copies_have(project, index, tracked, unadded)
    found = survey(project, tracked=tracked, unadded=unadded)
    if not check and not found.in_sync:
        run = _write(project, tracked, unadded, pushed)
    else:
        copies = [
            make_copy(plan, copy, copy.plan.operations, whole=copy.plan.is_empty)
            for plan in found.plans
            for copy in plan.copies
            if copy.exists and copy.known
        ]
        run = HookRun(found, None, _check(found, copies, index, pushed, in_sync=found.in_sync))
    masters = {library.name: library.master for library in project.libraries}
    unknown = (f"{masters[name]}/{path}" for name, paths in unadded.items() for path in sorted(paths))
    return run._replace(unknown=tuple(unknown))


def _find_unadded(project: Project, tracked: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """Return the files of each master that are on the disk where git does not know them, relative to it."""
    found: dict[str, frozenset[str]] = {}
    for library in project.libraries:
        files = list_unadded(project.root, library, tracked[library.name])
        if files and not is_elsewhere(project.root, library.master):
            found[library.name] = frozenset(path[len(library.master) + 1 :] for path in files)
    return found


def _take_what_copies_have(
    project: Project, index: Index, tracked: Mapping[str, Sequence[str]], unadded: Mapping[str, frozenset[str]]
) -> tuple[dict[str, list[str]], dict[str, frozenset[str]]]:
    """Count what is staged in a copy as a part of its library: the master's own is what the commit lacks then.

    Taken out of the copies, it would come back as soon as somebody adds it to the master.
    """
    wanted, rest = {name: [*files] for name, files in tracked.items()}, dict(unadded)
    for library in project.libraries:
        copies = [
            f"{service}/{library.copy}" for service in project.services if library in project.libraries_of(service)
        ]
        staged = {
            path for path in unadded.get(library.name, ()) if any(f"{copy}/{path}" in index.files for copy in copies)
        }
        if staged:
            wanted[library.name] += sorted(staged)
            rest[library.name] = unadded[library.name] - staged
    return wanted, {name: paths for name, paths in rest.items() if paths}


def _find_left(project: Project, index: Index) -> set[str]:
    """Return the services of which git knows nothing: no copy is made in a folder that no commit holds.

    A folder that is named, and that is a repository of its own, has commits of its own.
    """
    files, named = sorted(index.files), {setting.value for setting in project.configuration.services}
    doubtful = [one for one in project.services if not _holds_any(files, one)]
    doubtful = [one for one in doubtful if one not in named or not is_elsewhere(project.root, one)]
    return {*doubtful}.difference(find_tracked(project.root, doubtful)) if doubtful else set()


def _without(project: Project, services: Container[str]) -> Project:
    return project._replace(services=tuple(one for one in project.services if one not in services))


def _lack_service(service: str) -> Lack:
    message = "the configuration names it, and git does not know it: no copy was made, and a clone would lack it"
    return Lack(service, service, message, "git add", service)


def _holds_any(files: Sequence[str], folder: str) -> bool:
    return next(list_below(files, folder), None) is not None


def _write(project: Project, tracked: Tracked, unadded: Unadded, pushed: str | None) -> HookRun:
    from common_sync.commands.distribute import distribute  # only once there is something to write

    done = distribute(project, tracked=tracked, unadded=unadded)
    copies = [
        make_copy(outcome.plan, one.copy, one.left, whole=not one.left, changed=outcome.changed)
        for outcome in done.outcomes
        for one in outcome.copies
        if one.copy.known
    ]
    return HookRun(done.survey, done, _check(done.survey, copies, read_ahead(project)(), pushed, in_sync=done.in_sync))


def _check(found: Survey, copies: list[Copy], index: Index | None, pushed: str | None, *, in_sync: bool) -> Commit:
    """Check the commit, where there is one: outside git nothing can be lacking in it."""
    return check_commit(found, copies, index, pushed, in_sync=in_sync) if index is not None else Commit(())
