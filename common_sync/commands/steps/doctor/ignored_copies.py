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

Rule = tuple[str, int, str]
"""A rule of git: its file, its line, counted from 1, and its pattern."""

_MOST_NAMED = 4
"""Copies that one command names."""


def find_ignored_copies(found: Survey, copies: Collection[CopySurvey]) -> dict[str, list[Finding]]:
    """Return a warning for each rule by which git ignores a part of copies that it does not track, by the first service.

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
    rules: dict[Rule, list[tuple[CopySurvey, str]]] = {}
    for copy in copies:
        for rule, path in _find_rules(copy, ignored[copy.path], ours[copy.target]):
            rules.setdefault(rule, []).append((copy, path))
    findings: dict[str, list[Finding]] = {}
    for rule, kept in rules.items():
        service = kept[0][0].service
        paths = list(dict.fromkeys(copy.path for copy, _ in kept))
        findings.setdefault(service, []).append(_report(rule, service, paths, [path for _, path in kept]))
    return findings


def _list_ours(target: Target) -> Iterator[str]:
    """Yield the paths in a copy of what the tool puts there, and of the folders that it is in."""
    yield MANIFEST_NAME
    for file in target.snapshot.entries:
        yield file
        yield from ancestors(file)


def _find_rules(copy: CopySurvey, ignored: Sequence[Ignored], ours: set[str]) -> Iterator[tuple[Rule, str]]:
    """Yield each path of a copy that a rule keeps out of a commit, with the rule."""
    for one in ignored:
        inside = one.path.removeprefix(f"{copy.path}/") if one.path != copy.path else MANIFEST_NAME
        if inside in ours:
            yield (one.file, one.line, one.pattern), one.path


def _report(rule: Rule, service: str, copies: Sequence[str], paths: Sequence[str]) -> Finding:
    """Return the warning about one rule, however many copies it keeps paths of out of a commit."""
    file, line, pattern = rule
    of = f"{len(copies)} copies" if copies[1:] else "the copy"
    what = paths[0] if len(paths) == 1 else f"{len(paths)} paths of {of}, such as {paths[0]}"
    named = " ".join(map(shell_word, copies)) if len(copies) <= _MOST_NAMED else "each copy"
    remedy = f"git add -f {named}, or change the rule; nothing, where copies are not committed"
    return make_finding("CS114", service, file, line, f"{pattern!r} keeps {what} out of a commit", remedy)
