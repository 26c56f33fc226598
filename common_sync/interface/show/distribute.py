"""The text of `distribute`; the hook prints its first part too."""

from collections.abc import Iterator, Sequence

from common_sync.commands.distribute import CopyOutcome, Distribution, Outcome
from common_sync.core.copies.plan import Operation
from common_sync.core.model import GUARDED
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, difference_lines, finding_lines, kept_line

_DONE = {"create": "new", "update": "updated", "delete": "deleted"}


def distribute_lines(distribution: Distribution, seconds: float, options: Options, *, diff: bool) -> Iterator[str]:
    """Yield what `distribute` prints: differences, a line a service, a summary.

    Args:
        distribution: What the run came to.
        seconds: How long it took.
        options: The options of every command; with `quiet`, only errors and discarded edits are printed.
        diff: Whether the differences were asked for.
    """
    if diff:
        yield from difference_lines(distribution.survey, options)
    yield from _quiet_lines(distribution, options) if options.quiet else _full_lines(distribution, seconds, options)


def _full_lines(distribution: Distribution, seconds: float, options: Options) -> Iterator[str]:
    yield from outcome_lines(distribution, distribution.outcomes, options)
    if findings := distribution.findings():
        yield ""
        yield from finding_lines(findings, options.terminal, everything=options.verbose)
    if distribution.kept is not None:
        yield from ("", kept_line(distribution.kept, distribution.survey.project.root))
    yield from ("", _summary(distribution, seconds))


def _quiet_lines(distribution: Distribution, options: Options) -> Iterator[str]:
    """Yield every edit that was discarded, and the errors."""
    for outcome in distribution.outcomes:
        yield from _file_lines(outcome, distribution, options)
    errors = [finding for finding in distribution.findings() if finding.severity == "error"]
    yield from finding_lines(errors, options.terminal, everything=options.verbose)
    if distribution.kept is not None:
        yield kept_line(distribution.kept, distribution.survey.project.root)


def outcome_lines(distribution: Distribution, outcomes: Sequence[Outcome], options: Options) -> Iterator[str]:
    """Yield a line a service, and one a written file of no service.

    Args:
        distribution: The run.
        outcomes: Those to show.
        options: The options of every command.
    """
    terminal = options.terminal
    width = max((len(outcome.plan.service) for outcome in outcomes), default=0)
    for outcome in outcomes:
        mark = "✗" if not outcome.in_sync else _written(distribution) if outcome.changed else "·"
        what = ", ".join(_changes(outcome)) or "in sync"
        yield f"{terminal.mark(mark)} {printable(outcome.plan.service):<{width}}  {what}"
        yield from (f"    {line}" for line in _file_lines(outcome, distribution, options))
    for edit in distribution.survey.root.edits:
        what = "managed block written" if edit.managed else "build contexts rewritten"
        yield f"{terminal.mark(_written(distribution))} {printable(edit.path):<{width}}  {what}"


def _written(distribution: Distribution) -> str:
    """Return the mark of what was written, or would be."""
    return "→" if distribution.dry_run else "✓"


def _changes(outcome: Outcome) -> Iterator[str]:
    plan = outcome.plan
    for one in outcome.copies:
        yield from _copy_changes(one, outcome)
    for former in outcome.gone:
        yield f"former copy {printable(former.place)} taken away"
    for what, managed in (("references rewritten", False), ("managed block written", True)):
        if files := [printable(edit.inside(plan.service)) for edit in plan.edits if edit.managed is managed]:
            yield f"{what} in {' and '.join(files)}"
    if outcome.left:
        yield f"{count(len(outcome.left), 'file')} left alone"
    rest = len(outcome.findings) - len(outcome.left)
    if rest > 0:
        yield count(rest, "finding")


def _copy_changes(one: CopyOutcome, outcome: Outcome) -> Iterator[str]:
    if not one.copy.exists:
        yield f"new copy of {count(len(one.done), 'file')}"
        return
    yield from _counts(one.done)
    if one.copy.plan.state == "unmanaged" and one.changed:
        mine = sum(operation.before is not None for operation in one.left)
        yield f"adopted {count(one.copy.files - mine, 'file')}"
    elif one.changed and not one.done and not outcome.plan.edits:
        yield "manifest brought up to date"


def _counts(operations: Sequence[Operation]) -> Iterator[str]:
    actions = [operation.action for operation in operations]
    yield from (f"{actions.count(action)} {word}" for action, word in _DONE.items() if action in actions)


def _file_lines(outcome: Outcome, distribution: Distribution, options: Options) -> Iterator[str]:
    """Yield each edit that `--force` discards; every other file when asked for."""
    shown = options.verbose or distribution.force
    done = [(one.copy.path, operation) for one in outcome.copies if shown for operation in one.done]
    done += ((former.path, operation) for former in outcome.gone if shown for operation in former.plan.operations)
    for copy, operation in done:
        path = printable(f"{copy}/{operation.path}")
        if operation.state in GUARDED:
            what = "would discard" if distribution.dry_run else "discarded"
            yield f"{options.terminal.paint(what, 'yellow')} {path} ({operation.state})"
        elif options.verbose:
            yield f"{_DONE[operation.action]} {path}"


def _summary(distribution: Distribution, seconds: float) -> str:
    total = len(distribution.outcomes)
    changed = sum(outcome.changed and outcome.in_sync for outcome in distribution.outcomes)
    failed = sum(not outcome.in_sync for outcome in distribution.outcomes)
    parts = [f"{changed:,} {'would be ' if distribution.dry_run else ''}brought in sync"] if changed else []
    parts += [f"{total - changed - failed:,} already in sync"] if total - changed - failed else []
    parts += [f"{failed:,} not in sync"] if failed else []
    return f"{count(total, 'service')}: {', '.join(parts)}, in {seconds:.2f} s"
