"""How a service's environment stands, and what is found about it; pure."""

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from common_sync.core.environments.inputs import FILE, Items, describe_changes, digest_inputs
from common_sync.core.environments.record import Environment, Interpreter, Memory
from common_sync.core.environments.resolved import DIST_INFO
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding

VENV = ".venv"
LINK, NO_FOLDER = "is a symlink", "is no folder"
"""How what is said of a `.venv` ends that leads elsewhere, or can hold nothing."""

State = Literal["in sync", "none", "missing", "changed", "stranded", "damaged", "foreign"]
"""How an environment stands: its inputs have changed, its interpreter is gone, somebody has changed it, it is somebody else's."""

_CODES: dict[State, str] = {
    "missing": "CS301",
    "changed": "CS301",
    "stranded": "CS302",
    "damaged": "CS303",
    "foreign": "CS301",
}


class Seen(NamedTuple):
    """An environment's folder, as it is."""

    name: str  # the folder's name
    environment: Environment | None = None  # what its `env.json` says; None where it is not finished
    distributions: frozenset[str] = frozenset()  # the names of the `.dist-info` folders that it has

    @property
    def is_intact(self) -> bool:
        """Whether it is finished, and has the distributions that it had then."""
        return self.environment is not None and self.distributions == frozenset(self.environment.distributions)


class Folder(NamedTuple):
    """A service's `.venv`, as it is."""

    foreign: str = ""  # why it is not the tool's, or nothing
    current: Seen | None = None  # the environment that it leads to
    wired: bool = False  # whether all of its entries lead there
    memory: Memory = Memory()  # what is remembered of it


class Standing(NamedTuple):
    """How a service's environment stands."""

    state: State  # the word for it
    reasons: tuple[str, ...] = ()  # a sentence each
    file: str = ""  # the path from the root of the first file that has changed, or nothing


def may_be_exchanged(foreign: str) -> bool:
    """Tell whether `--force` may exchange somebody else's `.venv`: what is built there would land where a symlink leads.

    Args:
        foreign: Why it is not the tool's.
    """
    return not foreign.endswith((LINK, NO_FOLDER))


def assess(folder: Folder, interpreter: Interpreter | None, items: Items) -> Standing:
    """Return how an environment stands.

    Args:
        folder: The service's `.venv`.
        interpreter: What it would be made with; None where there is no such Python.
        items: What it would be made from.
    """
    if folder.foreign:
        return Standing("foreign", (folder.foreign,))
    current = folder.current
    if current is None or current.environment is None:
        return Standing("missing", ("there is no environment",))
    made_with = current.environment.interpreter
    if interpreter is None or (interpreter.path == made_with.path and interpreter != made_with):
        is_now = f"is {interpreter.implementation} {interpreter.version} now" if interpreter is not None else "is gone"
        return Standing("stranded", (f"{made_with.path}, {made_with.implementation} {made_with.version}, {is_now}",))
    if not current.is_intact:
        return Standing("damaged", tuple(_differences(current.environment.distributions, current.distributions)))
    led, origin = folder.memory.led.get(digest_inputs(items)), folder.memory.origin(current.name)
    if led is None or led.environment != current.name:
        before = origin.items if origin is not None else {}
        changes = tuple(describe_changes(before, items)) if before else ("it is not known what it was made from",)
        return Standing("changed", changes, _first_changed_file(before, items))
    return Standing("in sync") if folder.wired else Standing("changed", (f"{VENV} does not lead to it",))


def _first_changed_file(before: Items, now: Items) -> str:
    changed = (name for name in sorted(now) if name.startswith(FILE) and before.get(name, now[name]) != now[name])
    return next(changed, "").removeprefix(FILE)


def _differences(before: Collection[str], now: Collection[str]) -> Iterator[str]:
    yield from (f"{name.removesuffix(DIST_INFO)} was added" for name in sorted({*now}.difference(before)))
    yield from (f"{name.removesuffix(DIST_INFO)} was removed" for name in sorted({*before}.difference(now)))


def find_troubles(service: str, standing: Standing, *, deep: bool = False) -> Iterator[Finding]:
    """Yield what is found about an environment that is not in sync.

    Args:
        service: The service's path from the root.
        standing: How its environment stands.
        deep: Whether every file had to be compared to see it.
    """
    if standing.state in {"in sync", "none"}:
        return
    file = standing.file or f"{service}/{VENV}"
    remedy = f"common-sync env sync {shell_word(service)}{' --deep' if deep else ''}"
    if standing.state == "foreign" and not may_be_exchanged(standing.reasons[0]):
        remedy = f"move it away, then {remedy}"
    elif standing.state == "foreign":
        remedy += f" --force exchanges it, and keeps the old one in {service}/{VENV}/replaced"
    message = f"{_SAYS[standing.state]}: {', '.join(standing.reasons)}"
    yield make_finding(_CODES[standing.state], service, file, None, message, remedy)


_SAYS: dict[State, str] = {
    "missing": "the environment is not in sync",
    "changed": "the environment is not in sync",
    "stranded": "the environment's interpreter is not the one that it was made with",
    "damaged": "the environment was changed by hand",
    "foreign": "the environment is not of common-sync",
}
