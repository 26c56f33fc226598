"""The hook's own entry: `common-sync-hook [--check] [--root DIR]`.

It runs on every commit, so it imports typer, rich and what only a change needs once there is something to say.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.interface.main import guard, leave

if TYPE_CHECKING:  # at run time they are imported inside the boundary, where Ctrl-C is no traceback
    from common_sync.commands.hook import HookRun
    from common_sync.commands.steps.commit_check import Commit
    from common_sync.commands.steps.commit_comparison import Lack
    from common_sync.core.model import Finding
    from common_sync.interface.show.terminal import Terminal

_USAGE = "usage: common-sync-hook [--check] [--root DIR]"


class _Arguments(NamedTuple):
    check: bool
    root: str | None


def main() -> None:
    """Run the hook and exit."""
    leave(guard(lambda: _run(_parse(sys.argv[1:]))))


def _parse(words: Sequence[str]) -> _Arguments:
    from common_sync.core.errors import ConfigurationError, Problem

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
    from common_sync.edges.project.index import read_ahead
    from common_sync.edges.project.load import find_projects, load_project

    projects = [load_project(arguments.root)] if arguments.root else find_projects(os.getcwd())
    indexes = [read_ahead(project) for project in projects]
    from common_sync.commands.hook import run_hook  # git answers in the meantime

    pushed = _pushed()
    passes = True
    for project, index in zip(projects, indexes, strict=True):
        run = run_hook(project, index(), pushed, check=arguments.check)
        passes = passes and run.passes
        if run.done is not None or not run.passes:
            _show(run, arguments.check, pushed)
    return 0 if passes else 1


def _pushed() -> str | None:
    """Return the commit that pre-commit or prek is asked about, where there is one already: at a push, or in CI.

    At the first push of a whole history pre-commit names the branch only.
    """
    return os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")


def _show(run: "HookRun", check: bool, pushed: str | None) -> None:
    from common_sync.interface.show.terminal import look_at, write  # only when there is something to say

    for line in _lines(run, look_at(sys.stdout), check, pushed):
        write(line)


def _lines(run: "HookRun", terminal: "Terminal", check: bool, pushed: str | None) -> Iterator[str]:
    from common_sync.edges.git.repository import users_folder
    from common_sync.interface.show.text import finding_lines, root_lines, service_line

    if run.done is not None:
        changed = [one for one in run.done.outcomes if one.changed or not one.in_sync]
        width = max((len(one.plan.service) for one in changed), default=0)
        yield from (service_line(one, run.done, width, terminal) for one in changed)
        yield from root_lines(run.done, width, terminal)
    root, here = run.found.project.root, users_folder()
    told = [lack for lack in run.commit.lacks if check or not lack.is_plain]
    findings = [*run.findings(), *(_finding(lack, _shown(lack.place, root, here)) for lack in told)]
    yield from finding_lines(findings, terminal, everything=False)
    yield from _clone_lines(run.commit, terminal, pushed)
    if not check:
        places = dict.fromkeys(lack.place for lack in run.commit.lacks if lack.is_plain)
        yield from _add_lines([_shown(place, root, here) for place in places])


def _shown(place: str, root: str, here: str) -> str:
    """Return the place to mend as it can be pasted into a shell."""
    from common_sync.core.errors import shell_word  # only when there is something to say

    return shell_word(os.path.relpath(os.path.join(root, place), here))


def _finding(lack: "Lack", place: str) -> "Finding":
    from common_sync.core.findings import make_finding

    return make_finding("CS009", lack.service, lack.path, None, lack.message, f"{lack.command} {place}")


def _add_lines(places: Sequence[str]) -> Iterator[str]:
    from common_sync.interface.show.terminal import printable

    if places:
        yield "the commit would lack what is in sync on the disk; add it and commit again:"
        yield f"  git add {printable(' '.join(places))}"


def _clone_lines(commit: "Commit", terminal: "Terminal", pushed: str | None) -> Iterator[str]:
    from common_sync.interface.show.text import finding_lines

    if not commit.clone:
        return
    if pushed is not None:
        yield "a fresh clone of what is pushed would not be in sync; commit what is on the disk:"
        yield from finding_lines(commit.clone, terminal, everything=False)
        return
    yield "a fresh clone of this commit would not be in sync, because git changes bytes on the way in or out:"
    remedy = "give the master and its copies `-text` in .gitattributes, and then check the master's files out anew"
    findings = [finding._replace(remedy=remedy) for finding in commit.clone]
    yield from finding_lines(findings, terminal, everything=False)
