"""Which rules of git keep a copy out of a commit: asked where a copy is new, and not on every run."""

from collections.abc import Iterator, Sequence

from common_sync.commands.steps.survey import ServicePlan, Survey
from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, ancestors
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.index import Ignored, find_ignored


def find_ignored_copies(found: Survey, plans: Sequence[ServicePlan]) -> list[Finding]:
    """Return a warning for each rule by which git ignores a part of a copy that it does not track.

    Args:
        found: What was read and planned, and then written.
        plans: The services to ask about.

    Raises:
        GitError: Git failed.
    """
    if not plans or find_top(found.project.root) is None:
        return []
    files = found.master.snapshot.entries
    ours = {MANIFEST_NAME, *files, *(above for file in files for above in ancestors(file))}
    ignored: dict[str, list[Ignored]] = {plan.copy_path: [] for plan in plans}
    for one in find_ignored(found.project.root, list(ignored)):
        for path in (one.path, *ancestors(one.path)):
            if path in ignored:
                ignored[path].append(one)
    return [finding for plan in plans for finding in _look_at(plan, ignored[plan.copy_path], ours)]


def _look_at(plan: ServicePlan, ignored: Sequence[Ignored], ours: set[str]) -> Iterator[Finding]:
    rules: dict[tuple[str, int, str], list[str]] = {}
    for one in ignored:
        inside = one.path.removeprefix(f"{plan.copy_path}/") if one.path != plan.copy_path else MANIFEST_NAME
        if inside in ours:
            rules.setdefault((one.file, one.line, one.pattern), []).append(one.path)
    for (file, line, pattern), paths in rules.items():
        what = paths[0] if len(paths) == 1 else f"{len(paths)} paths of the copy, such as {paths[0]}"
        message = f"{pattern!r} keeps {what} out of a commit"
        remedy = f"git add -f {shell_word(plan.copy_path)}, or change the rule; nothing, where copies are not committed"
        yield make_finding("CS114", plan.service, file, line, message, remedy)
