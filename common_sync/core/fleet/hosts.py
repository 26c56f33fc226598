"""Where the hosts of a target are listed: in ssh's configuration, in an inventory of Ansible, or by Docker's contexts.

Only names are taken from there, and the user. What else a connection needs is ssh's own business, and said in its
configuration: so a port, or options of ssh, that only Ansible or Docker knows are refused, for another machine may answer
without them.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Literal, NamedTuple

from common_sync.core.settings import Reader

HOST = r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9_][A-Za-z0-9._-]*"
"""What ssh is told: it must not be taken for an option."""

_GLOB = r"[A-Za-z0-9._*?\[\]!@-]+"
_GROUP = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
_FILE = r"[^-\x00-\x1f\x7f][^\x00-\x1f\x7f]*"
_EXAMPLE = 'hosts = { ssh_config = "pi-*" }'

SSH, ANSIBLE, DOCKER = "ssh_config", "ansible", "docker_context"
_ALL = "all"
"""Ansible's own group."""

_SSH_PORT = "22"
_BUILT_IN = "ansible.builtin."
_BY_SSH = (None, "ssh", "smart", "paramiko", "paramiko_ssh", f"{_BUILT_IN}ssh", f"{_BUILT_IN}paramiko_ssh")
_OPTIONS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
"""Variables of Ansible with options of ssh: a jump host, a port, whatever leads to another machine."""

_ENDPOINT = re.compile(rf"ssh://({HOST})(:{_SSH_PORT})?/?")


class Hosts(NamedTuple):
    """Where hosts are listed, and which of them are meant.

    Attributes:
        source: What lists them.
        wanted: A pattern of names; of Ansible, a group.
        file: The path of Ansible's inventory, as it is written; else nothing.
    """

    source: Literal["ssh_config", "ansible", "docker_context"]
    wanted: str
    file: str = ""


class UnusableHostsError(Exception):
    """What lists hosts cannot be used."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def read_hosts(reader: Reader) -> Hosts | None:
    """Return what the key `hosts` of a target says; None where it is not there, or something is wrong with it.

    Args:
        reader: The target.
    """
    several = reader.table("hosts")
    if several is None:
        return None
    several.check_keys((SSH, ANSIBLE, DOCKER, "group"))
    pattern = several.setting(SSH, _GLOB, '"pi-*"')
    file = several.setting(ANSIBLE, _FILE, '"hosts.yml"')
    contexts = several.setting(DOCKER, _GLOB, '"prod-*"')
    group = several.setting("group", _GROUP, '"pis"')
    named = [name for name in several.names if name in {SSH, ANSIBLE, DOCKER}]
    if len(named) != 1 and {SSH, ANSIBLE, DOCKER, "group"}.issuperset(several.names):
        trouble = '"hosts" names none' if not named else f'"{named[0]}" and "{named[1]}" stand together'
        several.complain("hosts", trouble, _EXAMPLE)
    if "group" in several.names and named and named != [ANSIBLE]:
        several.complain("group", '"group" is one of Ansible', 'hosts = { ansible = "hosts.yml", group = "pis" }')
    if file is not None:
        return Hosts("ansible", group.value if group is not None else _ALL, file.value)
    if contexts is not None:
        return Hosts("docker_context", contexts.value)
    return Hosts("ssh_config", pattern.value) if pattern is not None else None


def list_ansible_hosts(text: str, group: str) -> list[str]:
    """Return the hosts of a group of Ansible, each once, as ssh is told them.

    Args:
        text: What `ansible-inventory --list` has printed: JSON, with `_meta.hostvars` and a table for each group.
        group: The group; those below it count.

    Raises:
        UnusableHostsError: It is something else, there is no such group, or a host is not to be reached by ssh alone.
    """
    try:
        groups: dict[str, Any] = json.loads(text)
        names = [*dict.fromkeys(_list_members(groups, group, set()))]
        variables: dict[str, dict[str, object]] = groups.get("_meta", {}).get("hostvars", {})
        return [_address(name, variables.get(name, {})) for name in names]
    except (ValueError, TypeError, AttributeError, RecursionError):
        message = "what ansible-inventory has printed is no list of hosts"
        raise UnusableHostsError(message, "see what ansible-inventory --list prints") from None


def _list_members(groups: dict[str, Any], group: str, seen: set[str]) -> Iterator[str]:
    if group in seen:
        return
    seen.add(group)
    table = groups.get(group, {})
    yield from map(str, table.get("hosts", ()))
    for child in table.get("children", ()):
        yield from _list_members(groups, str(child), seen)


def _address(name: str, variables: dict[str, object]) -> str:
    """Return what ssh is told for a host of Ansible."""
    host, user, port = (
        variables.get(f"ansible_{word}", variables.get(f"ansible_ssh_{word}")) for word in ("host", "user", "port")
    )
    if variables.get("ansible_connection") not in _BY_SSH:
        message = f"Ansible connects to {name!r} by {variables['ansible_connection']!r}, and not by ssh"
        raise UnusableHostsError(message, "name a group without it")
    if port is not None and str(port) != _SSH_PORT:
        message = f"the port of {name!r} is said by Ansible alone"
        raise UnusableHostsError(message, f"write it into ~/.ssh/config: Host {name}, Port …; and name the host itself")
    options = next((one for one in _OPTIONS if variables.get(one)), None)
    if options is not None:
        message = f"the options of ssh for {name!r} are said by Ansible alone, in {options}"
        raise UnusableHostsError(message, f"write them into ~/.ssh/config, below Host {name}; and name the host itself")
    address = f"{user}@{host or name}" if user is not None else str(host or name)
    if not re.fullmatch(HOST, address):
        message = f"{address!r} is no host that ssh is told"
        raise UnusableHostsError(message, f"write {name!r} into ~/.ssh/config, and name the host itself")
    return address


def list_context_hosts(text: str, pattern: str) -> list[str]:
    """Return the hosts of Docker's contexts, each once; those that are not reached by ssh are passed over.

    Args:
        text: What `docker context ls --format '{{json .}}'` has printed: a line of JSON for each.
        pattern: A pattern of names.

    Raises:
        UnusableHostsError: It is something else, or a host is not to be reached by ssh alone.
    """
    try:
        contexts = [json.loads(line) for line in text.splitlines() if line]
        chosen = [(str(one["Name"]), str(one["DockerEndpoint"])) for one in contexts]
    except (ValueError, TypeError, LookupError, RecursionError):
        message = "what docker has printed is no list of contexts"
        raise UnusableHostsError(message, "see what docker context ls prints") from None
    found: list[str] = []
    for name, endpoint in chosen:
        if fnmatchcase(name, pattern) and endpoint.startswith("ssh://"):
            match = _ENDPOINT.fullmatch(endpoint)
            if match is None:
                message = f"the context {name!r} of Docker has {endpoint!r}, which is more than a user and a host"
                raise UnusableHostsError(message, "write the rest into ~/.ssh/config, and name the host itself")
            found.append(match[1])
    return [*dict.fromkeys(found)]
