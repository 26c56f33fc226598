"""The text of `promote`."""

from collections.abc import Iterator, Sequence

from common_sync.commands.promote import Promotion
from common_sync.commands.steps.promote.homes import Goal
from common_sync.commands.steps.promote.taking import Promoted
from common_sync.core.errors import shell_word
from common_sync.interface.show.distribute import outcome_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import columns, pad, printable
from common_sync.interface.show.text import count, finding_lines

_HOW = {"as-is": "as it is", "merged": "merged with a change of the master", "equal": "the master has it already"}


def promote_lines(promotion: Promotion, options: Options) -> Iterator[str]:
    """Yield a line an edit, how the copies followed, what was refused or is left, and a summary.

    Args:
        promotion: What was done.
        options: The options of every command; with `quiet`, only what is wrong is shown.
    """
    findings = promotion.findings()
    if not options.quiet:
        yield from _promoted_lines(promotion.promoted, options)
        if promotion.distribution is not None:
            changed = [outcome for outcome in promotion.distribution.outcomes if outcome.changed]
            yield from outcome_lines(promotion.distribution, changed, options)
    if options.quiet:
        findings = [finding for finding in findings if finding.severity == "error"]
    yield from finding_lines(findings, options.terminal, everything=options.verbose)
    if not options.quiet:
        yield from _summary(promotion, options)


def _promoted_lines(promoted: Sequence[Promoted], options: Options) -> Iterator[str]:
    """Yield a row an edit; where not all fit into a line, where each goes stands below its file."""
    to = options.terminal.mark("→")
    rows = [
        (printable(one.edit.file), f"{printable(one.edit.master_file)}: {_HOW[one.how]}, +{one.added} -{one.removed}")
        for one in promoted
    ]
    width = max((columns(file) for file, _ in rows), default=0)
    fits = all(width + columns(f" > {goal}") <= options.terminal.width for _, goal in rows)
    for file, goal in rows:
        if fits:
            yield f"{pad(file, width)} {to} {goal}"
        else:
            yield file
            yield from options.terminal.wrap(goal, 4, f"  {to} ")


def _summary(promotion: Promotion, options: Options) -> Iterator[str]:
    terminal, number = options.terminal, len(promotion.promoted)
    if promotion.refused:
        yield f"{terminal.mark('✗')} nothing was promoted, because of {count(len(promotion.refused), 'file')}"
    elif not number:
        yield f"{terminal.mark('·')} nothing to promote: no copy was edited"
    elif all(one.how == "equal" for one in promotion.promoted):
        yield f"{terminal.mark('·')} nothing to promote: the master has it already"
    elif promotion.dry_run:
        yield f"{terminal.mark('→')} {count(number, 'file')} would be promoted"
    elif promotion.goal is not None:
        yield f"{terminal.mark('✓')} {_tell_goal(promotion.goal, count(number, 'file'))}"
        yield "  the copies keep the edits until they are locked at a release that has them"
    else:
        masters = " ".join(dict.fromkeys(shell_word(one.edit.copy.master) for one in promotion.promoted))
        yield f"{terminal.mark('✓')} {count(number, 'file')} promoted; to see what has changed: git diff {printable(masters)}"
    if promotion.kept is not None and promotion.goal is not None:
        yield f"the files from before are kept in {printable(promotion.kept)}"
    elif promotion.kept is not None:
        from common_sync.edges.state.discarded import restore_command  # only where something was replaced

        command = f"{restore_command(promotion.kept, promotion.root)} --force"  # no manifest tells what a master held
        yield f"the files from before are kept; this brings them back: {printable(command)}"


def _tell_goal(goal: Goal, files: str) -> str:
    if goal.patch:
        return f"{files} in a patch: git apply {printable(shell_word(goal.patch))} takes it, in that repository"
    return f"{files} promoted; to see what has changed: git -C {printable(shell_word(goal.checkout))} diff"
