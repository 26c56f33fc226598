"""Pinned services in a survey: what their copies should hold, and what is said where nothing here has it."""

from collections.abc import Mapping, Sequence

from common_sync.commands.steps.versions.locking import Locking, look_at_lock
from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.plan import IN_SYNC, CopyPlan, build_plan
from common_sync.core.findings import distribute_command, make_finding
from common_sync.core.model import Finding
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.library.copies import has_leftover, read_copy
from common_sync.edges.library.pinned import read_pinned
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project


def add_pinned(
    project: Project, services: Sequence[str], masters: Mapping[TargetKey, Target], locking: Locking | None
) -> tuple[Locking, dict[TargetKey, Target]]:
    """Return what the pins come to, and the masters with what pinned copies should hold behind them.

    Args:
        project: The project.
        services: The services that are asked about.
        masters: The masters.
        locking: What the pins come to, or None to read the lock.
    """
    locking = locking if locking is not None else look_at_lock(project)
    pinned = read_pinned(project, services, masters, locking.lock, locking.checkouts, may_connect=locking.may_connect)
    keys = (TargetKey(library.name) for library in project.libraries)  # those of other repositories were read here
    first = {key: masters[key] if key in masters else pinned[key] for key in keys}
    return locking, {**first, **pinned}


def survey_unknown(folder: int, service: str, target: Target) -> CopySurvey:
    """Return how a copy stands of which nobody can tell what it should hold: to its own manifest, so that edits are still named.

    Args:
        folder: The service's folder, an open descriptor.
        service: The service's path from the root.
        target: What it should hold, which is not here.

    Raises:
        CommonSyncError: It, or its manifest, cannot be used.
    """
    library, place = target.library, target.library.copy
    copy, base = read_copy(folder, place, f"{service}/{place}")
    plan: CopyPlan = IN_SYNC if base is None else build_plan(base, base, copy)
    return CopySurvey(
        target.key,
        library.master,
        service,
        place,
        plan,
        has_leftover(folder, place),
        copy is not None,
        len(copy.entries) if copy is not None else 0,
        base.tree if base is not None else None,
        base.library.version if base is not None else None,
        known=False,
        lacks=_explain(service, f"{service}/{place}", target),
    )


def _explain(service: str, copy: str, target: Target) -> tuple[Finding, ...]:
    upstream = target.library.upstream
    if target.locked is None and upstream is not None:
        message = f"should hold {target.library.name} at {target.key.ref or upstream.ref}, and that is not locked yet"
        return (make_finding("CS010", service, copy, None, message, distribute_command(service), "distribute"),)
    if target.locked is None:  # CS011 says so
        return ()
    message = f"should hold {target.library.name} at {target.locked.ref}, and this clone does not have that"
    remedy = distribute_command(service)
    if target.locked.git:
        return (make_finding("CS010", service, copy, None, message, remedy, "distribute"),)
    remedy = f"git fetch --depth 1 origin {target.locked.commit} && {remedy}"
    return (make_finding("CS010", service, copy, None, message, remedy),)
