"""`fleet status`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.model import SHOWN_ID
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fleet_fields import fleet_status_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.table import elapsed, table_lines
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.fleet_status import FleetStatus
    from common_sync.commands.steps.fleet.looks import Looked
    from common_sync.commands.steps.fleet.runs import Asked

UNKNOWN = 4
"""The exit code where a machine could not be asked."""

_LONGEST, _MINUTE = 3600, 60
_TITLES = ("HOST", "SERVICE", "HOLDS", "PLACE")
_HEALTH, _RUNS, _SINCE = "HEALTH", "RUNS", "SINCE"
_INDEXED = "from an index"


def run_fleet_status(
    options: Options,
    services: Services = None,
    *,
    host: Annotated[str | None, Option("--host", "Only the hosts that a pattern matches.", "GLOB")] = None,
    ref: Annotated[
        str | None, Option("--ref", "The commit whose copies are wanted; default: the upstream's.", "REF")
    ] = None,
    inventory: Annotated[
        str | None, Option("--inventory", "The inventory; default: fleet.toml beside the configuration.", "FILE")
    ] = None,
    timeout: Annotated[str, Option("--timeout", "How long each host may take.", "SECONDS")] = "60",
) -> int:
    """Ask machines by ssh what the copies there hold: one row a place. Writes nothing anywhere."""
    from common_sync.commands.fleet_status import Wish, read_fleet  # no other command pays for it
    from common_sync.edges.fleet.asking import Patience

    project = load_project(options.root)
    if not timeout.isdecimal() or not 0 < int(timeout) <= _LONGEST:
        message = f"{timeout!r} is no number of seconds from 1 to {_LONGEST}"
        raise ConfigurationError(Problem(message, "--timeout", remedy="--timeout 60"))
    status = read_fleet(project, Wish(services or (), host, ref, inventory, Patience(whole=int(timeout))))
    text, fields = partial(_lines, status), partial(fleet_status_fields, status)
    code = present(View("fleet status", status.as_wanted, lambda: status.findings, text, fields, project.root), options)
    return code if status.is_known else UNKNOWN


def _lines(status: "FleetStatus", options: Options) -> Iterator[str]:
    """Yield what is wanted, the table, what is found, and one line that says it all."""
    from common_sync.commands.steps.fleet.runs import name_state  # what the command has imported

    terminal, ref = options.terminal, printable(status.ref)
    if not options.quiet:
        wanted = dict.fromkeys(name_state(one.wanted.library, one.wanted.tree) for one in status.asked)
        what = f": {printable(', '.join(wanted))}" if wanted else ""
        yield from terminal.wrap(f"{ref} {status.commit[:SHOWN_ID]}{what}", 2)
        yield ""
        yield from table_lines(_rows(status), terminal)
        yield ""
        findings = list(finding_lines(status.findings, terminal, everything=options.verbose))
        yield from (*findings, "") if findings else ()
    elif status.as_wanted:
        return
    unknown, wrong = status.count("unknown"), status.count("other", "differs", "gone")
    hold = "holds" if len(status.asked) == 1 else "hold"
    told = f"{status.count('current'):,} of {count(len(status.asked), 'place')} {hold} what {ref} says"
    told += f", {wrong:,} {'does' if wrong == 1 else 'do'} not" if wrong else ""
    told += f", {unknown:,} could not be told" if unknown else ""
    told += _count_processes(status)
    told += _count_unwell(status)
    own = len(status.indexed)
    told += f"; {count(own, 'target')} {'takes its' if own == 1 else 'take their'} library from an index" if own else ""
    wrong += not status.is_well
    yield from terminal.wrap(f"{terminal.mark('✓' if status.as_wanted else '?' if not wrong else '✗')} {told}", 2)


def _count_processes(status: "FleetStatus") -> str:
    """Return how many processes run what is wanted, and how many libraries run; nothing where no process was asked about."""
    every, right = status.count_processes()
    told = f"; {right:,} of {every:,} {'process runs' if every == 1 else 'processes run'} it" if every else ""
    return told + (f"; {status.libraries:,} different libraries run" if status.libraries > 1 else "")


def _count_unwell(status: "FleetStatus") -> str:
    from common_sync.commands.steps.fleet.looks import UNWELL  # what the command has imported

    untold = f"; of {count(status.untold, 'target')} it is not known how it stands" if status.untold else ""
    lines = {(one.line, one.message.partition(":")[0]) for one in status.findings if one.code in UNWELL}
    return untold + (f"; {count(len(lines), 'target')} {'is' if len(lines) == 1 else 'are'} not well" if lines else "")


def _rows(status: "FleetStatus") -> list[tuple[str, ...]]:
    """Return the rows of the table; more columns where there are processes, and where a target says what to ask about its health."""
    rows = [_TITLES, *map(_cells, status.asked)]
    rows += ((one.host, printable(one.service), _INDEXED, "·") for one in status.indexed)
    without = ["·" for _ in status.indexed]
    if any(one.runs.state != "none" for one in status.asked):
        rows = _add(rows, [_RUNS, *map(name_runs, status.asked), *without])
    if any(one.site.target.deploying.health for one in status.looked):
        told = {(one.site.host, one.site.target.line): _name_health(one) for one in status.looked}
        keys = [(one.place.host, one.place.line) for one in status.asked]
        keys += ((one.host, one.target.line) for one in status.indexed)
        rows = _add(rows, [_HEALTH, *(told.get(key, "·") for key in keys)])
    if any(one.runs.started for one in status.asked):
        rows = _add(rows, [_SINCE, *map(_name_age, status.asked), *without])
    return rows


def _add(rows: list[tuple[str, ...]], column: list[str]) -> list[tuple[str, ...]]:
    """Return rows with one more cell each, before the place."""
    return [(*row[:-1], cell, row[-1]) for row, cell in zip(rows, column, strict=True)]


def _name_age(asked: "Asked") -> str:
    """Return how long ago the oldest process was started."""
    if not asked.runs.started:
        return "·"
    return elapsed(asked.runs.age) if asked.runs.age >= _MINUTE else "<1 min"


def name_runs(asked: "Asked") -> str:
    """Return what runs from a place, as its cell in the table has it."""
    if asked.runs.is_told:
        from common_sync.commands.steps.fleet.runs import SHOWN_DIGEST  # what the command has imported

        return printable(asked.runs.digest[:SHOWN_DIGEST])
    return {"none": "·", "unknown": "?"}.get(asked.runs.state, asked.runs.state)


def _name_health(looked: "Looked") -> str:
    if not looked.site.target.deploying.health:
        return "·"
    return looked.look.health.shown if looked.look and looked.look.health else "?"


def _cells(asked: "Asked") -> tuple[str, ...]:
    place = asked.place
    return place.host, printable(place.service), name_verdict(asked), printable(place.shown)


def name_verdict(asked: "Asked") -> str:
    """Return what a place holds, as its cell in the table has it."""
    return _name_state(asked) + (", mounted" if asked.place.container and asked.verdict.mount else "")


def _name_state(asked: "Asked") -> str:
    from common_sync.commands.steps.fleet.runs import name_own

    verdict = asked.verdict
    if verdict.state == "other":  # the library's name is in the first line
        own = name_own(verdict.own)
        return printable(own.removeprefix(f"{asked.wanted.library.name} "))
    if verdict.state == "differs":
        words = zip(verdict.counts, ("changed", "missing", "extra"), strict=True)
        return ", ".join(f"{number:,} {word}" for number, word in words if number)
    return {"current": "current", "gone": "not there", "unknown": "?"}[verdict.state]
