"""What the pre-commit hook does: sync from what git tracks, and see to it that the commit gets all of it."""

from typing import NamedTuple

from common_sync.commands.distribute import Distribution, distribute
from common_sync.commands.survey import Survey, survey
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.edges.git import list_changed, list_unknown
from common_sync.edges.project import Project


class HookRun(NamedTuple):
    """What a run of the hook came to.

    Attributes:
        done: What was distributed.
        to_add: Paths from the root, of copies and files, that the commit lacks until they are added.
    """

    done: Distribution
    to_add: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the commit may go on: all is in sync, and the commit has it."""
        return self.done.in_sync and not self.to_add


def run_hook(project: Project) -> HookRun:
    """Bring every service in sync with what git tracks of the master.

    Args:
        project: The project.

    Raises:
        CommonSyncError: As for `distribute`.
    """
    done = distribute(project, tracked_only=True)
    if not done.changed:
        return HookRun(done, _places(done.survey, list_unknown(project.root, _copies(done.survey))))
    written = [outcome.plan for outcome in done.outcomes if outcome.changed]
    paths = [plan.copy_path for plan in written] + [
        f"{plan.service}/{edit.path}" for plan in written for edit in plan.edits
    ]
    return HookRun(done, _places(done.survey, list_changed(project.root, paths)))


def check_hook(project: Project) -> tuple[Survey, list[Finding]]:
    """Check every service against what git tracks; nothing is written.

    Args:
        project: The project.

    Raises:
        CommonSyncError: As for `survey`.
    """
    found = survey(project, tracked_only=True)
    unknown = list_unknown(project.root, _copies(found))
    findings = found.findings()
    for plan in found.plans:
        for path in unknown:
            if path.startswith(plan.copy_path + "/"):
                message = "git does not know it, so the commit would lack it"
                findings.append(make_finding("CS009", plan.service, path, None, message, f"git add {plan.copy_path}"))
    return found, findings


def _copies(found: Survey) -> list[str]:
    return [plan.copy_path for plan in found.plans]


def _places(found: Survey, files: list[str]) -> tuple[str, ...]:
    """Return what to add: a copy as a whole, any other file by itself."""
    copies = set(_copies(found))
    places: dict[str, None] = {}
    for file in files:
        holder = next((copy for copy in _prefixes(file) if copy in copies), file)
        places.setdefault(holder)
    return tuple(places)


def _prefixes(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
