"""Whose systemd is asked: the machine's, or that of the user who runs the tool (`systemctl --user`)."""

import os
import pwd
from typing import NamedTuple

_RUNNING = "/run/systemd/system"
_LINGERING = "/var/lib/systemd/linger"
_NOTES = "common-sync"
_MAY_NOT = (
    ("/proc/sys/user/max_user_namespaces", "0"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
    ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
)
"""What the kernel says where a user may not make namespaces, by which systemd keeps a service from writing."""


class Manager(NamedTuple):
    """A systemd."""

    folder: str  # where its units are that people write
    is_of_user: bool = False  # whether it is the user's own

    @property
    def control(self) -> tuple[str, ...]:
        """What asks it, in words."""
        return ("systemctl", *self.option)

    @property
    def option(self) -> tuple[str, ...]:
        """The option by which it is meant."""
        return ("--user",) if self.is_of_user else ()

    @property
    def is_running(self) -> bool:
        """Whether it runs, and reads that folder."""
        own = of_user() if self.is_of_user else SYSTEM
        running = f"{find_runtime()}/systemd" if self.is_of_user else _RUNNING
        return os.path.realpath(self.folder) == os.path.realpath(own.folder) and os.path.isdir(running)

    @property
    def remedy(self) -> str:
        """What starts it where it does not run; nothing where this machine has no systemd, and so nothing does."""
        return f"sudo loginctl enable-linger {whoami()}" if self.is_of_user and os.path.isdir(_RUNNING) else ""

    @property
    def notes(self) -> str:
        """The folder, in memory, of what is noted until the machine is off."""
        return os.path.join(find_runtime() if self.is_of_user else "/run", _NOTES)


SYSTEM = Manager("/etc/systemd/system")
"""The machine's."""


def of_user() -> Manager:
    """Return the one of the user who runs the tool."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Manager(os.path.join(config, "systemd/user"), is_of_user=True)


def find_runtime() -> str:
    """Return the folder by which a user's systemd is reached; `sudo -u` does not set its variable."""
    return os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"


def whoami() -> str:
    """Return the name of the user who runs the tool, or the number where that has no name."""
    return name_user(os.geteuid())


def name_user(number: int) -> str:
    """Return the name of a user, or the number where that has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def is_lingering(user: str) -> bool:
    """Tell whether the units of a user run while nobody is logged in, and start with the machine.

    Args:
        user: The user's name.
    """
    return os.path.exists(os.path.join(_LINGERING, user))


def may_confine() -> bool:
    """Tell whether the kernel lets a user's systemd keep a service from writing."""
    return not any(_read(path) == no for path, no in _MAY_NOT)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
