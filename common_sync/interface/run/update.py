"""`update`: options in, exit code out."""

from functools import partial
from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import DryRun, Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import say


def run_update(
    options: Options,
    libraries: Annotated[list[str] | None, Option("", "Libraries. Default: all.", "LIBRARY")] = None,
    *,
    dry_run: DryRun = False,
) -> int:
    """Lock the commits that the tags of pins name today. The next distribute brings the copies there."""
    from common_sync.commands.update import update  # no other command moves the lock
    from common_sync.interface.show.pin import update_fields, update_lines

    project = load_project(options.root)
    done = update(project, libraries or (), say, dry_run=dry_run)
    text, fields = partial(update_lines, done), partial(update_fields, done)
    return present(View("update", done.passes, done.findings, text, fields, project.root), options)
