"""Whether the user who runs an image may read what it is started with: `chmod` and `chown`, and these flags of COPY, may take that away.

Source of the modes: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/chmod.html.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise, takewhile
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.users import User
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.paths import below

_NUMBER = expression(r"[0-7]{3,5}")
_CLAUSE = expression(r"([ugoa]*)((?:[-+=][rwxXst]*|[-+=][ugo])+)")
_ACT = expression(r"([-+=])([rwxXstugo]*)")
_OPTION = expression(r"-[A-Za-z]+|--[a-z-]+")
_ROOT = frozenset({"", "0", "root"})
_BITS = {"r": 4, "w": 2, "x": 1, "X": 1}
_READ, _ENTER = 4, 1
_USUAL = (7, 5, 5)
"""What the owner, the group and all others may do with a folder where no line says otherwise."""
_Bits = tuple[int, int, int]


class _Change(NamedTuple):
    """What a line says of a place: a mode, and to whom it belongs; nothing for what it leaves as it is."""

    place: str
    line: int
    mode: str = ""
    user: str | None = None  # nothing in it for one that nobody can tell
    group: str | None = None
    only_files: bool = False  # whether it is only about the files in the place


class Reading(NamedTuple):
    """Who may read the files of a stage, as far as lines say it."""

    changes: tuple[_Change, ...] = ()

    def used(self, command: Command, line: int, user: str) -> "Reading":
        """Return what there is after a command.

        Args:
            command: The command.
            line: Its line.
            user: Who runs it.
        """
        program, words = command.program, command.arguments
        at = next((at for at, word in enumerate(words) if word.text in {"chmod", "chown"}), None)
        if program == "find" and at is not None:  # `find /app -type d -exec chmod 700 {} +`
            program, words = words[at].text, (*words[at + 1 : at + 2], *takewhile(_is_no_option, words))
        words = tuple(word for word in words if not _OPTION.fullmatch(word.text))
        if program not in {"chmod", "chown", "chgrp"} or not words:
            return self
        said = words[0].text if words[0].known else ""
        places = [_place(word, command.folder) for word in words[1:]]
        if program == "chmod":  # who is not root may do so with what is theirs
            theirs, only_files = (
                None if user in _ROOT else user,
                (Word("-type"), Word("f")) in pairwise(command.arguments),
            )
            return self._with(_Change(place, line, said, theirs, only_files=only_files) for place in places)
        owner, _, group = said.partition(":") if program == "chown" else ("", "", said)
        theirs = (owner if owner or not words[0].known else None) if program == "chown" else None
        return self._with(_Change(place, line, "", theirs, group or None) for place in places)

    def copied(self, places: Iterable[str], line: int, mode: Word | None, owner: Word | None) -> "Reading":
        """Return what there is after a COPY or an ADD.

        Args:
            places: Where it puts something.
            line: Its line.
            mode: The value of `--chmod`.
            owner: The value of `--chown`.
        """
        if mode is None and owner is None:
            return self
        written = mode.text if mode is not None and mode.known else ""
        user, _, group = (owner.text if owner.known else "").partition(":") if owner is not None else ("root", "", "")
        return self._with(_Change(place, line, written, user, group or None) for place in places)

    def _with(self, changes: Iterable[_Change]) -> "Reading":
        return self._replace(changes=(*self.changes, *changes))

    def find_closed(
        self, user: str, users: Collection[User], entered: Iterable[str], read: Iterable[str]
    ) -> Iterator[tuple[int, str]]:
        """Yield the lines after which a user may not read what a start needs, each with a sentence about it.

        Args:
            user: Who starts the image.
            users: The users whom lines have made.
            entered: The folders that the start looks into, and the files that it executes.
            read: The files that it only reads.
        """
        needed = [*((one, True) for one in entered), *((one, False) for one in read)] if user not in _ROOT else []
        for path, enters in needed:
            changes = [one for one in self.changes if below(path, one.place) is not None]
            enters_all = [enters or one.place != path for one in changes]
            closing = next((one for one in reversed(changes) if one.mode), None)
            if closing is not None and not _may_read(changes, user, users, enters=any(enters_all)):
                how = f"`{closing.mode}` is the mode of {closing.place}"
                yield closing.line, f"{how}, and nothing shows that `{user}`, who runs the image, may read it"


def _is_no_option(word: Word) -> bool:
    return not word.text.startswith("-")


def _place(word: Word, folder: str | None) -> str:
    """Return the absolute path that a word names; nothing above which there is something for one that nobody can tell."""
    known = word.known and (word.text.startswith("/") or folder is not None)
    return normpath(join(folder or "/", word.text.removesuffix("/*"))) if known else "?"


def _may_read(changes: Iterable[_Change], user: str, users: Collection[User], *, enters: bool) -> bool:
    """Tell whether a user may read what some lines have changed, one after the other, or nobody can tell."""
    bits, owner, group = _USUAL, "root", "root"
    for one in changes:
        first, second, third = _apply(one.mode, bits)
        bits = (first | _ENTER, second | _ENTER, third | _ENTER) if one.only_files else (first, second, third)
        owner, group = owner if one.user is None else one.user, group if one.group is None else one.group
    wanted = _READ | (_ENTER if enters else 0)
    may = [one & wanted == wanted for one in bits]
    by_number = user.isdigit() and not users  # such a user is in the group of root
    in_group = by_number if group in _ROOT else True
    return may[2] or (may[0] and _is_same(owner, user, users)) or (may[1] and in_group)


def _is_same(owner: str, user: str, users: Collection[User]) -> bool:
    """Tell whether two words name one user, or may."""
    if owner in {"", user} or "$" in owner or "?" in user:
        return True
    if owner in _ROOT or owner.isdigit() == user.isdigit():
        return False
    named = [one for one in users if one.name in {owner, user} and one.number]
    return not named or any({one.name, one.number} == {owner, user} for one in named)


def _apply(mode: str, bits: _Bits) -> _Bits:
    """Return what a mode makes of another one; a mode that nobody can read leaves it."""
    if _NUMBER.fullmatch(mode):
        return int(mode[-3]), int(mode[-2]), int(mode[-1])
    for clause in mode.split(","):
        found = _CLAUSE.fullmatch(clause)
        who = (found[1] or "a").replace("a", "ugo") if found is not None else ""
        for act, what in _ACT.findall(found[2]) if found is not None else ():
            given = 0
            for letter in what:
                given |= _BITS.get(letter, 0) | (bits["ugo".index(letter)] if letter in "ugo" else 0)
            changed = [{"+": old | given, "-": old & ~given, "=": given}[act] for old in bits]
            first, second, third = (
                new if one in who else old for one, old, new in zip("ugo", bits, changed, strict=True)
            )
            bits = (first, second, third)
    return bits
