"""`fleet rollback`: bring services on other machines back to the release before, which is kept there."""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from common_sync.commands.fleet_status import Wish, select_sites
from common_sync.commands.steps.fleet.rollout import Heard, Release, Rollout, roll_out
from common_sync.core.fleet.inventory import Site
from common_sync.core.fleet.rollout import STOP
from common_sync.edges.fleet.inventory import load_inventory
from common_sync.edges.git.revisions import require_commit
from common_sync.edges.project.load import Project, select_copied


class FleetRollback(NamedTuple):
    """What came of it; no rollout where nothing was begun."""

    sites: tuple[Site, ...]
    rollout: Rollout | None = None


def roll_back_fleet(
    project: Project, wish: Wish, to: str | None, heard: Heard, agreed: Callable[[FleetRollback], bool]
) -> FleetRollback:
    """Bring services on other machines back to an earlier release; each machine says by itself whether it has one.

    Args:
        project: The project.
        wish: Which targets.
        to: The commit of the release; None for the one before.
        heard: Is told what has come to pass.
        agreed: Is asked before anything is begun.

    Raises:
        CommonSyncError: The inventory is wrong, nothing in it is meant, or there is no such commit here.
    """
    inventory, services = load_inventory(project.root, wish.inventory), select_copied(project, wish.services)
    done = FleetRollback(tuple(select_sites(project, inventory, wish._replace(deployed=True, services=services))))
    commit = require_commit(project.root, to, "--to") if to is not None else ""
    if not agreed(done):
        return done
    order = inventory.order._replace(on_failure=STOP)  # the release that they came from is kept nowhere any more
    return done._replace(rollout=roll_out(done.sites, order, Release(secrets.token_hex(8), to=commit), heard))
