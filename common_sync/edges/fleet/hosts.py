"""Ask what lists hosts: ssh's configuration, which is read, and Ansible and Docker, whose own programs are asked."""

import glob
import os
import pwd
import shlex
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from common_sync.core import limits
from common_sync.core.fleet.hosts import (
    ANSIBLE,
    DOCKER,
    Hosts,
    UnusableHostsError,
    list_ansible_hosts,
    list_context_hosts,
)
from common_sync.core.fleet.inventory import LOCAL
from common_sync.core.fleet.ssh_config import list_hosts

_DEEPEST = 16
"""Files that include each other: OpenSSH follows as many."""

_SECONDS = 60
"""For a program that lists hosts."""


_WHOLE = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}
"""Else a file of the inventory that Ansible cannot read takes its hosts away, and it ends with 0."""


def find_hosts(
    hosts: Hosts, above: str, ssh_config: str | None = None, told: dict[str, str] | None = None
) -> list[str]:
    """Return the hosts that are meant, each once, in their order.

    Args:
        hosts: Where they are listed, and which.
        above: The absolute path of the folder that paths begin at: that of our own inventory.
        ssh_config: The path of ssh's configuration; None for the user's own.
        told: What programs have printed, by the command: none is asked twice.

    Raises:
        UnusableHostsError: There is none, one is called as this machine is, or what lists them cannot be used.
    """
    told = told if told is not None else {}
    if hosts.source == ANSIBLE:
        asked = ["ansible-inventory", "--list", "--inventory", os.path.join(above, hosts.file)]
        found = list_ansible_hosts(_ask(asked, above, "pip install ansible-core", told, _WHOLE), hosts.wanted)
        none = f"Ansible has no host in a group {hosts.wanted!r} of {hosts.file!r}"
        remedy = f"ansible-inventory --graph -i {hosts.file} shows the groups"
    elif hosts.source == DOCKER:
        asked = ["docker", "context", "ls", "--format", "{{json .}}"]
        found = list_context_hosts(_ask(asked, above, "install Docker's client", told), hosts.wanted)
        none = f"no context of Docker that is reached by ssh is called {hosts.wanted!r}"
        remedy = "docker context ls shows them"
    else:
        found = _list_ssh_hosts(hosts.wanted, ssh_config)
        none, remedy = f"no host is called {hosts.wanted!r}", "see the lines `Host` in ~/.ssh/config"
    if not found:
        raise UnusableHostsError(none, remedy)
    if LOCAL in found:
        message = f"a host is called {LOCAL!r} there, and that means this machine"
        raise UnusableHostsError(message, "give it another name in ~/.ssh/config, and name that")
    return found


def _ask(
    words: Sequence[str], folder: str, remedy: str, told: dict[str, str], variables: Mapping[str, str] | None = None
) -> str:
    """Return what a program prints.

    Args:
        words: Its name and arguments.
        folder: Where it runs.
        remedy: What to do where it is not there.
        told: What was printed before, by the command.
        variables: What it gets besides our own variables.

    Raises:
        UnusableHostsError: It is not there, it fails, or it does not end.
    """
    import subprocess  # most inventories name their hosts

    own = variables or {}
    program, command = words[0], shlex.join([*(f"{name}={value}" for name, value in own.items()), *words])
    if command in told:
        return told[command]
    by_hand, env = f"run it by hand: {command}", {**os.environ, **own}
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and a path
            words, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        message = f"{program} is not installed here"
        raise UnusableHostsError(message, remedy) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{program}: {getattr(error, 'strerror', None) or f'it has not ended after {_SECONDS} s'}"
        raise UnusableHostsError(message, by_hand) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = f"{program}: {said[-1] if said else f'it has ended with {done.returncode}'}"
        raise UnusableHostsError(message, by_hand)
    return told.setdefault(command, done.stdout.decode("utf-8", "replace"))


def _list_ssh_hosts(pattern: str, ssh_config: str | None) -> list[str]:
    """Return the hosts of ssh's configuration whose name matches a pattern, each once, in their order."""
    folder = os.path.join(pwd.getpwuid(os.getuid()).pw_dir, ".ssh")  # where ssh looks, whatever HOME says
    names = _read_hosts(ssh_config or os.path.join(folder, "config"), folder, 0)
    return [*dict.fromkeys(name for name in names if fnmatchcase(name, pattern))]


def _read_hosts(path: str, folder: str, depth: int) -> Iterator[str]:
    """Yield the names of hosts in a file and in those that it includes."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(limits.TEXT)
    except OSError:  # ssh passes over it, too
        return
    for name, included in list_hosts(text):
        if name:
            yield name
        elif depth < _DEEPEST:
            for other in sorted(glob.glob(os.path.join(folder, os.path.expanduser(included)))):
                yield from _read_hosts(other, folder, depth + 1)
