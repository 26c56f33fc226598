"""`env try`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.environments.state import VENV
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import environment_try_fields
from common_sync.interface.show.options import Option, Options, Service
from common_sync.interface.show.presenter import View, find_outputs, present
from common_sync.interface.show.table import table_lines
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import count

if TYPE_CHECKING:
    from common_sync.commands.env_try import Trial

_TITLES = ("PACKAGE", "NOW", "TRIED")
_COMMAND = "--"


def run_env_try(
    options: Options,
    service: Service,
    words: Annotated[
        list[str],
        Option(
            "",
            "What is tried, as fastapi==0.105.0 or ./library; after `--`, what is run in it.",
            "REQ... [-- COMMAND...]",
        ),
    ],
    *,
    keep: Annotated[bool, Option("--keep", "Leave the environment; `env clean` removes it.")] = False,
    offline: Annotated[bool, Option("--offline", "Ask no network.")] = False,
) -> int:
    """Try other versions of what a service installs, in an environment that goes afterwards; its own stays as it is."""
    from common_sync.commands.env_try import TryWish, try_requirements  # no other command pays for it

    end = words.index(_COMMAND) if _COMMAND in words else len(words)
    requirements, command = tuple(words[:end]), tuple(words[end + 1 :])
    if not requirements or not all(map(str.strip, requirements)):
        remedy = f"common-sync env try {shell_word(service)} fastapi==0.105.0 -- python -m pytest"
        raise ConfigurationError(Problem("nothing is named that is to be tried", remedy=remedy))
    aside = any(one.format != "text" and one.file is None for one in find_outputs(options))
    wish = TryWish(requirements, command, keep, offline, aside)
    trial = try_requirements(load_project(options.root), service, wish, lambda line: say(printable(line)))
    text, fields = partial(_lines, trial), partial(environment_try_fields, trial)
    code = present(View("env try", not trial.code, list, text, fields), options)
    return trial.code or code


def _lines(trial: "Trial", options: Options) -> Iterator[str]:
    """Yield the versions that differ, what has become of the environment, and how the command has ended."""
    if options.quiet:
        return
    terminal, name = options.terminal, printable(trial.service)
    tried = printable(" ".join(trial.requirements))
    differ, packages = len(trial.changes), count(trial.packages, "package")
    verb = "differs" if differ == 1 else "differ"
    what = "its own environment has that already" if trial.is_current else f"{differ} of {packages} {verb}"
    yield f"{terminal.mark('·')} {name} with {tried}: {what}"
    if trial.changes:
        rows = [(one.name, one.before or "-", one.after or "-") for one in trial.changes]
        yield from (f"  {line}" for line in table_lines([_TITLES, *rows], terminal))
    if trial.code is not None:
        yield f"{terminal.mark('✗' if trial.code else '✓')} the command has ended with {trial.code}"
    if trial.kept and not trial.is_current:
        yield f"  kept: {name}/{VENV}/envs/{trial.environment}; env sync takes it, once the requirements say so"
