"""`ps`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from common_sync.core.errors import shell_word
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import running_fields
from common_sync.interface.show.options import Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.table import elapsed, megabytes, table_lines
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines, help_lines

if TYPE_CHECKING:
    from common_sync.commands.ps import Row, Running

_TITLES = ("SERVICE", "UNIT", "STATE", "SINCE", "RELEASE", "ENVIRONMENT", "MEMORY", "DISK", "PORT")
_NONE = "-"


def run_ps(options: Options, services: Services = None) -> int:
    """Show one row a service: does its unit run, since when, in which environment, with how much memory and disk, at which port."""
    from common_sync.commands.ps import read_running  # no other command pays for it

    project = load_project(options.root)
    running = read_running(project, services or ())
    text, fields = partial(_lines, running), partial(running_fields, running)
    return present(View("ps", running.passes, lambda: running.findings, text, fields, project.root), options)


def _lines(running: "Running", options: Options) -> Iterator[str]:
    """Yield the table, how to go on where something does not run, and the findings."""
    terminal, rows = options.terminal, running.rows
    findings = list(finding_lines(running.findings, terminal, everything=options.verbose))
    if options.quiet:
        yield from findings
        return
    yield from table_lines([_TITLES, *map(_cells, rows)], terminal)
    if not all(row.is_share for row in rows):
        yield "~ counts memory that several processes share in each of them; as root, it is shared out"
    for row in rows:
        if row.sick and (row.listens or not row.holders):  # CS306 names who else has its port
            yield f"{terminal.mark('✗')} {printable(row.service)} is not healthy: {printable(row.sick)}"
        if row.sick or (not row.is_up and row.shown.changed):
            yield from help_lines(f"common-sync logs {shell_word(row.service)}", terminal)
    yield from ("", *findings) if findings else ()


def _cells(row: "Row") -> tuple[str, ...]:
    if not row.unit:
        return (
            *(printable(row.service), _NONE, "no command", _NONE),
            *(_release(row), row.environment, _NONE, megabytes(row.disk.own), _NONE),
        )
    since = elapsed(row.since) if row.since is not None else _NONE
    return (
        *(printable(row.service), row.unit, _state(row), since),
        *(_release(row), row.environment, _memory(row), megabytes(row.disk.own), _port(row)),
    )


def _release(row: "Row") -> str:
    if not row.release:
        return _NONE
    return str(row.release) if row.is_proven else f"{row.release}, unproven"


def _state(row: "Row") -> str:
    restarts = row.shown.restarts
    more = (count(restarts, "restart") if restarts else "", "not healthy" if row.sick else "")
    return ", ".join((row.shown.described, *filter(None, more)))


def _memory(row: "Row") -> str:
    if not row.processes:
        return _NONE
    used = f"{'' if row.is_share else '~'}{megabytes(row.memory)}"
    return f"{used.removesuffix(' MB')} of {megabytes(row.shown.limit)}" if row.shown.limit is not None else used


def _port(row: "Row") -> str:
    if not row.port:
        return _NONE
    if row.listens:
        return row.port
    holder = row.holders[0].process if row.holders else 0
    who = f"process {holder}" if holder else "somebody else" if row.holders else "nobody"
    return f"{row.port} ({who})"
