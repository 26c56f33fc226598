"""What runs: what systemd and `/proc` say of a service's processes, as values; and what is wrong with them."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression_of_bytes

PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "MainPID", "ControlGroup", "MemoryMax"),
    *("NeedDaemonReload", "ExecMainStartTimestampMonotonic", "StateChangeTimestampMonotonic"),
)
"""What systemd is asked of a unit."""

_ENVIRONMENT = expression_of_bytes(rb"/[^\0\n]*?/\.venv/envs/[0-9a-f]{12}(?:\.[0-9]{1,9})?(?=/)")
_PSS, _KILOBYTE = "Pss:", 1024
_LISTENING = "0A"
_ROUNDING = 1_000_000
"""Microseconds by which two clocks may differ."""


class Shown(NamedTuple):
    """What systemd says of a unit; times are microseconds of the clock that never goes back."""

    loaded: str = "not-found"  # whether it knows the unit: `loaded`, `not-found`, `masked`
    active: str = "inactive"  # `active`, `failed`, `activating`, …
    sub: str = "dead"  # `running`, `auto-restart`, …
    result: str = "success"  # why it has failed: `exit-code`, `oom-kill`, …
    restarts: int = 0  # how often systemd has restarted it
    process: int = 0  # its main process; 0 where there is none
    group: str = ""  # the control group of its processes
    limit: int | None = None  # the most memory that it may use, in bytes
    unread: bool = False  # whether its file has changed since systemd has read it
    started: int = 0  # when its main process was started
    changed: int = 0  # when it came into its state

    @property
    def described(self) -> str:
        """Its state in a word or two."""
        if self.loaded == "not-found":
            return "not installed"
        if self.loaded != "loaded":
            return self.loaded
        if self.active == "failed":
            return f"failed ({self.result})"
        if self.sub == "auto-restart":
            return f"restarting ({self.result})"
        plain = {"running", "dead", self.active}
        return (
            self.sub if self.sub == "running" else self.active if self.sub in plain else f"{self.active} ({self.sub})"
        )


def parse_shown(text: str) -> dict[str, Shown]:
    """Return what `systemctl show` says of units, by their names.

    Args:
        text: Its output: a line a property, an empty line between units.
    """
    blocks = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n"))
    return {block["Id"]: _make_shown(block) for block in blocks if "Id" in block}


def _make_shown(told: dict[str, str]) -> Shown:
    limit = told.get("MemoryMax", "")
    return Shown(
        told.get("LoadState", ""),
        told.get("ActiveState", ""),
        told.get("SubState", ""),
        told.get("Result", ""),
        _number(told, "NRestarts"),
        _number(told, "MainPID"),
        told.get("ControlGroup", ""),
        int(limit) if limit.isdecimal() else None,
        told.get("NeedDaemonReload") == "yes",
        _number(told, "ExecMainStartTimestampMonotonic"),
        _number(told, "StateChangeTimestampMonotonic"),
    )


def _number(told: dict[str, str], name: str) -> int:
    text = told.get(name, "")
    return int(text) if text.isdecimal() else 0


class Process(NamedTuple):
    """A process of a service."""

    number: int
    memory: int  # bytes
    is_share: bool  # whether pages that several processes use are shared out among them; else each counts them whole
    environments: frozenset[str] = frozenset()  # the absolute paths of the environments that it was seen to use


def parse_share(rollup: str) -> int | None:
    """Return a process's share of the memory, in bytes, or None where it is not told.

    Args:
        rollup: Its `smaps_rollup`.
    """
    lines = (line.split() for line in rollup.splitlines() if line.startswith(_PSS))
    return next((int(words[1]) * _KILOBYTE for words in lines), None)


def find_environments(data: bytes, above: str) -> frozenset[str]:
    """Return the environments that a process's memory map or command line names.

    Args:
        data: What it names them in.
        above: The absolute path of the folder that all of them are below.
    """
    found = (match[0].decode("utf-8", "surrogateescape") for match in _ENVIRONMENT.finditer(data))
    return frozenset(path for path in found if path.startswith(f"{above}/"))


class Listener(NamedTuple):
    """A socket that waits for connections."""

    port: int
    owner: int  # the number of the user that it belongs to
    inode: int


def parse_listeners(text: str) -> Iterator[Listener]:
    """Yield the sockets of a table of `/proc/net`, `tcp` or `tcp6`, that wait for connections."""
    for line in text.splitlines()[1:]:
        _, local, _, state, _, _, _, owner, _, inode, *_ = line.split()
        if state == _LISTENING:
            yield Listener(int(local.rpartition(":")[2], 16), int(owner), int(inode))


class Holder(NamedTuple):
    """Who listens at a port."""

    process: int  # 0 where that cannot be told
    what: str  # the program, and its unit where it has one; of a process that is not known, its user

    @property
    def described(self) -> str:
        """Who it is, for a sentence."""
        return f"process {self.process} ({self.what})" if self.process else f"a process of {self.what}"


def find_port_trouble(unit: str, port: str, holders: Sequence[Holder], *, own: bool) -> tuple[str, str] | None:
    """Say who keeps a service from its port, and what to do; None where nobody does.

    Args:
        unit: The service's unit.
        port: The port.
        holders: Who else listens there.
        own: Whether the service does: then the others are at other addresses.
    """
    if own or not holders:
        return None
    names = ", ".join(one.described for one in holders)
    return f"port {port} of {unit} is held by {names}", "stop that, or give the service another port"


def find_environment_trouble(
    unit: str, current: str, processes: Collection[Process], *, late: bool, control: str = "systemctl"
) -> tuple[str, str] | None:
    """Say which environment a service runs from that is not its current one; None where it runs from none.

    Args:
        unit: The service's unit.
        current: The absolute path of its current environment.
        processes: Its processes.
        late: Whether the environment was switched after its main process was started.
        control: What a person types to have systemd do something.
    """
    remedy = f"{control} restart {unit}"
    name = current.rpartition("/")[2]
    for one in processes:
        if others := sorted(one.environments - {current}):
            where = others[0].rpartition("/")[2] if _is_beside(others[0], current) else others[0]
            return (
                f"process {one.number} of {unit} runs from the environment {where}; the current one is {name}",
                remedy,
            )
    if late and not any(one.environments for one in processes):
        return f"{unit} was started before {name} became its environment, and was not restarted since", remedy
    return None


def _is_beside(one: str, other: str) -> bool:
    return one.rpartition("/")[0] == other.rpartition("/")[0]


def is_late(shown: Shown, switched: float, now: float, ticks: int) -> bool:
    """Tell whether an environment was switched after a unit's main process was started, as far as the clock is right.

    Args:
        shown: What systemd says of the unit.
        switched: When, in seconds of the calendar.
        now: The time, in seconds of the calendar.
        ticks: The time, in microseconds of the clock that never goes back.
    """
    started = now * 1_000_000 - (ticks - shown.started)
    return bool(shown.process and shown.started) and started + _ROUNDING < switched * 1_000_000
