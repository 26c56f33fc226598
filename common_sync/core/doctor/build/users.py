"""The users that lines make: where they are at home, and whether a line makes that folder.

Sources: https://manpages.debian.org/bookworm/passwd/useradd.8.en.html, https://manpages.debian.org/bookworm/adduser/adduser.8.en.html,
and `adduser --help` of Alpine's BusyBox. Debian 13 has no `adduser` in its images.
"""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import join
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Ran, Step
from common_sync.core.doctor.image.bases import System
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

NOWHERE = "/nonexistent"
_MAKERS = frozenset({"useradd", "adduser", "usermod"})
_LETTERS: Mapping[str, str] = {
    "useradd": "bcdefgGkKpRPsuZ",
    "usermod": "cdefgGlpRsuZ",
    "adduser": "",
    "alpine": "hgsGuk",
}
"""Program → its options of one letter that take a value."""
_LONG = frozenset(
    (
        *("--base-dir", "--comment", "--home-dir", "--home", "--expiredate", "--inactive", "--gid", "--groups"),
        *("--skel", "--key", "--password", "--root", "--prefix", "--shell", "--uid", "--selinux-user", "--ingroup"),
        *("--gecos", "--conf", "--firstuid", "--lastuid", "--add_extra_groups", "--login"),
    )
)
_HOME = frozenset({"-d", "-h", "--home", "--home-dir"})
_MAKES, _MAKES_NOT = frozenset({"-m", "--create-home", "--move-home"}), frozenset({"-M", "-H", "--no-create-home"})
_SYSTEM = frozenset({"--system", "-S", "-r"})
_OF_GROUPS = frozenset({"groupadd", "addgroup"})
_INSTALLERS = frozenset({"apt", "apt-get", "apk"})
_OF_BUSYBOX = frozenset({"-D", "-H", "-S", "-h"})
_OF_DEBIAN = frozenset({"--group", "--comment", "--quiet"})


class User(NamedTuple):
    """A user whom a line makes.

    Attributes:
        name: The name; nothing where nobody can tell.
        home: Where the user is at home; nothing where nobody can tell.
        made: Whether the line makes that folder.
        number: The user's number, where the line says it.
    """

    name: str
    home: str = ""
    made: bool = False
    number: str = ""


def read_user(command: Command, system: System) -> User | None:
    """Return the user whom a command makes or changes; None where it makes none.

    Args:
        command: The command.
        system: The system of the base image.
    """
    if command.program not in _MAKERS:
        return None
    kind = "alpine" if command.program == "adduser" and system.name == "alpine" else command.program
    if not all(word.known for word in command.arguments):
        return User("")
    options, rest = _take_apart(command.arguments, _LETTERS[kind])
    if not rest or (len(rest) > 1 and kind == "adduser"):
        return None  # a user who is put into a group
    name = rest[0] if kind in {"adduser", "alpine"} else rest[-1]
    names = {option for option, _ in options}
    homes = [value for option, value in options if option in _HOME]
    if command.program == "usermod":
        return User(name, homes[-1], not names.isdisjoint(_MAKES)) if homes else None
    by_itself = kind != "useradd" and (kind == "alpine" or bool(homes) or names.isdisjoint(_SYSTEM))
    made = names.isdisjoint(_MAKES_NOT) and (by_itself or not names.isdisjoint(_MAKES))
    usual = NOWHERE if kind == "adduser" and not made and not names.isdisjoint(_SYSTEM) else join("/home", name)
    number = next((value for option, value in options if option in {"-u", "--uid"}), "")
    return User(name, homes[-1] if homes else usual, made, number)


def _take_apart(words: tuple[Word, ...], letters: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the options, each with its value, and the other words."""
    options: list[tuple[str, str]] = []
    rest: list[str] = []
    queue = iter([word.text for word in words])
    for text in queue:
        if text.startswith("--"):
            name, equals, value = text.partition("=")
            options.append((name, value if equals or name not in _LONG else next(queue, "")))
        elif not text.startswith("-") or text == "-":
            rest.append(text)
        else:
            options += _take_letters(text[1:], letters, queue)
    return options, rest


def _take_letters(text: str, letters: str, queue: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield the options that stand in one word: `-rms /bin/sh`."""
    for at, letter in enumerate(text):
        if letter in letters:
            yield f"-{letter}", text[at + 1 :] or next(queue, "")
            return
        yield f"-{letter}", ""


def find_lacking_maker(command: Command, system: System, steps: Iterable[Step]) -> str | None:
    """Return why a command that makes a user may not be in an image, or not take its options; None where it does.

    Args:
        command: The command.
        system: The system of the base image.
        steps: What has run before.
    """
    if command.program not in _MAKERS | _OF_GROUPS:
        return None
    before = (step.command for step in steps if isinstance(step, Ran))
    installed = {word.text for one in before if one.program in _INSTALLERS for word in one.arguments}
    program, options = command.program, {word.text.partition("=")[0] for word in command.arguments}
    if system.name == "alpine":
        if program not in {"adduser", "addgroup"} and "shadow" not in installed:
            return f"runs `{program}`, which Alpine has only with its package `shadow`"
        if program == "adduser" and (odd := sorted(options & _OF_DEBIAN)):
            return f"runs `adduser {odd[0]}`, an option that Alpine's `adduser` does not know"
    if system.name == "debian" and program in {"adduser", "addgroup"}:
        if not system.adduser and "adduser" not in installed:
            return f"runs `{program}`, which Debian's images have no longer from version 13 (trixie) on: write `{program[3:]}add` or install it"
        if odd := sorted(options & _OF_BUSYBOX):
            return f"runs `{program} {odd[0]}`, an option that Debian's `{program}` does not know"
    return None
