"""`distribute`: options in, exit code out."""

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import Project, load_project
from common_sync.interface.show.fields import distribute_fields
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import Overview, View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say

if TYPE_CHECKING:  # at run time only once the command runs
    from common_sync.commands.distribute import Distribution


def run_distribute(
    options: Options,
    services: Services = None,
    *,
    dry_run: DryRun = False,
    diff: Annotated[bool, Option("--diff", "Show the differences; write nothing.")] = False,
    force: Annotated[bool, Option("--force", "Discard edits made in copies; each is named.")] = False,
    contexts: Annotated[
        bool, Option("--contexts", "Build images from their service's own folder, not from one above it.")
    ] = False,
    checkouts: Annotated[
        list[str] | None,
        Option("--from", "Take a library of another repository from a checkout; the lock stays.", "LIBRARY=PATH"),
    ] = None,
    locked: Annotated[bool, Option("--locked", "Fail where common-sync.lock would have to change.")] = False,
) -> int:
    """Bring every copy and every reference in sync."""
    from common_sync.commands.distribute import Locks, distribute  # the other commands write nothing
    from common_sync.interface.show.distribute import distribute_lines

    started = time.perf_counter()
    project, nothing = load_project(options.root), dry_run or diff
    with show_progress() as phases:
        distribution = distribute(
            project,
            services or (),
            dry_run=nothing,
            force=force,
            contexts=contexts,
            locks=Locks(stays=locked, checkouts=_select(project, checkouts)),
            say=say,
            phases=phases,
        )
    text = partial(distribute_lines, distribution, time.perf_counter() - started, diff=diff)
    fields = partial(distribute_fields, distribution, diff=diff)
    overview = partial(_overview, distribution)
    view = View("distribute", distribution.in_sync, distribution.findings, text, fields, project.root, overview)
    return present(view, options)


def _select(project: Project, checkouts: list[str] | None) -> Mapping[str, str]:
    if not checkouts:
        return {}
    from common_sync.edges.library.checkouts import select_checkouts  # asked for by hand, and rarely

    return select_checkouts(project, checkouts)


def _overview(distribution: "Distribution") -> Overview:
    from common_sync.interface.show.overview import distribution_overview  # most runs print text

    return distribution_overview(distribution)
