"""`fleet deploy`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.model import SHOWN_ID
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import Fields, as_text, findings_fields
from common_sync.interface.show.fleet_rollout import (
    INTERRUPTED,
    UNKNOWN,
    Telling,
    ask_person,
    find_code,
    rollout_fields,
    rollout_lines,
)
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import DRIFT, IN_SYNC, View, present
from common_sync.interface.show.table import table_lines
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.fleet_deploy import FleetDeploy, FleetPlan, Planned

_TITLES = ("HOST", "SERVICE", "WHY")
_CHOICES = ("stop", "undo")


def run_fleet_deploy(
    options: Options,
    services: Services = None,
    *,
    host: Annotated[str | None, Option("--host", "Only the hosts that a pattern matches.", "GLOB")] = None,
    ref: Annotated[str | None, Option("--ref", "The commit to bring there; default: the upstream's.", "REF")] = None,
    inventory: Annotated[
        str | None, Option("--inventory", "The inventory; default: fleet.toml beside the configuration.", "FILE")
    ] = None,
    prepare_only: Annotated[bool, Option("--prepare-only", "Fetch, build and verify; switch nothing.")] = False,
    on_failure: Annotated[
        str | None, Option("--on-failure", "stop; or undo: then earlier waves go back, too.", "WHAT")
    ] = None,
    yes: Annotated[bool, Option("--yes -y", "Ask nothing.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Bring services on other machines to a commit: prepare all, then switch wave by wave; what fails goes back."""
    from common_sync.commands.fleet_deploy import DeployWish, deploy_fleet  # no other command pays for it
    from common_sync.commands.fleet_status import Wish

    if on_failure not in (None, *_CHOICES):
        raise ConfigurationError(Problem(f"{on_failure!r} is neither stop nor undo", "--on-failure", remedy="stop"))
    wish, how = Wish(services or (), host, ref, inventory), DeployWish(dry_run, prepare_only, on_failure)
    agreed, telling = partial(_agree, options=options, yes=yes), Telling("fleet deploy", options)
    try:
        done = deploy_fleet(load_project(options.root), wish, how, telling.hear, agreed)
    except KeyboardInterrupt:
        say(INTERRUPTED)
        raise
    code = _find_code(done, how.only_prepare)
    text, fields = partial(_lines, done, how.only_prepare), partial(_fields, done, dry_run)
    own = {"jsonl": partial(telling.show, fields)}
    present(View("fleet deploy", code == IN_SYNC, lambda: done.plan.status.findings, text, fields, own=own), options)
    return code


def _agree(plan: "FleetPlan", options: Options, *, yes: bool) -> bool:
    names = ", ".join(f"{one.site.host} {printable(one.site.service)}" for one in plan.due)
    what = f"bring {names} to {printable(plan.status.ref)} {plan.status.commit[:SHOWN_ID]}"
    return ask_person(what, options, yes=yes)


def _find_code(done: "FleetDeploy", only_prepare: bool) -> int:
    if done.rollout is not None:
        return find_code(done.rollout, only_prepare=only_prepare)
    if not done.plan.status.is_known:
        return UNKNOWN
    return DRIFT if done.plan.due else IN_SYNC


def _lines(done: "FleetDeploy", only_prepare: bool, options: Options) -> Iterator[str]:
    terminal, plan = options.terminal, done.plan
    if done.rollout is not None:
        yield from rollout_lines(done.rollout, options, only_prepare=only_prepare, may_go_back=True)
        return
    if not options.quiet:
        yield f"{printable(plan.status.ref)} {plan.status.commit[:SHOWN_ID]}"
        yield ""
        yield from table_lines([_TITLES, *map(_cells, plan.planned)], terminal)
        yield ""
    if not plan.status.is_known:
        yield from finding_lines(plan.status.findings, terminal, everything=options.verbose)
        yield f"{terminal.mark('?')} not all targets could be asked; nothing was begun"
        yield from terminal.wrap("  help: leave them out by --host, or by the names of services", 8)
    elif plan.obstacles:
        for one in plan.obstacles:
            yield from terminal.wrap(f"{terminal.mark('✗')} {printable(_name(one))}: {printable(one.obstacle)}", 2)
        yield f"{terminal.mark('✗')} {count(len(plan.obstacles), 'target')} must not be touched; nothing was begun"
    elif plan.due:
        total = count(len(plan.planned), "target")
        yield f"{terminal.mark('→')} {len(plan.due):,} of {total} would be brought up to date"
        if len(plan.due) > 1:
            from common_sync.core.fleet.waves import name_waves  # what the command has imported

            yield from terminal.wrap(printable(f"  in this order: {name_waves(plan.waves)}"), 8)
    elif not options.quiet:
        own = sum(not one.indexed for one in plan.planned)
        runs = "runs" if own == 1 else "run"
        yield f"{terminal.mark('✓')} {count(own, 'target')} {runs} what {printable(plan.status.ref)} says"


def _cells(planned: "Planned") -> tuple[str, ...]:
    site, reason, obstacle, indexed, _ = planned
    return (
        site.host,
        printable(site.service),
        printable(reason or (_INDEXED if indexed else "nothing to do"))
        + (" (not possible)" if reason and obstacle else ""),
    )


_INDEXED = "left alone: it takes its library from an index"


def _name(planned: "Planned") -> str:
    return f"{planned.site.host}: {planned.site.target.path}"


def _fields(done: "FleetDeploy", dry_run: bool) -> Fields:
    status = done.plan.status
    return {
        "dry_run": dry_run,
        "ref": as_text(status.ref),
        "commit": status.commit,
        "plan": [
            {
                "host": one.site.host,
                "service": as_text(one.site.service),
                "reason": as_text(one.reason) or None,
                "obstacle": as_text(one.obstacle) or None,
                "indexed": one.indexed,
            }
            for one in done.plan.planned
        ],
        **rollout_fields(done.rollout, done.plan.waves),
        "findings": findings_fields(status.findings),
    }
