"""`fleet status`: what copies on other machines hold, asked by `ssh`; nothing is written anywhere."""

import os
import shutil
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.commands.steps.fleet.asking import ask_fleet
from common_sync.commands.steps.fleet.looks import UNWELL, Looked
from common_sync.commands.steps.fleet.runs import (
    DIFFERENT,
    Asked,
    find_contradictions,
    find_differences,
    group_running,
    name_process,
)
from common_sync.commands.steps.fleet.wanted import read_wanted
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import ConfigurationError, GitError, Problem
from common_sync.core.fleet.inventory import COMPOSE, LOCAL, Inventory, Place, Site, list_running
from common_sync.core.model import Finding
from common_sync.core.paths import below
from common_sync.edges.fleet.asking import Patience
from common_sync.edges.fleet.inventory import find_places, find_sites, load_inventory
from common_sync.edges.git.repository import find_top
from common_sync.edges.git.revisions import find_upstream, require_commit
from common_sync.edges.project.load import Project, select_services


class Wish(NamedTuple):
    """What to ask."""

    services: Sequence[str] = ()  # the services that the user named; all when there are none
    hosts: str | None = None  # a pattern of hosts; None for all
    ref: str | None = None  # the commit whose copies are wanted; None for the inventory's, or the upstream
    inventory: str | None = None  # the inventory's path; None for the one beside the configuration
    patience: Patience = Patience()
    deployed: bool = False  # only the targets that `fleet deploy` brings up to date


class FleetStatus(NamedTuple):
    """How the places of an inventory stand."""

    ref: str  # what is wanted, in words
    commit: str  # its full id
    asked: tuple[Asked, ...]
    findings: tuple[Finding, ...]
    looked: tuple[Looked, ...] = ()  # the targets that were asked about more than their copies
    indexed: tuple[Site, ...] = ()  # the targets whose library comes from an index: they have no copy to ask about
    file: str = ""  # the inventory, as findings name it

    def count(self, *states: str) -> int:
        """Return how many places are in one of some states."""
        return sum(one.verdict.state in states for one in self.asked)

    def count_processes(self) -> tuple[int, int]:
        """Return how many processes there are, and how many of them run what is wanted of every library that they have."""
        found: dict[tuple[str, str], set[str]] = {}
        for one in self.asked:
            if one.runs.state != "none":
                found.setdefault((one.place.host, name_process(one.place)), set()).add(one.runs.state)
        return len(found), sum(own == {"current"} for own in found.values())

    @property
    def libraries(self) -> int:
        """How many different states of libraries run, as far as that is known; where a service gets several, of that which has most."""
        return max(map(len, group_running(self.asked).values()), default=0)

    @property
    def as_wanted(self) -> bool:
        """Whether every place holds what is wanted, and nothing else is wrong there."""
        return self.count("current") == len(self.asked) and self.is_known and self.is_well

    @property
    def is_well(self) -> bool:
        """Whether every service that was asked is healthy, runs what its folder has, and no deploy was interrupted."""
        return not any(one.code in UNWELL | DIFFERENT for one in self.findings)

    @property
    def is_known(self) -> bool:
        """Whether every place, and every service, could be told."""
        is_told = not self.count("unknown") and not any(one.runs.state == "unknown" for one in self.asked)
        return is_told and all(_is_told(one) for one in self.looked)

    @property
    def untold(self) -> int:
        """Of how many services it is not known how they stand, although their machines have answered."""
        return sum(one.look is not None and not _is_told(one) for one in self.looked)


def _is_told(looked: Looked) -> bool:
    look = looked.look
    return look is not None and not look.silent and (look.checkout is None or not look.checkout.error)


def read_fleet(project: Project, wish: Wish) -> FleetStatus:
    """Return how the places of an inventory stand.

    Args:
        project: The project.
        wish: What to ask.

    Raises:
        CommonSyncError: The inventory is wrong, nothing in it is meant, or what is wanted is not here.
    """
    if find_top(project.root) is None:
        raise GitError(Problem("is in no git repository, so no commit says what is wanted", project.root))
    inventory = load_inventory(project.root, wish.inventory)
    sites = select_sites(project, inventory, wish)
    places = [place for site in sites for place in find_places(project, site)]
    if wish.deployed:  # what Compose runs is looked at only where nothing else is to be done: it may be down
        places = [place for place in places if not (place.container and place.kind == COMPOSE)]
    ref, commit = find_ref(project.root, inventory, wish.ref)
    wanted = {
        (one.service, one.copy): read_wanted(project.root, one.service, f"{one.service}/{one.copy}", commit)
        for one in places
    }
    pairs = [(one, wanted[one.service, one.copy]) for one in places]
    if any(one.host != LOCAL for one in places) and shutil.which("ssh") is None:
        raise ConfigurationError(Problem("there is no program `ssh` here", remedy="install OpenSSH's client"))
    file = below(os.path.abspath(inventory.file), project.root) or inventory.file
    indexed = tuple(site for site in sites if site.service in project.indexed)
    meant = [site for site in sites if site not in indexed] if wish.deployed else sites  # no deploy touches the others
    asked, looked, findings = ask_fleet(pairs, meant, file, wish.patience)
    if not wish.deployed:
        named = [one for one in looked if not one.site.target.containers]
        inside = ask_fleet(_list_running(project, named, wanted), (), file, wish.patience)
        order = {(one.place.host, one.place.line): number for number, one in enumerate(asked)}
        asked = sorted([*asked, *inside.asked], key=lambda one: order[one.place.host, one.place.line])
        findings += inside.findings
    asked, told = find_contradictions(asked, looked, file)
    found = (*findings, *told, *find_differences(asked, file))
    return FleetStatus(ref, commit, tuple(asked), found, tuple(looked), indexed, file)


def look_inside(project: Project, status: FleetStatus, looked: Sequence[Looked], patience: Patience) -> FleetStatus:
    """Return how places stand, with those in the containers that Compose runs of some targets.

    Args:
        project: The project.
        status: How the others stand.
        looked: The targets.
        patience: How long each host is waited for.
    """
    wanted = {(one.place.service, one.place.copy): one.wanted for one in status.asked}
    inside = ask_fleet(_list_running(project, looked, wanted), (), status.file, patience)
    return status._replace(asked=(*status.asked, *inside.asked), findings=(*status.findings, *inside.findings))


def _list_running(
    project: Project, looked: Sequence[Looked], wanted: Mapping[tuple[str, str], Manifest]
) -> list[tuple[Place, Manifest]]:
    """Return the places in the containers of what `fleet deploy` has deployed, and what they should hold."""
    found: list[tuple[Place, Manifest]] = []
    for site, look in looked:
        if look is not None and look.journal is not None:
            own = [(unit, name) for unit, name in look.containers if unit in look.journal.images]
            copies = [library.copy for library in project.libraries_of(site.service)]
            found += ((one, wanted[one.service, one.copy]) for one in list_running(site, copies, own))
    return found


def select_sites(project: Project, inventory: Inventory, wish: Wish) -> list[Site]:
    """Return the targets of the services and hosts that the user named.

    Raises:
        ConfigurationError: A service or a target is wrong, or none is meant.
    """
    services, sites = select_services(project, wish.services), find_sites(project, inventory)
    meant = [one for one in sites if one.service in services and _is_meant(one, wish)]
    if not meant:
        hosts = ", ".join(dict.fromkeys(one.host for one in sites if _is_of_kind(one, wish))) or "none"
        message = "no target has what was named"
        message += ' and is deployed: kind = "compose", or "release" with a `clone`' if wish.deployed else ""
        raise ConfigurationError(Problem(message, inventory.file, remedy=f"its hosts are {hosts}"))
    return meant


def _is_meant(site: Site, wish: Wish) -> bool:
    return fnmatchcase(site.host, wish.hosts or "*") and _is_of_kind(site, wish)


def _is_of_kind(site: Site, wish: Wish) -> bool:
    return site.target.is_deployed or not wish.deployed


def find_ref(root: str, inventory: Inventory, ref: str | None) -> tuple[str, str]:
    """Return the name of the commit that is wanted, and its full id.

    Args:
        root: The absolute path of the configuration's folder.
        inventory: The inventory.
        ref: The name that the user gave, or None.

    Raises:
        ConfigurationError: It is no commit here, or nothing says which.
    """
    if ref is not None:
        return ref, require_commit(root, ref)
    if inventory.ref is not None:
        return inventory.ref, require_commit(root, inventory.ref, inventory.file)
    upstream = find_upstream(root)
    if upstream is None:
        message, remedy = "the current branch follows no other, so nothing says what is wanted", "name it: --ref REF"
        raise ConfigurationError(Problem(message, remedy=remedy))
    return upstream, require_commit(root, upstream)
