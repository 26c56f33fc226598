"""The command line: parses, runs a command, returns its exit code."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import Annotated, get_args, get_type_hints

import typer

from common_sync import __version__
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.settings import nearest
from common_sync.interface.run.context import run_context
from common_sync.interface.run.diff import run_diff
from common_sync.interface.run.distribute import run_distribute
from common_sync.interface.run.doctor import run_doctor
from common_sync.interface.run.eject import run_eject
from common_sync.interface.run.env_clean import run_env_clean
from common_sync.interface.run.env_status import run_env_status
from common_sync.interface.run.env_sync import run_env_sync
from common_sync.interface.run.explain import run_explain
from common_sync.interface.run.init import run_init
from common_sync.interface.run.log import run_log
from common_sync.interface.run.promote import run_promote
from common_sync.interface.run.status import run_status
from common_sync.interface.run.verify import run_verify
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import FORMATS
from common_sync.interface.show.terminal import ColorMode, write

_COMMANDS: dict[str, Callable[..., int]] = {
    "init": run_init,
    "distribute": run_distribute,
    "promote": run_promote,
    "context": run_context,
    "eject": run_eject,
    "verify": run_verify,
    "status": run_status,
    "diff": run_diff,
    "log": run_log,
    "doctor": run_doctor,
    "explain": run_explain,
    "env sync": run_env_sync,
    "env status": run_env_status,
    "env clean": run_env_clean,
}
"""Each command, in the order of the help."""

_GROUPS = {"env": "The environments of services, each service's .venv."}
"""The first words of commands that have two."""

_WITHOUT_FORMAT = "context"
"""Its output is a stream for another program."""

_CHOICES = {
    "output_format": StrEnum("Format", list(FORMATS)),
    "color": StrEnum("Color", list(get_args(ColorMode))),
}

_MEANT = {"sync": "distribute", "update": "distribute", "check": "verify", "install": "init", "remove": "eject"}
"""What other tools call a command."""

_INTERRUPTED, _USAGE = 130, 2


def run_command_line() -> int:
    """Parse the arguments and run a command; return its exit code.

    Typer only parses: a command returns what is to be run, and that is run outside of typer, which has ideas of its own
    about exceptions, and other ones in other releases.
    """
    words = _with_options_last(sys.argv[1:])
    _check_command("".join(words[:1]), "".join(words[1:2]))
    try:
        action = _build_app()(words or ["--help"], standalone_mode=False)
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
    return 0 if words else _USAGE


def _with_options_last(words: list[str]) -> list[str]:
    """Move the options of every command that stand before the command behind it, as typer wants them."""
    options = get_type_hints(Options, include_extras=True)
    takes_value = {
        spelling: get_args(annotation)[0] is not bool
        for annotation in (options[name] for name in Options._field_defaults)
        for spelling in get_args(annotation)[1].names.split()
    }
    end = 0
    while end < len(words) and words[end].partition("=")[0] in takes_value:
        end += 2 if takes_value[words[end].partition("=")[0]] and "=" not in words[end] else 1
    if words and end >= len(words):
        raise ConfigurationError(Problem("there is no command", remedy="common-sync --help lists the commands"))
    after = end + (2 if words[end:] and words[end] in _GROUPS else 1)
    return [*words[end:after], *words[:end], *words[after:]]


def _usage_problem(error: Exception) -> Problem:
    """Return a usage error of typer's in our own voice."""
    asked = getattr(error, "ctx", None)
    command = asked.command_path if asked is not None else "common-sync"
    wrong = getattr(error, "option_name", None) if hasattr(error, "possibilities") else None
    said = f"no such option: {wrong}" if wrong else str(getattr(error, "format_message", error.__str__)())
    message = f"{said[:1].lower()}{said[1:]}".replace("Value error, ", "").strip().rstrip(".")
    near = nearest(wrong, getattr(error, "possibilities", None) or ()) if wrong else None
    return Problem(message, remedy=near or f"{command} --help")


def _check_command(name: str, second: str) -> None:
    """Refuse an unknown command, and name the one that may be meant."""
    above = f"{name} " if name in _GROUPS else ""
    word = second if above else name
    known = [one.removeprefix(above) for one in (*_GROUPS, *_COMMANDS) if one.startswith(above)]
    if word and not word.startswith("-") and word not in known:
        meant = f"did you mean {_MEANT[word]}?" if word in _MEANT and not above else nearest(word, known)
        remedy = meant or f"common-sync {above}--help lists the commands"
        raise ConfigurationError(Problem(f"{above + word!r} is no command", remedy=remedy))


def _build_app() -> typer.Typer:
    settings = {"help_option_names": ["-h", "--help"]}
    app = typer.Typer(
        name="common-sync",
        help="Keep a byte-exact, self-verifying copy of a shared library inside every service that needs it.",
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings=settings,
    )
    app.callback()(_main)
    groups = {
        name: typer.Typer(help=text, context_settings=settings, no_args_is_help=True) for name, text in _GROUPS.items()
    }
    for name, run in _COMMANDS.items():
        group, _, last = name.rpartition(" ")
        (groups[group] if group else app).command(last, help=run.__doc__)(_make_command(name, run))
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


def _make_command(name: str, run: Callable[..., int]) -> Callable[..., Callable[[], int]]:
    """Return the function that typer calls for a command: it runs nothing yet."""

    def parse(**values: object) -> Callable[[], int]:
        common = [values.pop(field, default) for field, default in Options._field_defaults.items()]
        return partial(run, _options(*common), **values)

    parameters = [one for one in _list_parameters(run) if (name, one.name) != (_WITHOUT_FORMAT, "output_format")]
    parse.__dict__["__signature__"] = inspect.Signature(parameters)
    parse.__annotations__ = {one.name: one.annotation for one in parameters}
    return parse


def _list_parameters(run: Callable[..., int]) -> Iterator[inspect.Parameter]:
    _, *own = inspect.signature(run).parameters.values()
    for one in own:
        yield _make_parameter(one.name, one.annotation, ... if one.default is one.empty else one.default)
    common = get_type_hints(Options, include_extras=True)
    for name, default in Options._field_defaults.items():
        yield _make_parameter(name, common[name], default)


def _make_parameter(name: str, annotation: object, default: object) -> inspect.Parameter:
    kind, option = get_args(annotation)
    make = partial(typer.Option, default, *option.names.split()) if option.names else partial(typer.Argument, default)
    info, kind = make(help=option.help, metavar=option.metavar), _CHOICES.get(name, kind)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=kind)


def _options(*values: object) -> Options:
    options = Options._make(values)
    if options.color != "auto":  # an error on its way out, and a progress bar, look at these two
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR" if options.color == "always" else "NO_COLOR"] = "1"
    return options
