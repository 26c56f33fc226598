"""The hook's own entry: `common-sync-hook [--check] [--root DIR]`.

It runs on every commit, so it imports typer, rich and GitPython only once it has something to say.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.commands.hook import HookRun, check_hook, run_hook
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project import Project, find_projects, load_project
from common_sync.interface.main import guard, leave
from common_sync.interface.terminal import Terminal, look_at, write

_USAGE = "usage: common-sync-hook [--check] [--root DIR]"


class _Arguments(NamedTuple):
    check: bool
    root: str | None


def main() -> None:
    """Run the hook and exit."""
    leave(guard(lambda: _run(_parse(sys.argv[1:]))))


def _parse(words: Sequence[str]) -> _Arguments:
    rest = [word for word in words if word != "--check"]
    check = len(rest) < len(words)
    if not rest:
        return _Arguments(check, None)
    option, equals, value = rest[0].partition("=")
    if option == "--root" and (value if equals else len(rest) > 1):
        root, rest = (value, rest[1:]) if equals else (rest[1], rest[2:])
        if not rest:
            return _Arguments(check, root)
    raise ConfigurationError(Problem(f"unknown arguments: {' '.join(rest)}", remedy=_USAGE))


def _run(arguments: _Arguments) -> int:
    projects = [load_project(arguments.root)] if arguments.root else find_projects(os.getcwd())
    terminal = look_at(sys.stdout)
    lines: list[str] = []
    passes = True
    for project in projects:
        more, passed = _check(project, terminal) if arguments.check else _sync(project, terminal)
        lines.extend(more)
        passes = passes and passed
    if lines:
        write("\n".join(lines))
    return 0 if passes else 1


def _sync(project: Project, terminal: Terminal) -> tuple[list[str], bool]:
    run = run_hook(project)
    return list(_sync_lines(run, project, terminal)), run.passes


def _sync_lines(run: HookRun, project: Project, terminal: Terminal) -> Iterator[str]:
    changed = [outcome for outcome in run.done.outcomes if outcome.changed or not outcome.in_sync]
    if not changed and not run.to_add:
        return
    from common_sync.interface.text import finding_lines, service_line  # only when there is something to say

    width = max((len(outcome.plan.service) for outcome in changed), default=0)
    yield from (service_line(outcome, run.done, width, terminal) for outcome in changed)
    yield from finding_lines(run.done.findings(), terminal, everything=False)
    if run.to_add:
        import shlex

        here = os.path.relpath(project.root)
        paths = " ".join(shlex.quote(os.path.normpath(os.path.join(here, path))) for path in run.to_add)
        yield "the commit lacks what was brought in sync; add it and commit again:"
        yield f"  git add {paths}"


def _check(project: Project, terminal: Terminal) -> tuple[list[str], bool]:
    found, findings = check_hook(project)
    passed = found.in_sync and not any(finding.code == "CS009" for finding in findings)
    if not findings:
        return [], passed
    from common_sync.interface.text import finding_lines  # only when there is something to say

    return list(finding_lines(findings, terminal, everything=False)), passed
