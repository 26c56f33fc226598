"""The texts of a service's systemd units, their names, and what is said of one that is not as it should be.

A unit runs its service from the current release, where it has releases, and so never changes with one; else from the work tree.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.core.environments.unit_text import UnitState, escape, name_control, quote, seal, spell_path, spell_word

_SOCKET, _TIMER = ".socket", ".timer"
_IN_ENVIRONMENT = ".venv/bin/"
LAUNCHER = "releases/current/run"
"""What starts the current release, below the folder of a service's releases."""

SHARED = "shared"
"""The folder there of what outlives releases."""


class Service(NamedTuple):
    """What a unit is about."""

    unit: str  # the unit's name, without `.service`
    folder: str  # the absolute path of the service's folder
    words: tuple[str, ...]  # the command; the first word is a name in the environment, or an absolute path
    user: str  # who runs it
    env_file: str = ""  # the absolute path of a file of variables; nothing where there is none
    after: tuple[str, ...] = ()  # the units that are started before it
    memory: str = ""  # the most memory that it may use; nothing where there is no limit
    releases: str = ""  # the absolute path of the folder of its releases; nothing where it has none
    back: str = (
        ""  # the unit that goes back where a release keeps failing, without `.service`; nothing without releases
    )
    socket: str = ""  # the address and port that systemd listens at for it; nothing where it listens by itself
    is_of_user: bool = False  # whether it is a unit of the user who runs the tool
    is_confined: bool = True  # whether systemd keeps it from writing; the kernel may not let a user's own do that


def find_program(service: Service) -> str:
    """Return the absolute path of the program that a unit starts."""
    if service.releases:
        return find_launcher(service.releases)
    first = service.words[0]
    return first if first.startswith("/") else f"{service.folder}/{_IN_ENVIRONMENT}{first}"


def find_launcher(releases: str) -> str:
    """Return the absolute path of what starts the current release.

    Args:
        releases: The absolute path of the folder of releases.
    """
    return f"{releases}/{LAUNCHER}"


def runs_releases(held: bytes, releases: str) -> bool:
    """Tell whether an installed unit names what starts the current release, whoever has written it.

    Args:
        held: The unit's bytes.
        releases: The absolute path of the folder of releases.
    """
    return escape(find_launcher(releases)).encode() in held


def make_unit(service: Service) -> str:
    """Return the text of a service's unit, with its seal.

    Args:
        service: What it is about; its paths are nameable.
    """
    network = () if service.is_of_user else ("network-online.target",)  # which no systemd of a user knows
    after = " ".join((*network, *service.after))
    words = () if service.releases else service.words[1:]
    command = " ".join((spell_path(find_program(service)), *map(spell_word, words)))
    lines = [
        "[Unit]",
        f"Description={service.unit}",
        *(f"Wants={one}" for one in network),
        *([f"After={after}"] if after else ()),
        *([f"Requires={name_socket(service.unit)}"] if service.socket else ()),
        "StartLimitIntervalSec=300",
        "StartLimitBurst=5",
        *([f"OnFailure={service.back}.service"] if service.back else ()),
        "",
        "[Service]",
        "Type=exec",
        *map(escape, _list_surroundings(service)),
        f"ExecStart={command}",
        f"SyslogIdentifier={service.unit}",
        "Restart=on-failure",
        "RestartSec=5",
        *map(escape, _list_limits(service)),
        "",
        "[Install]",
        f"WantedBy={'default' if service.is_of_user else 'multi-user'}.target",
    ]
    return seal("\n".join([*lines, ""]), service.unit, is_of_user=service.is_of_user)


def list_rights(service: Service) -> tuple[str, ...]:
    """Return the lines of a unit that say as whom a service runs, where, and with which limits; paths stand as they are.

    Args:
        service: What it is about; its paths are nameable.
    """
    lines = (*_list_surroundings(service), *_list_limits(service))
    return tuple(one for one in lines if not one.startswith("#"))


def _list_surroundings(service: Service) -> Iterator[str]:
    if not service.is_of_user:
        yield f"User={service.user}"
    yield f"WorkingDirectory={service.releases or service.folder}"
    if service.env_file:
        yield f"EnvironmentFile={service.env_file}"


def _list_limits(service: Service) -> Iterator[str]:
    folder = service.releases or service.folder
    may_write = f"{folder}/{SHARED}" if service.releases else folder
    if service.memory:
        yield f"MemoryMax={service.memory}"
    yield "NoNewPrivileges=yes"
    if not service.is_confined:
        return
    if service.is_of_user:
        yield "# Without this, systemd cannot do for a user what follows."
        yield "PrivateUsers=yes"
    yield "# The environment's files are links that others share: the service must not write into them."
    yield "ProtectSystem=strict"
    yield f"ReadWritePaths={quote(may_write)}"
    # Below /home, `strict` takes nothing away; the longest path counts.
    yield f"ReadOnlyPaths={quote(f'-{folder}' if service.releases else f'-{folder}/.venv')}"


def make_back_unit(service: Service, words: Sequence[str]) -> str:
    """Return the text of the unit that systemd starts when a service's unit has failed too often.

    Args:
        service: What it is about.
        words: What goes back, where that is due; the first word is an absolute path.
    """
    lines = [
        "[Unit]",
        f"Description={service.unit} goes back to its former release, where a new one keeps failing",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join((spell_path(words[0]), *map(spell_word, words[1:])))}",
        f"SyslogIdentifier={service.back}",
    ]
    return seal("\n".join([*lines, ""]), service.back, is_of_user=service.is_of_user)


def make_clean_unit(name: str, user: str, words: Sequence[str], *, is_of_user: bool = False) -> str:
    """Return the text of the unit that removes what no service uses any more.

    Args:
        name: The unit's name, without `.service`.
        user: Who runs it.
        words: What does it; the first word is an absolute path.
        is_of_user: Whether it is a unit of the user who runs the tool.
    """
    lines = [
        "[Unit]",
        f"Description={name} removes environments that no service uses any more",
        "",
        "[Service]",
        "Type=oneshot",
        *([] if is_of_user else [f"User={user}"]),
        f"ExecStart={' '.join((spell_path(words[0]), *map(spell_word, words[1:])))}",
        f"SyslogIdentifier={name}",
        "Nice=19",
        "IOSchedulingClass=idle",
        "NoNewPrivileges=yes",
    ]
    return seal("\n".join([*lines, ""]), name, is_of_user=is_of_user)


def make_timer_unit(name: str, how_often: str, *, is_of_user: bool = False) -> str:
    """Return the text of the unit that starts another one again and again; what was missed while the machine was off is made up for.

    Args:
        name: The other one's name, without `.service`.
        how_often: `daily`, `weekly` or `monthly`.
        is_of_user: Whether it is a unit of the user who runs the tool.
    """
    lines = [
        "[Unit]",
        f"Description={name}, {how_often}",
        "",
        "[Timer]",
        f"OnCalendar={how_often}",
        "Persistent=true",
        "RandomizedDelaySec=1h",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return seal("\n".join([*lines, ""]), name_timer(name), is_of_user=is_of_user)


def name_clean(prefix: str) -> str:
    """Return the name of the unit that cleans, without `.service`; no service's own unit has an @.

    Args:
        prefix: What the names of all units begin with.
    """
    return f"{prefix}clean@all"


def name_timer(unit: str) -> str:
    """Return the name of the unit that starts another one again and again."""
    return f"{unit}{_TIMER}"


def make_socket_unit(service: Service) -> str:
    """Return the text of the unit by which systemd listens for a service: who connects while it restarts is not refused, but waits.

    Args:
        service: What it is about; it has a socket.
    """
    lines = [
        "[Unit]",
        f"Description={service.unit} listens",
        "",
        "[Socket]",
        f"ListenStream={service.socket}",
        "",
        "[Install]",
        "WantedBy=sockets.target",
    ]
    return seal("\n".join([*lines, ""]), name_socket(service.unit), is_of_user=service.is_of_user)


def name_socket(unit: str) -> str:
    """Return the name of the unit that listens for a service.

    Args:
        unit: The service's own unit.
    """
    return f"{unit}{_SOCKET}"


def name_file(unit: str) -> str:
    """Return the name of a unit's file, which is what systemd calls it.

    Args:
        unit: Its name, without `.service`.
    """
    return unit if unit.endswith((_SOCKET, _TIMER)) else f"{unit}.service"


def name_back(prefix: str, name: str) -> str:
    """Return the name of that unit, without `.service`; no service's own unit has an @.

    Args:
        prefix: What the names of all units begin with.
        name: The service's name.
    """
    return f"{prefix}rollback@{name}"


def name_units(folder: str, prefix: str | None) -> str:
    """Return what the names of all units begin with.

    Args:
        folder: The root folder's name.
        prefix: What the configuration says.
    """
    if prefix is not None:
        return prefix
    plain = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return f"{plain[:39] or 'project'}-"


_SENTENCES: dict[UnitState, tuple[str, str]] = {
    "missing": ("the unit is not installed", "common-sync units --write {service}"),
    "differs": ("the unit is not what the settings say", "common-sync units --write {service}"),
    "edited": (
        "the unit was edited since common-sync wrote it",
        "put the edit into a drop-in ({control} edit {unit}), then: common-sync units --write --force {service}",
    ),
    "foreign": (
        "the unit was not written by common-sync",
        "common-sync units --write --force {service} replaces it, and keeps it beside",
    ),
    "leftover": ("the unit is installed, and the service has no command", "common-sync units --remove {service}"),
}
_HELPER_LEFT = (
    "the unit is installed, and the settings ask for none",
    "{control} disable --now {unit}, then common-sync units --write {service}",
)
_HELPERS = ("@", _SOCKET, _TIMER)


def find_unit_trouble(
    unit: str, service: str, state: UnitState, *, enabled: bool, read: bool, is_of_user: bool = False
) -> tuple[str, str] | None:
    """Say what is wrong with an installed unit and what to do, or return None where nothing is.

    Args:
        unit: Its name.
        service: The service, as a shell takes it; nothing for a unit of the whole project.
        state: How it stands.
        enabled: Whether it is started when the machine is.
        read: Whether systemd knows it as it is on the disk.
        is_of_user: Whether it is a unit of the user who runs the tool.
    """
    control = name_control(is_of_user=is_of_user)
    if state in _SENTENCES:
        is_left = state == "leftover" and any(one in unit for one in _HELPERS)
        message, remedy = _HELPER_LEFT if is_left else _SENTENCES[state]
        return message, remedy.format(unit=unit, service=service, control=control).rstrip()
    if not read:
        return "systemd has not read the unit since it was written", f"{control} daemon-reload"
    return None if enabled else ("the unit is not enabled", f"{control} enable --now {unit}")
