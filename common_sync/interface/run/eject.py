"""What `eject` shows."""

import sys
from collections.abc import Iterator, Sequence

from common_sync.commands.eject import Ejected, Ejection, eject
from common_sync.edges.project.load import load_project
from common_sync.interface.run.actions import DRIFT, IN_SYNC, Options
from common_sync.interface.show.terminal import Terminal, printable, write
from common_sync.interface.show.text import count, finding_lines, kept_line


def run_eject(services: Sequence[str], options: Options, *, copies: bool, force: bool, dry_run: bool) -> int:
    """Run `eject`; return the exit code.

    Args:
        services: The services that the user named.
        options: What goes with every command.
        copies: Remove the copies as well.
        force: Discard edits in copies that are removed.
        dry_run: Write nothing.
    """
    done = eject(load_project(options.root), services, _say, copies=copies, force=force, dry_run=dry_run)
    if options.output_format == "json":
        from common_sync.interface.show.document import ejection_document, render  # only for JSON

        write(render(ejection_document(done)))
    elif lines := list(_lines(done, options)):
        write("\n".join(lines))
    return IN_SYNC if done.is_complete else DRIFT


def _say(text: str) -> None:
    write(text, sys.stderr)


def _lines(done: Ejection, options: Options) -> Iterator[str]:
    terminal = options.terminal
    if not options.quiet:
        width = max((len(one.service) for one in done.services), default=0)
        yield from (_service_line(one, done, width, terminal) for one in done.services)
        mark, color = ("→", "cyan") if done.dry_run else ("✓", "green")
        mark, what = terminal.paint(terminal.mark(mark), color), f"managed block {_be(done)}taken out"
        yield from (f"{mark} {printable(block.path):<{width}}  {what}" for block in done.unblocked)
    yield from finding_lines(done.findings(), terminal, everything=options.verbose)
    if done.kept is not None:
        yield kept_line(done.kept, done.root)
    if not options.quiet and not done.dry_run:
        yield "common-sync distribute, or its hook, brings all of it back: take those away as well"


def _service_line(one: Ejected, done: Ejection, width: int, terminal: Terminal) -> str:
    failed = any(finding.severity == "error" for finding in one.findings)
    mark, color = ("✗", "red") if failed else ("→", "cyan") if done.dry_run else ("✓", "green")
    what = ", ".join(_what(one, _be(done))) or "nothing to put back"
    return f"{terminal.paint(terminal.mark(mark), color)} {printable(one.service):<{width}}  {what}"


def _be(done: Ejection) -> str:
    """Return what stands before each participle: nothing where it is done."""
    return "would be " if done.dry_run else ""


def _what(one: Ejected, be: str) -> Iterator[str]:
    if one.edits:
        yield f"references {be}put back in {' and '.join(printable(edit.path) for edit in one.edits)}"
    yield from (f"managed block {be}taken out of {printable(block.path)}" for block in one.unblocked)
    if one.removal is not None:
        yield f"copy of {count(len(one.removal.operations), 'file')} {be}removed"
        if one.stays:
            yield f"{printable(', '.join(one.stays))} {be}left in its folder"
