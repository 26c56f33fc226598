"""Command lines that are written plainly: they are parsed here, since typer takes longer to import than most commands run.

Plain are options by their whole names, each with its value, if it takes one, and arguments. All else is left to typer, which also
says what is wrong.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, get_args, get_origin

from common_sync.interface.commands import (
    COMMANDS,
    Parameter,
    common_parameters,
    find_command,
    load_command,
    own_parameters,
    put_command_first,
)
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import find_outputs


def read_plain(words: Sequence[str]) -> Callable[[], int] | None:
    """Return what a command line asks for; None where typer has to read it.

    Args:
        words: The command line, without the program's name.

    Raises:
        ConfigurationError: There is no such command, or an output is none.
    """
    words = put_command_first(words)
    name = find_command(words)
    if name not in COMMANDS:
        return None
    parameters = [*own_parameters(name), *common_parameters(name)]
    given = _sort(words[len(name.split()) :], parameters)
    if given is None or not all(_is_plain(one, given.get(one.name, ())) for one in parameters):
        return None
    return bind(name, {one.name: _value(one, given.get(one.name)) for one in parameters})


def bind(name: str, values: Mapping[str, object]) -> Callable[[], int]:
    """Return a command with its options: it runs nothing yet.

    Args:
        name: The command.
        values: The value of each of its parameters; those of every command may be missing.

    Raises:
        ConfigurationError: An output is none.
    """
    common = {field: values.get(field, default) for field, default in Options._field_defaults.items()}
    own = {field: value for field, value in values.items() if field not in common}
    return partial(load_command(name), _make_options(common.values()), **own)


def _make_options(values: Iterable[object]) -> Options:
    options = Options._make(values)
    find_outputs(options)  # a wrong one is refused before anything is done
    if options.color != "auto":  # an error on its way out, and a progress bar, look at these two
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR" if options.color == "always" else "NO_COLOR"] = "1"
    return options


def _sort(words: Iterable[str], parameters: Iterable[Parameter]) -> dict[str, list[str]] | None:
    """Return the words that are given for each parameter; None where one is not plain."""
    options = {spelling: one for one in parameters for spelling in one.spellings}
    arguments = [one for one in parameters if not one.spellings]
    given: dict[str, list[str]] = {}
    rest = iter(words)
    for word in rest:
        spelling, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if not word.startswith("-"):
            if not arguments:
                return None
            one, value = arguments[0] if _is_list(arguments[0]) else arguments.pop(0), word
        elif (known := options.get(spelling)) is None or (equals and known.is_flag):
            return None
        else:
            one = known
            value = value if equals else spelling if one.is_flag else next(rest, "")
        if not value or (value.startswith("-") and not one.is_flag):
            return None
        given.setdefault(one.name, []).append(value)
    return given


def _is_list(one: Parameter) -> bool:
    return list[str] in (one.kind, *get_args(one.kind))


def _is_plain(one: Parameter, words: Sequence[str]) -> bool:
    """Tell whether the words for a parameter are as many and such as it takes."""
    if not words:
        return one.default is not ...
    if one.is_flag or _is_list(one):
        return True
    if get_origin(one.kind) is Literal:
        return len(words) == 1 and words[0] in get_args(one.kind)
    return len(words) == 1 and str in (one.kind, *get_args(one.kind))


def _value(one: Parameter, words: list[str] | None) -> object:
    if words is None:
        return one.default
    return True if one.is_flag else words if _is_list(one) else words[0]
