"""The hook's own entry: `common-sync-hook [--check] [--root DIR]`.

It runs on every commit, so it imports typer, rich and what only a change needs once there is something to say.
"""

import os
import sys

from common_sync.interface.main import guard, leave

_USAGE = "usage: common-sync-hook [--check] [--root DIR]"


def main() -> None:
    """Run the hook and exit."""
    leave(guard(_run))


def _run() -> int:
    from common_sync.core.errors import ConfigurationError, Problem  # all inside the boundary: Ctrl-C is no traceback

    rest = [word for word in sys.argv[1:] if word != "--check"]
    check = len(rest) < len(sys.argv) - 1
    match rest:
        case []:
            return _run_hook(None, check=check)
        case ["--root", root] if root:
            return _run_hook(root, check=check)
        case [word] if word.startswith("--root=") and word != "--root=":
            return _run_hook(word.removeprefix("--root="), check=check)
    raise ConfigurationError(Problem(f"unknown arguments: {' '.join(rest)}", remedy=_USAGE))


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
