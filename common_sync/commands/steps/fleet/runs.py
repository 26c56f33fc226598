"""What is found of processes on other machines: those that run something else than their folder has, or than each other."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.commands.steps.fleet.looks import Looked, on_host
from common_sync.core.copies.digest import PREFIX
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.inventory import Place
from common_sync.core.fleet.runs import Runs, contradict, find_proven
from common_sync.core.model import NAMED_ID, Finding, Origin

DIFFERENT = frozenset({"CS403", "CS404", "CS411", "CS412"})
"""The codes of what is wrong with processes, whatever their folders hold."""


class Asked(NamedTuple):
    """A place, what it should hold, how it stands, and what runs from it."""

    place: Place
    wanted: Manifest
    verdict: Verdict
    runs: Runs = Runs()

    @property
    def ran(self) -> str:
        """The state of the library that its process runs, in words; nothing where that is not known."""
        if self.runs.state not in {"current", "other"}:
            return ""
        if not self.runs.digest:
            return f"{'other' if self.runs.reason else 'edited'} files of {self.wanted.library.name}"
        own = self.verdict.own
        if own and own[2] == self.runs.digest:
            return name_own(own)
        library = self.wanted.library
        is_wanted = self.runs.digest == self.wanted.tree
        return name_state(library if is_wanted else Origin(library.name, "", None), self.runs.digest)


def name_state(library: Origin, tree: str) -> str:
    """Return a library's state in words.

    Args:
        library: The library.
        tree: The digest.
    """
    return f"{library.shown} {tree[:SHOWN_DIGEST]}"


def name_own(own: Sequence[str]) -> str:
    """Return a library's state in words, as a host tells it: name, version and digest."""
    name, version, digest = own
    return name_state(Origin(name, "", version or None), digest)


SHOWN_DIGEST = len(PREFIX) + NAMED_ID
"""Letters of a digest that are shown."""


def name_process(place: Place) -> str:
    """Return what runs from a place, as it is called on its host; nothing where nothing is known to."""
    return place.container or place.unit


def find_wrong_process(place: Place, runs: Runs, file: str) -> Iterator[Finding]:
    """Yield the finding of a process that does not run what its folder has, or of which that cannot be told.

    Args:
        place: The folder.
        runs: What its process runs.
        file: The inventory, as findings name it.
    """
    where, name = (place.service, file, place.line), name_process(place)
    systemctl = "systemctl --user" if runs.is_users else "systemctl"
    status = on_host(place.host, f"docker top {name}" if place.container else f"{systemctl} status {shell_word(name)}")
    if runs.state == "restart":
        message = f"{place.host}: {name} was started before {place.folder} last changed, so it runs something else"
        restart = f"docker restart {name}" if place.container else f"{systemctl} restart {shell_word(name)}"
        yield make_finding("CS403", *where, message, on_host(place.host, restart))
    elif runs.state == "stopped":
        message = f"{place.host}: {name} does not run: it is {runs.reason}"
        yield make_finding("CS403", *where, message, status)
    elif runs.state == "other" and runs.reason:
        message = f"{place.host}: what {name} imports is not what its folder has: {runs.reason}"
        remedy = (
            "install the library again, where that was done: build the image again, or run pip; then start it again"
        )
        yield make_finding("CS403", *where, message, remedy)
    elif runs.state == "unknown":
        message = f"{place.host}: what {name} runs cannot be told: {runs.reason}"
        yield make_finding("CS407", *where, message, f"see how it stands: {status}")


def find_contradictions(
    asked: Sequence[Asked], looked: Sequence[Looked], file: str
) -> tuple[list[Asked], list[Finding]]:
    """Return how places stand once their services have told what they run, and where that is not what was proven.

    Args:
        asked: How they stood before.
        looked: The targets, with what their health has told.
        file: The inventory, as findings name it.
    """
    heard, findings = [*asked], []
    for site, look in looked:
        told = look.health.told if look is not None and look.health is not None else ""
        if not told:
            continue
        own = [at for at, one in enumerate(asked) if (one.place.host, one.place.line) == (site.host, site.target.line)]
        own = [at for at in own if asked[at].runs.state != "none"] or own  # processes say more than folders
        proven = {at: find_proven(asked[at].verdict, asked[at].wanted.tree, asked[at].runs) for at in own}
        if not any(proven.values()) or told in proven.values():
            continue
        known = sorted({asked[at].ran or digest[:SHOWN_DIGEST] for at, digest in proven.items() if digest})
        message = f"{site.host}: {site.service} tells that it runs {told[:SHOWN_DIGEST]}, and not {', '.join(known)}"
        remedy = "start it again; if it still says so, it imports another copy than this one"
        findings.append(make_finding("CS411", site.service, file, site.target.line, message, remedy))
        if len(own) == 1:  # of several it is not known who has answered
            heard[own[0]] = asked[own[0]]._replace(runs=contradict(asked[own[0]].runs, told))
    return heard, findings


def find_differences(asked: Sequence[Asked], file: str) -> Iterator[Finding]:
    """Yield where processes of one service on one host run different libraries, and where more run than are wanted.

    Args:
        asked: All places.
        file: The inventory, as findings name it.
    """
    services: dict[tuple[str, str, str], list[Asked]] = {}
    for one in asked:
        services.setdefault((one.place.host, one.place.service, one.place.copy), []).append(one)
    for (host, service, _), group in services.items():
        if any(len(running) > 1 for running in group_running(group).values()):
            parts = dict.fromkeys(f"{name_process(one.place)} {one.ran}" for one in group if one.ran)
            message = f"{host}: the processes of {service} run different libraries: {', '.join(parts)}"
            remedy = "bring all of them to one commit, and start them again"
            yield make_finding("CS404", service, file, group[0].place.line, message, remedy)
    for library, running in group_running(asked).items():
        wanted = {one.wanted.tree for one in asked if one.wanted.library.name == library and one.ran}
        if len(running) > len(wanted):
            message = f"{len(running)} different states of {library} run: {', '.join(sorted(running))}"
            remedy = "bring all services to what is wanted: the other findings say how"
            yield make_finding("CS412", "", file, None, message, remedy)


def group_running(asked: Sequence[Asked]) -> dict[str, set[str]]:
    """Return the different states that run of each library, in words, as far as they are known; libraries by their names."""
    found: dict[str, set[str]] = {}
    for one in asked:
        if one.ran:
            found.setdefault(one.wanted.library.name, set()).add(one.ran)
    return found
