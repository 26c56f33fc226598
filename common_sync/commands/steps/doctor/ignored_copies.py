"""Which rules of git keep a copy out of a commit: asked where a copy is new, and not on every run."""

from collections.abc import Collection, Iterator, Sequence

from common_sync.commands.steps.survey import Survey
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.targets import Target
from common_sync.edges.project.index import Ignored, find_ignored


def find_ignored_copies(found: Survey, copies: Collection[CopySurvey]) -> dict[str, list[Finding]]:
    """Return, by service, a warning for each rule by which git ignores a part of a copy that it does not track.

    Raises:
        GitError: Git failed.
    """
    if not copies or find_top(found.project.root) is None:
        return {}
    ignored: dict[str, list[Ignored]] = {copy.path: [] for copy in copies}
    for one in find_ignored(found.project.root, list(ignored)):
        for path in (one.path, *ancestors(one.path)):
            if path in ignored:
                ignored[path].append(one)
    ours = {key: set(_list_ours(target)) for key, target in found.targets.items()}
    findings: dict[str, list[Finding]] = {}
    for copy in copies:
        findings.setdefault(copy.service, []).extend(_look_at(copy, ignored[copy.path], ours[copy.target]))
    return findings


def _list_ours(target: Target) -> Iterator[str]:
    """Yield the paths in a copy of what the tool puts there, and of the folders that it is in."""
    yield MANIFEST_NAME
    for file in target.snapshot.entries:
        yield file
        yield from ancestors(file)


def _look_at(copy: CopySurvey, ignored: Sequence[Ignored], ours: set[str]) -> Iterator[Finding]:
    rules: dict[tuple[str, int, str], list[str]] = {}
    for one in ignored:
        inside = one.path.removeprefix(f"{copy.path}/") if one.path != copy.path else MANIFEST_NAME
        if inside in ours:
            rules.setdefault((one.file, one.line, one.pattern), []).append(one.path)
    for (file, line, pattern), paths in rules.items():
        what = paths[0] if len(paths) == 1 else f"{len(paths)} paths of the copy, such as {paths[0]}"
        message = f"{pattern!r} keeps {what} out of a commit"
        remedy = f"git add -f {shell_word(copy.path)}, or change the rule; nothing, where copies are not committed"
        yield make_finding("CS114", copy.service, file, line, message, remedy)
