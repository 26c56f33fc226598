"""The text of `status`: a row for each service that is not in sync, and the versions."""

from collections import Counter
from collections.abc import Iterator, Sequence

from common_sync.commands.steps.survey import Survey
from common_sync.core.model import State
from common_sync.core.service_plan import KINDS, CopySurvey, Kind, ServicePlan
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import columns, pad, printable
from common_sync.interface.show.text import count, limit, member_lines, more_lines

_MARKS: dict[Kind, str] = {
    "diverged": "◆",
    "modified": "■",
    "extra": "+",
    "unmanaged": "?",
    "no copy": "○",
    "missing": "○",
    "stale": "▼",
    "references": "→",
    "current": "·",
}
"""The mark of each way in which a service stands."""

_WORDS: dict[State, str] = {
    "diverged": "edited and behind",
    "modified": "edited",
    "extra": "unknown",
    "missing": "missing",
    "stale": "behind",
}
_MOST_ROWS, _MOST_VERSIONS, _DIGEST = 40, 8, 16
_SERVICE, _VERSION = "SERVICE", "VERSION"
_STAYS = "\xa0"
"""A space at which no line is broken; in a name it would be an escape."""


def status_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield the libraries, a row for each service that is not in sync, and how many have which version; quiet, the rows alone."""
    if not options.quiet:
        yield from _library_lines(surveyed, options)
    yield from _standing_lines(surveyed, options)
    if options.quiet:
        return
    yield from member_lines(surveyed.project.members, options)
    yield from _version_lines(surveyed, options)
    yield from _pin_lines(surveyed, options)
    if surveyed.project.configuration.to is not None:
        yield from _release_lines(surveyed, options)


def _library_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    terminal = options.terminal
    for target in surveyed.masters:
        manifest, master = target.manifest, terminal.paint(printable(target.library.master), "bold")
        digest = terminal.spell(f"{manifest.tree[:_DIGEST]}…")
        name = printable(manifest.library.shown)
        if not target.is_here:  # of another repository, and not fetched yet
            yield from terminal.wrap(f"{master}  {printable(target.library.name)}, not fetched yet", 2)
            continue
        yield from terminal.wrap(f"{master}  {name}, {count(len(manifest.files), 'file')}, {digest}", 2)
    yield ""


def _standing_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield how services stand, and the files of the root."""
    terminal = options.terminal
    kinds = {plan.service: plan.kind for plan in surveyed.plans}
    plans = sorted(surveyed.plans, key=lambda plan: (KINDS.index(kinds[plan.service]), plan.service))
    shown = plans if options.verbose else [plan for plan in plans if kinds[plan.service] != "current"]
    yield from _row_lines(shown, kinds, surveyed, options)
    for edit in surveyed.root.edits:
        yield f"{terminal.mark('→')} {printable(edit.path)}  a managed block to write"
    for finding in surveyed.root.findings:
        yield from terminal.wrap(f"{terminal.mark('✗')} {printable(finding.file)} {printable(finding.message)}", 2)
    if (rest := len(plans) - len(shown)) and not options.quiet:
        word = "service" if not shown else "more service"
        yield terminal.paint(f"{terminal.mark('·')} {count(rest, word)} in sync (-v names them)", "dim")


def _row_lines(plans: list[ServicePlan], kinds: dict[str, Kind], surveyed: Survey, options: Options) -> Iterator[str]:
    if not plans:
        return
    terminal, (shown, rest) = options.terminal, limit(plans, _MOST_ROWS, everything=options.verbose)
    versions = {plan.service: printable(name_versions(plan, len(surveyed.masters))) for plan in shown}
    names = max(columns(text) for text in (_SERVICE, *map(printable, versions)))
    wide = max(columns(text) for text in (_VERSION, *versions.values()))
    narrow = names + wide + len("    WHAT  ") > terminal.width  # the versions go below, too
    yield terminal.paint(
        f"  {pad(_SERVICE, names)}  {f'{_VERSION}, WHAT' if narrow else f'{pad(_VERSION, wide)}  WHAT'}", "bold"
    )
    for plan in shown:
        head = f"{terminal.mark(_MARKS[kinds[plan.service]])} {pad(printable(plan.service), names)}  "
        what, version = what_differs(plan, len(surveyed.masters)), versions[plan.service]
        head, text = (head, f"{version}; {what}") if narrow else (f"{head}{pad(version, wide)}  ", what)
        yield from terminal.wrap(text, columns(head), head)
        if options.verbose:
            yield from _file_lines(plan)
    yield from more_lines(rest, "service", terminal)


def name_versions(plan: ServicePlan, libraries: int) -> str:
    """Return the versions of a service's copies.

    Args:
        plan: The service's plan.
        libraries: How many libraries the project has; with several, each is named.
    """
    if libraries == 1:
        return ", ".join(copy.version or "-" for copy in plan.copies)
    return ", ".join(f"{copy.target.library} {copy.version}" for copy in plan.copies if copy.version) or "-"


def _file_lines(plan: ServicePlan) -> Iterator[str]:
    """Yield the files of a service's copies that differ, and how."""
    for copy in plan.copies if plan.kind != "no copy" else ():
        for operation in copy.plan.operations:
            yield f"    {printable(f'{copy.place}/{operation.path}')}  {_WORDS.get(operation.state, operation.state)}"


def what_differs(plan: ServicePlan, libraries: int) -> str:
    """Return in a few words what keeps a service from being in sync.

    Args:
        plan: The service's plan.
        libraries: How many libraries the project has; with several, each is named.
    """
    copies = [
        f"{printable(copy.place)}: {text}" if libraries > 1 else text for copy in plan.copies if (text := _drift(copy))
    ]
    own = ", ".join(_own(plan))
    return "; ".join([*copies, *([own] if own else [])]) or "in sync"


def _drift(copy: CopySurvey) -> str:
    """Return how a copy differs; nothing where it does not."""
    if copy.lacks:
        return "what is locked is not here"
    if not copy.exists:
        return "no copy"
    states = Counter(operation.state for operation in copy.plan.operations)
    parts = ["no manifest"] if copy.plan.state == "unmanaged" else []
    parts += [f"{states[state]:,} {word}" for state, word in _WORDS.items() if states[state]]
    return ", ".join(parts) or ("manifest behind" if copy.plan.behind else "")


def _own(plan: ServicePlan) -> Iterator[str]:
    """Yield what is to be said of a service's own files."""
    leading = sum(reference.state == "points-at-master" for reference in plan.references)
    if leading:
        yield "a reference to the master" if leading == 1 else f"{leading:,} references to the master"
    turning = sum(reference.state == "points-at-former" for reference in plan.references)
    if turning:
        yield "a reference to a former copy" if turning == 1 else f"{turning:,} references to a former copy"
    yield from (f"former copy {printable(former.place)}" for former in plan.former)
    if blocks := [printable(edit.inside(plan.service)) for edit in plan.edits if edit.managed]:
        yield f"a managed block to write in {' and '.join(blocks)}"
    for severity in ("error", "warning"):
        if number := sum(one.severity == severity for one in plan.problems):
            yield count(number, severity)


def _version_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield which version is in how many services, for each library that has versions."""
    head = "versions    "
    for target in surveyed.masters:
        copies = [copy for plan in surveyed.plans for copy in plan.copies if copy.target.library == target.library.name]
        found = Counter(copy.version for copy in copies)
        if found and found.keys() != {None}:
            whose = f"{printable(target.manifest.library.name)}: " if len(surveyed.masters) > 1 else ""
            shown = "  ".join(_show_version(version, copies) for version, _ in found.most_common(_MOST_VERSIONS))
            if head.strip():
                yield ""
            yield from (line.replace(_STAYS, " ") for line in options.terminal.wrap(f"{whose}{shown}", 12, head))
            head = " " * len(head)


def _show_version(version: str | None, copies: Sequence[CopySurvey]) -> str:
    """Return in how many services a version is, and whether those that nobody has edited hold other files under its name."""
    found = [copy for copy in copies if copy.version == version]
    contents = {copy.digest for copy in found if copy.kind == "current"}
    differ = ", not all with the same files" if version is not None and len(contents) > 1 else ""
    return f"{printable(version or 'none')}{_STAYS}in{_STAYS}{len(found):,}{differ}"


def _pin_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield which services stay at which tag or commit; nothing where none does."""
    pinned = [
        f"{_name_copy(plan.service, copy)} to {printable(copy.target.ref)}"
        for plan in surveyed.plans
        for copy in plan.copies
        if copy.target.ref is not None
    ]
    if pinned:
        yield ""
        shown, rest = limit(pinned, _MOST_ROWS, everything=options.verbose)
        yield from options.terminal.wrap(", ".join(shown), 12, "pinned      ")
        yield from more_lines(rest, "service", options.terminal)


def _name_copy(service: str, copy: CopySurvey) -> str:
    return printable(service if copy.called is None else f"{service} ({copy.called})")


def _release_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield which services have which current release; nothing where none was deployed."""
    from common_sync.commands.steps.environments.units import current_release_of  # only where releases are configured

    found = {plan.service: current_release_of(surveyed.project, plan.service) for plan in surveyed.plans}
    released = [f"{printable(service)} at {release}" for service, release in found.items() if release]
    if released:
        yield ""
        shown, rest = limit(released, _MOST_ROWS, everything=options.verbose)
        yield from options.terminal.wrap("; ".join(shown), 12, "releases    ")
        yield from more_lines(rest, "service", options.terminal)
