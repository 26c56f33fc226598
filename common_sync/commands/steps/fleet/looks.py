"""How services stand on other machines: whether they are healthy, what their clones hold, and what their deploys came to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.fleet.inventory import COMPOSE, LOCAL, RELEASE, Site
from common_sync.core.fleet.looks import UNREADABLE, Look
from common_sync.core.fleet.probe import Part
from common_sync.core.model import NAMED_ID, Finding
from common_sync.edges.files.pages import read_shipped

UNWELL = frozenset({"CS406", "CS409", "CS410"})
"""The codes of what keeps a machine from being as wanted, whatever its copies hold."""

_MOST_NAMED = 3


class Looked(NamedTuple):
    """A target, and how it stands; None where that is not known."""

    site: Site
    look: Look | None


def is_looked_at(site: Site) -> bool:
    """Tell whether there is more to ask about a target than its copies."""
    return bool(site.target.is_deployed or site.target.deploying.health)


def ask_looks(sites: Sequence[Site], mark: str, seconds: int) -> Part:
    """Return the question how services of one host stand.

    Args:
        sites: The targets.
        mark: What the answer's line begins with.
        seconds: How long the program may run.
    """
    return Part({"look": read_shipped("remote/look.py")}, [mark, seconds, [*map(describe_target, sites)]], "answer")


def describe_target(site: Site) -> dict[str, str]:
    """Return a target as `remote/look.py` takes it."""
    target = site.target
    place = target.path if target.kind == RELEASE else ""
    return {"health": target.deploying.health, "path": target.repository, "service": site.service, "place": place}


def find_unwell(looked: Looked, file: str) -> Iterator[Finding]:
    """Yield the findings of a target: it does not run, is not healthy, its deploy was interrupted, its clone was edited."""
    site, look = looked
    if look is None:
        return
    place, command = (site.service, file, site.target.line), f"common-sync fleet deploy {shell_word(site.service)}"
    where = f"{site.host}: {site.target.path}"
    if look.journal is not None and look.journal.is_open:
        why = f": {look.journal.why}" if look.journal.why else ""
        message = f"the deploy of {look.journal.commit[:NAMED_ID]} was interrupted at `{look.journal.step}`{why}"
        remedy = f"the next run goes back first: {command}"
        if look.journal.step == UNREADABLE:
            message = f"the journal of its deploys cannot be read{why}"
            remedy = "see that the service runs one release, then move that file away"
        yield make_finding("CS406", *place, f"{where}: {message}", remedy)
    if look.health is not None and not look.health.is_good:
        says = look.health.error or f"it answers {look.health.status}"
        message = f"{site.host}: {site.service} is not healthy: {site.target.deploying.health}: {says}"
        yield make_finding("CS409", *place, message, _see_logs(site))
    yield from _find_stopped(site, look, file)
    checkout = look.checkout
    if checkout is not None and checkout.error:
        message = f"{where}: the clone cannot be read: {checkout.error}"
        yield make_finding(
            "CS407", *place, message, on_host(site.host, f"git -C {shell_word(site.target.path)} status")
        )
    is_halfway = look.journal is not None and look.journal.is_halfway  # they are git's own, or the next run names them
    if checkout is not None and checkout.edits and not is_halfway:
        more = ", …" if len(checkout.edits) > _MOST_NAMED else ""
        message = f"{where}: edited in the clone: {', '.join(checkout.edits[:_MOST_NAMED])}{more}"
        remedy = "commit the edits here, or take them back there: nothing is deployed over them"
        yield make_finding("CS410", *place, message, remedy)


def _find_stopped(site: Site, look: Look, file: str) -> Iterator[Finding]:
    """Yield the findings of containers that do not run, or of which that is not known."""
    place = site.service, file, site.target.line
    if look.silent:
        message = f"{site.host}: it is not known which containers of {site.service} run: {look.silent}"
        yield make_finding("CS407", *place, message, f"see what Docker says: {on_host(site.host, 'docker ps')}")
    is_busy = look.journal is not None and look.journal.busy  # then containers come and go
    for unit, state in look.stopped.items() if not is_busy else ():
        yield make_finding("CS403", *place, f"{site.host}: {unit} does not run: it is {state}", _see_logs(site))


def _see_logs(site: Site) -> str:
    if site.target.kind != COMPOSE:
        return "see what the service writes on its machine"
    folder = shell_word(f"{site.target.path}/{site.service}")
    return f"see what it writes: {on_host(site.host, f'cd {folder} && docker compose logs --tail 50')}"


def on_host(host: str, command: str) -> str:
    """Return what a person types to run a command on a host.

    Args:
        host: What `ssh` is told, or `local`.
        command: The command.
    """
    return command if host == LOCAL else f"ssh {shell_word(host)} {shell_word(command)}"
