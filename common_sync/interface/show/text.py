"""Results as lines of text: what `distribute`, `verify` and the hook print. Built by hand; rich is for the rest."""

from collections.abc import Iterator, Sequence

from common_sync.commands.distribute import Distribution, Outcome
from common_sync.commands.steps.survey import Survey
from common_sync.commands.verify import CopyCheck
from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.errors import Problem
from common_sync.core.model import Finding, Library
from common_sync.edges.state.discarded import restore_command
from common_sync.interface.show.terminal import Terminal, printable

_MOST_FINDINGS = 20
"""Findings shown of each service, unless more is asked for."""

_DONE = {"create": "new", "update": "updated", "delete": "deleted"}
_SHORT_DIGEST = 16


def count(number: int, word: str) -> str:
    """Return a number and its word, in the plural where it is one.

    Args:
        number: How many.
        word: The word for one.
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def name_library(library: Library) -> str:
    """Return the library's name, and its version where it declares one."""
    return f"{library.name} {library.version}" if library.version else library.name


def problem_lines(problem: Problem, terminal: Terminal) -> Iterator[str]:
    """Yield an error as it is shown: what is wrong and where, then what to do.

    Args:
        problem: The error.
        terminal: What can be shown.
    """
    place = f"{problem.place}: " if problem.place else ""
    yield f"{terminal.paint('error', 'red')}: {terminal.paint(printable(place), 'bold')}{printable(problem.message)}"
    if problem.remedy:
        yield f"  {terminal.paint('help', 'cyan')}: {printable(problem.remedy)}"


def finding_lines(findings: Sequence[Finding], terminal: Terminal, *, everything: bool) -> Iterator[str]:
    """Yield findings as they are shown, one or two lines each; a remedy is said once for a run of the same.

    Args:
        findings: The findings.
        terminal: What can be shown.
        everything: Show all, however many there are of one service.
    """
    shown: dict[str, int] = {}
    for index, finding in enumerate(findings):
        shown[finding.service] = shown.get(finding.service, 0) + 1
        if shown[finding.service] > _MOST_FINDINGS and not everything:
            continue
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        color = "red" if finding.severity == "error" else "yellow"
        yield f"{terminal.paint(printable(place), 'bold')}: {terminal.paint(finding.code, color)} {printable(finding.message)}"
        following = findings[index + 1] if index + 1 < len(findings) else None
        last = shown[finding.service] == _MOST_FINDINGS and not everything
        if last or following is None or (following.service, following.remedy) != (finding.service, finding.remedy):
            yield f"  {terminal.paint('help', 'cyan')}: {printable(finding.remedy)}"
    for service, number in shown.items():
        if number > _MOST_FINDINGS and not everything:
            yield f"{printable(service)}: {number - _MOST_FINDINGS} more findings (-v shows them)"


def distribution_lines(
    done: Distribution, seconds: float, terminal: Terminal, *, verbose: bool = False
) -> Iterator[str]:
    """Yield what `distribute` prints: one line a service, what is still to be said, a summary.

    Args:
        done: What the run came to.
        seconds: How long it took.
        terminal: What can be shown.
        verbose: Name every file.
    """
    width = max((len(outcome.plan.service) for outcome in done.outcomes), default=0)
    for outcome in done.outcomes:
        yield service_line(outcome, done, width, terminal)
        yield from (f"    {line}" for line in _detail_lines(outcome, done, terminal, verbose=verbose))
    yield from root_lines(done, width, terminal)
    findings = done.findings()
    if findings:
        yield ""
        yield from finding_lines(findings, terminal, everything=verbose)
    if done.kept is not None:
        yield ""
        yield kept_line(done.kept, done.survey.project.root)
    yield ""
    yield _summary(done, seconds)


def quiet_lines(done: Distribution, terminal: Terminal, *, verbose: bool = False) -> Iterator[str]:
    """Yield what `distribute --quiet` prints: what is still to be said, and every edit that was discarded.

    Args:
        done: What the run came to.
        terminal: What can be shown.
        verbose: Name every file.
    """
    for outcome in done.outcomes:
        yield from _detail_lines(outcome, done, terminal, verbose=verbose)
    errors = [finding for finding in done.findings() if finding.severity == "error"]
    yield from finding_lines(errors, terminal, everything=verbose)
    if done.kept is not None:
        yield kept_line(done.kept, done.survey.project.root)


def kept_line(kept: str, root: str) -> str:
    """Return the line that says how to bring back what was discarded.

    Args:
        kept: The folder that it is kept in.
        root: The absolute path of the configuration's folder.
    """
    return f"what was discarded is kept; this brings it back: {printable(restore_command(kept, root))}"


def service_line(outcome: Outcome, done: Distribution, width: int, terminal: Terminal) -> str:
    """Return one service's line: a mark, its name, what changed and how many files its copy holds.

    Args:
        outcome: What was done to it.
        done: The run.
        width: Characters to give to the name.
        terminal: What can be shown.
    """
    if not outcome.in_sync:
        mark, color = "✗", "red"
    elif outcome.changed:
        mark, color = ("→", "cyan") if done.dry_run else ("✓", "green")
    else:
        mark, color = "·", "dim"
    what = ", ".join(_what(outcome)) or "in sync"
    name = f"{printable(outcome.plan.service):<{width}}"
    return f"{terminal.paint(terminal.mark(mark), color)} {name}  {what}"


def root_lines(done: Distribution, width: int, terminal: Terminal) -> Iterator[str]:
    """Yield a line for each file that belongs to no service and was written.

    Args:
        done: The run.
        width: Characters to give to the name.
        terminal: What can be shown.
    """
    mark, color = ("→", "cyan") if done.dry_run else ("✓", "green")
    for edit in done.survey.root.edits:
        what = "managed block written" if edit.managed else "build contexts rewritten"
        yield f"{terminal.paint(terminal.mark(mark), color)} {printable(edit.path):<{width}}  {what}"


def _what(outcome: Outcome) -> Iterator[str]:
    plan = outcome.plan
    if not plan.exists:
        yield f"new copy of {count(len(outcome.done), 'file')}"
    else:
        yield from _counts(outcome.done)
        if plan.copy.state == "unmanaged" and outcome.changed:
            mine = sum(operation.before is not None for operation in outcome.left)
            yield f"adopted {count(plan.files - mine, 'file')}"
        elif outcome.changed and not outcome.done and not plan.edits:
            yield "manifest brought up to date"
    for what, managed in (("references rewritten", False), ("managed block written", True)):
        if files := [printable(edit.path) for edit in plan.edits if edit.managed is managed]:
            yield f"{what} in {' and '.join(files)}"
    if outcome.left:
        yield f"{count(len(outcome.left), 'file')} left alone"
    rest = len(outcome.findings) - len(outcome.left)
    if rest > 0:
        yield count(rest, "finding")


def _counts(operations: Sequence[Operation]) -> Iterator[str]:
    actions = [operation.action for operation in operations]
    yield from (f"{actions.count(action)} {word}" for action, word in _DONE.items() if action in actions)


def _detail_lines(outcome: Outcome, done: Distribution, terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    """Yield each edit that `--force` discards, always; every other file when asked for."""
    for operation in outcome.done if verbose or done.force else ():
        path = printable(f"{outcome.plan.copy_path}/{operation.path}")
        if operation.state in ("modified", "diverged", "extra"):
            yield f"{terminal.paint('would discard' if done.dry_run else 'discarded', 'yellow')} {path} ({operation.state})"
        elif verbose:
            yield f"{_DONE[operation.action]} {path}"


def _summary(done: Distribution, seconds: float) -> str:
    total = len(done.outcomes)
    changed = sum(outcome.changed and outcome.in_sync for outcome in done.outcomes)
    failed = sum(not outcome.in_sync for outcome in done.outcomes)
    parts = []
    if changed:
        parts.append(f"{changed:,} {'would be ' if done.dry_run else ''}brought in sync")
    if total - changed - failed:
        parts.append(f"{total - changed - failed:,} already in sync")
    if failed:
        parts.append(f"{failed:,} not in sync")
    return f"{count(total, 'service')}: {', '.join(parts)}, in {seconds:.2f} s"


def verification_lines(found: Survey, seconds: float, terminal: Terminal, *, verbose: bool = False) -> Iterator[str]:
    """Yield what `verify` prints: the findings, then one line that says it all.

    Args:
        found: What was read and planned.
        seconds: How long it took.
        terminal: What can be shown.
        verbose: Show all findings, however many.
    """
    yield from finding_lines(found.findings(), terminal, everything=verbose)
    services = count(len(found.plans), "service")
    manifest = found.master.manifest
    if found.in_sync:
        mark = terminal.paint(terminal.mark("✓"), "green")
        source = printable(f"{found.project.master} ({name_library(manifest.library)}, {manifest.tree[:_SHORT_DIGEST]}")
        yield f"{mark} {services} in sync with {source}…), in {seconds:.2f} s"
        return
    failed = sum(not plan.is_empty for plan in found.plans)
    mark = terminal.paint(terminal.mark("✗"), "red")
    what = f"{failed:,} of {services}" if failed else ", ".join(found.root.blocks)
    yield f"{mark} {what} not in sync with {printable(found.project.master)}, in {seconds:.2f} s"
    yield from axes_lines([plan.copy for plan in found.plans], [plan.service for plan in found.plans])


def axes_lines(plans: Sequence[CopyPlan], services: Sequence[str]) -> Iterator[str]:
    """Yield the two axes apart: which copies were touched, and which are behind the master.

    Args:
        plans: The copies' plans.
        services: Their services, in the same order.
    """
    for title, which in (
        (
            "edited since they were distributed",
            [plan.touched and plan.state not in ("missing", "unmanaged") for plan in plans],
        ),
        ("behind the master", [plan.behind for plan in plans]),
    ):
        names = [printable(name) for name, yes in zip(services, which, strict=True) if yes]
        if names:
            yield f"  {title}: {', '.join(names[:_MOST_FINDINGS])}{' …' if len(names) > _MOST_FINDINGS else ''}"


def copy_check_lines(check: CopyCheck, terminal: Terminal, *, verbose: bool = False) -> Iterator[str]:
    """Yield what `verify --copy` prints.

    Args:
        check: How the copy stands to its manifest.
        terminal: What can be shown.
        verbose: Show all findings, however many.
    """
    yield from finding_lines(check.findings, terminal, everything=verbose)
    name = printable(name_library(check.manifest.library))
    if check.findings:
        yield f"{terminal.paint(terminal.mark('✗'), 'red')} {printable(check.path)} is not what its manifest says ({name})"
    else:
        mark = terminal.paint(terminal.mark("✓"), "green")
        yield f"{mark} {printable(check.path)} is what its manifest says: {name}, {count(check.files, 'file')}"
    yield f"  {check.digest}"
