"""Who a RUN runs as, and what an install may not write then."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from common_sync.core.doctor.image.effects import USERS
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import below

_ROOT = frozenset({"", "0", "root"})
_HANDING, _HOMES = frozenset({"chown", "chmod", "setfacl"}), frozenset({"useradd", "adduser", "usermod"})
_MAKING = frozenset({"cp", "mv", "rsync", "git", "tar", "unzip", "install", "mkdir", "virtualenv", "curl", "wget"})

_USERS = frozenset(
    (
        *[
            "root",
            "daemon",
            "bin",
            "sys",
            "sync",
            "games",
            "man",
            "lp",
            "mail",
            "news",
            "uucp",
            "proxy",
            "www-data",
            "backup",
            "list",
            "irc",
            "gnats",
            "_apt",
            "nobody",
        ],
        *["shutdown", "halt", "cron", "ftp", "sshd", "ntp", "guest", "operator", "postmaster"],
    )
)
"""Whom Debian and Alpine have from the beginning."""


def lacks_user(name: str, image: Image) -> bool:
    """Tell whether nothing shows that a system has a user: its image does not bring one, and no line makes any.

    Args:
        name: The user's name or number; a number needs nobody.
        image: The files that are there.
    """
    return not name.isdigit() and name not in _USERS | _ROOT and image.look(USERS) is None


class Rights(NamedTuple):
    """Who a stage runs as."""

    user: str = ""  # the user; nothing for root
    handed: bool = False  # whether some folder may belong to that user
    homed: bool = False  # whether that user may have a home

    def turned(self, user: Word) -> "Rights":
        """Return the rights after a USER.

        Args:
            user: What it names; one that a variable names may be anybody.
        """
        name = user.text.partition(":")[0]
        return self._replace(user="" if user.known and name in _ROOT else name or "?")

    def copied(self, instruction: Instruction) -> "Rights":
        """Return the rights after a COPY, an ADD or an ENV."""
        handed = any(instruction.flag(name) is not None for name in ("chown", "chmod"))
        return self._replace(handed=self.handed or handed)

    def used(self, command: Command) -> "Rights":
        """Return the rights after a command."""
        venv = any(word.text in {"venv", "virtualenv"} for word in command.arguments)
        made = bool(self.user) and (command.program in _MAKING or venv)
        handed = self.handed or made or command.program in _HANDING
        return self._replace(handed=handed, homed=self.homed or handed or command.program in _HOMES)

    def hinder(self, needs: Iterable[Need], install: Install, program: str) -> Iterator[Need]:
        """Yield the needs of an install, and what it may not write.

        Args:
            needs: What it reads.
            install: What is installed.
            program: How the installer is called.
        """
        if not self.user or self.handed:
            yield from needs
            return
        for need in needs:
            refused = f"{_writer(need)} writes into the folder of the project, and `{self.user}` may not: COPY it with `--chown={self.user}`"
            yield need._replace(refused=refused) if _builds(need) else need
        elsewhere = install.tool != "pip" or "/" in program or install.has("--target", "--prefix", "--root")
        if (elsewhere or not self.homed) and not install.has("--user"):
            reason = f"it runs as `{self.user}`, and nothing shows that this user may write where it installs"
            yield Need("file", f"USER {self.user}", "", "unknown", reason)


def _writer(need: Need) -> str:
    return need.project.writer if need.project is not None else ""


def _builds(need: Need) -> bool:
    return need.kind == "project" and need.state == "there" and not need.refused and bool(_writer(need))


def refuse_managed(install: Install, command: Command) -> Iterator[Need]:
    """Yield that an install may be refused by a Python that a system manages, unless it goes elsewhere or is told to do it.

    Args:
        install: What is installed.
        command: What installs it.
    """
    elsewhere = "/" in command.words[0].text or install.has("--target", "--prefix", "--root", "--python", "--dry-run")
    into_system = install.tool == "pip" or (install.tool == "uv" and install.has("--system"))
    if into_system and install.action == "install" and not elsewhere and not install.has("--break-system-packages"):
        reason = "the base image's system manages its Python: pip refuses without `--break-system-packages`"
        yield Need("file", "EXTERNALLY-MANAGED", "", "unknown", reason)


def refuse_in_mounts(need: Need, locked: Iterable[str]) -> Need:
    """Say of a project that its build has to write beside it, where it lies in what may only be read.

    Args:
        need: The project.
        locked: The places of the mounts that may only be read.
    """
    mount = next((place for place in locked if need.path and below(need.path, place) is not None), None)
    if mount is None or not _builds(need) or need.editable:
        return need
    reason = f"{_writer(need)} writes into the folder of the project, and the mount {mount} may only be read: add `,rw` to it"
    return need._replace(refused=reason)
