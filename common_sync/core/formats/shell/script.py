"""Which programs a shell script runs, with which words, in which folder, and whether it does so in any case."""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, join, normpath
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.words import Token, Variables, Word, expand_word, split_script


class Command(NamedTuple):
    """A program that is run.

    Attributes:
        words: The program and its arguments; what only wraps it (`sudo`, `env`) is taken off.
        folder: The absolute path of the folder that it runs in, or None when that cannot be told.
        certain: Whether it runs in any case, and nothing goes on when it fails.
        writes: The files that its output goes to.
        environment: The variables that are set for it.
    """

    words: tuple[Word, ...]
    folder: str | None
    certain: bool = True
    writes: tuple[Word, ...] = ()
    environment: Variables = {}  # noqa: RUF012 - nobody writes to it: it is a Mapping

    @property
    def program(self) -> str:
        """The program's name without its folder; nothing when it cannot be told."""
        return basename(self.words[0].text) if self.words and self.words[0].known else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """What follows the program."""
        return self.words[1:]


_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_OPENING = frozenset({"if", "while", "until", "for", "case", "select"})
_CLOSING = frozenset({"fi", "done", "esac"})
_BETWEEN = frozenset({"then", "else", "elif", "do", "{", "}"})
_TESTS = frozenset({"[", "[[", "test", "!", "grep", "command", "which", "type"})
_SAYS_ONLY = frozenset({"true", "false", ":", "echo", "exit", "return", "{", "("})
_ASSIGNMENT = expression(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_WRAPPERS: Mapping[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p"}),
    "env": frozenset({"-u", "-C"}),
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
    return None if tokens is None else iter(_Script(folder, variables).run(tokens))


def read_words(words: list[Word], folder: str | None, variables: Variables) -> list[Command]:
    """Return the programs that one command runs: itself, or those of a script that it hands to a shell."""
    return list(_Script(folder, variables).start(words, (), certain=True))


class _Simple(NamedTuple):
    """A command as it is written, and the operators around it."""

    words: tuple[str, ...]
    writes: tuple[str, ...]
    before: str
    after: str


def _split_commands(tokens: list[Token]) -> list[_Simple]:
    """Cut at the operators; one that stands alone, as a bracket does, comes with no words."""
    simple: list[_Simple] = []
    words: list[str] = []
    writes: list[str] = []
    before, redirected = "", ""
    for kind, text in [*tokens, Token("operator", "")]:
        if kind == "operator":
            simple.append(_Simple(tuple(words), tuple(writes), before, text))
            words, writes, before = [], [], text
        elif kind == "redirection":
            redirected = text
        elif redirected:
            if ">" in redirected and not redirected.endswith("&"):
                writes.append(text)
            redirected = ""
        else:
            words.append(text)
    return simple


_MOST, _DEEPEST = 64 * 1024, 10


class _Budget:
    """What variables, and scripts in scripts, may still bring: a hostile script can double itself, or run itself."""

    def __init__(self) -> None:
        self.left = _MOST

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
        self._depth = 0
        self._doubtful = False

    def run(self, tokens: list[Token]) -> Iterator[Command]:
        commands = _split_commands(tokens)
        for command, following in zip(commands, [*commands[1:], None], strict=True):
            if command.before not in {"&&", "||", "|", "|&", "("}:
                self._doubtful = False
            words = self._strip_keywords(list(command.words))
            alternative = following.words[:1] if following is not None and command.after == "||" else ()
            fallback = bool(alternative) and alternative[0] not in _SAYS_ONLY
            if command.before == "||" or (words and words[0] in _TESTS):
                self._doubtful = True
            certain = not (self._depth or self._doubtful or fallback)
            if (words or command.writes) and (
                command.after != ")" or self._outer
            ):  # else it is the pattern of a `case`
                yield from self._expand(words, command.writes, certain=certain)
            self._bracket(command.after)

    def _bracket(self, operator: str) -> None:
        if operator == "(":
            self._outer.append((self._folder, dict(self._variables)))
        elif operator == ")" and self._outer:
            self._folder, self._variables = self._outer.pop()

    def _strip_keywords(self, words: list[str]) -> list[str]:
        while words and words[0] in _OPENING | _CLOSING | _BETWEEN:
            word = words.pop(0)
            self._depth = max(0, self._depth + (word in _OPENING) - (word in _CLOSING))
            if word in {"for", "select"}:
                self._variables[words[0] if words else ""] = None
                return []
            if word == "case":
                return []
        return words

    def _expand(self, written: list[str], writes: tuple[str, ...], *, certain: bool) -> Iterator[Command]:
        own: dict[str, str | None] = {}
        while written and (assignment := _ASSIGNMENT.fullmatch(written[0])):
            own[assignment[1]] = self._assigned(assignment[2])
            written = written[1:]
        words = [word for one in written for word in self._put_in(one)]
        files = tuple(word for one in writes for word in self._put_in(one))
        if not words:
            self._variables.update(own)
            if files:
                yield Command((), self._folder, certain, files)
        elif words[0].text in {"export", "declare", "local", "readonly"}:
            self._export(written[1:])
        elif words[0].text in {"cd", "pushd", "popd"}:
            self._change_folder(words)
        else:
            yield from self.start(words, files, certain=certain, own=own)

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
        self, words: list[Word], writes: tuple[Word, ...], *, certain: bool, own: Variables | None = None
    ) -> Iterator[Command]:
        """Yield the program that words start, or the programs of the script that they hand to a shell."""
        environment = self._variables | dict(own or {})
        words = _unwrap(words, environment)
        command = Command(tuple(words), self._folder, certain, writes, environment)
        script = _inner_script(command)
        inner = self._inner(script.text, environment) if script is not None and script.known else None
        if inner is None:
            yield command
            return
        for one in inner:
            yield one._replace(certain=certain and one.certain)
        if writes:
            yield Command((), self._folder, certain, writes)

    def _inner(self, script: str, environment: Variables) -> Iterator[Command] | None:
        """Return the programs that a script in this one runs; None where it cannot be read."""
        if self.nesting == _DEEPEST or not self.budget.take(len(script)):
            return None
        tokens = split_script(script)
        return None if tokens is None else _Script(self._folder, environment, self).run(tokens)


def _unwrap(words: list[Word], environment: dict[str, str | None]) -> list[Word]:
    """Take off what only runs another program, and take in the variables that it sets."""
    while words and words[0].known and basename(words[0].text) in _WRAPPERS:
        wrapper, *rest = words
        name = basename(wrapper.text)
        taking = _WRAPPERS[name]
        while rest and (rest[0].text.startswith("-") or _ASSIGNMENT.fullmatch(rest[0].text)):
            if assignment := _ASSIGNMENT.fullmatch(rest[0].text):
                environment[assignment[1]] = assignment[2] if rest[0].known else None
            rest = rest[2 if rest[0].text in taking else 1 :]
        words = rest[1:] if name in _TAKE_ONE_WORD else rest
    return words


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
