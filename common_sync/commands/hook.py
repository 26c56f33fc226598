"""What the pre-commit hook does: sync from what git tracks, and see to it that the commit gets all of it."""

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.commands.steps.commit_check import Commit, check_commit, is_elsewhere, list_tracked_masters
from common_sync.commands.steps.commit_comparison import Copy, Lack, make_copy
from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.model import Finding, list_below
from common_sync.edges.library.targets import Tracked
from common_sync.edges.library.unadded import list_unadded
from common_sync.edges.project.index import Index, read_ahead
from common_sync.edges.project.leftovers import find_tracked
from common_sync.edges.project.load import Project

if TYPE_CHECKING:  # the first at run time only once there is something to write
    from common_sync.commands.distribute import Distribution
    from common_sync.core.copies.plan import Operation
    from common_sync.core.service_plan import CopySurvey


class HookRun(NamedTuple):
    """What a run of the hook came to.

    Attributes:
        found: What was read and planned.
        done: What was distributed, or None when nothing was to be or nothing may be written.
        commit: What the commit does not hold of what is in sync on the disk.
        unknown: Files of the masters that git does not know; sorted.
        dropped: Those of them that copies have had, or still have where nothing may be written.
    """

    found: Survey
    done: "Distribution | None"
    commit: Commit
    unknown: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()

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
    found = survey(project, tracked=tracked)
    if not check and not found.in_sync:
        return _write(project, tracked, pushed)
    copies = [
        make_copy(plan, copy, copy.plan.operations, whole=copy.plan.is_empty)
        for plan in found.plans
        for copy in plan.copies
        if copy.exists and copy.known
    ]
    commit = _check(found, copies, index, pushed, in_sync=found.in_sync)
    operations = ((copy, copy.plan.operations) for plan in found.plans for copy in plan.copies)
    return _name_unknown(HookRun(found, None, commit), tracked, pushed, operations)


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


def _write(project: Project, tracked: Tracked, pushed: str | None) -> HookRun:
    from common_sync.commands.distribute import distribute  # only once there is something to write

    done = distribute(project, tracked=tracked)
    copies = [
        make_copy(outcome.plan, one.copy, one.left, whole=not one.left, changed=outcome.changed)
        for outcome in done.outcomes
        for one in outcome.copies
        if one.copy.known
    ]
    commit = _check(done.survey, copies, read_ahead(project)(), pushed, in_sync=done.in_sync)
    operations = ((one.copy, one.done) for outcome in done.outcomes for one in outcome.copies)
    return _name_unknown(HookRun(done.survey, done, commit), tracked, pushed, operations)


def _name_unknown(
    run: HookRun, tracked: Tracked, pushed: str | None, operations: "Iterable[tuple[CopySurvey, Sequence[Operation]]]"
) -> HookRun:
    """Add the files of the masters that are on the disk where git does not know them; a commit that is pushed is made.

    Args:
        run: The run.
        tracked: What git tracks of the masters.
        pushed: As for `run_hook`.
        operations: What is done to copies, or would be.
    """
    if tracked is None or pushed is not None:
        return run
    root, unknown = run.found.project.root, list[str]()
    for library in run.found.project.libraries:
        files = list_unadded(root, library, tracked[library.name])
        unknown += files if files and not is_elsewhere(root, library.master) else []
    if not unknown:
        return run
    deleted = {
        f"{copy.master}/{operation.path}"
        for copy, several in operations
        if copy.target.ref is None
        for operation in several
        if operation.action == "delete"
    }
    return run._replace(unknown=tuple(unknown), dropped=frozenset(deleted.intersection(unknown)))


def _check(found: Survey, copies: list[Copy], index: Index | None, pushed: str | None, *, in_sync: bool) -> Commit:
    """Check the commit, where there is one: outside git nothing can be lacking in it."""
    return check_commit(found, copies, index, pushed, in_sync=in_sync) if index is not None else Commit(())
