"""The text of `pin`, `unpin` and `update`, and the fields of their JSON documents."""

from collections.abc import Iterator
from functools import partial

from common_sync.commands.pin import Pinned, Pinning
from common_sync.commands.update import Moved, Update
from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.copies.lockfile import Locked
from common_sync.core.findings import unpin_command
from common_sync.core.model import SHOWN_ID
from common_sync.interface.show.distribute import outcome_lines
from common_sync.interface.show.fields import Fields, as_text, distribute_fields, findings_fields
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
        yield from (f"{printable(one.service)}: {_change(one)}" for one in pinning.pinned)
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
    return f"{printable(one.library)} {_name(one.was)} → {_name(one.now)}"


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
                "was": _locked_fields(one.was),
                "now": _locked_fields(one.now),
            }
            for one in pinning.pinned
        ],
        "findings": findings_fields(pinning.findings()),
    }


def _locked_fields(locked: Locked | None) -> Fields | None:
    return None if locked is None else {key: getattr(locked, key) for key in ("ref", "commit", "tree")}


def update_lines(done: Update, options: Options) -> Iterator[str]:
    """Yield a line for each pin, what is to be said of tags, and a summary.

    Args:
        done: What was done.
        options: The options of every command.
    """
    terminal, moved = options.terminal, [one for one in done.entries if one.is_moved]
    if not options.quiet:
        yield from (_moved_line(one) for one in (done.entries if options.verbose else moved))
        yield from finding_lines(done.findings(), terminal, everything=options.verbose)
    if not moved:
        if not options.quiet:
            yield f"{terminal.mark('·')} every tag is still the locked commit"
        return
    mark, verb = ("→", "would be locked") if done.dry_run else ("✓", "locked")
    yield from terminal.wrap(
        f"{terminal.mark(mark)} {verb} in {LOCK_FILE}; the copies follow: common-sync distribute", 2
    )


def _moved_line(one: Moved) -> str:
    was = "" if one.was is None else f"{one.was.commit[:SHOWN_ID]} → "
    services = ", ".join(map(printable, one.services))
    return f"{printable(one.now.library)} {printable(one.now.ref)}: {was}{one.now.commit[:SHOWN_ID]}  ({services})"


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
            }
            for one in done.entries
        ],
        "findings": findings_fields(done.findings()),
    }
