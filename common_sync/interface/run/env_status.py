"""`env status`: options in, exit code out."""

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import environment_status_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.table import megabytes, table_lines
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.env_status import EnvironmentRow, EnvironmentStatus

_TITLES = ("SERVICE", "STATE", "PYTHON", "PACKAGES", "OWN", "SHARED", "CHANGED", "LIBRARY")
_RELEASE = "RELEASE"


def run_env_status(
    options: Options,
    services: Services = None,
    *,
    deep: Annotated[bool, Option("--deep", "Compare every installed file with what it was.")] = False,
    no_size: Annotated[bool, Option("--no-size", "Do not measure how much of the disk they take.")] = False,
) -> int:
    """Show one row a service: is its environment in sync, and if not, what has changed."""
    from common_sync.commands.env_status import read_environments  # no other command pays for it

    project = load_project(options.root)
    status = read_environments(project, services or (), deep=deep, size=not no_size)
    text, fields = partial(_lines, status), partial(environment_status_fields, status)
    return present(View("env status", status.in_sync, lambda: status.findings, text, fields, project.root), options)


def _lines(status: "EnvironmentStatus", options: Options) -> Iterator[str]:
    """Yield the table, what can be freed, and the findings."""
    terminal = options.terminal
    if not options.quiet:
        rows = [_TITLES, *(_cells(row) for row in status.rows)]
        last = (
            [(_RELEASE,), *((row.release or "-",) for row in status.rows)] if status.has_releases else [()] * len(rows)
        )
        yield from table_lines([(*row, *more) for row, more in zip(rows, last, strict=True)], terminal)
        if others := sum(row.others for row in status.rows):
            yield f"{count(others, 'former environment')} kept (common-sync env clean removes them)"
        if status.findings:
            yield ""
    yield from finding_lines(status.findings, terminal, everything=options.verbose)


def _cells(row: "EnvironmentRow") -> tuple[str, ...]:
    seen = row.situation.folder.current if row.situation is not None else None
    environment = seen.environment if seen is not None else None
    if environment is None:
        return (printable(row.service), row.state, *["-"] * (len(_TITLES) - 2))
    python = environment.interpreter
    own, shared = (megabytes(row.size.own), megabytes(row.size.shared)) if row.size is not None else ("-", "-")
    changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.changed)) if row.changed is not None else "-"
    library = "master" if environment.editable_master else "copy"
    name = printable(row.service)
    return name, row.state, python.version, str(row.packages), own, shared, changed, library
