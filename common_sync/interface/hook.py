"""The hook's own entry: `common-sync-hook [--check] [--no-cache] [--root DIR]`.

It runs on every commit. Where nothing has changed since a run that found all in sync, its stamp says so, and nothing else is imported.
"""

import os
import sys

from common_sync import __version__
from common_sync.edges.state.stamp import NO_CACHE, is_unchanged, may_be_used

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that ends by its stamp imports neither
    from collections.abc import Iterable

    from common_sync.commands.hook import HookRun

_USAGE = "usage: common-sync-hook [--check] [--no-cache] [--root DIR]"
_HELP = f"""{_USAGE}

Bring copies and references in sync, and stop a commit that would lack any of it. git, pre-commit or prek runs it.

  --check     Only check; write nothing.
  --no-cache  Look at everything, though nothing seems to have changed.
  --root DIR  The folder of the configuration. Default: the nearest upward, or else all below.
  --version   Show the version.
  --help      Show this page.
"""
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
        case ["--help" | "-h"]:
            return _say(_HELP)
        case ["--version" | "-V"]:
            return _say(f"common-sync-hook {__version__}\n")
        case []:
            return _run_watched(None, check=check)
        case ["--root", root] if root:
            return _run_watched(root, check=check)
        case [word] if word.startswith("--root=") and word != "--root=":
            return _run_watched(word.removeprefix("--root="), check=check)
    raise ConfigurationError(Problem(f"unknown arguments: {' '.join(rest)}", remedy=_USAGE))


def _say(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _run_watched(root: str | None, *, check: bool) -> int:
    """Run the hook; where all is in sync, leave a stamp for the next run."""
    arguments = sys.argv[1:]
    if not may_be_used(arguments):
        return _code(_run_hook(root, check=check))
    from common_sync.edges.state.watching import watching, write_stamp

    with watching() as watch:
        runs = _run_hook(root, check=check)
        watch.note_program()
    if all(run.is_silent for run in runs):
        write_stamp(watch, arguments)
    return _code(runs)


def _code(runs: "Iterable[HookRun]") -> int:
    return 0 if all(run.passes for run in runs) else 1


def _run_hook(root: str | None, *, check: bool) -> "list[HookRun]":
    from common_sync.edges.project.index import read_ahead
    from common_sync.edges.project.load import find_projects, load_project

    projects = [load_project(root)] if root else find_projects(os.getcwd())
    indexes = [read_ahead(project) for project in projects]
    from common_sync.commands.hook import run_hook  # git answers in the meantime

    pushed = _find_pushed()
    runs: list[HookRun] = []
    for project, index in zip(projects, indexes, strict=True):
        run = run_hook(project, index(), pushed, check=check)
        runs.append(run)
        if not run.is_silent:
            from common_sync.interface.show.hook import hook_lines  # only when there is something to say
            from common_sync.interface.show.terminal import write

            for line in hook_lines(run, pushed, check=check):
                write(line)
    return runs


def _find_pushed() -> str | None:
    """Return the commit that pre-commit or prek asks about, if any.

    There is one at a push, and in CI. At the first push of a whole history pre-commit names the branch only.
    """
    return os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
