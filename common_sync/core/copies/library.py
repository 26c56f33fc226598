"""A shared library as the configuration has it, and the key of what a copy of it should hold."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.copies.rules import Rules

if TYPE_CHECKING:
    from common_sync.core.model import Upstream

LOCK_FILE = "common-sync.lock"
"""What the pins come to, beside the configuration; `lockfile.py` reads it, where there is one."""


class TargetKey(NamedTuple):
    """What tells a target from others: the library's name, and what it is pinned to, or None for the work tree."""

    library: str
    ref: str | None = None


class Library(NamedTuple):
    """A shared library of a repository."""

    name: str  # what it is called on the command line; unique
    master: str  # the master's path from the root, or what stands for it (`Upstream.master`)
    copy: str  # the copy's path inside a service
    rules: Rules  # which of the master's files belong to it
    pins: Mapping[str, str] = MappingProxyType({})  # the services that stay behind → their tag or commit
    exclude: tuple[str, ...] = ()  # the patterns of the configuration that `rules` were made of
    services: frozenset[str] | None = None  # the services that get it, or None for all
    upstream: "Upstream | None" = None  # where the master is, where that is another repository

    def takes(self, service: str) -> bool:
        """Tell whether a service gets a copy of it."""
        return self.services is None or service in self.services

    def has(self, path: str) -> bool:
        """Tell whether a file would belong to it."""
        inside = path.removeprefix(f"{self.master}/")
        return inside != path and self.rules.exclusion(inside) is None

    def key_for(self, service: str) -> TargetKey:
        """Return the key of what a service's copy should hold."""
        return TargetKey(self.name, self.pins.get(service))

    @property
    def refs(self) -> frozenset[str]:
        """What has to be locked: what services are pinned to, and where the master is in another repository."""
        return frozenset((*self.pins.values(), *((self.upstream.ref,) if self.upstream is not None else ())))

    def ref_for(self, service: str) -> str | None:
        """Return what a service's copy is locked at, or None where it follows a master that is here."""
        return self.pins.get(service, self.upstream.ref if self.upstream is not None else None)
