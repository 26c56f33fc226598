"""`fleet rollback`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.fleet_rollout import (
    INTERRUPTED,
    Telling,
    ask_person,
    find_code,
    rollout_fields,
    rollout_lines,
)
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import DRIFT, IN_SYNC, View, present
from common_sync.interface.show.terminal import printable, say

if TYPE_CHECKING:
    from common_sync.commands.fleet_rollback import FleetRollback


def run_fleet_rollback(
    options: Options,
    services: Services = None,
    *,
    host: Annotated[str | None, Option("--host", "Only the hosts that a pattern matches.", "GLOB")] = None,
    to: Annotated[
        str | None, Option("--to", "The commit of a release that is kept there; default: the one before.", "COMMIT")
    ] = None,
    inventory: Annotated[
        str | None, Option("--inventory", "The inventory; default: fleet.toml beside the configuration.", "FILE")
    ] = None,
    yes: Annotated[bool, Option("--yes -y", "Ask nothing.")] = False,
) -> int:
    """Bring services on other machines back to an earlier release, which is kept there: nothing is built or fetched."""
    from common_sync.commands.fleet_rollback import roll_back_fleet  # no other command pays for it
    from common_sync.commands.fleet_status import Wish

    def agreed(done: "FleetRollback") -> bool:
        names = ", ".join(f"{one.host} {printable(one.service)}" for one in done.sites)
        release = f"the release of {printable(to)}" if to is not None else "the release before"
        return ask_person(f"bring {names} back to {release}", options, yes=yes)

    wish, telling = Wish(services or (), host, None, inventory), Telling("fleet rollback", options)
    try:
        done = roll_back_fleet(load_project(options.root), wish, to, telling.hear, agreed)
    except KeyboardInterrupt:
        say(INTERRUPTED)
        raise
    code = find_code(done.rollout) if done.rollout is not None else DRIFT
    fields = partial(rollout_fields, done.rollout)
    own = {"jsonl": partial(telling.show, fields)}
    present(View("fleet rollback", code == IN_SYNC, list, partial(_lines, done), fields, own=own), options)
    return code


def _lines(done: "FleetRollback", options: Options) -> Iterator[str]:
    if done.rollout is not None:
        yield from rollout_lines(done.rollout, options)
    else:
        yield "nothing was begun"
