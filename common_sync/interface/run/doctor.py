"""`doctor`: options in, exit code out."""

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import doctor_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import Terminal, printable, say
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.doctor import Diagnosis
    from common_sync.core.doctor.catalogue import State

_MARKS: dict["State", str] = {"ok": "✓", "warning": "!", "unknown": "?", "error": "✗", "none": "·"}
_LEGEND: dict["State", str] = {"warning": "! a warning", "unknown": "? cannot be told"}


def run_doctor(
    options: Options,
    services: Services = None,
    *,
    fix: Annotated[bool, Option("--fix", "Put into the Dockerfiles what is missing for sure.")] = False,
) -> int:
    """Prove, without Docker and without a network, that each service builds from its own folder alone."""
    from common_sync.commands.doctor import diagnose  # brings all checks

    started = time.perf_counter()
    project = load_project(options.root)
    with show_progress() as phases:
        diagnosis = diagnose(project, services or (), say, fix=fix, phases=phases)
    text, fields = partial(_lines, diagnosis, time.perf_counter() - started), partial(doctor_fields, diagnosis, fix=fix)
    return present(View("doctor", diagnosis.passes, lambda: diagnosis.findings, text, fields), options)


def _lines(diagnosis: "Diagnosis", seconds: float, options: Options) -> Iterator[str]:
    """Yield what was fixed and found, the table, and the summary."""
    terminal = options.terminal
    fixed = list(_fixed_lines(diagnosis, terminal))
    yield from fixed
    yield from finding_lines(diagnosis.findings, terminal, everything=options.verbose)
    if options.quiet:
        return
    if diagnosis.findings or fixed:
        yield ""
    yield from _table(diagnosis, terminal)
    shown = {state for service in diagnosis.services for state in service.states.values()}
    if legend := "   ".join(meaning for state, meaning in _LEGEND.items() if state in shown):
        yield terminal.paint(legend, "dim")
    yield from ("", _summary(diagnosis, seconds, terminal))


def _fixed_lines(diagnosis: "Diagnosis", terminal: Terminal) -> Iterator[str]:
    for service in diagnosis.services:
        for file in service.fixed:
            place = terminal.paint(printable(f"{service.service}/{file.path}"), "bold")
            for line in file.lines:
                yield f"{terminal.paint('fixed', 'green')} {place}: added `{printable(line)}`"


def _table(diagnosis: "Diagnosis", terminal: Terminal) -> Iterator[str]:
    """Yield a row a service, a column a check; eighty columns hold them."""
    from common_sync.core.doctor.catalogue import CHECKS  # brought by the command

    names = [printable(service.service) for service in diagnosis.services]
    width = max(map(len, (*names, "SERVICE")))
    heads = [check.title for check in CHECKS]
    yield terminal.paint(" ".join((f"{'SERVICE':<{width}}", *heads)), "bold").rstrip()
    for name, service in zip(names, diagnosis.services, strict=True):
        cells = (_cell(service.states[head], len(head), terminal) for head in heads)
        yield " ".join((f"{name:<{width}}", *cells)).rstrip()


def _cell(state: "State", width: int, terminal: Terminal) -> str:
    left = (width - 1) // 2
    return f"{' ' * left}{terminal.mark(_MARKS[state])}{' ' * (width - 1 - left)}"


def _summary(diagnosis: "Diagnosis", seconds: float, terminal: Terminal) -> str:
    verdicts = [service.verdict for service in diagnosis.services]
    proven, broken, unknown = (verdicts.count(verdict) for verdict in ("proven", "broken", "unknown"))
    parts = [f"{broken:,} cannot be built or run so"] if broken else []
    parts += [f"{unknown:,} cannot be told"] if unknown else []
    mark = terminal.mark("✗" if broken else "?" if unknown else "✓")
    whose = "its" if len(verdicts) == 1 else "their"
    tally = f"{proven}/{count(len(verdicts), 'service')} proven to build from {whose} own folder alone"
    return f"{mark} {', '.join((tally, *parts))}, in {seconds:.2f} s"
