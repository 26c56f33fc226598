"""Lines of scripts that copy the library into services by hand: they go on doing so beside the copies that the tool keeps."""

from collections.abc import Iterator, Sequence

from common_sync.commands.steps.survey import Survey
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.paths import is_below
from common_sync.edges.detection.scripts import HandCopy, Known, find_hand_copies, is_script
from common_sync.edges.detection.tree import Tree

_MOST_NAMED = 3


def report_hand_copies(found: Survey, tree: Tree) -> tuple[Finding, ...]:
    """Return a warning for each line by which a script copies a library into services, or removes their copies.

    Args:
        found: What was read and planned.
        tree: The repository's files.
    """
    return tuple(_report(found, tree))


def list_scripts(found: Survey, tree: Tree) -> Iterator[str]:
    """Yield the files that may hold commands, but for those in copies."""
    made = {*found.project.list_copies(found.project.services)}
    for file in sorted(filter(is_script, tree.files)):
        if not any(is_below(file, copy) for copy in made):
            yield file


def name_some(services: Sequence[str]) -> str:
    """Return the names of the first services, and how many more there are."""
    more = f" and {len(services) - _MOST_NAMED} more" if len(services) > _MOST_NAMED else ""
    return f"{', '.join(services[:_MOST_NAMED])}{more}"


def _report(found: Survey, tree: Tree) -> Iterator[Finding]:
    project = found.project
    masters = tuple(library.master for library in project.libraries)
    known = Known(masters, tuple(plan.service for plan in found.plans), project.copies)
    told = {(one.file, one.line) for plan in found.plans for one in plan.problems if one.code == "CS110"}
    for file in list_scripts(found, tree):
        lines = find_hand_copies(tree, file, known)
        yield from (_make_finding(file, one) for one in lines if (file, one.line) not in told)


def _make_finding(file: str, one: HandCopy) -> Finding:
    named = name_some(one.services)
    if one.removes:
        message = f"`{one.text}` removes the copy of {named}, which common-sync keeps"
    else:
        message = f"`{one.text}` copies the library by hand into {named}, beside the copy that common-sync keeps"
    service = one.services[0] if len(one.services) == 1 else ""
    return make_finding("CS121", service, file, one.line, message, "take the line out: `distribute` keeps the copies")
