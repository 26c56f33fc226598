"""`rollback`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import rollback_fields
from common_sync.interface.show.options import DryRun, Option, Options, Service
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.releases import lasting_lines, outcome_lines
from common_sync.interface.show.table import table_lines
from common_sync.interface.show.terminal import printable, say

if TYPE_CHECKING:
    from common_sync.commands.rollback import Rollback

_TITLES = ("RELEASE", "STATE", "ENVIRONMENT", "COMMIT")
_NONE, _DIGITS = "-", 10


def run_rollback(
    options: Options,
    service: Service,
    *,
    to: Annotated[
        str | None, Option("--to", "The release. Default: the newest proven one before the current.", "NUMBER")
    ] = None,
    list_them: Annotated[bool, Option("--list", "Show the releases; switch nothing.")] = False,
    if_failing: Annotated[
        bool, Option("--if-failing", "Only where a new release keeps failing; systemd asks for it.")
    ] = False,
    no_restart: Annotated[bool, Option("--no-restart", "Switch, and leave the restart and the proof to you.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Go back to a former release of a service: nothing is built, nothing downloaded."""
    from common_sync.commands.rollback import (
        list_releases,
        roll_back,
        roll_back_failing,
    )  # no other command pays for it

    if to is not None and not (to.isdecimal() and to.isascii()):
        raise ConfigurationError(Problem(f"{to!r} is no release", remedy="--list shows their numbers"))
    project, number = load_project(options.root), int(to) if to is not None else None
    heard = lambda line: say(printable(line))  # noqa: E731 - as short as it is
    if if_failing and (list_them or no_restart or dry_run or to is not None):
        raise ConfigurationError(Problem("--if-failing is given alone", remedy="common-sync rollback --help"))
    if list_them:
        done = list_releases(project, service)
    elif if_failing:
        done = roll_back_failing(project, service, heard)
    else:
        done = roll_back(project, service, number, heard, restart=not no_restart, dry_run=dry_run)
    passes = done.is_done and not (dry_run and done.target is not None)
    text = partial(_list_lines if list_them else _lines, done)
    return present(View("rollback", passes, list, text, partial(rollback_fields, done)), options)


def _list_lines(done: "Rollback", options: Options) -> Iterator[str]:
    releases = done.releases
    if not releases.known:
        yield f"{printable(done.site.service)} has no release yet"
        return
    rows = [
        (
            *(f"{number}{' (current)' if number == releases.current else ''}", one.described),
            *(one.made.environment or _NONE, printable(_shorten(one.commit)) or _NONE),
        )
        for number, one in sorted(releases.known.items())
    ]
    yield from table_lines([_TITLES, *rows], options.terminal)
    if not releases.is_settled:
        yield f"release {releases.current} is current, and not proven yet"


def _shorten(commit: str) -> str:
    """Return the beginning of a commit's id, and the mark of changes besides."""
    return f"{commit[:_DIGITS]}{'+' if commit.endswith('+') else ''}"


def _lines(done: "Rollback", options: Options) -> Iterator[str]:
    terminal, name, current = options.terminal, printable(done.site.service), done.releases.current
    if done.target is None:
        if not options.quiet:
            yield f"{terminal.mark('·')} {name}  release {current} is current"
    elif done.outcome is None:
        yield f"{terminal.mark('→')} {name}  would go from release {current} to {done.target.number}"
    else:
        if not options.quiet:
            yield f"{terminal.mark('✓')} {name}  from release {current} to {done.target.number}"
        yield from outcome_lines(done.outcome, done.target.number, done.site, options)
        yield from lasting_lines(done.site, options) if done.target.number < current else ()
