"""What is found of processes on other machines: those that run something else than their folder has."""

from collections.abc import Iterator

from common_sync.commands.steps.fleet_looks import on_host
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.fleet.inventory import Place
from common_sync.core.fleet.runs import Runs
from common_sync.core.model import Finding

UNWELL = frozenset({"CS403"})
"""The codes of what is wrong with processes, whatever their folders hold."""


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
    if runs.state == "restart":
        message = f"{place.host}: {name} was started before {place.folder} last changed, so it runs something else"
        yield make_finding("CS403", *where, message, _restart(place))
    elif runs.state == "stopped":
        message = f"{place.host}: {name} does not run: it is {runs.reason}"
        yield make_finding("CS403", *where, message, _on(place, f"systemctl status {shell_word(name)}"))
    elif runs.state == "unknown":
        message = f"{place.host}: what {name} runs cannot be told: {runs.reason}"
        remedy = "see how it stands: " + _on(place, f"systemctl status {shell_word(name)}")
        yield make_finding(
            "CS407", *where, message, "see what time it is there: " + _on(place, "date") if place.container else remedy
        )


def _restart(place: Place) -> str:
    name = shell_word(name_process(place))
    return _on(place, f"docker restart {name}" if place.container else f"systemctl restart {name}")


def _on(place: Place, command: str) -> str:
    return on_host(place.host, command)
