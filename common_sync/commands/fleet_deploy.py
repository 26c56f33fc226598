"""`fleet deploy`: bring services on other machines to a commit, or show which are not there."""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from common_sync.commands.fleet_status import FleetStatus, Wish, look_inside, read_fleet
from common_sync.commands.steps.fleet.looks import Looked
from common_sync.commands.steps.fleet.rollout import Heard, Release, Rollout, roll_out
from common_sync.core.fleet.inside import Inside, find_changed, find_covered, find_inside_reason
from common_sync.core.fleet.inventory import COMPOSE, Site
from common_sync.core.fleet.looks import find_obstacle, find_reason
from common_sync.core.fleet.rollout import Order
from common_sync.core.fleet.waves import Wave, plan_waves
from common_sync.edges.fleet.inventory import load_inventory
from common_sync.edges.git.revisions import find_branch, find_tree
from common_sync.edges.project.load import Project, select_copied

Agreed = Callable[["FleetPlan"], bool]
"""Is asked before anything is begun."""


class DeployWish(NamedTuple):
    """What to do with the targets that are asked about."""

    dry_run: bool = False
    only_prepare: bool = False
    on_failure: str | None = None  # None for what the inventory says


class Planned(NamedTuple):
    """A target, and what is to be done about it."""

    site: Site
    reason: str  # why it is brought up to date; nothing where it runs what is wanted
    obstacle: str  # why it must not be touched, or nothing
    indexed: bool = False  # whether its library comes from an index: nothing proves its images, so it is left alone
    anew: tuple[str, ...] = ()  # the units whose containers are made anew, since something was changed in them


class FleetPlan(NamedTuple):
    """What would be done."""

    status: FleetStatus
    planned: tuple[Planned, ...]
    order: Order = Order()

    @property
    def due(self) -> tuple[Planned, ...]:
        """The targets that are brought up to date."""
        return tuple(one for one in self.planned if one.reason)

    @property
    def waves(self) -> tuple[Wave, ...]:
        """In which order these are switched."""
        return plan_waves(self.order, [one.site for one in self.due])

    @property
    def obstacles(self) -> tuple[Planned, ...]:
        """Those of them that must not be touched."""
        return tuple(one for one in self.due if one.obstacle)


class FleetDeploy(NamedTuple):
    """What came of it; no rollout where nothing was begun."""

    plan: FleetPlan
    rollout: Rollout | None = None


def deploy_fleet(project: Project, wish: Wish, how: DeployWish, heard: Heard, agreed: Agreed) -> FleetDeploy:
    """Bring services on other machines to a commit; nothing is begun unless all of them can be asked, and none is in the way.

    Args:
        project: The project.
        wish: Which targets, and the commit.
        how: What to do with them.
        heard: Is told what has come to pass.
        agreed: Is asked before anything is begun.

    Raises:
        CommonSyncError: The inventory is wrong, nothing in it is meant, or what is wanted is not here.
    """
    select_copied(project, wish.services)
    inventory = load_inventory(project.root, wish.inventory)
    status = read_fleet(project, wish._replace(deployed=True))
    trees = {one.site.service: find_tree(project.root, status.commit, one.site.service) for one in status.looked}
    branch = find_branch(project.root, status.ref)
    planned = [_plan(one, status, trees[one.site.service], branch) for one in status.looked]
    still = [one for one, plan in zip(status.looked, planned, strict=True) if not plan.reason]
    status = look_inside(project, status, still, wish.patience)
    planned = [one if one.reason else _plan_inside(one, status) for one in planned]
    planned += (Planned(site, "", "", indexed=True) for site in status.indexed)
    order = inventory.order._replace(on_failure=how.on_failure or inventory.order.on_failure)
    plan = FleetPlan(status, tuple(planned), order)
    if how.dry_run or not plan.due or plan.obstacles or not status.is_known or not agreed(plan):
        return FleetDeploy(plan)
    copies = {
        service: {one.place.copy: one.wanted for one in status.asked if one.place.service == service}
        for service in trees
    }
    anew = {one.site: one.anew for one in plan.due}
    release = Release(secrets.token_hex(8), status.commit, branch, trees, copies, anew=anew)
    sites = [one.site for one in plan.due]
    return FleetDeploy(plan, roll_out(sites, order, release, heard, only_prepare=how.only_prepare))


def _plan(looked: Looked, status: FleetStatus, tree: str, branch: str) -> Planned:
    """Return what is to be done about a target."""
    site, look = looked.site, looked.look
    if look is None:
        return Planned(site, "could not be asked", "")
    own = [one for one in status.asked if one.place.line == site.target.line and one.place.host == site.host]
    reason = find_reason(look, tree, holds=all(one.verdict.state == "current" for one in own))
    is_halfway = look.journal is not None and look.journal.is_halfway
    edits = look.checkout.edits if look.checkout is not None and not is_halfway else ()
    obstacle = find_obstacle(look, branch, moves=site.target.kind == COMPOSE) or (
        f"edited in the clone: {', '.join(edits[:_MOST_NAMED])}" if edits else ""
    )
    return Planned(site, reason, obstacle)


_MOST_NAMED = 3


def _plan_inside(planned: Planned, status: FleetStatus) -> Planned:
    """Return what is to be done about a target whose release is the one that is wanted: its containers may hold another one."""
    site = planned.site
    (look,) = (one.look for one in status.looked if one.site == site)
    units = {name: unit for unit, name in look.containers} if look is not None else {}
    found = [
        Inside(units[one.place.container], one.place.folder, one.verdict, one.runs)
        for one in status.asked
        if one.place.container in units and (one.place.host, one.place.line) == (site.host, site.target.line)
    ]
    return planned._replace(
        reason=find_inside_reason(found), obstacle=planned.obstacle or find_covered(found), anew=find_changed(found)
    )
