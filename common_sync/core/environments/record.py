"""What the tool writes beside environments: `env.json`, by which one is finished, and what it remembers of a service's.

Both are JSON of schema 1. What cannot be read counts as not there: an environment is then built anew, and nothing is lost.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from common_sync.core.expressions import expression

SCHEMA = 1

_REMEMBERED = 50
"""How many inputs are remembered; the oldest go first."""

_NAME = expression(r"[0-9a-f]{12}(?:\.[0-9]{1,9})?")
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Interpreter(NamedTuple):
    """A Python, as it describes itself."""

    path: str  # the real path of its file
    implementation: str  # `CPython`
    version: str  # all three numbers
    abi: str  # the name of its binary interface
    platform: str  # the system and the processor
    libc: str  # the C library and its version

    @property
    def described(self) -> str:
        """All of it, on a line."""
        return f"{self.implementation} {self.version} ({self.abi}, {self.platform}, {self.libc}) at {self.path}"


Stamp = tuple[int, int, int]
"""A file's size, modification time in nanoseconds and inode."""


class Noted(NamedTuple):
    """An interpreter, what was asked for, and how its file was when it answered."""

    asked: str
    stamp: Stamp
    interpreter: Interpreter


class Led(NamedTuple):
    """What some inputs led to: an environment's name; and the inputs, one by one."""

    environment: str
    items: Mapping[str, str]


class Memory(NamedTuple):
    """What is remembered of a service's environments."""

    noted: Noted | None = None  # its interpreter
    led: Mapping[str, Led] = MappingProxyType({})  # the digest of inputs → what they led to, the oldest first

    def remember(self, digest: str, led: Led) -> "Memory":
        """Return the memory with something newer in it."""
        kept = {known: one for known, one in self.led.items() if known != digest} | {digest: led}
        return self._replace(led=dict(list(kept.items())[-_REMEMBERED:]))

    def origin(self, environment: str) -> Led | None:
        """Return what has last led to an environment."""
        return next((one for one in reversed([*self.led.values()]) if one.environment == environment), None)


class Environment(NamedTuple):
    """What a finished environment says of itself."""

    interpreter: Interpreter  # what it was made with
    installer: str  # what made it, and its version
    resolved: tuple[str, ...]  # what was installed, as an installer takes it
    distributions: tuple[str, ...]  # the names of the `.dist-info` folders that it had
    editable_master: bool = False  # whether the library is installed from its master


def format_environment(environment: Environment) -> bytes:
    """Return the bytes of `env.json`."""
    return _format(environment._asdict() | {"interpreter": environment.interpreter._asdict()})


def parse_environment(data: bytes) -> Environment | None:
    """Return what `env.json` says, or None where it does not say it."""
    with suppress(*_UNREADABLE):
        document = json.loads(data)
        if document["schema"] == SCHEMA:
            interpreter = Interpreter(**_texts(document["interpreter"]))
            resolved, distributions = (tuple(map(str, document[name])) for name in ("resolved", "distributions"))
            installer, editable = str(document["installer"]), document["editable_master"] is True
            return Environment(interpreter, installer, resolved, distributions, editable)
    return None


def format_memory(memory: Memory) -> bytes:
    """Return the bytes of what is remembered."""
    noted = memory.noted and memory.noted._asdict() | {"interpreter": memory.noted.interpreter._asdict()}
    return _format({"noted": noted, "led": {digest: led._asdict() for digest, led in memory.led.items()}})


def parse_memory(data: bytes) -> Memory:
    """Return what is remembered; nothing where that cannot be read."""
    with suppress(*_UNREADABLE):
        document = json.loads(data)
        if document["schema"] == SCHEMA:
            led = {
                str(digest): Led(one["environment"], _texts(one["items"])) for digest, one in document["led"].items()
            }
            named = {digest: one for digest, one in led.items() if is_name(one.environment)}
            return Memory(_read_noted(**document["noted"]) if document["noted"] else None, named)
    return Memory()


def is_name(text: str) -> bool:
    """Tell whether a text is an environment's name, and so no path to elsewhere."""
    return _NAME.fullmatch(text) is not None


def _format(document: Mapping[str, object]) -> bytes:
    return (json.dumps({"schema": SCHEMA, **document}, indent=1) + "\n").encode("ascii")


def _texts(fields: Mapping[str, str]) -> dict[str, str]:
    return {str(name): str(value) for name, value in fields.items()}


def _read_noted(asked: str, stamp: list[int], interpreter: dict[str, str]) -> Noted:
    size, modified, inode = map(int, stamp)
    return Noted(str(asked), (size, modified, inode), Interpreter(**_texts(interpreter)))
