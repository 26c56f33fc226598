"""`env sync`: bring the environment of each service in sync: built aside, finished, and switched to by one rename."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from common_sync.commands.steps.environments.survey import Situation, find_environment_troubles, lock_folder, observe
from common_sync.core.errors import CommonSyncError
from common_sync.core.model import Finding
from common_sync.edges.environments.folder import has_exchanged, see
from common_sync.edges.project.load import Project, select_services

Action = Literal["nothing", "switched", "built", "refused", "failed"]


class Wish(NamedTuple):
    """What a user asks for, beside services."""

    upgrade: bool = False  # resolve anew although nothing has changed
    offline: bool = False  # ask no network
    force: bool = False  # exchange a `.venv` that is somebody else's
    deep: bool = False  # compare every installed file with what it was
    editable_master: bool | None = None  # install the library from its master, or not; None for as it is
    dry_run: bool = False  # write nothing, and start nothing that does


class Synced(NamedTuple):
    """What came of a service."""

    service: str  # its path from the root
    situation: Situation | None  # how it stood before; None where that could not be told
    action: Action  # what was done, or would be
    environment: str = ""  # the name of the environment that it has now; nothing where that is not known
    packages: int = 0  # how many distributions are in it
    error: CommonSyncError | None = None  # why it failed


class EnvironmentSync(NamedTuple):
    """What a run of `env sync` came to: the services, in their order, and what is found about those left alone."""

    services: tuple[Synced, ...]
    findings: tuple[Finding, ...]
    dry_run: bool

    @property
    def in_sync(self) -> bool:
        """Whether every service's environment is in sync now."""
        would = self.dry_run and any(one.action != "nothing" for one in self.services)
        return not would and all(one.action not in {"refused", "failed"} for one in self.services)


def sync_environments(
    project: Project, names: Sequence[str], wish: Wish, say: Callable[[str], None]
) -> EnvironmentSync:
    """Bring environments in sync; one that fails leaves the others to be done.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        wish: What else is asked for.
        say: Told whom it waits for.
    """
    services = tuple(_sync(project, service, wish, say) for service in select_services(project, names))
    refused = [one.situation for one in services if one.action == "refused" and one.situation is not None]
    return EnvironmentSync(services, find_environment_troubles(project, refused), wish.dry_run)


def _sync(project: Project, service: str, wish: Wish, say: Callable[[str], None]) -> Synced:
    situation = None
    try:
        situation = observe(project, service, editable_master=wish.editable_master, deep=wish.deep)
        planned = _plan(situation, wish)
        if wish.dry_run or (planned != "built" and not has_exchanged(situation.place)):
            return Synced(service, situation, planned)
        from common_sync.edges.environments.placing import tidy_exchange  # most runs have nothing to do
        from common_sync.edges.state.lock import exclusive

        with exclusive(lock_folder(project, service), say) as keep:
            tidy_exchange(situation.place)
            situation = observe(project, service, editable_master=wish.editable_master, deep=wish.deep)
            planned = _plan(situation, wish)
            if planned != "built":  # somebody else was faster, or only an exchange was to be finished
                return Synced(service, situation, planned)
            return _make(project, situation, wish, keep)
    except CommonSyncError as error:
        return Synced(service, situation, "failed", error=error)


def _plan(situation: Situation, wish: Wish) -> Action:
    """Return what is to be done: nothing, or to leave it alone, or to make an environment."""
    state = situation.standing.state
    if state == "none" or (state == "in sync" and not wish.upgrade):
        return "nothing"
    return "refused" if state == "foreign" and not wish.force else "built"


def _make(project: Project, situation: Situation, wish: Wish, keep: int) -> Synced:
    """Find the environment that the inputs lead to, or make it; then switch to it."""
    from common_sync.commands.steps.environments.building import Building  # most runs have nothing to do
    from common_sync.edges.environments.placing import replace_foreign, switch

    building = Building(project, situation, keep, upgrade=wish.upgrade, offline=wish.offline)
    name, built = building.find_or_build()
    folder, place = situation.folder, situation.place
    if folder.foreign:
        replace_foreign(place, name)
    elif not (folder.wired and folder.current and folder.current.name == name):
        switch(place, name)
    action: Action = "built" if built else "switched"
    return Synced(situation.service, situation, action, name, len(see(place, name).distributions))
