"""The pages of help: of the program, of a group of commands, of a command."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from common_sync.interface.commands import (
    COMMANDS,
    GROUPS,
    Parameter,
    common_parameters,
    find_command,
    load_command,
    own_parameters,
    put_command_first,
)
from common_sync.interface.show.terminal import Terminal, columns, look_at, pad, write

_HELP = ("-h, --help", "Show this page.")
_OWN = (
    ("-V, --version", "Show the version."),
    ("    --install-completion", "Complete commands and services in this shell."),
    ("    --show-completion", "Show what that would install."),
    _HELP,
)
_MOST = 30
"""Columns that a row may have before its text."""


def wants_help(words: Sequence[str]) -> bool:
    """Tell whether a command line asks for help, or for nothing at all."""
    before = [*words, "--"][: [*words, "--"].index("--")]
    return not words or (words[0] in GROUPS and len(words) == 1) or not {"-h", "--help"}.isdisjoint(before)


def show_help(words: Sequence[str]) -> int:
    """Show the page that a command line asks for; return the exit code.

    Raises:
        ConfigurationError: It names a command that there is not.
    """
    terminal = look_at(sys.stdout)
    command = find_command(put_command_first(words))
    for line in _command_lines(command, terminal) if command in COMMANDS else _list_lines(command, terminal):
        write(line)
    return 0 if {"-h", "--help"}.intersection(words) else 2


def _list_lines(group: str, terminal: Terminal) -> Iterator[str]:
    """Yield the page of the program, or of a group."""
    above = f"{group} " if group else ""
    yield f"{terminal.paint('Usage:', 'bold')} common-sync {above}COMMAND [OPTIONS]"
    yield ""
    about = "Keep a byte-exact, self-verifying copy of a shared library inside every service that needs it."
    yield from terminal.wrap(GROUPS.get(group, about))
    commands = ((name, command.summary) for name, command in COMMANDS.items() if name.startswith(above))
    yield from _section("Commands, in the order of use", commands, terminal)
    if not group:
        yield from _section("Options", _OWN, terminal)
    yield from _section("Options of every command, also before it", map(_row, common_parameters()), terminal)
    first = next(command.example for name, command in COMMANDS.items() if name.startswith(above))
    yield from _example(first if group else "common-sync init && common-sync distribute", terminal)


def _command_lines(name: str, terminal: Terminal) -> Iterator[str]:
    """Yield the page of a command."""
    own, command = list(own_parameters(name)), COMMANDS[name]
    yield from terminal.wrap(
        f"{terminal.paint('Usage:', 'bold')} common-sync {name} [OPTIONS] {command.takes}".rstrip(), 2
    )
    yield ""
    for paragraph in (load_command(name).__doc__ or "").strip().split("\n\n"):
        yield from terminal.wrap(" ".join(paragraph.split()))
    yield from _section("Arguments", (_row(one) for one in own if not one.spellings), terminal)
    options = [_row(one) for one in own if one.spellings]
    yield from _section("Options", [*options, _HELP], terminal)
    yield from _section("Options of every command", map(_row, common_parameters(name)), terminal)
    yield from _example(command.example, terminal)


def _row(one: Parameter) -> tuple[str, str]:
    """Return how an option is written, the short way first, and what it does."""
    if not one.spellings:
        return one.option.metavar or "", one.option.help
    names = sorted(one.option.names.split(), key=len)
    value = "" if one.is_flag else f" {one.option.metavar}"
    return f"{'' if len(names[0]) == len('-n') else '    '}{', '.join(names)}{value}", one.option.help


def _section(title: str, rows: Iterable[tuple[str, str]], terminal: Terminal) -> Iterator[str]:
    several = list(rows)
    if not several:
        return
    yield from ("", terminal.paint(f"{title}:", "bold"))
    width = max((columns(left) for left, _ in several if columns(left) <= _MOST), default=0)
    for left, text in several:
        if columns(left) > width:
            yield f"  {left}"
            yield from terminal.wrap(text, width + 4, " " * (width + 4))
        else:
            yield from terminal.wrap(text, width + 4, f"  {pad(left, width)}  ")


def _example(example: str, terminal: Terminal) -> Iterator[str]:
    yield from ("", terminal.paint("Example:", "bold"), f"  {example}")
