"""The command line: parses, runs a command, returns its exit code."""

import inspect
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, Literal, get_args, get_origin

import typer

from common_sync import __version__
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.typos import nearest
from common_sync.interface.commands import (
    COMMAND_FOLLOWS,
    COMMANDS,
    GROUPS,
    Parameter,
    common_parameters,
    find_command,
    own_parameters,
    put_command_first,
)
from common_sync.interface.plain import bind
from common_sync.interface.show.terminal import write

_INTERRUPTED = 130


def run_command_line() -> int:
    """Parse the arguments and run a command; return its exit code.

    Typer only parses: a command returns what is to be run, and that is run outside of typer, which has ideas of its own
    about exceptions, and other ones in other releases.
    """
    words = put_command_first(sys.argv[1:])
    asked = find_command(words)
    if asked in COMMAND_FOLLOWS and "--" in words:
        words.insert(words.index("--"), "--")  # typer takes the first for itself
    try:
        action = _build_app([asked] if asked in COMMANDS else list(COMMANDS))(words, standalone_mode=False)
    except typer.Abort:  # some raise this for Ctrl-C
        raise KeyboardInterrupt from None
    except SystemExit as error:
        if error.code == 1:  # nobody reads the help any more
            raise BrokenPipeError from None
        raise
    except Exception as error:
        if not hasattr(error, "show") or not hasattr(error, "exit_code"):  # not a usage error of typer's
            raise
        raise ConfigurationError(_usage_problem(error)) from None
    if callable(action):
        return int(action())
    if action == _INTERRUPTED:  # and some return this
        raise KeyboardInterrupt
    return 0


def _usage_problem(error: Exception) -> Problem:
    """Return a usage error of typer's in our own voice."""
    asked = getattr(error, "ctx", None)
    command = asked.command_path if asked is not None else "common-sync"
    wrong = getattr(error, "option_name", None) if hasattr(error, "possibilities") else None
    said = f"no such option: {wrong}" if wrong else str(getattr(error, "format_message", error.__str__)())
    message = f"{said[:1].lower()}{said[1:]}".replace("Value error, ", "").strip().rstrip(".")
    near = nearest(wrong, getattr(error, "possibilities", None) or ()) if wrong else None
    if said.startswith("Missing"):
        example = next((one.example for name, one in COMMANDS.items() if command.endswith(f" {name}")), None)
        if example is not None:
            return Problem(message, remedy=f"as in: {example}; all about it: {command} --help")
    return Problem(message, remedy=near or f"{command} --help")


def _build_app(names: Sequence[str]) -> typer.Typer:
    """Return the parser of some commands; `help.py` shows the help."""
    settings = {"help_option_names": list[str]()}
    app = typer.Typer(
        name="common-sync", pretty_exceptions_enable=False, rich_markup_mode=None, context_settings=settings
    )
    app.callback()(_main)
    groups = {name: typer.Typer(context_settings=settings) for name in GROUPS}
    for name in names:
        group, _, last = name.rpartition(" ")
        (groups[group] if group else app).command(last)(_make_command(name))
    for name, inner in groups.items():
        app.add_typer(inner, name=name)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        write(f"common-sync {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Show the version.")


def _main(*, version: Annotated[bool, _VERSION] = False) -> None:
    """Take the options that come before a command."""


def _make_command(name: str) -> Callable[..., Callable[[], int]]:
    """Return the function that typer calls for a command: it runs nothing yet."""

    def parse(**values: object) -> Callable[[], int]:
        return bind(name, values)

    parameters = [_make_parameter(one) for one in (*own_parameters(name), *common_parameters(name))]
    parse.__dict__["__signature__"] = inspect.Signature(parameters)
    parse.__annotations__ = {one.name: one.annotation for one in parameters}
    return parse


def _make_parameter(one: Parameter) -> inspect.Parameter:
    option = one.option
    make = (
        partial(typer.Option, one.default, *option.names.split())
        if option.names
        else partial(typer.Argument, one.default)
    )
    info = make(help=option.help, metavar=option.metavar)
    # old releases of typer do not know literals
    kind = StrEnum("Choice", list(get_args(one.kind))) if get_origin(one.kind) is Literal else one.kind
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=kind)
