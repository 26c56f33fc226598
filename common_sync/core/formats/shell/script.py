"""Which programs a shell script runs, with which words, in which folder, and whether it does so in any case."""

import re
from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from posixpath import basename, join, normpath
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.conditions import Arm, Conditions, Path
from common_sync.core.formats.shell.lists import look_ahead, sets_errexit
from common_sync.core.formats.shell.simple import Functions, Simple, split_commands, take_functions, unroll
from common_sync.core.formats.shell.words import Variables, Word, expand_word, split_script


class Command(NamedTuple):
    """A program that is run.

    Attributes:
        words: The program and its arguments; what only wraps it (`sudo`, `env`) is taken off.
        folder: The absolute path of the folder that it runs in, or None when that cannot be told.
        under: What it hangs on; nothing where it runs in any case, and nothing goes on when it fails.
        writes: The files that its output goes to.
        environment: The variables that are set for it.
        passed_over: Whether the script goes on where it fails.
        through: What it is started by and was taken off, the outermost first: each wrapper or shell, with its options.
        piped: Whether its output goes to the next program, so that a shell may go on where it fails.
        ends: Where the script goes on as this program (`exec`): the way that it has gone then; what is below hangs on the other.
    """

    words: tuple[Word, ...]
    folder: str | None
    under: Path = ()
    writes: tuple[Word, ...] = ()
    environment: Variables = {}  # noqa: RUF012 - nobody writes to it: it is a Mapping
    passed_over: bool = False
    through: tuple[tuple[Word, ...], ...] = ()
    ends: Path = ()
    piped: bool = False

    @property
    def program(self) -> str:
        """The program's name without its folder; nothing when it cannot be told."""
        return basename(self.words[0].text) if self.words and self.words[0].known else ""

    @property
    def certain(self) -> bool:
        """Whether it runs in any case, and nothing goes on when it fails."""
        return not self.under

    @property
    def arguments(self) -> tuple[Word, ...]:
        """What follows the program."""
        return self.words[1:]


_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_ASSIGNMENT = expression(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_WRAPPERS: Mapping[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p"}),
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "tini": frozenset({"-p", "-e"}),
    "dumb-init": frozenset({"-r", "--rewrite"}),
    "catatonit": frozenset(),
    "chronic": frozenset(),
    "ddtrace-run": frozenset(),
    "opentelemetry-instrument": frozenset(),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "nice": frozenset({"-n"}),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "timeout": frozenset({"-s", "-k"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "gosu": frozenset(),
    "su-exec": frozenset(),
}
"""What runs another program: its options that take a value."""
_TAKE_ONE_WORD = frozenset({"timeout", "gosu", "su-exec"})


def read_script(script: str, folder: str | None, variables: Variables) -> Iterator[Command] | None:
    """Return the programs that a script runs, in its order; None where it cannot be read.

    Args:
        script: The script, as the shell gets it.
        folder: The absolute path of the folder that it starts in, or None when that cannot be told.
        variables: What is set when it starts.
    """
    tokens = split_script(script)
    return None if tokens is None else iter(_Script(folder, variables).run(split_commands(tokens)))


def read_words(words: list[Word], folder: str | None, variables: Variables) -> list[Command]:
    """Return the programs that one command runs: itself, or those of a script that it hands to a shell."""
    return list(_Script(folder, variables).start(words, ()))


def read_first_line(text: str) -> list[Word]:
    """Return the words of a script's first line, `#!`, that name what runs it; none where it has no such line."""
    found = _FIRST_LINE.match(text)
    return [Word(one) for one in found[1].split()] if found is not None else []


_FIRST_LINE = expression(r"#![ \t]*([^\n]+)")
_MOST, _DEEPEST = 64 * 1024, 10


class _Budget:
    """What variables, and scripts in scripts, may still bring: a hostile script can double itself, or run itself."""

    def __init__(self) -> None:
        self.left = _MOST
        self.forks = count()

    def take(self, characters: int) -> bool:
        self.left -= max(0, characters)
        return self.left >= 0


class _Script:
    """A script as it runs: the folder that it is in, what is set, and how deep in brackets and conditions it is."""

    def __init__(self, folder: str | None, variables: Variables, outer: "_Script | None" = None) -> None:
        self.nesting: int = outer.nesting + 1 if outer else 0
        self.budget: _Budget = outer.budget if outer else _Budget()
        self._folder = folder
        self._variables = dict(variables)
        self._outer: list[tuple[str | None, dict[str, str | None]]] = []
        self._functions: Functions = {}
        self._called: set[str] = set()
        self._conditions = Conditions(self.budget.forks)
        self._decisive: bool = outer is None or outer.ends_with_inner
        self.errexit: bool = outer is not None and outer.errexit
        self.ends_with_inner: bool = True

    def run(self, commands: list[Simple]) -> Iterator[Command]:
        """Yield what commands run, and at their end what is in functions that nobody has called."""
        rest, functions = take_functions(unroll(commands))
        self._functions |= functions
        for at in range(len(rest)):
            yield from self._step(rest, at)
        for name in [one for one in functions if one not in self._called]:
            yield from self._call(name, (Arm(next(self.budget.forks), 0),))

    def _step(self, commands: list[Simple], at: int) -> Iterator[Command]:
        conditions, command, outlook = self._conditions, commands[at], look_ahead(commands, at)
        alternative = "".join(commands[at + 1].words[:1]) if command.after == "||" else ""
        conditions.begin(command.words, command.before, alternative)
        words, variable = conditions.strip(list(command.words))
        self.errexit = self.errexit or sets_errexit(words)
        ends = not outlook.passed_over or (self.errexit and command.after not in {"&&", "||"})
        self.ends_with_inner = self._decisive and ends
        asks = outlook.asked and (outlook.passed_over or not self._decisive)
        self._variables |= {variable: None} if variable else {}
        if command.after == ")" and conditions.keyword == "case":
            conditions.turn(last="*" in command.words[-1:])  # it is the pattern of a `case`
        elif words or command.writes:
            path = conditions.path_of(words, command.before, alternative, asks=asks)
            path = (*path, Arm(next(self.budget.forks), 0)) if outlook.unawaited else path
            for one in self._expand(words, command.writes, path):
                found = one._replace(ends=conditions.went) if conditions.went else one
                found = found._replace(words=()) if conditions.again else found
                found = found._replace(piped=True) if command.after in {"|", "|&"} else found
                fatal = ends or bool(conditions.went) or conditions.again  # where `exec` fails, the shell ends
                yield found._replace(passed_over=True) if outlook.passed_over and not fatal else found
        self._bracket(command.after)

    def _call(self, name: str, under: Path) -> Iterator[Command]:
        """Yield what a function runs."""
        self._called.add(name)
        body = self._functions[name]
        if self.nesting == _DEEPEST or not self.budget.take(sum(len("".join(one.words)) for one in body)):
            return
        inner = _Script(self._folder, self._variables, self)
        inner._functions, inner._called = dict(self._functions), self._called
        for one in inner.run(body):
            yield one._replace(under=(*under, *one.under))
        self._folder, self._variables = inner._folder, inner._variables
        self._conditions.end_with(inner._conditions.exits)

    def _bracket(self, operator: str) -> None:
        if operator == "(":
            self._conditions.open("(", [])
            self._outer.append((self._folder, dict(self._variables)))
        elif operator == ")" and self._conditions.keyword == "(":
            self._conditions.close(")")
            self._folder, self._variables = self._outer.pop()

    def _expand(self, written: list[str], writes: tuple[str, ...], under: Path) -> Iterator[Command]:
        own: dict[str, str | None] = {}
        while written and (assignment := _ASSIGNMENT.fullmatch(written[0])):
            own[assignment[1]] = self._assigned(assignment[2])
            written = written[1:]
        words = [word for one in written for word in self._put_in(one)]
        files = tuple(word for one in writes for word in self._put_in(one))
        if not words:
            self._variables.update(own)
            if files:
                yield Command((), self._folder, under, files)
        elif words[0].known and words[0].text in self._functions:
            yield from self._call(words[0].text, under)
        elif words[0].text in {"export", "declare", "local", "readonly"}:
            self._export(written[1:])
            others = [word for one in written[1:] if not _ASSIGNMENT.fullmatch(one) for word in self._put_in(one)]
            if not all(word.known for word in others):  # it may set any variable
                yield Command(tuple(words), self._folder, under, files, dict(self._variables))
        elif words[0].text == "unset":
            self._variables |= {word.text: "" for word in words[1:] if word.known and not word.text.startswith("-")}
        elif words[0].text in {"cd", "pushd", "popd"}:
            self._change_folder(words)
        else:
            yield from self.start(words, files, under, own)

    def _put_in(self, written: str) -> list[Word]:
        """Return what a word comes to; what variables bring beyond all measure is not known."""
        if "$" in written and self.budget.left < 0:
            return [Word("", known=False)]
        words = expand_word(written, self._variables)
        grown = sum(len(word.text) + 1 for word in words) - len(written)
        return words if "$" not in written or self.budget.take(grown) else [Word("", known=False)]

    def _assigned(self, written: str) -> str | None:
        words = self._put_in(written)
        return " ".join(word.text for word in words) if all(word.known for word in words) else None

    def _export(self, written: list[str]) -> None:
        for one in written:
            if assignment := _ASSIGNMENT.fullmatch(one):
                self._variables[assignment[1]] = self._assigned(assignment[2])

    def _change_folder(self, words: list[Word]) -> None:
        targets = [word for word in words[1:] if word.text not in {"-P", "-L", "--"}]
        place = targets[0] if targets else Word("", known=False)
        if not place.known or place.text in {"-", ""} or place.text.startswith("~") or words[0].text == "popd":
            self._folder = None
        elif place.text.startswith("/") or self._folder is not None:
            self._folder = normpath(join(self._folder or "/", place.text))

    def start(
        self, words: list[Word], writes: tuple[Word, ...], under: Path = (), own: Variables | None = None
    ) -> Iterator[Command]:
        """Yield the program that words start, or the programs of the script that they hand to a shell."""
        environment = self._variables | dict(own or {})
        words, through = _unwrap(words, environment)
        command = Command(tuple(words), self._folder, under, writes, environment, through=through)
        script = _inner_script(command)
        inner = self._inner(script.text, environment) if script is not None and script.known else None
        if script is None or inner is None:
            yield command
            return
        shell = tuple(takewhile(lambda word: word is not script, words))
        for one in inner:
            yield one._replace(under=(*under, *one.under), through=(*through, shell, *one.through))
        if writes:
            yield Command((), self._folder, under, writes)

    def _inner(self, script: str, environment: Variables) -> Iterator[Command] | None:
        """Return the programs that a script in this one runs; None where it cannot be read."""
        if self.nesting == _DEEPEST or not self.budget.take(len(script)):
            return None
        tokens = split_script(script)
        return None if tokens is None else _Script(self._folder, environment, self).run(split_commands(tokens))


def _unwrap(words: list[Word], environment: dict[str, str | None]) -> tuple[list[Word], tuple[tuple[Word, ...], ...]]:
    """Take off what only runs another program, and take in the variables that it sets or takes away; return both parts."""
    through: list[tuple[Word, ...]] = []
    while words and words[0].known and basename(words[0].text) in _WRAPPERS:
        written = words
        wrapper, *rest = words
        name = basename(wrapper.text)
        while rest and (rest[0].text.startswith("-") or _ASSIGNMENT.fullmatch(rest[0].text)):
            option = rest[0].text
            taken = rest[:2] if option in _WRAPPERS[name] else rest[:1]
            if assignment := _ASSIGNMENT.fullmatch(option):
                environment[assignment[1]] = assignment[2] if rest[0].known else None
            elif name == "env":
                _take_away(option, taken[-1].text, environment)
            rest = rest[len(taken) :]
        words = rest[1:] if name in _TAKE_ONE_WORD else rest
        through.append(tuple(written[: len(written) - len(words)]))
    return words, tuple(through)


def _take_away(option: str, value: str, environment: dict[str, str | None]) -> None:
    """Take away the variables that an option of `env` does; an empty one is as good as none."""
    if option in {"-", "-i", "--ignore-environment"}:
        environment.update(dict.fromkeys(environment, ""))
    elif option.startswith(("-u", "--unset")):
        environment[value.removeprefix("--unset=").removeprefix("-u")] = ""


def _inner_script(command: Command) -> Word | None:
    """Return the script in `sh -c SCRIPT`, `su -c SCRIPT` and `eval SCRIPT`."""
    if command.program == "eval":
        words = command.arguments
        return Word(" ".join(word.text for word in words), known=all(word.known for word in words))
    if command.program in _SHELLS or command.program in {"su", "runuser"}:
        for option, value in zip(command.arguments, command.arguments[1:], strict=False):
            if re.fullmatch(r"-[a-z]*c|--command", option.text):
                return value
            if not option.text.startswith("-") and command.program in _SHELLS:
                return None
    return None
