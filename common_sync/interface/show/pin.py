"""The text of `pin`, `unpin` and `update`, and the fields of their JSON documents."""

from collections.abc import Iterator
from functools import partial

from common_sync.commands.pin import Pinned, Pinning
from common_sync.commands.steps.versions.between import Between
from common_sync.commands.update import Moved, Update
from common_sync.core.copies.ancestry import Commit
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.lockfile import Locked
from common_sync.core.findings import unpin_command
from common_sync.core.model import SHOWN_ID
from common_sync.interface.show.distribute import outcome_lines
from common_sync.interface.show.fields import Fields, as_text, distribute_fields, findings_fields
from common_sync.interface.show.history_fields import commit_fields
from common_sync.interface.show.log import commit_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import finding_lines


def present_pinning(command: str, pinning: Pinning, options: Options) -> int:
    """Show what a run of `pin` or `unpin` came to; return the exit code."""
    text, fields = partial(_lines, pinning), partial(_fields, pinning)
    return present(View(command, pinning.passes, pinning.findings, text, fields, pinning.root), options)


def _lines(pinning: Pinning, options: Options) -> Iterator[str]:
    terminal, findings = options.terminal, pinning.findings()
    if not options.quiet:
        for one in pinning.pinned:
            yield from terminal.wrap(f"{printable(one.service)}: {_change(one)}", 4)
        if pinning.distribution is not None:
            changed = [outcome for outcome in pinning.distribution.outcomes if outcome.changed]
            yield from outcome_lines(pinning.distribution, changed, options)
    if options.quiet:
        findings = [finding for finding in findings if finding.severity == "error"]
    yield from finding_lines(findings, terminal, everything=options.verbose)
    if pinning.refused:
        message = "nothing was changed: the copy was edited; --force discards that, and keeps it aside"
        yield from terminal.wrap(f"{terminal.mark('✗')} {message}", 2)
    elif not options.quiet:
        yield from (line for one in pinning.pinned for line in terminal.wrap(_summary(one, pinning, options), 2))


def _change(one: Pinned) -> str:
    made = f", {one.now_of.date} {printable(one.now_of.subject)}" if one.now_of is not None else ""
    return f"{printable(one.library)} {_name(one.was)} → {_name(one.now)}{made}"


def _name(locked: Locked | None) -> str:
    if locked is None:
        return "as the master"
    short = locked.commit[:SHOWN_ID]
    return short if locked.is_commit else f"{printable(locked.ref)} ({short})"


def _summary(one: Pinned, pinning: Pinning, options: Options) -> str:
    file = printable(pinning.file)
    mark = options.terminal.mark("→" if pinning.dry_run else "✓")
    if one.now is None:
        what = "would follow" if pinning.dry_run else "follows"
        master = "the master" if one.called is None else f"the master of {printable(one.called)}"
        return f"{mark} {printable(one.service)} {what} {master} again"
    verb = "would be pinned" if pinning.dry_run else "pinned"
    stays = printable(f"it stays there until: {unpin_command(one.service, one.called)}")
    return f"{mark} {verb} in {file} and {LOCK_FILE}; {stays}"


def _fields(pinning: Pinning) -> Fields:
    done = pinning.distribution
    return (distribute_fields(done, diff=False) if done is not None else {}) | {
        "complete": not pinning.refused,
        "dry_run": pinning.dry_run,
        "pinned": [
            {
                "service": as_text(one.service),
                "library": as_text(one.library),
                "was": _dated_fields(one.was, one.was_of),
                "now": _dated_fields(one.now, one.now_of),
            }
            for one in pinning.pinned
        ],
        "findings": findings_fields(pinning.findings()),
    }


def _locked_fields(locked: Locked | None) -> Fields | None:
    return None if locked is None else {key: getattr(locked, key) for key in ("ref", "commit", "tree")}


def _dated_fields(locked: Locked | None, made: Commit | None) -> Fields | None:
    fields = _locked_fields(locked)
    return fields and fields | {
        "date": made.date if made is not None else None,
        "subject": as_text(made.subject) if made is not None else None,
    }


def update_lines(done: Update, options: Options) -> Iterator[str]:
    """Yield a line for each pin, what is to be said of tags, and a summary.

    Args:
        done: What was done.
        options: The options of every command.
    """
    terminal, moved = options.terminal, [one for one in done.entries if one.is_moved]
    if not options.quiet:
        for one in done.entries if options.verbose else moved:
            yield _moved_line(one)
            yield from _between_lines(one.between, options)
        yield from finding_lines(done.findings(), terminal, everything=options.verbose)
    if not moved:
        if not options.quiet:
            what = "every tag is still the locked commit" if done.entries else "nothing is pinned"
            yield f"{terminal.mark('·')} {what}"
        return
    mark, verb = ("→", "would be locked") if done.dry_run else ("✓", "locked")
    yield from terminal.wrap(
        f"{terminal.mark(mark)} {verb} in {LOCK_FILE}; the copies follow: common-sync distribute", 2
    )


def _moved_line(one: Moved) -> str:
    was = "" if one.was is None else f"{one.was.commit[:SHOWN_ID]} → "
    services = ", ".join(map(printable, one.services))
    return f"{printable(one.now.library)} {printable(one.now.ref)}: {was}{one.now.commit[:SHOWN_ID]}  ({services})"


def _between_lines(between: Between | None, options: Options) -> Iterator[str]:
    """Yield the commits that a tag has gained, and those that it has lost."""
    if between is None:
        return
    yield from commit_lines(between.gained, options)
    if between.lost:
        yield "  it no longer has:"
        yield from (f"  {line}" for line in commit_lines(between.lost, options))
    if not between.is_complete:
        yield "  this clone does not have all commits between the two"


def update_fields(done: Update) -> Fields:
    """Return the fields of `update`."""
    return {
        "dry_run": done.dry_run,
        "changed": any(one.is_moved for one in done.entries),
        "entries": [
            {
                "library": as_text(one.now.library),
                "services": [as_text(service) for service in one.services],
                "was": _locked_fields(one.was),
                "now": _locked_fields(one.now),
                "gained": [commit_fields(commit) for commit in one.between.gained] if one.between is not None else [],
                "lost": [commit_fields(commit) for commit in one.between.lost] if one.between is not None else [],
                "complete": one.between is None or one.between.is_complete,
            }
            for one in done.entries
        ],
        "findings": findings_fields(done.findings()),
    }
