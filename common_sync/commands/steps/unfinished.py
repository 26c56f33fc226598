"""Files of a copy in which git has left the marks of a merge: not an edit that could be taken over."""

from contextlib import suppress

from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.copies.promotion import has_marks
from common_sync.edges.files.folders import opened
from common_sync.edges.files.replacing import read_version


def mark_unfinished(plan: CopyPlan, folder: int, place: str) -> CopyPlan:
    """Return a plan that tells such files from edits; it leaves both alone.

    Args:
        plan: The plan of a copy.
        folder: The service's folder, an open descriptor.
        place: The copy's path in it.
    """

    def is_unfinished(operation: Operation) -> bool:
        above, _, name = operation.path.rpartition("/")
        if operation.action != "update" or not operation.guarded:
            return False
        with suppress(OSError), opened(f"{place}/{above}" if above else place, folder) as inside:
            return has_marks(read_version(name, inside))
        return False

    operations = (operation._replace(unfinished=is_unfinished(operation)) for operation in plan.operations)
    return plan._replace(operations=tuple(operations))
