"""The text of `doctor`: what was fixed, what keeps a service from being proven, and the table of those."""

from collections.abc import Iterator, Sequence

from common_sync.commands.doctor import Diagnosis
from common_sync.commands.steps.doctor.service_check import ServiceCheck
from common_sync.core.doctor.catalogue import CHECKS, State, Verdict
from common_sync.core.model import Finding
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import Terminal, columns, pad, printable
from common_sync.interface.show.text import count, finding_lines, help_lines, limit, more_lines, place_of, spaced

_MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "unknown": "?", "error": "✗", "none": "·"}
_LEGEND: dict[State, str] = {"warning": "! a warning", "unknown": "? cannot be told"}
_VERDICTS: dict[Verdict, str] = {"broken": "✗", "unknown": "?", "proven": "!"}
"""The mark of a service that something is said about, in the order of the services."""

_ORDER = {verdict: rank for rank, verdict in enumerate(_VERDICTS)}
_MOST_SERVICES, _MOST_FINDINGS, _MOST_ROWS = 10, 5, 15


def doctor_lines(diagnosis: Diagnosis, seconds: float, options: Options) -> Iterator[str]:
    """Yield what was fixed and found, the table, and the summary.

    Args:
        diagnosis: What the run came to.
        seconds: How long it took.
        options: The options of every command.
    """
    terminal, proven = options.terminal, all(one.verdict == "proven" for one in diagnosis.services)
    fixed = list(_fixed_lines(diagnosis, terminal))
    yield from fixed
    if not options.quiet:
        yield from [""] if fixed else []
        yield from _parts(diagnosis, options)
        yield from spaced(_unbuilt_lines(diagnosis, options))
    if not options.quiet or not proven or not diagnosis.passes:
        yield from terminal.wrap(_summary(diagnosis, seconds, terminal), 2)


def _unbuilt_lines(diagnosis: Diagnosis, options: Options) -> Iterator[str]:
    """Yield which services of a uv workspace were not looked at, since they have no Dockerfile."""
    looked_at = {one.service for one in diagnosis.services}
    members = [one for one in diagnosis.members if one not in looked_at]
    if members:
        shown, rest = limit(members, _MOST_FINDINGS, everything=options.verbose)
        named = ", ".join(map(printable, shown)) + (f" and {rest:,} more" if rest else "")
        verbs = ("takes", "has") if len(members) == 1 else ("take", "have")
        text = f"{named} {verbs[0]} the library from the uv workspace, and {verbs[1]} no Dockerfile: not looked at"
        yield from options.terminal.wrap(f"{options.terminal.mark('·')} {text}", 2)


def _fixed_lines(diagnosis: Diagnosis, terminal: Terminal) -> Iterator[str]:
    for service in diagnosis.services:
        for file in service.fixed:
            place = terminal.paint(printable(f"{service.service}/{file.path}"), "bold")
            for line in file.lines:
                yield f"{terminal.paint('fixed', 'green')} {place}: added `{printable(line)}`"


def _parts(diagnosis: Diagnosis, options: Options) -> Iterator[str]:
    """Yield each part with an empty line below: the library, the services, the table, scripts and environments."""
    about = sorted((one for one in diagnosis.services if one.findings), key=lambda one: _ORDER[one.verdict])
    others = (*diagnosis.from_index, *diagnosis.scripts, *diagnosis.environments)
    yield from spaced(
        finding_lines(diagnosis.shared, options.terminal, everything=options.verbose),
        _service_lines(about, options),
        _table(diagnosis, options),
        finding_lines(others, options.terminal, everything=options.verbose),
    )


def _service_lines(services: Sequence[ServiceCheck], options: Options) -> Iterator[str]:
    """Yield what was found in each service, the worst first; what only follows is counted."""
    terminal, hidden = options.terminal, 0
    shown, rest = limit(services, _MOST_SERVICES, everything=options.verbose)
    for one in shown:
        yield f"{terminal.mark(_VERDICTS[one.verdict])} {terminal.paint(printable(one.service), 'bold')}"
        findings = [each for each in one.findings if options.verbose or each not in one.following]
        hidden += len(one.findings) - len(findings)
        yield from _findings_of(one.service, findings, options)
    yield from more_lines(rest, "service", terminal)
    if hidden:
        what = "1 finding that follows" if hidden == 1 else f"{hidden:,} findings that follow"
        lines = terminal.wrap(f"{what} from these: left out (-v names them)", 2, "  ")
        yield from (terminal.paint(line, "dim") for line in lines)


def _findings_of(service: str, findings: Sequence[Finding], options: Options) -> Iterator[str]:
    terminal = options.terminal
    shown, rest = limit(findings, _MOST_FINDINGS, everything=options.verbose)
    for index, finding in enumerate(shown):
        code = terminal.code(finding.code, "red" if finding.severity == "error" else "yellow")
        yield from terminal.wrap(printable(finding.message), 6, f"  {place_of(finding, service)}: {code} ")
        if index + 1 == len(shown) or shown[index + 1].remedy != finding.remedy:
            yield from help_lines(finding.remedy, terminal, 4)
    yield from more_lines(rest, "finding", terminal)


def _table(diagnosis: Diagnosis, options: Options) -> Iterator[str]:
    """Yield a row for each service that is not proven, and a column for each check in which one of them fails."""
    terminal = options.terminal
    failed = [one for one in diagnosis.services if options.verbose or one.verdict != "proven"]
    shown, rest = limit(failed, _MOST_ROWS, everything=options.verbose)
    if shown:
        heads = [
            check.title
            for check in CHECKS
            if options.verbose or any(one.states[check.title] not in ("ok", "none") for one in failed)
        ]
        names = max(columns(text) for text in ("SERVICE", *(printable(one.service) for one in shown)))
        gap = "  " if names + sum(len(head) + 2 for head in heads) <= terminal.width else " "
        yield terminal.paint(gap.join((pad("SERVICE", names), *heads)), "bold")
        for one in shown:
            cells = (_cell(one.states[head], len(head), terminal) for head in heads)
            yield gap.join((pad(printable(one.service), names), *cells)).rstrip()
        yield from more_lines(rest, "service", terminal)
        told = {one.states[head] for one in shown for head in heads}
        if legend := "   ".join(meaning for state, meaning in _LEGEND.items() if state in told):
            yield terminal.paint(legend, "dim")
    if shown and (others := len(diagnosis.services) - len(failed)):
        yield terminal.paint(f"{terminal.mark('·')} {count(others, 'more service')} proven (-v names them)", "dim")


def _cell(state: State, width: int, terminal: Terminal) -> str:
    left = (width - 1) // 2
    return f"{' ' * left}{terminal.mark(_MARKS[state])}{' ' * (width - 1 - left)}"


def _summary(diagnosis: Diagnosis, seconds: float, terminal: Terminal) -> str:
    verdicts = [service.verdict for service in diagnosis.services]
    proven, broken, unknown = (verdicts.count(verdict) for verdict in ("proven", "broken", "unknown"))
    besides = (*diagnosis.shared, *diagnosis.from_index, *diagnosis.scripts, *diagnosis.environments)
    others = sum(one.severity == "error" for one in besides)
    parts = [f"{broken:,} broken"] if broken else []
    parts += [f"{unknown:,} cannot be told"] if unknown else []
    parts += [f"{count(others, 'error')} beside that"] if others else []
    parts += [f"{len(diagnosis.indexed):,} from an index"] if diagnosis.indexed else []
    mark = terminal.mark(
        "✗" if not diagnosis.passes else "?" if unknown else "✓" if verdicts or diagnosis.indexed else "·"
    )
    whose = "its" if len(verdicts) == 1 else "their"
    tally = f"{proven}/{count(len(verdicts), 'service')} proven to build from {whose} own folder alone"
    tally = tally if verdicts or diagnosis.indexed else "no service was looked at"
    return f"{mark} {', '.join((tally, *parts))}, {seconds:.2f} s"
