"""Who a RUN runs as, and what an install may not write then."""

from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.users import NOWHERE, User, read_user
from common_sync.core.doctor.image.bases import System
from common_sync.core.doctor.image.effects import USERS
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.paths import below

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
    users: tuple[User, ...] = ()  # the users whom lines have made
    given: tuple[str, ...] = ()  # the folders that may belong to others than root; nothing for any

    def turned(self, user: Word) -> "Rights":
        """Return the rights after a USER.

        Args:
            user: What it names; one that a variable names may be anybody.
        """
        name = user.text.partition(":")[0]
        return self._replace(user="" if user.known and name in _ROOT else name or "?")

    def copied(self, instruction: Instruction, place: str) -> "Rights":
        """Return the rights after a COPY or an ADD.

        Args:
            instruction: The COPY or the ADD.
            place: Where it goes.
        """
        if all(instruction.flag(name) is None for name in ("chown", "chmod")):
            return self
        return self._replace(handed=True, given=(*self.given, place))

    def entered(self, folder: str) -> "Rights":
        """Return the rights after a WORKDIR, which makes its folder for the user."""
        return self._replace(given=(*self.given, folder)) if self.user else self

    def used(self, command: Command, system: System) -> "Rights":
        """Return the rights after a command.

        Args:
            command: The command.
            system: The system of the base image.
        """
        venv = any(word.text in {"venv", "virtualenv"} for word in command.arguments)
        made = bool(self.user) and (command.program in _MAKING or venv)
        handed = self.handed or made or command.program in _HANDING
        user = read_user(command, system)
        users = (*self.users, user) if user is not None else self.users
        given = (*self.given, *_given_by(command, user), *(_list_made(command) if made and venv else ()))
        homed = self.homed or handed or command.program in _HOMES
        return self._replace(handed=handed, homed=homed, users=users, given=given)

    def may_write(self, folder: str) -> bool:
        """Tell whether the user may write into a folder, for all that lines show."""
        everybody = any(below(folder, one) is not None for one in _EVERYBODY)
        hidden = join(folder, ".")  # `.local` or `.cache` may be the user's where the home is not
        given = any(not one or below(folder, one) is not None or one.startswith(hidden) for one in self.given)
        return everybody or given

    def find_home(self, command: Command, system: System) -> str | None:
        """Return where the user is at home when a command runs; None where nobody can tell.

        Args:
            command: The command.
            system: The system of the base image.
        """
        name = self.user
        told = command.environment.get("HOME", "")
        if told != "" or not system.name or any(not one.name for one in self.users):
            return told or None
        found = [one for one in self.users if name in {one.name, one.number}]
        if found:
            return found[-1].home or None
        if name.isdigit() and self.users:
            return None  # perhaps it is one of theirs
        return "/" if name.isdigit() else NOWHERE if name in _USERS - _ROOT else None

    def hinder(
        self, needs: Iterable[Need], install: Install, command: Command, system: System, caches: Iterable[str] = ()
    ) -> Iterator[Need]:
        """Yield the needs of an install, and what it may not write.

        Args:
            needs: What it reads.
            install: What is installed.
            command: What installs it.
            system: The system of the base image.
            caches: The places of caches that are mounted for root alone.
        """
        program = command.words[0].text
        rooted = any(basename(one[0].text) == "sudo" for one in command.through if one)
        why = self._why_not_at_home(install, command, system, caches) if self.user and not rooted else ""
        if why:
            yield Need("file", f"USER {self.user}", "", "there", refused=why, brought=False)
            yield from needs
            return
        if not self.user or (self.handed and self._may_install(install, command)):
            yield from needs
            return
        for need in needs if not self.handed else ():
            refused = f"{_writer(need)} writes into the folder of the project, and `{self.user}` may not: COPY it with `--chown={self.user}`"
            yield need._replace(refused=refused) if _builds(need) else need
        elsewhere = install.tool != "pip" or "/" in program or install.has("--target", "--prefix", "--root")
        if (elsewhere or _place_of(install, command) or not self.homed) and not install.has("--user"):
            reason = f"it runs as `{self.user}`, and nothing shows that this user may write where it installs"
            yield Need("file", f"USER {self.user}", "", "unknown", reason)

    def _may_install(self, install: Install, command: Command) -> bool:
        """Tell whether the user may write where an install goes, for all that lines show; pip goes home where it may not."""
        place = _place_of(install, command)
        return not place or self.may_write(place) or any(one and below(one, place) is not None for one in self.given)

    def _why_not_at_home(self, install: Install, command: Command, system: System, caches: Iterable[str]) -> str:
        """Return why an install may not write what it has to below the user's home; nothing where it may."""
        home = self.find_home(command, system)
        if not _needs_home(install, command, self):
            return ""
        cache = join(home or "/", ".cache/uv")
        locked = [one for one in caches if home is not None and below(cache, one) is not None]
        if locked and install.tool == "uv":
            return (
                f"the cache that is mounted at {locked[0]} belongs to root: add `,uid=…` with the number of this user"
            )
        if home is None or self.may_write(home):
            return ""
        remedy = "" if home in {"/", NOWHERE} else ": make it with `useradd -m`, or by `mkdir` and `chown`"
        return f"it writes below this user's home, {home}, and no line gives that folder to the user{remedy}"


_EVERYBODY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - an image has them for everybody
_PYTHON = "/usr/local/lib"
_IN_CACHES = frozenset({"--no-cache", "--cache-dir", "-n"})
_UNSET = frozenset({"", "0", "false"})
_NO_FALL = ("--target", "--prefix", "--root", "--python", "--dry-run")


def _place_of(install: Install, command: Command) -> str:
    """Return the environment that an install goes to and has no way round; nothing where it has one, or nobody can tell."""
    program, said = command.words[0].text, command.environment
    if install.has(*_NO_FALL, "--user") or install.action != "install":
        return ""
    if install.tool == "uv" and (install.has("--system") or said.get("UV_SYSTEM_PYTHON", "") not in _UNSET):
        return "/usr/local"
    if install.tool == "pip" and program.startswith("/"):
        place = dirname(dirname(program))
        return "" if place in {"/usr", "/usr/local", "/"} else place
    entered = said.get("VIRTUAL_ENV", "") or ""
    return entered if entered.startswith("/") else ""


def _list_made(command: Command) -> Iterator[str]:
    """Yield the folders that a command names and makes."""
    yield from (normpath(join(command.folder or "/", word.text)) for word in command.arguments if word.text[:1] != "-")


def _given_by(command: Command, user: User | None) -> Iterator[str]:
    """Yield the folders that a command may give to others than root; nothing for any."""
    if user is not None:
        yield from [user.home] if user.made or not user.name else []
    elif command.program in _HANDING or command.program == "install":
        for word in command.arguments:
            if not word.known or "$" in word.text:
                yield ""
            elif word.text.startswith("/") or (command.folder is not None and not word.text.startswith("-")):
                yield normpath(join(command.folder or "/", word.text))
    elif any("chown" in word.text or "mkhomedir" in word.text for word in command.words):
        yield ""  # by `find`, `xargs` or a program of its own


def _needs_home(install: Install, command: Command, rights: Rights) -> bool:
    """Tell whether an install has to write below the home of the user who runs it."""
    said = command.environment
    if install.tool == "uv":
        told = any(said.get(name, "") != "" for name in ("UV_CACHE_DIR", "UV_NO_CACHE", "XDG_CACHE_HOME"))
        return not told and not install.has(*_IN_CACHES)
    if install.tool != "pip" or install.action != "install" or install.has(*_NO_FALL):
        return False
    if install.has("--user"):
        return said.get("PYTHONUSERBASE", "") == ""
    folders = [one for one in (said.get("PATH") or "").split(":") if not one.endswith("/.local/bin")]
    inside = said.get("VIRTUAL_ENV", "") != "" or bool(folders and folders[0] not in _SBIN)
    return (
        "/" not in command.words[0].text
        and not inside
        and not rights.may_write(_PYTHON)
        and not any(below(one, _PYTHON) is not None for one in rights.given if one)
    )


_SBIN = frozenset({"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"})


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
