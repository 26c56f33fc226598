"""How a copy differs from what it should hold, in findings."""

from collections.abc import Container, Iterator

from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.errors import shell_word
from common_sync.core.findings import distribute_command, make_finding
from common_sync.core.model import Finding, Mend, State
from common_sync.core.paths import is_foreign

_DRIFT: dict[State, str] = {
    "stale": "CS001",
    "missing": "CS002",
    "modified": "CS003",
    "diverged": "CS004",
    "extra": "CS005",
}


UNFINISHED = "holds the marks of a merge that nobody has finished"
"""What is said of a file whose two sides somebody has to look at: either may hold an edit, and no command can tell."""


def drift_findings(plan: CopyPlan, service: str, copy: str, master: str, ref: str | None = None) -> Iterator[Finding]:
    """Yield a finding for everything in which a copy is not in sync.

    Args:
        plan: What would bring the copy in sync.
        service: The service's path from the root.
        copy: The copy's path from the root.
        master: The master's path from the root.
        ref: What the service is pinned to, or None where it follows the master.
    """
    distribute = distribute_command(service)
    if plan.state == "unmanaged":
        yield make_finding("CS006", service, copy, None, "the copy has no manifest", distribute, "distribute")
    discarded = {operation.path for operation in plan.operations if operation.action == "delete"}
    for operation in plan.operations:
        file = f"{copy}/{operation.path}"
        kept = f"{master}/{operation.path}"
        message, remedy = UNFINISHED, f"look at both sides: an edit belongs into {kept}; then {distribute} --force"
        if not operation.unfinished:
            message, remedy = _sentences(operation, kept, service, discarded, ref)
        mend: Mend | None = None if operation.guarded else "distribute"
        yield make_finding(_DRIFT[operation.state], service, file, None, message, remedy, mend)
    if plan.behind and not plan.operations and plan.state != "unmanaged":
        message = f"the manifest is behind {ref or 'the master'}"
        yield make_finding("CS007", service, copy, None, message, distribute, "distribute")


def _sentences(
    operation: Operation, master: str, service: str, discarded: Container[str], ref: str | None
) -> tuple[str, str]:
    """Return what is so with a file, and what to do; `--force` removes of what is in its way only what is `discarded`."""
    distribute, promote = distribute_command(service), _how_to_keep(master, service)
    changed = "the master has changed too" if ref is None else f"{ref} has another one"
    source, force = ref or "the master", f"{distribute} --force discards it"
    if operation.blocked_by is not None:
        away = f"move {operation.blocked_by} away"
        remedy = f"{away}, or {force}" if operation.blocked_by in discarded else away
        return f"waits for {operation.blocked_by}, which is in its way", remedy
    match operation.state:
        case "stale" if operation.action == "create":
            return f"new in {source}", distribute
        case "stale" if operation.action == "delete":
            return f"gone from {source}", distribute
        case "stale":
            return f"behind {source}", distribute
        case "missing":
            return "missing", distribute
        case "modified":
            return "edited in the copy", f"{promote}, or {force}"
        case "diverged" if operation.after is None:
            return f"edited in the copy, and gone from {source}", f"take it over to {master}, or {force}"
        case "diverged":
            return f"edited in the copy, and {changed}", f"{promote}, or {force}"
        case _:
            return f"neither {source} nor the manifest has it", f"{promote}, or move it away, or {force}"


def _how_to_keep(master: str, service: str) -> str:
    """Return what keeps an edit."""
    promote = f"common-sync promote {shell_word(service)}"
    if is_foreign(master):
        return f"{promote} --to CHECKOUT takes it into a checkout of the library's repository"
    return f"{promote} takes it into the master"
