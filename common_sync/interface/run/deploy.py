"""`deploy`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import deployment_fields
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.releases import lasting_lines, outcome_lines
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import count, finding_lines, help_lines

if TYPE_CHECKING:
    from common_sync.commands.deploy import Deployment, Rollout


def run_deploy(
    options: Options,
    services: Services = None,
    *,
    every: Annotated[bool, Option("--all", "Deploy all services, one after the other.")] = False,
    rev: Annotated[
        str | None, Option("--rev", "Take a commit, and not the work tree. Default: the work tree.", "REV")
    ] = None,
    offline: Annotated[bool, Option("--offline", "Ask no network.")] = False,
    no_restart: Annotated[bool, Option("--no-restart", "Switch, and leave the restart and the proof to you.")] = False,
    prepare_only: Annotated[
        bool, Option("--prepare-only", "Make the release aside, and check it; switch nothing.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Make a release of each service, switch to it, restart it and prove it; go back where it is not healthy."""
    from common_sync.commands.deploy import DeployWish, deploy_services  # no other command pays for it

    if every == bool(services):
        message = "--all and names of services exclude each other" if every else "no service is named"
        raise ConfigurationError(Problem(message, remedy="common-sync deploy SERVICE, or common-sync deploy --all"))
    if rev == "":
        raise ConfigurationError(Problem("--rev names no commit", remedy="--rev v1.0.0"))
    wish = DeployWish(offline, not no_restart, dry_run, prepare_only, rev or "")
    rollout = deploy_services(load_project(options.root), services or (), wish, lambda line: say(printable(line)))
    if rollout.error is not None and not rollout.done and not rollout.left:
        raise rollout.error
    text, fields = partial(_lines, rollout), partial(deployment_fields, rollout)
    code = present(View("deploy", rollout.is_done, lambda: rollout.findings, text, fields), options)
    if rollout.error is not None:
        raise rollout.error
    return code


def _lines(rollout: "Rollout", options: Options) -> Iterator[str]:
    for one in rollout.done:
        yield from _service_lines(one, options)
    if rollout.failed:
        yield f"{options.terminal.mark('✗')} {printable(rollout.failed)}  not deployed"
    if rollout.left:
        yield f"not deployed, since that failed: {', '.join(map(printable, rollout.left))}"


def _service_lines(done: "Deployment", options: Options) -> Iterator[str]:
    terminal, name = options.terminal, printable(done.site.service)
    name += f" at {printable(done.revision)}" if done.revision else ""
    if done.action == "refused":
        yield from finding_lines(done.findings, terminal, everything=options.verbose)
        yield f"{terminal.mark('✗')} {name}  {'leaves its folder' if done.leaves else 'not in sync'}; nothing was deployed"
        if not done.leaves and not done.revision:
            yield from help_lines(f"common-sync distribute {shell_word(done.site.service)}", terminal)
        return
    if not options.quiet:
        yield f"{terminal.mark(_MARKS[done.action])} {name}  {_sentence(done)}"
    if done.installed and not options.quiet:
        yield f"  its unit {done.site.unit} is installed, and started at every boot"
    if done.outcome is not None:
        yield from outcome_lines(done.outcome, done.number, done.site, options)
        yield from lasting_lines(done.site, options) if done.outcome.undone else ()
    elif done.action in ("nothing", "prepared") and done.site.stays and not options.quiet:
        yield f"  {printable(done.site.stays)}"
    yield from finding_lines(done.warnings, terminal, everything=options.verbose)
    if done.removed and not options.quiet:
        yield f"  removed: {count(len(done.removed), 'former release')}"


_MARKS = {"nothing": "·", "would": "→", "prepared": "✓", "released": "✓", "again": "·"}


def _sentence(done: "Deployment") -> str:
    if done.action == "nothing":
        return f"release {done.number} is current, and {'is that' if done.revision else 'nothing has changed'}"
    if done.action == "again":
        lacked = "run" if done.site.is_due else "run as its settings say" if done.installed else ""
        return f"release {done.number} is current, and {f'did not {lacked}' if lacked else 'was not proven'} yet"
    if done.action == "prepared" and done.number == done.former:
        return f"release {done.number} is current, and is to be proven; nothing was restarted"
    parts = [count(done.files, "file")]
    if done.environment:
        parts.append(f"environment {done.environment}{' built' if done.built else ''}")
    elif done.built:
        parts.append("an environment is to be built")
    would, aside = "would be " if done.action == "would" else "", " aside" if done.action == "prepared" else ""
    return f"release {done.number} {would}made{aside}: {', '.join(parts)}"
