"""Which ARG and ENV variables hold at each instruction of a Dockerfile, and what they come to.

Source of the rules: https://docs.docker.com/reference/dockerfile/#arg and #env. A value is what the file says; what
`docker build --build-arg` and a base image bring is not known here.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common_sync.core.rewriters.dockerfile_syntax import Dockerfile, Instruction, Stage
from common_sync.core.rewriters.dockerfile_words import Expansion, RefusedError, Word, expand_word
from common_sync.core.rewriters.rewrite import UnparsableError

_SHELL = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"})
"""Instructions whose commands can read a variable by its bare name."""

_USE = re.compile(r"\$(?=\{?([0-9]+|[@*#?\-$!]|[^\W\d]\w*))")
_MENTION = re.compile(r"(?=((?<!\w)\w+|(?<=\$)[@*#?\-$!]))")

Variables = Mapping[str, Word | None]
"""Name → value; None for one that is declared without a value that the file tells."""


def expand(word: Word, instruction: Instruction, escape: str, variables: Variables) -> Expansion:
    """Return what a word of an instruction comes to.

    Args:
        word: As it is written.
        instruction: Where it stands.
        escape: The file's escape character.
        variables: What holds there.

    Raises:
        UnparsableError: The build would refuse it.
    """
    try:
        return expand_word(word, escape, variables.get)
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


def with_variables(dockerfile: Dockerfile) -> Iterator[tuple[Instruction, Variables]]:
    """Yield each instruction with the variables that hold where it stands.

    A stage that is built on another begins with the variables of that one.

    Args:
        dockerfile: The file.

    Raises:
        UnparsableError: The build would refuse a value.
    """
    above = _Scope(dockerfile.escape, {})
    for instruction in dockerfile.arguments:
        yield instruction, dict(above.variables)
        above.declare(instruction)
    ends: dict[str, _Scope] = {}
    for stage in dockerfile.stages:
        scope = _begin(stage, above, ends)
        for instruction in stage.instructions:
            yield instruction, dict(above.variables if instruction.name == "FROM" else scope.variables)
            scope.declare(instruction)
        if stage.name:
            ends[stage.name] = scope


def _begin(stage: Stage, above: "_Scope", ends: Mapping[str, "_Scope"]) -> "_Scope":
    base = expand(stage.base, stage.instructions[0], above.escape, above.variables).word.text.lower()
    scope = _Scope(above.escape, above.variables)
    if base in ends:
        scope.variables |= ends[base].variables
        scope.environment |= ends[base].environment
    return scope


class _Scope:
    """What is declared in a stage so far, or above the first one."""

    def __init__(self, escape: str, outer: Variables) -> None:
        self.escape, self._outer = escape, outer
        self.variables: dict[str, Word | None] = {}
        self.environment: set[str] = set()

    def declare(self, instruction: Instruction) -> None:
        """Take in what an instruction declares, if it is ARG or ENV."""
        if instruction.name == "ENV":
            before = dict(self.variables)  # the values of one ENV do not see each other
            for name, value in assignments(instruction):
                self.variables[name] = value and self._value(value, instruction, before)
                self.environment.add(name)
        elif instruction.name == "ARG":
            for name, value in assignments(instruction):
                self._declare_argument(name, value, instruction)

    def _declare_argument(self, name: str, value: Word | None, instruction: Instruction) -> None:
        if value is not None and name in self.environment:
            self.variables[name] = None  # which of the two holds depends on BuildKit's version
        elif value is not None:
            self.variables[name] = self._value(value, instruction, self.variables)
        else:
            self.variables[name] = self._outer.get(name, self.variables.get(name))

    def _value(self, value: Word, instruction: Instruction, variables: Variables) -> Word | None:
        expansion = expand(value, instruction, self.escape, variables)
        return None if expansion.unknown else expansion.word


class Uses(NamedTuple):
    """How often each variable is used, or may be.

    Attributes:
        all: In the whole file.
        passed_on: By the name of another variable: in the values of that one.
    """

    all: Counter[str]
    passed_on: Mapping[str, Counter[str]]


def count_uses(dockerfile: Dockerfile) -> Uses:
    """Count where variables are used in a file.

    Args:
        dockerfile: The file.
    """
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
