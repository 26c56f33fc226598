"""The text of `distribute`; the hook prints its first part too."""

import os
import sys
from collections.abc import Iterator, Sequence

from common_sync.commands.distribute import CopyOutcome, Distribution, Outcome
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.errors import shell_word
from common_sync.core.model import GUARDED, FileEdit
from common_sync.core.paths import is_below
from common_sync.interface.show.options import Options
from common_sync.interface.show.sections import section_lines
from common_sync.interface.show.terminal import columns, pad, printable
from common_sync.interface.show.text import count, difference_lines, kept_line, limit, member_lines, more_lines, spaced

_DONE = {"create": "new", "update": "updated", "delete": "deleted"}
_LEAST_CHANGES = 16
"""Columns for what was done to the files, and for what stands between columns."""

_MOST_DONE, _MOST_LEFT, _MOST_PLACES = 15, 10, 8


def distribute_lines(distribution: Distribution, seconds: float, options: Options, *, diff: bool) -> Iterator[str]:
    """Yield what `distribute` prints: differences, a line a service, what is left, a summary.

    Args:
        distribution: What the run came to.
        seconds: How long it took.
        options: The options of every command; with `quiet`, only discarded edits and a failure are printed.
        diff: Whether the differences were asked for.
    """
    if diff:
        yield from spaced(difference_lines(distribution.survey, options, force=distribution.force))
    if options.quiet:
        for outcome in distribution.outcomes:
            yield from _file_lines(outcome, distribution, options)
    else:
        yield from _full_lines(distribution, options)
    yield from member_lines(distribution.survey.project.members, options)
    if distribution.kept is not None:
        yield kept_line(distribution.kept, distribution.survey.project.root)
    for library, place in distribution.checkouts.items() if not options.quiet else ():
        text = f"{library} is taken from {printable(place)}, and not as it is locked: verify and the hook say so until "
        yield from options.terminal.wrap(f"{text}the next common-sync distribute", 2)
    if not options.quiet or not distribution.in_sync:
        yield from options.terminal.wrap(_summary(distribution, seconds), 2)
    if distribution.changed and not distribution.dry_run and not options.quiet and sys.stdout.isatty():
        yield from _next_lines(distribution)


def _next_lines(distribution: Distribution) -> Iterator[str]:
    """Yield the line that says what to commit: who runs it in a pipe does not ask."""
    from common_sync.edges.git.ask import list_changed  # only where there is something to say
    from common_sync.edges.git.repository import find_top, users_folder

    root, here = distribution.survey.project.root, users_folder()
    if find_top(root) is None:
        return
    places = sorted({*_list_places(distribution)})
    changed = list_changed(root, places)
    told = [place for place in places if any(is_below(file, place) for file in changed)]
    words = [shell_word(os.path.relpath(os.path.join(root, place), here)) for place in told]
    if len(words) > _MOST_PLACES:
        yield f"next: commit these {count(len(changed), 'file')} together; git status lists them"
    elif words:
        yield f"next: git add {printable(' '.join(words))}"


def _list_places(distribution: Distribution) -> Iterator[str]:
    """Yield what belongs to one commit: the configuration, masters, copies, and files that were rewritten."""
    yield distribution.survey.project.configuration.file
    yield from (target.library.master for target in distribution.survey.masters)
    yield from (edit.path for edit in distribution.survey.root.edits)
    for outcome in distribution.outcomes:
        if outcome.changed:
            yield from (one.copy.path for one in outcome.copies)
            yield from (edit.path for edit in outcome.plan.edits)
            yield from (former.path for former in outcome.gone)


def _full_lines(distribution: Distribution, options: Options) -> Iterator[str]:
    yield from spaced(outcome_lines(distribution, distribution.outcomes, options))
    yield from section_lines(distribution.findings(), distribution.survey, options)


def outcome_lines(distribution: Distribution, outcomes: Sequence[Outcome], options: Options) -> Iterator[str]:
    """Yield a line for each service that changed or was left, and one for each written file of no service."""
    done = [outcome for outcome in outcomes if outcome.in_sync and (outcome.changed or options.verbose)]
    left = [outcome for outcome in outcomes if not outcome.in_sync]
    files = {edit.path: _name_edit(edit) for edit in distribution.survey.root.edits}
    steps = {one.plan.service: options.terminal.spell(", ".join(_steps(one, distribution))) for one in (*done, *left)}
    names, wide = (
        max(map(columns, several), default=0) for several in (map(printable, (*steps, *files)), steps.values())
    )
    for several, most in ((done, _MOST_DONE), (left, _MOST_LEFT)):
        first, _ = limit(several, most, everything=options.verbose)
        shown = [*first, *filter(_discards, several[len(first) :])]
        rest = len(several) - len(shown)
        for one in shown:
            mark = "✗" if not one.in_sync else _written(distribution) if one.changed else "·"
            step, changes = steps[one.plan.service], _changes(one)
            head = f"{options.terminal.mark(mark)} {pad(printable(one.plan.service), names)}  "
            if wide and names + wide + _LEAST_CHANGES <= options.terminal.width:
                room = options.terminal.width - columns(head) - wide - 2
                head += f"{pad(step, wide)}  " if step or columns(changes) <= room else ""
            elif step:
                changes = f"{step}; {changes}" if changes else step
            yield from options.terminal.wrap(changes, names + 4, head)
            yield from (f"    {line}" for line in _file_lines(one, distribution, options))
        yield from more_lines(rest, "service", options.terminal)
    for path, what in files.items():
        head = f"{options.terminal.mark(_written(distribution))} {pad(printable(path), names)}  "
        yield from options.terminal.wrap(what, names + 4, head)


def _discards(outcome: Outcome) -> bool:
    """Tell whether a person's bytes are discarded in a service, which is always said."""
    former = (operation for one in outcome.gone for operation in one.plan.operations)
    return any(operation.state in GUARDED for operation in (*outcome.done, *former))


def _name_edit(edit: FileEdit) -> str:
    """Return what is written to a file that belongs to no service."""
    if edit.path == LOCK_FILE:
        return "what the pins are" if edit.after is not None else "taken away: nothing is pinned"
    return "managed block" if edit.managed else "build contexts"


def _written(distribution: Distribution) -> str:
    """Return the mark of what was written, or would be."""
    return "→" if distribution.dry_run else "✓"


def _steps(outcome: Outcome, distribution: Distribution) -> Iterator[str]:
    """Yield what was done to each copy, in the words of its version."""
    several = len(distribution.survey.masters) > 1
    for one in outcome.copies:
        step = _step(one, distribution)
        if step:
            yield printable(f"{one.copy.target.library}: {step}" if several else step)


def _step(one: CopyOutcome, distribution: Distribution) -> str:
    """Return what was done to a copy; nothing where its files say all."""
    version = distribution.survey.targets[one.copy.target].manifest.library.version
    if not one.copy.exists and one.changed:
        return f"new copy {version}" if version else "new copy"
    if one.changed and one.copy.plan.state == "unmanaged":
        return "adopted"
    if one.changed and one.copy.version != version:
        return f"{one.copy.version or 'none'} → {version or 'none'}"
    return "manifest" if one.changed and not one.done else ""


def _changes(outcome: Outcome) -> str:
    """Return what was done to the files, and what was left."""
    plan = outcome.plan
    parts = [count(len(outcome.done), "file")] if outcome.done else []
    parts += [printable(edit.inside(plan.service)) for edit in plan.edits]
    parts += [f"former copy {printable(former.place)} taken away" for former in outcome.gone]
    errors = sum(finding.severity == "error" for finding in outcome.findings) - len(outcome.left)
    parts += [f"{count(len(outcome.left), 'file')} left alone"] if outcome.left else []
    parts += [count(errors, "error")] if errors > 0 else []
    return ", ".join(parts) or ("in sync" if not outcome.changed else "")


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
    """Return the counts of services, in the future where nothing was written."""
    total = len(distribution.outcomes)
    changed = sum(outcome.changed and outcome.in_sync for outcome in distribution.outcomes)
    failed = sum(not outcome.in_sync for outcome in distribution.outcomes)
    dry, rest = distribution.dry_run, total - changed - failed
    parts = [(changed, "would be brought in sync" if dry else "brought in sync")]
    parts += [(failed, "left to you"), (rest, "already in sync")]
    told = [(number, what) for number, what in parts if number] or [(0, "already in sync")]
    texts = [f"{count(told[0][0], 'service')} {told[0][1]}", *(f"{number:,} {what}" for number, what in told[1:])]
    return f"{', '.join(texts)}{'; nothing was written' if dry else ''}, {seconds:.2f} s"
