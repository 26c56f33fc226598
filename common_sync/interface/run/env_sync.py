"""`env sync`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import CommonSyncError
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import environment_sync_fields
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import columns, printable, say
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.env_sync import Action, EnvironmentSync, Synced


def run_env_sync(
    options: Options,
    services: Services = None,
    *,
    upgrade: Annotated[bool, Option("--upgrade", "Resolve anew, though nothing has changed.")] = False,
    offline: Annotated[bool, Option("--offline", "Ask no network.")] = False,
    editable_master: Annotated[
        bool | None,
        Option(
            "--editable-master/--no-editable-master",
            "Install the library from its master, to be edited there. Default: as it is now.",
        ),
    ] = None,
    deep: Annotated[bool, Option("--deep", "Compare every installed file with what it was.")] = False,
    force: Annotated[
        bool, Option("--force", "Replace a .venv that common-sync has not made; the old one is kept.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Bring the environment of each service, its .venv, in sync with its requirements."""
    from common_sync.commands.env_sync import Wish, sync_environments  # no other command pays for it

    wish = Wish(upgrade, offline, force, deep, editable_master, dry_run)
    project = load_project(options.root)
    synced = sync_environments(project, services or (), wish, lambda line: say(printable(line)))
    text, fields = partial(_lines, synced), partial(environment_sync_fields, synced)
    code = present(View("env sync", synced.in_sync, lambda: synced.findings, text, fields, project.root), options)
    problems = [problem for one in synced.services if one.error is not None for problem in one.error.problems]
    if problems:
        raise CommonSyncError(*problems)
    return code


def _lines(synced: "EnvironmentSync", options: Options) -> Iterator[str]:
    """Yield a line a service, and the findings."""
    terminal = options.terminal
    if not options.quiet:
        width = max((len(one.service) for one in synced.services), default=0)
        for one in synced.services:
            mark = _MARKS[one.action] if not synced.dry_run or one.action != "built" else "→"
            head = f"{terminal.mark(mark)} {printable(one.service):<{width}}  "
            said = _describe(one, synced)
            yield from terminal.wrap(said, columns(head), head) if terminal.has_width else (head + said,)
    yield from finding_lines(synced.findings, terminal, everything=options.verbose)


_MARKS: dict["Action", str] = {"nothing": "·", "switched": "✓", "built": "✓", "refused": "✗", "failed": "✗"}


def _describe(one: "Synced", synced: "EnvironmentSync") -> str:
    if one.situation is None or one.action == "failed":
        return "failed"
    standing = one.situation.standing
    if one.action == "nothing":
        return "no requirements" if standing.state == "none" else "in sync"
    if one.action == "refused":
        return "left alone"
    why = printable(", ".join(standing.reasons))
    if synced.dry_run:
        return f"would be made: {why}" if why else "would be made anew"
    what = "built" if one.action == "built" else "used again"
    made = f"environment {one.environment} {what}, of {count(one.packages, 'package')}"
    return f"{made}: {why}" if why else made
