"""Which ARG and ENV variables hold at each instruction of a Dockerfile, and what they come to.

Source of the rules: https://docs.docker.com/reference/dockerfile/#arg and #env. A value is what the file says, or
a build argument that is given; what a base image brings is not known here.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction, Stage
from common_sync.core.formats.dockerfile.words import Expansion, RefusedError, Word, expand_word, plain_word
from common_sync.core.text import UnparsableError

_SHELL = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"})
"""Instructions whose commands can read a variable by its bare name."""

_USE = expression(r"\$(?=\{?([0-9]+|[@*#?\-$!]|[^\W\d]\w*))")
_MENTION = expression(r"(?=((?<!\w)\w+|(?<=\$)[@*#?\-$!]))")

Variables = Mapping[str, Word | None]
"""Name → value; None for one that is declared without a value that the file tells."""


def expand(word: Word, instruction: Instruction, escape: str, variables: Variables, unknown: str = "") -> Expansion:
    """Return what a word of an instruction comes to.

    Args:
        word: The word.
        instruction: The instruction.
        escape: The character that takes the meaning of the next one.
        variables: What is set.
        unknown: What stands for a value that nobody can tell.

    Raises:
        UnparsableError: The build would refuse it.
    """
    try:
        found = expand_word(word, escape, variables.get)
        if not unknown or not found.unknown:
            return found
        marks = {name: plain_word(unknown, 0, len(unknown)) for name in found.unknown}
        return expand_word(word, escape, {**variables, **marks}.get)._replace(unknown=found.unknown)
    except RefusedError as error:
        raise UnparsableError(instruction.line, f"{word.text!r}: {error}") from error


def assignments(instruction: Instruction) -> list[tuple[str, Word | None]]:
    """Return the names that an ARG or ENV declares, each with its value as written, or None for an ARG without one."""
    first, *others = instruction.words or (None,)
    if first is None:
        return []
    if instruction.name == "ENV" and "=" not in first.text:
        return [(first.text, others[0])]
    pairs = ((word, word.text.find("=")) for word in instruction.words)
    return [(word.text[:at], word.part(at + 1)) if at >= 0 else (word.text, None) for word, at in pairs]


def with_variables(
    dockerfile: Dockerfile, arguments: Mapping[str, str | None] | None = None
) -> Iterator[tuple[Instruction, Variables]]:
    """Yield each instruction with the variables that hold where it stands.

    A stage that is built on another begins with the variables of that one.

    Args:
        dockerfile: The file.
        arguments: The build arguments that are given, by name; None for one that nobody can tell.

    Raises:
        UnparsableError: The build would refuse a value.
    """
    given = {name: None if text is None else plain_word(text, 0, len(text)) for name, text in (arguments or {}).items()}
    above = _Scope(dockerfile.escape, {}, given=given)
    for instruction in dockerfile.arguments:
        yield instruction, above.now()
        above.declare(instruction)
    ends: dict[str, _Scope] = {}
    for stage in dockerfile.stages:
        scope = _begin(stage, above, ends)
        for instruction in stage.instructions:
            yield instruction, (above if instruction.name == "FROM" else scope).now()
            scope.declare(instruction)
        if stage.name:
            ends[stage.name] = scope


def _begin(stage: Stage, above: "_Scope", ends: Mapping[str, "_Scope"]) -> "_Scope":
    base = expand(stage.base, stage.instructions[0], above.escape, above.now()).word.text.lower()
    return _Scope(above.escape, above.now(), ends.get(base), above.given)


class _Moment(Mapping[str, Word | None]):
    """What is declared once some instructions are read; it shares what all moments have in common."""

    def __init__(self, history: "_History", read: int, base: "_Moment | None") -> None:
        self.history, self.read, self.base = history, read, base

    def __getitem__(self, name: str) -> Word | None:
        for moment in self._chain():
            values = moment.history.get(name, [])
            if at := bisect_right(values, moment.read, key=itemgetter(0)):
                return values[at - 1][1]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({name for one in self._chain() for name, values in one.history.items() if values[0][0] <= one.read})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _chain(self) -> "Iterator[_Moment]":
        """Yield it, and the ends of the stages that its stage is built on."""
        moment: _Moment | None = self
        while moment is not None:
            yield moment
            moment = moment.base


_History = dict[str, list[tuple[int, Word | None]]]
"""Name → its values, each with the number of the instruction that gives it."""


class _Scope:
    """What is declared in a stage so far, or above the first one."""

    def __init__(
        self, escape: str, outer: Variables, base: "_Scope | None" = None, given: Variables | None = None
    ) -> None:
        self.escape, self._outer, self.base, self.given = escape, outer, base, given or {}
        self._start = base.now() if base else None
        self._history: _History = {}
        self.environment: set[str] = set()
        self._read = 0

    def now(self) -> _Moment:
        """Return what is declared so far."""
        return _Moment(self._history, self._read, self._start)

    def declare(self, instruction: Instruction) -> None:
        """Take in what an instruction declares, if it is ARG or ENV."""
        before = self.now()  # the values of one ENV do not see each other
        self._read += 1
        if instruction.name == "ENV":
            for name, value in assignments(instruction):
                self._set(name, value and self._value(value, instruction, before))
                self.environment.add(name)
        elif instruction.name == "ARG":
            for name, value in assignments(instruction):
                self._set(name, self._argument(name, value, instruction))

    def _set(self, name: str, value: Word | None) -> None:
        self._history.setdefault(name, []).append((self._read, value))

    def _argument(self, name: str, value: Word | None, instruction: Instruction) -> Word | None:
        if name in self.given and not self._is_environment(name):
            return self.given[name]
        if value is None:
            return self._outer.get(name, self.now().get(name))
        if self._is_environment(name):
            return None  # which of the two holds depends on BuildKit's version
        return self._value(value, instruction, self.now())

    def _is_environment(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None and name not in scope.environment:
            scope = scope.base
        return scope is not None

    def _value(self, value: Word, instruction: Instruction, variables: Variables) -> Word | None:
        expansion = expand(value, instruction, self.escape, variables)
        return None if expansion.unknown else expansion.word


class Uses(NamedTuple):
    """How often each variable is used, or may be."""

    all: Counter[str]  # in the whole file
    passed_on: Mapping[str, Counter[str]]  # by the name of another variable: in the values of that one


def count_uses(dockerfile: Dockerfile) -> Uses:
    """Count where variables are used in a file."""
    everywhere: Counter[str] = Counter()
    passed_on: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for instruction in dockerfile.instructions:
        everywhere.update(_used(instruction.trigger or instruction))
        if instruction.name in {"ARG", "ENV"}:
            for name, value in assignments(instruction):
                passed_on[name].update(used_in(value) if value else ())
    return Uses(everywhere, passed_on)


def _used(instruction: Instruction) -> Iterator[str]:
    is_shell = instruction.name in _SHELL
    words = [instruction.arguments.text, *(flag.value.text for flag in instruction.flags if flag.value)]
    bodies = (heredoc.content for heredoc in instruction.heredocs if is_shell or heredoc.announced.expand)
    pattern = _MENTION if is_shell else _USE
    for text in (*words, *bodies):
        yield from (match[1] for match in pattern.finditer(text))


def used_in(word: Word) -> list[str]:
    """Return the name of each variable that a word uses, once for each time."""
    return _USE.findall(word.text)
