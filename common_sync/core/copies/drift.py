"""How a copy differs from what it should hold, in findings."""

from collections.abc import Container, Iterator

from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.errors import shell_word
from common_sync.core.findings import distribute_command, make_finding
from common_sync.core.model import Finding, Mend, State

_DRIFT: dict[State, str] = {
    "stale": "CS001",
    "missing": "CS002",
    "modified": "CS003",
    "diverged": "CS004",
    "extra": "CS005",
}


def drift_findings(plan: CopyPlan, service: str, copy: str, master: str) -> Iterator[Finding]:
    """Yield a finding for everything in which a copy is not in sync.

    Args:
        plan: What would bring the copy in sync.
        service: The service's path from the root.
        copy: The copy's path from the root.
        master: The master's path from the root.
    """
    distribute = distribute_command(service)
    if plan.state == "unmanaged":
        yield make_finding("CS006", service, copy, None, "the copy has no manifest", distribute, "distribute")
    discarded = {operation.path for operation in plan.operations if operation.action == "delete"}
    for operation in plan.operations:
        file = f"{copy}/{operation.path}"
        message, remedy = _sentences(operation, f"{master}/{operation.path}", service, discarded)
        mend: Mend | None = None if operation.guarded else "distribute"
        yield make_finding(_DRIFT[operation.state], service, file, None, message, remedy, mend)
    if plan.behind and not plan.operations and plan.state != "unmanaged":
        message = "the manifest is behind the master"
        yield make_finding("CS007", service, copy, None, message, distribute, "distribute")


def _sentences(operation: Operation, master: str, service: str, discarded: Container[str]) -> tuple[str, str]:
    """Return what is so with a file, and what to do; `--force` removes of what is in its way only what is `discarded`."""
    distribute, promote = (
        distribute_command(service),
        f"common-sync promote {shell_word(service)} takes it into the master",
    )
    force = f"{distribute} --force discards it"
    if operation.blocked_by is not None:
        away = f"move {operation.blocked_by} away"
        remedy = f"{away}, or {force}" if operation.blocked_by in discarded else away
        return f"waits for {operation.blocked_by}, which is in its way", remedy
    match operation.state:
        case "stale" if operation.action == "create":
            return "new in the master", distribute
        case "stale" if operation.action == "delete":
            return "gone from the master", distribute
        case "stale":
            return "behind the master", distribute
        case "missing":
            return "missing", distribute
        case "modified":
            return "edited in the copy", f"{promote}, or {force}"
        case "diverged" if operation.after is None:
            return "edited in the copy, and gone from the master", f"take it over to {master}, or {force}"
        case "diverged":
            return "edited in the copy, and the master has changed too", f"{promote}, or {force}"
        case _:
            return "neither the master nor the manifest has it", f"{promote}, or move it away, or {force}"
