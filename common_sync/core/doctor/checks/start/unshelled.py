"""Words that are meant for a shell, in what no shell reads: `&&`, `|`, `>` and `$PORT` in an exec form, or in a string of a compose file.

Sources: https://docs.docker.com/reference/dockerfile/#exec-form and https://docs.docker.com/reference/compose-file/interpolation/.
"""

from collections.abc import Iterator
from itertools import pairwise
from posixpath import dirname
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Started
from common_sync.core.doctor.build.starting import list_first_words
from common_sync.core.doctor.checks.start.begun import Begun
from common_sync.core.doctor.image.lookup import find_started
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import Finding

_OPERATORS = frozenset({"&&", "||", "|", ";", "&"})
_REDIRECTION = expression(r"\d*>>?(?:&\d|/[\w./-]*)?|\d*<|&>>?|2>&1")
_TAKE_THEM = frozenset({"find", "test", "[", "expr", "parallel", "awk", "jq"})
"""Programs to which such words are arguments like all others."""
_ITS_OWN_SHELL = expression(r"\beval\b|\$\*|-c\s+[\"']?\$")
"""What a script does that has its arguments read by a shell once more."""
_VARIABLE = expression(r"\$(?:\{[A-Z_][A-Z0-9_]*(?::?-[^{}]*)?\}|[A-Z_][A-Z0-9_]*|\([^()]+\))")
_WRITE_A_SHELL = 'write it for a shell: `["sh", "-c", "exec …"]`, or without brackets and double quotes'

_NUMBERS = frozenset(
    (
        *("-b", "--bind", "-w", "--workers", "--threads", "-t", "--timeout", "--max-requests", "--graceful-timeout"),
        *("-p", "--port", "--host", "-h", "--concurrency", "--server.port", "--server.address", "--keep-alive"),
    )
)
"""Options of servers that take a number or an address, and end at anything else."""
_SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "flask", "fastapi", "streamlit"})
_PLACES = frozenset({"runserver", "http.server"})
"""What takes a number or an address as its next word."""


def check_unshelled(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the words that an image is started with and that only a shell would take for what they are meant.

    Args:
        view: The service.
        begun: How the image is started.
    """
    for line, said, remedy, sure in _list_odd(view, begun):
        more = remedy if sure else f"{remedy}; {IF_HARMLESS}"
        yield make_finding("CS220" if sure else "CS213", view.service.path, begun.file, line, said, more)


class _Odd(NamedTuple):
    line: int
    said: str
    remedy: str
    sure: bool = True


def _list_odd(view: View, begun: Begun) -> Iterator[_Odd]:
    for start in begun.end.starts.values():
        if start.fault:
            yield _Odd(start.line, start.fault, 'write it for a shell: `sh -c "…"`')
        yield from _list_misled(start.line, start.put_in, view, begun)
    yield from _list_operators(begun)
    for started in begun.end.started:
        yield from _list_variables(started)


def _list_operators(begun: Begun) -> Iterator[_Odd]:
    """Yield the operators of a shell that are words of their own where no shell is."""
    first = begun.end.started[0] if begun.end.started else None
    words = list_first_words(begun.end.starts)
    if first is None or not words or first.command.program in _TAKE_THEM or _has_its_own_shell(first, begun):
        return
    own = begun.file == f"{begun.image.service.path}/{begun.image.dockerfile}"
    for (_, before), (at, word) in pairwise(words):
        line = at if own else first.line
        last = word is words[-1][1]
        if word.text in _OPERATORS and not last:
            what = f"`{word.text}` is an argument of `{first.shown}` here, and what follows it is never started: no shell reads it"
            yield _Odd(line, what, _WRITE_A_SHELL)
            return
        if before.text not in {"-c", "--command"} and (word.text in _OPERATORS or _REDIRECTION.fullmatch(word.text)):
            what = f"cannot be told what `{first.shown}` does with `{word.text}`: no shell reads it"
            yield _Odd(line, what, _WRITE_A_SHELL, sure=False)
            return


def _has_its_own_shell(first: Started, begun: Begun) -> bool:
    """Tell whether a script of the service has its arguments read by a shell, or may."""
    path = find_started(first.command, begun.end.image)
    place = begun.end.image.look(path) if path is not None else None
    if place is None or place.kind == "folder":
        return False
    text = read_text(place, begun.image.context) if place.kind == "file" else None
    return text is None or _ITS_OWN_SHELL.search(text) is not None


def _list_variables(started: Started) -> Iterator[_Odd]:
    """Yield the variables that a program gets as they are written."""
    command = started.command
    server, words = _read(command)
    if not started.command.certain or not server:
        return
    for before, word in pairwise((Word(""), *words)):
        name, equals, _ = word.text.partition("=")
        found = _VARIABLE.search(word.text) if word.known and before.text not in {"-c", "--command"} else None
        if found is None:
            continue
        option = name if equals and name.startswith("-") else before.text
        sure = (server in _SERVERS and option in _NUMBERS) or before.text in _PLACES
        what = f"`{found[0]}` in `{word.text}` is no variable here: no shell reads it, and `{server}` gets it as it is written"
        yield _Odd(started.line, what if sure else f"cannot be told what comes of it: {what}", _WRITE_A_SHELL, sure)
        return


def _read(command: Command) -> tuple[str, tuple[Word, ...]]:
    """Return the program or module of Python's that a command starts, and what it is given; nothing for any other program."""
    if not command.words:
        return "", ()
    if is_python(command.program):
        python = read_python(command.arguments)
        if python.code:
            return "", ()
        return python.module or command.program, (Word(python.module), *python.rest)
    return (command.program, command.arguments) if command.program in _SERVERS else ("", ())


def _list_misled(line: int, names: frozenset[str], view: View, begun: Begun) -> Iterator[_Odd]:
    """Yield a variable that Compose puts in from its own surroundings, although it is set for the container."""
    for name in sorted(names):
        if not begun.end.environment.get(name) or name == "PATH" or _is_in_dotenv(name, view, begun):
            continue
        what = f"cannot be told what `${name}` is: Compose puts in what its own environment or `.env` says, and not what the container has"
        yield _Odd(line, what, f'write `$${name}`, and a shell that reads it: `sh -c "…"`', sure=False)
        return


def _is_in_dotenv(name: str, view: View, begun: Begun) -> bool:
    """Tell whether the `.env` beside a compose file in the service sets a variable."""
    text = view.service.folder.read(".env") if dirname(begun.file) == view.service.path else None
    lines = (text or "").splitlines()
    return any(one.removeprefix("export ").partition("=")[0].strip() == name for one in lines)
