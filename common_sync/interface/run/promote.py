"""`promote`: options in, exit code out."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import promote_fields
from common_sync.interface.show.options import DryRun, Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say

if TYPE_CHECKING:
    from common_sync.commands.steps.promote.homes import Goal

_NAMES = "Services, or files and folders of their copies. Default: all edits."


def run_promote(
    options: Options,
    names: Annotated[list[str] | None, Option("", _NAMES, "SERVICE|FILE")] = None,
    *,
    dry_run: DryRun = False,
    to: Annotated[
        str | None, Option("--to", "A checkout of a library's own repository, whose work tree takes the edits.", "DIR")
    ] = None,
    patch: Annotated[
        str | None, Option("--patch", "A file that takes them as a patch, for git apply in that repository.", "FILE")
    ] = None,
) -> int:
    """Take edits of copies over into the master, all or nothing; then bring every copy in sync."""
    from common_sync.commands.promote import promote  # no other command changes a master
    from common_sync.interface.show.promote import promote_lines

    goal = _find_goal(to, patch)
    project = load_project(options.root)
    with show_progress() as phases:
        promotion = promote(project, names or (), say, dry_run=dry_run, goal=goal, phases=phases)
    text, fields = partial(promote_lines, promotion), partial(promote_fields, promotion)
    return present(View("promote", promotion.passes, promotion.findings, text, fields, project.root), options)


def _find_goal(to: str | None, patch: str | None) -> "Goal | None":
    if to is None and patch is None:
        return None
    if to is not None and patch is not None:
        raise ConfigurationError(
            Problem("--to and --patch are two ways, and cannot be combined", remedy="leave one out")
        )
    if not (to or patch):
        raise ConfigurationError(Problem("names nothing", "--to" if patch is None else "--patch"))
    from common_sync.commands.steps.promote.homes import Goal  # most masters are here

    return Goal(to or "", patch or "")
