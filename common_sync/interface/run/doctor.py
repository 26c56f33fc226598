"""What `doctor` shows: what it found, a row a service with a column a check, and how many are proven."""

import sys
import time
from collections.abc import Iterator, Sequence

from common_sync.commands.doctor import Diagnosis, diagnose
from common_sync.core.doctor.catalogue import CHECKS, State
from common_sync.edges.project.load import load_project
from common_sync.interface.run.actions import DRIFT, IN_SYNC, Options
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import Terminal, printable, write
from common_sync.interface.show.text import count, finding_lines

_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "unknown": ("?", "yellow"),
    "error": ("✗", "red"),
    "none": ("·", "dim"),
}
_LEGEND: dict[State, str] = {"warning": "! a warning", "unknown": "? cannot be told"}


def run_doctor(services: Sequence[str], options: Options, *, fix: bool) -> int:
    """Run `doctor`; return the exit code.

    Args:
        services: The services that the user named.
        options: What goes with every command.
        fix: Put into the Dockerfiles what is missing for sure.
    """
    started = time.perf_counter()
    project = load_project(options.root)
    with show_progress() as phases:
        found = diagnose(project, services, lambda text: write(text, sys.stderr), fix=fix, phases=phases)
    if options.output_format == "json":
        from common_sync.interface.show.document import diagnosis_document, render  # only for JSON

        write(render(diagnosis_document(found, fixed=fix)))
    elif lines := list(_lines(found, options, time.perf_counter() - started)):
        write("\n".join(lines))
    return IN_SYNC if found.passes else DRIFT


def _lines(found: Diagnosis, options: Options, seconds: float) -> Iterator[str]:
    terminal = options.terminal
    for one in found.services:
        for fixed in one.fixed:
            place = terminal.paint(printable(f"{one.service}/{fixed.path}"), "bold")
            yield from (
                f"{terminal.paint('fixed', 'green')} {place}: added `{printable(line)}`" for line in fixed.lines
            )
    yield from finding_lines(found.findings, terminal, everything=options.verbose)
    if options.quiet:
        return
    if found.findings or any(one.fixed for one in found.services):
        yield ""
    yield from _table(found, terminal)
    shown = {state for one in found.services for state in one.states.values()}
    if said := "   ".join(meaning for state, meaning in _LEGEND.items() if state in shown):
        yield terminal.paint(said, "dim")
    yield ""
    yield _summary(found, seconds, terminal)


def _table(found: Diagnosis, terminal: Terminal) -> Iterator[str]:
    """Yield the table, built by hand: a mark is one column wide, and eighty columns hold all checks."""
    names = [printable(one.service) for one in found.services]
    width = max(map(len, (*names, "SERVICE")))
    heads = [check.title for check in CHECKS]
    yield terminal.paint(" ".join((f"{'SERVICE':<{width}}", *heads)), "bold").rstrip()
    for name, one in zip(names, found.services, strict=True):
        cells = (_mark(one.states[head], len(head), terminal) for head in heads)
        yield " ".join((f"{name:<{width}}", *cells)).rstrip()


def _mark(state: State, width: int, terminal: Terminal) -> str:
    mark, color = _MARKS[state]
    shown = mark if mark in "!?" else terminal.mark(mark)
    left = (width - 1) // 2
    return f"{' ' * left}{terminal.paint(shown, color)}{' ' * (width - 1 - left)}"


def _summary(found: Diagnosis, seconds: float, terminal: Terminal) -> str:
    verdicts = [one.verdict for one in found.services]
    proven, broken, unknown = (verdicts.count(verdict) for verdict in ("proven", "broken", "unknown"))
    parts = [f"{broken:,} cannot be built or run so"] if broken else []
    parts += [f"{unknown:,} cannot be told"] if unknown else []
    mark, color = _MARKS["error" if broken else "unknown" if unknown else "ok"]
    mark = terminal.paint(mark if mark == "?" else terminal.mark(mark), color)
    tally = f"{proven}/{count(len(verdicts), 'service')} proven to build from {'its' if len(verdicts) == 1 else 'their'} own folder alone"
    return f"{mark} {', '.join((tally, *parts))}, in {seconds:.2f} s"
