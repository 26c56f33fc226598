"""Releases of a service: what one is, which one is gone back to, which are no longer needed; pure.

A release is a numbered folder that is never changed. One symlink, `current`, says which is meant to run. Numbers, not times,
name releases: the clock of a Raspberry Pi runs backwards. While a switch is not yet proven, a note says where it came from.
"""

import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.environments.record import SCHEMA, is_name
from common_sync.core.expressions import expression

_NAME = expression(r"[0-9]{4,9}")
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Made(NamedTuple):
    """What a release is made of: two that are equal would run the same."""

    content: str  # the digest of all its files
    environment: str  # the name of its environment; nothing where it has none
    command: tuple[str, ...]  # what starts it; nothing where it is not run
    persistent: tuple[str, ...]  # the paths in it that lead to what outlives it


class Release(NamedTuple):
    """A release that is whole."""

    number: int
    made: Made
    commit: str = ""  # the commit that was checked out; nothing where that is not known
    proven: bool = False  # whether it was healthy once
    failed: bool = False  # whether it was switched to, and was not healthy

    @property
    def described(self) -> str:
        """How it stands, in a word."""
        return "failed" if self.failed else "proven" if self.proven else "unproven"


class Releases(NamedTuple):
    """The releases of a service, as they are on the disk."""

    known: Mapping[int, Release]  # those that are whole, by their numbers
    numbers: Collection[int] = ()  # all numbers that are taken, of leftovers too
    current: int = 0  # the one that is meant to run; 0 where there is none
    former: int | None = None  # where an unproven switch came from, 0 for from none; None where no switch is unproven

    @property
    def is_settled(self) -> bool:
        """Whether the current release was proven since it was switched to."""
        return self.former is None

    @property
    def next_number(self) -> int:
        """The number that the next release gets."""
        return max((*self.numbers, self.current), default=0) + 1

    @property
    def trusted(self) -> int:
        """The release that ran before: the current one, or where an unproven switch came from; 0 where there was none."""
        current = self.known.get(self.current)
        if self.former is None or (current is not None and current.proven):
            return self.current
        return self.former


def format_release(release: Release) -> bytes:
    """Return the bytes of `release.json`."""
    document = {"schema": SCHEMA, "commit": release.commit, **release.made._asdict()}
    return (json.dumps(document, indent=1) + "\n").encode("ascii")


def parse_release(number: int, data: bytes, *, proven: bool, failed: bool) -> Release | None:
    """Return a release, or None where its `release.json` cannot be read.

    Args:
        number: Its number.
        data: The bytes of the file.
        proven: Whether it was healthy once.
        failed: Whether it was switched to, and was not healthy.
    """
    with suppress(*_UNREADABLE):
        document = json.loads(data)
        if document["schema"] == SCHEMA and (not document["environment"] or is_name(document["environment"])):
            words = (tuple(map(str, document[name])) for name in ("command", "persistent"))
            made = Made(str(document["content"]), document["environment"], *words)
            return Release(number, made, str(document["commit"]), proven, failed)
    return None


def name_release(number: int) -> str:
    """Return the name of a release's folder."""
    return f"{number:04}"


def parse_number(name: str) -> int | None:
    """Return the number that a folder's name says, or None where it names no release."""
    number = int(name) if _NAME.fullmatch(name) else 0
    return number if number and name_release(number) == name else None


def make_launcher(folder: str, environment: str, command: Sequence[str], number: int) -> str:
    """Return the text of `run`, which starts a release.

    It holds real paths: a process that is started through `current` would take the rest of its modules from the next release.

    Args:
        folder: The absolute path of the release's files.
        environment: The absolute path of its environment.
        command: Its words.
        number: The release's number, which is written to the log.
    """
    words = (find_release_program(environment, command[0]), *command[1:])
    lines = ("#!/bin/sh", f"echo '{say_release(number)}'", f"cd {shlex.quote(folder)} || exit 1")
    return "\n".join((*lines, f"exec {shlex.join(words)}", ""))


def say_release(number: int) -> str:
    """Return the line that a release writes to the journal when it is started."""
    return f"common-sync: release {number}"


def find_release_program(environment: str, word: str) -> str:
    """Return the absolute path of a program of a release.

    Args:
        environment: The absolute path of its environment.
        word: The first word of a command.
    """
    return word if word.startswith("/") else f"{environment}/bin/{word}"


def choose_fallback(releases: Releases, failed: int, before: int = 0) -> Release | None:
    """Return the release that is gone back to when one fails, or None where there is none.

    A newer one that was proven is not better: a person may have gone back from it.

    Args:
        releases: All of them, as before the switch.
        failed: The number of the one that fails.
        before: The one that ran before it, where that is known from elsewhere; 0 where it is not.
    """
    numbers = dict.fromkeys((before, releases.trusted, releases.current))
    own = [one for number in numbers if (one := releases.known.get(number)) is not None and not one.failed]
    proven = sorted((one for one in releases.known.values() if one.proven), reverse=True)
    order = (*(one for one in own if one.proven), *proven, *own)
    return next((one for one in order if one.number != failed), None)


def choose_target(releases: Releases) -> Release | None:
    """Return the release that `rollback` goes to where none is named, or None where there is none.

    After a switch that was cut off, that is the one which was left; else the newest that was proven before the current one. Where
    none ever was, as without systemd, it is the newest before it that has not failed.

    Args:
        releases: All of them.
    """
    if not releases.is_settled and (back := choose_fallback(releases, 0)) is not None:
        current = releases.known.get(releases.current)
        if back.number != releases.current or (current is not None and current.proven):
            return back
    before = [one for number, one in sorted(releases.known.items(), reverse=True) if number < releases.current]
    proven = (one for one in before if one.proven)
    return next(proven, None) or next((one for one in before if not one.failed), None)


def find_prepared(releases: Releases, made: Made, commit: str) -> Release | None:
    """Return the release that was made aside of the same things and of the same commit, or None where there is none.

    Args:
        releases: All of them.
        made: What it is made of.
        commit: The commit that it is of.
    """
    newest = releases.known.get(max(releases.numbers, default=0))
    if newest is None or newest.proven or newest.failed or newest.number <= max(releases.current, releases.former or 0):
        return None
    return newest if (newest.made, newest.commit) == (made, commit) else None


def list_old(releases: Releases, keep: int) -> list[int]:
    """Return the numbers of releases that are no longer needed, and of what killed runs have left.

    Args:
        releases: All of them.
        keep: How many are kept, the current one among them.
    """
    order = sorted(releases.known.values(), key=lambda one: (one.number == releases.current, one.proven, one.number))
    kept = {one.number for one in order[-keep:] if not one.failed or one.number == releases.current}
    kept |= {max(releases.known, default=0), releases.former or 0}  # a number is not given twice
    return sorted(number for number in releases.numbers if number not in kept)
