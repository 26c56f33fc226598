"""Read what runs from `/proc` and the control groups, as far as this user may see."""

import os
import pwd
from collections.abc import Collection, Iterator
from contextlib import suppress

from common_sync.core.environments.running import (
    Holder,
    Listener,
    Process,
    find_environments,
    parse_listeners,
    parse_share,
)
from common_sync.core.environments.unit_checks import Step

_PROC, _GROUPS = "/proc", "/sys/fs/cgroup"
_HIERARCHIES = (_GROUPS, f"{_GROUPS}/unified", f"{_GROUPS}/systemd")
"""Where systemd's own groups are: one hierarchy for all, or one beside others."""

_LIST = "system.posix_acl_access"
_UNITS = (".service", ".scope")


def list_processes(group: str) -> list[int]:
    """Return the processes of a control group, and of the groups in it.

    Args:
        group: As systemd calls it, `/system.slice/api.service`; nothing for none.
    """
    roots = (f"{root}{group}" for root in _HIERARCHIES if group.strip("/"))
    found = next((root for root in roots if os.path.isfile(f"{root}/cgroup.procs")), None)
    folders = [above for above, _, _ in os.walk(found)] if found is not None else []
    return sorted(int(one) for folder in folders for one in _read(f"{folder}/cgroup.procs").split())


def look_at_process(number: int, above: str) -> Process | None:
    """Return a process, or None where it has ended.

    Args:
        number: The process.
        above: The absolute path of the folder that the environments are below.
    """
    pages = _read(f"{_PROC}/{number}/statm").split()
    if not pages:
        return None
    share = parse_share(_read(f"{_PROC}/{number}/smaps_rollup").decode())
    memory = int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if share is None else share
    named = (find_environments(_read(f"{_PROC}/{number}/{file}"), above) for file in ("maps", "cmdline"))
    return Process(number, memory, share is not None, frozenset().union(*named))


def _read(path: str) -> bytes:
    """Return a file's bytes, or nothing where it cannot be read."""
    with suppress(OSError), open(path, "rb") as stream:
        return stream.read()
    return b""


def read_listeners() -> list[Listener]:
    """Return all sockets that wait for connections."""
    return [one for table in ("tcp", "tcp6") for one in parse_listeners(_read(f"{_PROC}/self/net/{table}").decode())]


def find_owners(inodes: Collection[int]) -> dict[int, list[int]]:
    """Return the processes that hold sockets, by the sockets' inodes."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, list[int]] = {}
    for number, socket in _list_sockets() if wanted else ():
        if socket in wanted:
            found.setdefault(wanted[socket], []).append(number)
    return found


def _list_sockets() -> Iterator[tuple[int, str]]:
    for name in sorted(filter(str.isdecimal, os.listdir(_PROC)), key=int):
        with suppress(OSError), os.scandir(f"{_PROC}/{name}/fd") as descriptors:
            for one in descriptors:
                with suppress(OSError):
                    yield int(name), os.readlink(one.path)


def describe_process(number: int) -> Holder:
    """Return who a process is: its program, and its unit where it has one."""
    program = _read(f"{_PROC}/{number}/comm").decode("utf-8", "replace").strip()
    groups = _read(f"{_PROC}/{number}/cgroup").decode("utf-8", "replace").splitlines()
    parts = (part for line in groups for part in line.rpartition(":")[2].split("/"))
    unit = next((part for part in parts if part.endswith(_UNITS)), "")
    return Holder(number, f"{program}, {unit}" if unit else program)


def describe_owner(user: int) -> Holder:
    """Return a process that this user may not look at, by its user."""
    with suppress(KeyError):
        return Holder(0, pwd.getpwuid(user).pw_name)
    return Holder(0, f"user {user}")


def read_controllers() -> tuple[str | None, str | None]:
    """Return the controllers of the one hierarchy, where there is one, and the kernel's table of controllers."""
    unified, table = f"{_GROUPS}/cgroup.controllers", f"{_PROC}/cgroups"
    return tuple(_read(one).decode() if os.path.isfile(one) else None for one in (unified, table))  # type: ignore[return-value] # two of two


def find_identity(user: str) -> tuple[int, frozenset[int]]:
    """Return a user's number, and those of the groups that it is in.

    Args:
        user: A name that there is, or a number.
    """
    entry = _find_entry(user)
    if entry is None:
        return int(user), frozenset()
    return entry.pw_uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))


def find_account(user: str) -> tuple[int, int]:
    """Return a user's number, and that of its first group.

    Args:
        user: A name that there is, or a number.
    """
    entry = _find_entry(user)
    return (int(user), int(user)) if entry is None else (entry.pw_uid, entry.pw_gid)


def _find_entry(user: str) -> "pwd.struct_passwd | None":
    """Return what the system knows of a user, by a name that there is, or by a number, which it need not know."""
    if not user.isdigit():
        return pwd.getpwnam(user)
    with suppress(KeyError):
        return pwd.getpwuid(int(user))
    return None


def list_steps(path: str) -> list[Step]:
    """Return the folders on the way to a file, and the file; nothing where it is not there.

    Args:
        path: Its absolute path.
    """
    parts = os.path.realpath(path).split("/")
    paths = ["/", *("/".join(parts[: end + 1]) for end in range(1, len(parts)))]
    with suppress(OSError):
        return [_take_step(one) for one in paths]
    return []


def _take_step(path: str) -> Step:
    status = os.stat(path)
    listed = False
    with suppress(OSError):
        listed = _LIST in os.listxattr(path)
    return Step(path, status.st_mode, status.st_uid, status.st_gid, listed)
