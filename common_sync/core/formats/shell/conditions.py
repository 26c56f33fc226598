"""What the commands of a script hang on: `if`, loops, `case`, `&&` after a test, `||`, and what may end the script before."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression


class Arm(NamedTuple):
    """One way that a script may go at a fork."""

    fork: int  # the fork's number in the script
    number: int  # the way's number, counted from 0
    last: bool = False  # whether one of the ways up to this one is taken in any case


Path = tuple[Arm, ...]
"""The ways that a script has to go for a command to run, the outermost first."""


def is_sure(paths: Collection[Path], above: Path = ()) -> bool:
    """Tell whether a script runs one of some commands, whichever way it goes.

    Args:
        paths: What each of them hangs on.
        above: What is taken for given.
    """
    if above in paths:
        return True
    depth = len(above)
    arms = {path[depth] for path in paths if path[:depth] == above}
    ends = [arm for arm in arms if arm.last]
    by_place = {(arm.fork, arm.number): arm for arm in arms}
    return any(
        all(
            (end.fork, number) in by_place and is_sure(paths, (*above, by_place[end.fork, number]))
            for number in range(end.number + 1)
        )
        for end in ends
    )


class _Group(NamedTuple):
    """Commands between two keywords or brackets.

    Attributes:
        keyword: What opens it.
        above: What it hangs on.
        arm: The way that is taken in it, where it is a fork.
        ended: What may have ended the script before it.
    """

    keyword: str
    above: Path
    arm: Arm | None
    ended: Path

    @property
    def path(self) -> Path:
        """What its commands hang on."""
        return self.above if self.arm is None else (*self.above, self.arm)[:_DEEPEST]


_LOOPS = frozenset({"while", "until", "for", "select"})
_OPENING = _LOOPS | {"if", "case", "{", "("}
_CLOSING = frozenset({"fi", "done", "esac", "}", ")"})
_KEYWORDS = _OPENING | _CLOSING | {"then", "else", "elif", "do"}
_TESTS = frozenset(
    {"[", "[[", "test", "!", "grep", "egrep", "fgrep", "command", "which", "type", "stat", "cmp", "diff", "false"}
)
_SAYS_ONLY = frozenset({"true", "false", ":", "echo", "exit", "return", "{", "("})
_GOES_ON = frozenset({"true", ":", "echo"})
_OPERATORS = frozenset({"&&", "||", "|", "|&", "(", ")"})
_DEEPEST = 60
"""How many conditions are noted: nobody writes both ways of so many, but a hostile script has any number."""
_ITSELF = frozenset({"$0", "${0}", "$BASH_SOURCE", "${BASH_SOURCE[0]}", "${BASH_SOURCE}"})
"""How a script calls itself."""
_MAY_BE_EMPTY = expression(r"[$`*?\[]")


class Conditions:
    """What the commands of a script hang on, while it is read.

    Args:
        forks: Numbers the forks.
    """

    def __init__(self, forks: Iterator[int]) -> None:
        self._forks = forks
        self._groups: list[_Group] = []
        self._chain: Path = ()
        self._ended: Path = ()
        self._exits: set[int] = set()
        self.again = False  # whether the command that was read last runs the script itself once more
        self.went: Path = ()  # the way that the script has gone where it went on as the command that was read last

    @property
    def _above(self) -> Path:
        return self._groups[-1].path if self._groups else ()

    @property
    def exits(self) -> Path:
        """What may have ended the script, and the one that has called it as a function."""
        return tuple(arm for arm in self._ended if arm.fork in self._exits)

    @property
    def keyword(self) -> str:
        """What opens the group that is read, or nothing."""
        return self._groups[-1].keyword if self._groups else ""

    def begin(self, words: Sequence[str], before: str, alternative: str) -> None:
        """Take note of the operator before a command.

        Args:
            words: The command, with the keywords before it.
            before: The operator.
            alternative: The first word of what runs where the command fails, or nothing.
        """
        if before not in _OPERATORS:
            self._chain = ()
        elif before == "||":
            last = bool(words) and words[0] not in _OPENING and not _falls_back(alternative)
            self._chain = (self._other_way(last=last),)

    def strip(self, words: list[str]) -> tuple[list[str], str]:
        """Return a command without the keywords before it, and the variable that a loop sets."""
        while words and words[0] in _KEYWORDS - {"(", ")"}:
            word, *words = words
            if word in _OPENING:
                self.open(word, words)
            elif word in _CLOSING:
                self.close(word)
            elif word in {"elif", "else"}:
                self.turn(last=word == "else")
            if word in {"for", "select", "case"}:
                return [], words[0] if words and word != "case" else ""
        return words, ""

    def open(self, keyword: str, words: list[str]) -> None:
        """Begin a group.

        Args:
            keyword: What opens it.
            words: What follows that.
        """
        sure = keyword in {"{", "("} or (keyword == "for" and words[1:2] == ["in"] and _has_some(words[2:]))
        arm = None if sure else Arm(next(self._forks), -1 if keyword == "case" else 0)
        self._groups.append(_Group(keyword, (*self._above, *self._chain)[:_DEEPEST], arm, self._ended))
        self._chain = ()

    def close(self, keyword: str) -> None:
        """End a group, and go on with what it hung on."""
        if self._groups:
            group = self._groups.pop()
            self._chain = group.above[len(self._above) :]
            self._ended = group.ended if keyword == ")" else self._ended

    def turn(self, *, last: bool) -> None:
        """Go on with the next way of a fork.

        Args:
            last: Whether it is taken where none before it is.
        """
        group = self._groups[-1] if self._groups else None
        if group is not None and group.arm is not None:
            arm = Arm(group.arm.fork, group.arm.number + 1, last)
            self._groups[-1] = group._replace(arm=arm)
            self._chain = ()

    def end_with(self, exits: Path) -> None:
        """Take note that a function may have ended the script.

        Args:
            exits: What may have ended it.
        """
        self._ended = (*self._ended, *exits)
        self._exits |= {arm.fork for arm in exits}

    def path_of(self, words: list[str], before: str, alternative: str, *, asks: bool = False) -> Path:
        """Return what a command hangs on, and take note of what the next ones do.

        Args:
            words: The command.
            before: The operator before it.
            alternative: The first word of what runs where it fails, or nothing.
            asks: Whether the script goes on without what hangs on it where it fails.
        """
        if before != "||" and _falls_back(alternative):
            self._chain = (Arm(next(self._forks), 0),)
        elif words and words[0] in _TESTS:
            self._chain = (*self._chain, Arm(next(self._forks), 0))[:_DEEPEST]
        path = (*self._above, *self._chain, *self._ended)[: 2 * _DEEPEST]
        if asks and not self._chain:
            self._chain = (Arm(next(self._forks), 0),)
        self._chain = () if before == "||" and words and words[0] in _GOES_ON else self._chain
        self._end(words, before)
        return path

    def _other_way(self, *, last: bool) -> Arm:
        tried = self._chain[-1] if len(self._chain) == 1 else None
        return Arm(tried.fork, tried.number + 1, last) if tried else Arm(next(self._forks), 1, last)

    def _end(self, words: list[str], before: str) -> None:
        """Take note that a command may end the script, and well."""
        goes_on_as = words[:1] == ["exec"] and len(words) > 1
        self.went, self.again = (), goes_on_as and any(word.strip("\"'") in _ITSELF for word in words)
        if self.again:
            return  # and then it goes on
        words = ["exit"] if goes_on_as else words
        if not words or words[0] not in {"exit", "return"}:
            return
        status = words[1].strip("\"'") if len(words) > 1 else ""
        well = status == "0" if before == "||" else status == "0" or not status.isdigit()
        if well:
            arm = Arm(next(self._forks), 0)
            self._ended = (*self._ended, arm)[:_DEEPEST]
            self._exits |= {arm.fork} if words[0] == "exit" else set()
            self.went = (Arm(arm.fork, 1, last=True),) if goes_on_as else ()


def _falls_back(alternative: str) -> bool:
    """Tell whether something else is done where a command fails."""
    return bool(alternative) and alternative not in _SAYS_ONLY


def _has_some(words: list[str]) -> bool:
    """Tell whether a loop over words runs at least once."""
    return any(_MAY_BE_EMPTY.search(word) is None for word in words)
