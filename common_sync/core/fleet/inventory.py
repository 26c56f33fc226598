"""The inventory, `fleet.toml`: which services other machines have, and where. Parsed, not trusted.

It names hosts as `ssh` knows them. Who connects as what is said in ssh's own configuration, so no key here takes a user, a
password, a key file or a command.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from common_sync.core.errors import Problem
from common_sync.core.fleet.hosts import HOST, Hosts, read_hosts
from common_sync.core.fleet.rollout import (
    DEPLOY_KEYS,
    IMAGE,
    ROLLOUT_KEYS,
    Deploying,
    Order,
    read_deploying,
    read_order,
)
from common_sync.core.settings import Lines, Reader, Setting

INVENTORY = "fleet.toml"

LOCAL = "local"
"""The host that is this machine."""

KEYS = ("ref", *ROLLOUT_KEYS, "defaults", "target")
TARGET_KEYS = ("host", "hosts", "service", "kind", "path", "containers", "library", "clone", "unit", *DEPLOY_KEYS)
_DEFAULT_KEYS = TARGET_KEYS[2:]

CONTAINER = "container"
"""What stands for the process that a container was started with, where a probe is told what runs from a folder."""

CLONE, RELEASE, COMPOSE = "clone", "release", "compose"
_KINDS = f"{CLONE}|{RELEASE}|{COMPOSE}"
_CONTAINER = "[A-Za-z0-9][A-Za-z0-9_.-]*"
_PATH = r"(?:/(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f]+)+/?"
_UNIT = r"[A-Za-z0-9_][A-Za-z0-9_.@:\\-]*\.service"
_REF = r"[^-\s][^\x00-\x20\x7f]*"


class Target(NamedTuple):
    """A service on one host, or on all hosts that something lists.

    Attributes:
        host: What `ssh` is told, or `local`; nothing where there are `hosts`.
        hosts: Where its hosts are listed, or None.
        service: The service, as a user names it.
        kind: `clone`, the repository is checked out there; `compose`, and Compose runs the service from there; or `release`,
            `deploy` made releases there.
        path: The absolute path of the clone or of the folder of releases, or nothing.
        containers: The containers of Docker that have the service.
        library: The absolute path of the copy in the containers, or nothing.
        line: Where the target begins.
        deploying: How it is brought up to date.
        clone: The absolute path of the clone that releases are made of, or nothing.
        unit: The unit of systemd that runs the service, or nothing.
    """

    host: str
    hosts: Hosts | None
    service: Setting
    kind: str
    path: str
    containers: tuple[str, ...]
    library: str
    line: int
    deploying: Deploying = Deploying()
    clone: str = ""
    unit: str = ""

    @property
    def is_deployed(self) -> bool:
        """Whether `fleet deploy` brings it up to date."""
        return self.kind == COMPOSE or bool(self.kind == RELEASE and self.clone)

    @property
    def repository(self) -> str:
        """The absolute path of the clone that it is brought up to date from, or nothing."""
        return "" if not self.is_deployed else self.path if self.kind == COMPOSE else self.clone


class Inventory(NamedTuple):
    """What should be where."""

    file: str  # the file that it was read from
    ref: str | None  # the commit whose copies are wanted, or None
    targets: tuple[Target, ...]
    order: Order = Order()  # in which order they are brought up to date


class _Common(NamedTuple):
    """The keys that a target and [defaults] both have; None where one is not there."""

    service: Setting | None = None
    kind: Setting | None = None
    path: Setting | None = None
    containers: tuple[Setting, ...] | None = None
    library: Setting | None = None
    clone: Setting | None = None
    unit: Setting | None = None
    deploying: Mapping[str, object] = MappingProxyType({})


def parse_inventory(text: str, file: str) -> tuple[Inventory, list[Problem]]:
    """Return the inventory and all that is wrong with it; a target that is wrong is left out.

    Args:
        text: The file's text.
        file: Its path, for messages.

    Raises:
        ValueError: It is not TOML.
    """
    reader = Reader(tomllib.loads(text), Lines.own(text, pyproject=False), file)
    reader.check_keys(KEYS)
    ref, order = reader.setting("ref", _REF, '"origin/main"'), read_order(reader)
    defaults, given = _Common(), frozenset[str]()
    if (above := reader.table("defaults")) is not None:
        above.check_keys(_DEFAULT_KEYS)
        defaults, given = _read_common(above), frozenset(above.names)
    targets = [_read_target(one, defaults, given) for one in reader.array("target")]
    found = tuple(target for target in targets if target is not None)
    return Inventory(file, ref.value if ref is not None else None, found, order), reader.problems


def _read_common(reader: Reader) -> _Common:
    containers = reader.strings("containers") if "containers" in reader.names else None
    for one in containers or ():
        if re.fullmatch(_CONTAINER, one.value) is None:
            remedy = "name containers as `docker ps` does: shop-api-1"
            reader.complain("containers", f'"containers" cannot hold {one.value!r}', remedy)
    return _Common(
        reader.setting("service", "(?s:.+)", '"services/api"'),
        reader.setting("kind", _KINDS, f'"{CLONE}", "{COMPOSE}", or "{RELEASE}" for what `common-sync deploy` makes'),
        reader.setting("path", _PATH, '"/srv/shop", an absolute path on the host'),
        containers,
        reader.setting("library", _PATH, '"/app/common", the absolute path of the copy in the containers'),
        reader.setting("clone", _PATH, '"/srv/shop", the clone on the host that `common-sync deploy` runs in'),
        reader.setting("unit", _UNIT, '"shop-api.service", the unit of systemd that runs the service on the host'),
        read_deploying(reader),
    )


def _read_target(reader: Reader, defaults: _Common, given: frozenset[str]) -> Target | None:
    """Return a target; None where something in it is wrong, which is noted.

    Args:
        reader: Reads its table.
        defaults: What counts for a key that it has not.
        given: The keys in [defaults].
    """
    before = len(reader.problems)
    reader.check_keys(TARGET_KEYS)
    own, (host, hosts) = _read_common(reader), _read_host(reader)
    service, kind, path = own.service or defaults.service, own.kind or defaults.kind, own.path or defaults.path
    containers = own.containers if own.containers is not None else defaults.containers or ()
    library, clone, keys = own.library or defaults.library, own.clone or defaults.clone, given.union(reader.names)
    is_compose = kind is not None and kind.value == COMPOSE
    _check_keys_together(reader, keys, is_compose=is_compose)
    if own.clone is not None and (kind is None or kind.value != RELEASE):
        reader.complain(
            "clone", f'"clone" is for kind = "{RELEASE}"', f'kind = "{RELEASE}", or path = "{own.clone.value}"'
        )
    unit = own.unit or defaults.unit
    if own.unit is not None and (path is None or is_compose):
        reader.complain(
            "unit", '"unit" is for what systemd runs from "path"', f'kind = "{CLONE}" or "{RELEASE}", and a path'
        )
    deploying = Deploying(**{**defaults.deploying, **own.deploying})  # type: ignore[arg-type] # each was read as its field's type
    if len(reader.problems) == before:
        _check_source(reader, deploying, keys, is_compose=is_compose)
    if "path" not in keys and (not containers or is_compose):
        reader.complain("path", 'key "path" is missing', 'path = "/srv/shop", the clone on the host')
    if len(reader.problems) > before or service is None or not (path or containers):
        return None
    return Target(
        host,
        hosts,
        service,
        kind.value if kind is not None else CLONE,
        path.value.rstrip("/") if path is not None else "",
        tuple(one.value for one in containers),
        library.value.rstrip("/") if library is not None else "",
        reader.line,
        deploying,
        clone.value.rstrip("/") if clone is not None else "",
        unit.value if unit is not None and path is not None and not is_compose else "",
    )


def _read_host(reader: Reader) -> tuple[str, Hosts | None]:
    """Return the host of a target, or where its hosts are listed."""
    host, hosts = reader.setting("host", HOST, '"vm-api", a name that ssh knows'), read_hosts(reader)
    if ("host" in reader.names) == ("hosts" in reader.names):
        trouble = 'keys "host" and "hosts" stand together' if "host" in reader.names else 'key "host" is missing'
        reader.complain("host", trouble, 'host = "vm-api", or hosts = { ssh_config = "pi-*" }')
    return host.value if host is not None else "", hosts


def _check_keys_together(reader: Reader, keys: frozenset[str], *, is_compose: bool) -> None:
    """Complain of a key that is missing beside others."""
    if "service" not in keys:
        reader.complain("service", 'key "service" is missing', 'service = "services/api"')
    if "containers" in keys and "library" not in keys:
        remedy = 'library = "/app/common", the absolute path of the copy in the containers'
        reader.complain("library", 'key "library" is missing beside "containers"', remedy)
    elif is_compose and "library" not in keys:
        remedy = 'library = "/app/common", the absolute path of the copy in the image'
        reader.complain("library", f'key "library" is missing beside kind = "{COMPOSE}"', remedy)


def _check_source(reader: Reader, deploying: Deploying, keys: frozenset[str], *, is_compose: bool) -> None:
    """Complain where it is not clear which image a target gets."""
    if "source" in reader.names and deploying.source == IMAGE and not is_compose:
        reader.complain("source", f'"source" = "{IMAGE}" is for kind = "{COMPOSE}"', f'kind = "{COMPOSE}"')
    elif "image" in reader.names and deploying.source != IMAGE:
        reader.complain("image", f'"image" is for source = "{IMAGE}"', f'source = "{IMAGE}"')
    elif is_compose and deploying.source == IMAGE and "image" not in keys:
        remedy = 'image = "ghcr.io/shop/api", its name in the registry without a tag'
        reader.complain("image", f'key "image" is missing beside source = "{IMAGE}"', remedy)


class Place(NamedTuple):
    """One folder on one host that should hold a service's copy of a library."""

    host: str  # what `ssh` is told, or `local`
    service: str  # the service's path from the root
    copy: str  # the copy's path in the service
    container: str  # the container of Docker that it is in, or nothing
    folder: str  # its absolute path
    line: int  # where its target begins
    kind: str = CLONE  # of its target
    is_deployed: bool = False  # whether `fleet deploy` brings there what is wanted
    unit: str = ""  # the unit of systemd that runs the service from there, or nothing

    @property
    def shown(self) -> str:
        """The place on its host, in words."""
        return f"{self.container}:{self.folder}" if self.container else self.folder


class Site(NamedTuple):
    """A target on one host, with the service that the project has by that name."""

    host: str  # what `ssh` is told, or `local`
    service: str  # the service's path from the root
    target: Target


def list_places(site: Site, copies: Sequence[str]) -> Iterator[Place]:
    """Yield the places of a target on one of its hosts.

    Args:
        site: The target, there.
        copies: The paths of the service's copies in it.
    """
    host, service, target = site
    above = "/releases/current/app" if target.kind == RELEASE else f"/{service}"
    for copy in copies if target.path else ():
        folder = f"{target.path}{above}/{copy}"
        yield Place(host, service, copy, "", folder, target.line, target.kind, target.is_deployed, target.unit)
    for container in target.containers:
        for copy in copies[:1]:
            is_deployed = target.kind == COMPOSE
            yield Place(host, service, copy, container, target.library, target.line, target.kind, is_deployed)


def list_running(site: Site, copies: Sequence[str], containers: Sequence[tuple[str, str]]) -> Iterator[Place]:
    """Yield the places in the containers that Compose runs of a target.

    Args:
        site: The target, on one of its hosts.
        copies: The paths of the service's copies in it.
        containers: The unit and the name of each, as the host tells them.
    """
    host, service, target = site
    for _, name in containers if target.kind == COMPOSE else ():
        if re.fullmatch(_CONTAINER, name) is not None:  # it becomes a word of a command there
            for copy in copies[:1]:
                yield Place(host, service, copy, name, target.library, target.line, target.kind, is_deployed=True)


def find_clashes(places: Sequence[Place], file: str) -> Iterator[Problem]:
    """Yield what is wrong where two targets name one place.

    Args:
        places: All of them.
        file: The inventory's path, for messages.
    """
    seen: dict[tuple[str, str, str], Place] = {}
    for place in places:
        key = place.host, place.container, place.folder
        if (other := seen.setdefault(key, place)) is not place:
            message = f"{place.host} {place.shown} is named by the target in line {other.line}, too"
            yield Problem(message, file, place.line, "take one of them out")


def find_shared_clones(sites: Sequence[Site], file: str) -> Iterator[Problem]:
    """Yield what is wrong where two services would be brought up to date in one clone: it holds one commit at a time.

    Args:
        sites: All of them.
        file: The inventory's path, for messages.
    """
    seen: dict[tuple[str, str], Site] = {}
    for site in sites:
        if site.target.kind == COMPOSE:
            other = seen.setdefault((site.host, site.target.path), site)
            if other is not site and other.service != site.service:
                message = (
                    f"{site.host} {site.target.path} is the clone of {other.service}, too, and a clone has one commit"
                )
                remedy = f'give it a clone of its own, or use kind = "{CLONE}", which `fleet deploy` leaves alone'
                yield Problem(message, file, site.target.line, remedy)
