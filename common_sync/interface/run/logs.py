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
    release: Annotated[str | None, Option("--release", "Only what this release has written.", "NUMBER")] = None,
) -> int:
    """Show what services have written to systemd's journal, by journalctl."""
    from common_sync.commands.logs import find_journals, find_release_journal
    from common_sync.edges.environments.systemd import become_journal

    if not (lines.isdecimal() or lines == "all"):
        raise ConfigurationError(Problem(f"{lines!r} is no number of lines", remedy="--lines 100, or --lines all"))
    if release is not None and not (release.isdecimal() and release.isascii()):
        message = f"{release!r} is no release"
        raise ConfigurationError(Problem(message, remedy="common-sync rollback SERVICE --list shows their numbers"))
    project, names = load_project(options.root), services or ()
    wanted = find_journals(project, names) if release is None else find_release_journal(project, names, int(release))
    more = (*(["--follow"] if follow else ()), *(["--boot"] if boot else ()))
    become_journal(wanted, f"--lines={lines}", "--no-hostname", *more)
