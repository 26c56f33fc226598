"""`logs`: options in; the program becomes journalctl, whose exit code is the program's."""

from typing import Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import Option, Options, Services

_LINES = "50"


def run_logs(
    options: Options,
    services: Services = None,
    *,
    follow: Annotated[bool, Option("--follow -f", "Go on with what they write from now on.")] = False,
    lines: Annotated[str, Option("--lines -n", f"How many lines, or all. Default: {_LINES}.", "NUMBER")] = _LINES,
    boot: Annotated[bool, Option("--boot -b", "Only what was written since the machine was started.")] = False,
) -> int:
    """Show what services have written to systemd's journal, by journalctl."""
    from common_sync.commands.logs import find_journals
    from common_sync.edges.environments.systemd import become_journal

    if not (lines.isdecimal() or lines == "all"):
        raise ConfigurationError(Problem(f"{lines!r} is no number of lines", remedy="--lines 100, or --lines all"))
    units = find_journals(load_project(options.root), services or ())
    more = (*(["--follow"] if follow else ()), *(["--boot"] if boot else ()))
    become_journal(units, f"--lines={lines}", "--no-hostname", *more)
