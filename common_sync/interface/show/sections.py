"""Findings in sections: what a person has to decide, what `distribute` mends, and the warnings."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.drift import UNFINISHED
from common_sync.core.errors import shell_word
from common_sync.core.model import Finding
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import columns, pad, printable
from common_sync.interface.show.text import count, finding_lines, help_lines, limit, more_lines, place_of, spaced

_MARKS = {
    "CS004": "◆",
    "CS003": "■",
    "CS005": "+",
    "CS006": "?",
    "CS002": "○",
    "CS001": "▼",
    "CS007": "▼",
    "CS101": "→",
    "CS116": "→",
}
"""The mark of each code that has one, in the order in which services are shown."""

_RANKS = {code: rank for rank, code in enumerate(_MARKS)}
_MISSING = "missing"
"""What is said of a file; a whole copy that is not there is CS002 too."""

_EDITS = frozenset({"CS003", "CS004", "CS005"})
_MOST_DECIDED, _MOST_MENDED, _MOST_FILES, _MOST_WARNINGS = 10, 15, 5, 5


def section_lines(findings: Sequence[Finding], surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield the lines of findings, in sections; each section ends with an empty line."""
    errors = [finding for finding in findings if finding.severity == "error"]
    yield from spaced(
        _decide_lines([finding for finding in errors if finding.mend is None], surveyed, options),
        _mend_lines([finding for finding in errors if finding.mend is not None], surveyed, options),
        finding_lines(
            [finding for finding in findings if finding.severity == "warning"],
            options.terminal,
            everything=options.verbose,
            most=_MOST_WARNINGS,
        ),
    )


def _rank(finding: Finding) -> tuple[int, str, str]:
    return _RANKS.get(finding.code, len(_RANKS)), finding.code, finding.message


def _by_service(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """Return the findings of each service, or file of the root; the worst service first."""
    found: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=_rank):
        found.setdefault(finding.service or finding.file, []).append(finding)
    return sorted(found.items(), key=lambda item: (_rank(item[1][0])[0], item[0]))


def _decide_lines(findings: Sequence[Finding], surveyed: Survey, options: Options) -> Iterator[str]:
    if not findings:
        return
    terminal, services = options.terminal, _by_service(findings)
    edited = [service for service, found in services if any(map(_is_edit, found))]
    what = "edits that distribute leaves alone" if len(edited) == len(services) else "what distribute cannot mend"
    title = terminal.paint("Somebody has to decide", "bold")
    yield from terminal.wrap(f"{title}: {count(len(services), 'service')} with {what}")
    yield ""
    shown, rest = limit(services, _MOST_DECIDED, everything=options.verbose)
    for service, found in shown:
        yield from _decided_lines(service, found, options)
    yield from more_lines(rest, "service", terminal)
    if edited and all(one.library.upstream is not None for one in surveyed.masters):
        yield from help_lines(
            "take the edits over to a checkout of the library's repository, or discard them:", terminal
        )
        service = shell_word(edited[0]) if len(edited) == 1 else "SERVICE"
        yield f"        common-sync promote {printable(service)} --to CHECKOUT"
        yield f"        common-sync distribute {printable(service)} --force"
    elif edited:
        master = surveyed.first.library.master if len(surveyed.masters) == 1 else "their master"
        stays = any(plan.pinned_edits for plan in surveyed.plans)
        keeps = " (a pinned service keeps them until it is pinned anew)" if stays else ""
        yield from help_lines(f"take the edits over to {master}{keeps}, or discard them:", terminal)
        service = shell_word(edited[0]) if len(edited) == 1 else "SERVICE"
        yield f"        common-sync promote {printable(service)}"
        yield f"        common-sync distribute {printable(service)} --force"


def _decided_lines(service: str, findings: Sequence[Finding], options: Options) -> Iterator[str]:
    """Yield what a person has to decide about one service: code by code, the files below."""
    terminal, name, left = options.terminal, f"{options.terminal.paint(printable(service), 'bold')}  ", _MOST_FILES
    for (code, message, remedy), group in groupby(findings, lambda one: (one.code, one.message, _own_remedy(one))):
        mark = terminal.mark(_MARKS[code] if code in _EDITS else "✗")
        head = f"{mark} {name}" if name else f"  {mark} "
        yield from terminal.wrap(f"{terminal.code(code, 'red')} {printable(message)}", 4, head)
        places = [place_of(one, service) for one in group]
        shown, rest = limit(places, max(left, 1), everything=options.verbose)
        for place in shown:
            yield from terminal.wrap(place, 4, "    ")
        yield from more_lines(rest, "file", terminal, 4)
        if remedy is not None:
            yield from help_lines(remedy, terminal, 4)
        name, left = "", left - len(shown)


def _is_edit(finding: Finding) -> bool:
    return finding.code in _EDITS and finding.message != UNFINISHED


def _own_remedy(finding: Finding) -> str | None:
    """Return the remedy, or None where one at the end of the section is for all."""
    return None if _is_edit(finding) else finding.remedy


def _mend_lines(findings: Sequence[Finding], surveyed: Survey, options: Options) -> Iterator[str]:
    if not findings:
        return
    terminal, services = options.terminal, _by_service(findings)
    number = sum(bool(found[0].service) for _, found in services)
    what = f"{count(number, 'service')} that nobody has edited there" if number else count(len(services), "file")
    yield from terminal.wrap(f"{terminal.paint('distribute mends', 'bold')}: {what}")
    yield ""
    shown, rest = limit(services, _MOST_MENDED, everything=options.verbose)
    width = max(columns(printable(service)) for service, _ in shown)
    for service, found in shown:
        head = f"{terminal.mark(_MARKS.get(found[0].code, '→'))} {pad(printable(service), width)}  "
        yield from terminal.wrap(_mended(service, found, surveyed, options), width + 4, head)
        if options.verbose:
            yield from (f"    {place_of(one, service)}  {printable(one.message)}" for one in filter(_is_counted, found))
    yield from more_lines(rest, "service", terminal)
    remedies = {finding.remedy for finding in findings}
    yield from help_lines(remedies.pop() if len(remedies) == 1 else "common-sync distribute", terminal)


def _is_counted(finding: Finding) -> bool:
    """Tell whether a service's line counts a finding and does not name its file."""
    return finding.code == "CS001" or (finding.code == "CS002" and finding.message == _MISSING)


def _mended(service: str, findings: Sequence[Finding], surveyed: Survey, options: Options) -> str:
    codes = " ".join(options.terminal.code(code, "yellow") for code in dict.fromkeys(one.code for one in findings))
    groups = groupby(findings, lambda one: (one.code, one.message if one.code == "CS002" else ""))
    text = ", ".join(_phrase(code, service, list(group)) for (code, _), group in groups)
    versions = ", ".join(_old_versions(service, surveyed))
    tail = f" {options.terminal.paint(f'({printable(versions)})', 'dim')}" if versions else ""
    return f"{codes} {text}{tail}"


def _phrase(code: str, service: str, findings: Sequence[Finding]) -> str:
    """Return what is so with several files, in a few words."""
    first = findings[0]
    match code:
        case "CS001":
            return f"{count(len(findings), 'file')} behind"
        case "CS002" if first.message == _MISSING:
            return f"{count(len(findings), 'file')} missing"
        case "CS101":
            more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
            return f"{place_of(first, service)}{more} {'lead' if more else 'leads'} to the master"
        case "CS116" if first.file == service:
            return printable(first.message)
        case "CS116":
            return f"{', '.join(place_of(one, service) for one in findings)}: {printable(first.message)}"
        case _:
            return printable(first.message)


def _old_versions(service: str, surveyed: Survey) -> Iterator[str]:
    """Yield the versions of a service's copies that are not those of the master."""
    for copy in (copy for plan in surveyed.plans if plan.service == service for copy in plan.copies):
        if copy.version is not None and copy.version != surveyed.targets[copy.target].manifest.library.version:
            yield copy.version
