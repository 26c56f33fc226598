"""What `init` asks and shows."""

import os
import sys
from collections.abc import Iterator, Sequence

from common_sync.commands.init import Proposal, find_root, format_configuration, propose, write_configuration
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.detection.repository import Candidate
from common_sync.edges.detection.services import FoundService
from common_sync.interface.run.actions import Options
from common_sync.interface.show.terminal import Terminal, printable, write
from common_sync.interface.show.text import count


def run_init(master: str | None, options: Options, *, yes: bool) -> int:
    """Run `init`; return the exit code.

    Args:
        master: The library's folder, or None to find it.
        options: What goes with every command.
        yes: Ask nothing.
    """
    root = options.root or find_root(os.curdir)
    interactive = not yes and sys.stdin.isatty() and options.output_format == "text"
    proposal = propose(root, master, choose=_ask if interactive else None)
    file = write_configuration(proposal)
    if options.output_format == "json":
        from common_sync.interface.show.document import proposal_document, render  # only for JSON

        write(render(proposal_document(proposal)))
    elif not options.quiet:
        write("\n".join(_lines(proposal, os.path.relpath(file), options.terminal)))
    return 0


def _ask(candidates: Sequence[Candidate]) -> Candidate:
    """Ask a person which of several folders is the master."""
    write("Several folders may be the master:")
    for number, candidate in enumerate(candidates, 1):
        why = _why(candidate.services[0])
        write(f"  {number}  {printable(candidate.master)}  (used by {count(len(candidate.services), 'folder')}: {why})")
    while True:
        try:
            answer = input(f"Which one? [1-{len(candidates)}] ").strip()
        except EOFError:  # Ctrl-D
            answer = ""
        if answer.isdigit() and 1 <= int(answer) <= len(candidates):
            return candidates[int(answer) - 1]
        named = [candidate for candidate in candidates if candidate.master == answer.rstrip("/")]
        if named:
            return named[0]
        if not answer:
            raise ConfigurationError(Problem("nothing was chosen", remedy="common-sync init --master PATH"))


def _lines(proposal: Proposal, file: str, terminal: Terminal) -> Iterator[str]:
    mark = terminal.paint(terminal.mark("✓"), "green")
    yield f"{mark} master   {printable(proposal.master)}"
    width = max(len(service.path) for service in proposal.services)
    for service in proposal.services:
        yield f"{mark} service  {printable(service.path):<{width}}  {terminal.paint(_why(service), 'dim')}"
    for note in proposal.notes:
        yield f"{terminal.paint('note', 'yellow')}: {printable(note.file)}: {printable(note.text)}"
    for other in proposal.others:
        yield f"{terminal.paint('note', 'yellow')}: {printable(other.master)} may be a library, too"
    yield ""
    yield f"wrote {printable(file)}:"
    yield ""
    yield from (f"    {printable(line)}" if line else "" for line in format_configuration(proposal).splitlines())
    yield ""
    yield "next: common-sync distribute"


def _why(service: FoundService) -> str:
    reason = service.reasons[0]
    place = reason.file if reason.line is None else f"{reason.file}:{reason.line}"
    return printable(f"{place}: {reason.text}")
