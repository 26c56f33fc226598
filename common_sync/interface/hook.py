"""The hook's own entry: `common-sync-hook [--check] [--no-cache] [--root DIR]`.

It runs on every commit. Where nothing has changed since a run that found all in sync, its stamp says so, and nothing else is imported.
"""

import os
import sys

from common_sync.edges.state.stamp import NO_CACHE, is_unchanged, may_be_used

_USAGE = "usage: common-sync-hook [--check] [--no-cache] [--root DIR]"
_INTERRUPTED = 130


def main() -> None:
    """Run the hook and exit."""
    try:
        if is_unchanged(sys.argv[1:]):
            os._exit(0)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    from common_sync.interface.main import guard, leave  # with what it imports, twice bare Python

    leave(guard(_run))


def _run() -> int:
    from common_sync.core.errors import ConfigurationError, Problem  # all inside the boundary: Ctrl-C is no traceback

    rest = [word for word in sys.argv[1:] if word not in ("--check", NO_CACHE)]
    check = "--check" in sys.argv[1:]
    match rest:
        case []:
            return _run_watched(None, check=check)
        case ["--root", root] if root:
            return _run_watched(root, check=check)
        case [word] if word.startswith("--root=") and word != "--root=":
            return _run_watched(word.removeprefix("--root="), check=check)
    raise ConfigurationError(Problem(f"unknown arguments: {' '.join(rest)}", remedy=_USAGE))


def _run_watched(root: str | None, *, check: bool) -> int:
    """Run the hook; where all is in sync, leave a stamp for the next run."""
    arguments = sys.argv[1:]
    if not may_be_used(arguments):
        return _run_hook(root, check=check)
    from common_sync.edges.state.watching import watching, write_stamp

    with watching() as watch:
        code = _run_hook(root, check=check)
        watch.note_program()
    if code == 0:
        write_stamp(watch, arguments)
    return code


def _run_hook(root: str | None, *, check: bool) -> int:
    from common_sync.edges.project.index import read_ahead
    from common_sync.edges.project.load import find_projects, load_project

    projects = [load_project(root)] if root else find_projects(os.getcwd())
    indexes = [read_ahead(project) for project in projects]
    from common_sync.commands.hook import run_hook  # git answers in the meantime

    pushed = _find_pushed()
    passes = True
    for project, index in zip(projects, indexes, strict=True):
        run = run_hook(project, index(), pushed, check=check)
        passes = passes and run.passes
        if run.done is not None or not run.passes:
            from common_sync.interface.show.hook import hook_lines  # only when there is something to say
            from common_sync.interface.show.terminal import write

            for line in hook_lines(run, pushed, check=check):
                write(line)
    return 0 if passes else 1


def _find_pushed() -> str | None:
    """Return the commit that pre-commit or prek asks about, if any.

    There is one at a push, and in CI. At the first push of a whole history pre-commit names the branch only.
    """
    return os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
