"""The simple commands of a shell script, with the operators around them, and the functions that it defines."""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.words import Token


class Simple(NamedTuple):
    """A command as it is written, and the operators around it."""

    words: tuple[str, ...]
    writes: tuple[str, ...]  # the files that its output goes to
    before: str
    after: str
    reads: str = ""  # the file that its input comes from


def split_commands(tokens: list[Token]) -> list[Simple]:
    """Cut at the operators; one that stands alone, as a bracket does, comes with no words."""
    simple: list[Simple] = []
    words: list[str] = []
    writes: list[str] = []
    before, redirected, reads = "", "", ""
    for kind, text in [*tokens, Token("operator", "")]:
        if kind == "operator":
            simple.append(Simple(tuple(words), tuple(writes), before, text, reads))
            words, writes, before, reads = [], [], text, ""
        elif kind == "redirection":
            redirected = text
        elif redirected:
            if ">" in redirected and not redirected.endswith("&"):
                writes.append(text)
            reads = text if redirected == "<" else reads
            redirected = ""
        else:
            words.append(text)
    return [_without_xargs(one, simple[at - 1] if one.before == "|" else None) for at, one in enumerate(simple)]


_XARGS = frozenset({"-r", "--no-run-if-empty", "-t", "--verbose", "-x", "--exit"})
"""Options of `xargs` that leave it open how many words a program gets at once."""


def _without_xargs(simple: Simple, before: Simple | None) -> Simple:
    """Return a command that `xargs` gives the words of a file as one that gets them from the shell: `pip install $(cat FILE)`.

    Args:
        simple: The command.
        before: What feeds it.
    """
    if simple.words[:1] != ("xargs",):
        return simple
    file = (
        before.words[1]
        if before is not None and before.words[:1] == ("cat",) and len(before.words) == _WITH_ONE
        else simple.reads
    )
    rest = list(simple.words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in {"-a", "--arg-file"} and rest:
            file = rest.pop(0)
        elif option.startswith("--arg-file="):
            file = option.partition("=")[2]
        elif option not in _XARGS:
            return simple
    return simple._replace(words=(*rest, f"$(cat {file})")) if file and rest else simple


_WITH_ONE = 2
"""Words of a program with one argument."""


Functions = dict[str, list[Simple]]


def take_functions(commands: list[Simple]) -> tuple[list[Simple], Functions]:
    """Return a script without the functions that it defines, and these by their names."""
    rest: list[Simple] = []
    functions: Functions = {}
    at = 0
    while at < len(commands):
        name, begin = _read_head(commands, at)
        end = _find_end(commands, begin) if name else None
        if end is None:
            rest.append(commands[at])
            at += 1
        else:
            first = commands[begin]
            body = first._replace(words=first.words[first.words.index("{") :], before="")
            functions[name] = [body, *commands[begin + 1 : end + 1]]
            at = end + 1
    return rest, functions


def _read_head(commands: list[Simple], at: int) -> tuple[str, int]:
    """Return the name of the function that a command begins to define, and where its body is; or no name."""
    words = commands[at].words
    named = words[1:] if words[:1] == ("function",) else words
    if named is not words and named[1:2] == ("{",):
        return named[0], at
    bracket = commands[at + 1] if at + 1 < len(commands) else None
    if len(named) != 1 or bracket is None or commands[at].after != "(" or (bracket.words, bracket.after) != ((), ")"):
        return "", at
    begin = at + 2
    while begin < len(commands) - 1 and commands[begin].after == "\n" and not commands[begin].words:
        begin += 1
    return (named[0], begin) if begin < len(commands) and commands[begin].words[:1] == ("{",) else ("", at)


def _find_end(commands: list[Simple], begin: int) -> int | None:
    """Return where the braces are closed again, or None."""
    depth = 0
    for at in range(begin, len(commands)):
        words = (
            commands[at].words[2:] if at == begin and commands[at].words[:1] == ("function",) else commands[at].words
        )
        depth += sum(_braces(words))
        if depth == 0:
            return at
    return None


def _braces(words: tuple[str, ...]) -> Iterator[int]:
    """Yield what the braces before a command open and close."""
    for word in words:
        if word not in _BEFORE:
            return
        yield (word == "{") - (word == "}")


_BEFORE = frozenset({"{", "}", "then", "else", "do", "if", "elif", "while", "until"})


_LOOPS = frozenset({"for", "while", "until", "select"})
_LEAVING = frozenset({"break", "continue"})
_PLAIN = expression(r"[^$`*?\[\]{}~]+")
_MOST = 200
"""How many commands loops may come to, together with what is in them."""


def unroll(commands: list[Simple]) -> list[Simple]:
    """Return a script whose loops over words that are written out are written out themselves: `{ x=a; …; x=b; …; }`."""
    if not any(one.words[:1] == ("for",) for one in commands):
        return commands
    unrolled: list[Simple] = []
    at = 0
    while at < len(commands):
        end = _end_of_loop(commands, at)
        body = commands[at + 1 : end] if end is not None else []
        body[:1] = [one._replace(words=one.words[1:]) for one in body[:1]]  # without the `do`
        body = unroll(body)
        items = commands[at].words[3:]
        if end is None or len(items) * (len(body) + 1) > _MOST:
            unrolled.append(commands[at])
            at += 1
            continue
        unrolled.append(Simple(("{",), (), commands[at].before, ";"))
        for item in items:
            unrolled += [Simple((f"{commands[at].words[1]}={item}",), (), ";", ";"), *body]
        unrolled.append(commands[end]._replace(words=("}", *commands[end].words[1:])))
        at = end + 1
    return unrolled


def _end_of_loop(commands: list[Simple], at: int) -> int | None:
    """Return where a loop over words ends that can be written out; None where none begins, or not all of it can be told."""
    head = commands[at].words
    if head[:1] != ("for",) or head[2:3] != ("in",) or not all(map(_PLAIN.fullmatch, head[3:])):
        return None
    if at + 1 == len(commands) or commands[at + 1].words[:1] != ("do",):
        return None
    depth = 0
    for index in range(at, len(commands)):
        words = commands[index].words
        depth += len(_LOOPS.intersection(words[:2]))
        depth -= words[:1] == ("done",)
        if depth == 0:
            return index
        if not _LEAVING.isdisjoint(words):
            return None
    return None
