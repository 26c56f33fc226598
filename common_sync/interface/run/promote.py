"""`promote`: options in, exit code out."""

from functools import partial
from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import promote_fields
from common_sync.interface.show.options import DryRun, Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say

_NAMES = "Services, or files and folders of their copies. Default: all edits."


def run_promote(
    options: Options,
    names: Annotated[list[str] | None, Option("", _NAMES, "SERVICE|FILE")] = None,
    *,
    dry_run: DryRun = False,
) -> int:
    """Take edits of copies over into the master, all or nothing; then bring every copy in sync."""
    from common_sync.commands.promote import promote  # no other command changes a master
    from common_sync.interface.show.promote import promote_lines

    project = load_project(options.root)
    with show_progress() as phases:
        promotion = promote(project, names or (), say, dry_run=dry_run, phases=phases)
    text, fields = partial(promote_lines, promotion), partial(promote_fields, promotion)
    return present(View("promote", promotion.passes, promotion.findings, text, fields, project.root), options)
