"""`init`: options in, exit code out."""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.interface.show.fields import init_fields
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, present, shows_text
from common_sync.interface.show.terminal import printable, write
from common_sync.interface.show.text import count

if TYPE_CHECKING:
    from common_sync.commands.init import Proposal
    from common_sync.edges.detection.services import Candidate, FoundService


def run_init(
    options: Options,
    *,
    yes: Annotated[bool, Option("--yes -y", "Ask nothing; fail where there is a choice.")] = False,
    master: Annotated[str | None, Option("--master", "The library's folder.", "PATH")] = None,
) -> int:
    """Find the master and the services that refer to it, show them, and write the configuration."""
    from common_sync.commands.init import find_root, propose, write_configuration  # brings all detection

    root = options.root or find_root(os.curdir)
    interactive = not yes and sys.stdin.isatty() and shows_text(options)
    proposal = propose(root, master, choose=_ask if interactive else None)
    write_configuration(proposal)
    return present(View("init", True, tuple, partial(_lines, proposal), partial(init_fields, proposal)), options)


_GUESS = "  (guess: nothing installs or copies it from there)"


def _ask(candidates: Sequence["Candidate"]) -> "Candidate":
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


def _lines(proposal: "Proposal", options: Options) -> Iterator[str]:
    """Yield what was found, and the configuration that was written."""
    from common_sync.commands.init import describe_users, format_configuration  # brought by the command

    if options.quiet:
        return
    known, guessed = options.terminal.mark("✓"), options.terminal.paint("?", "yellow")
    note = options.terminal.paint("note", "yellow")
    yield f"{guessed if proposal.guess else known} master   {printable(proposal.master)}{_GUESS if proposal.guess else ''}"
    width = max(len(service.path) for service in proposal.services)
    for service in proposal.services:
        mark, why = (guessed, f"guess: {_why(service)}") if service.guess else (known, _why(service))
        yield f"{mark} service  {printable(service.path):<{width}}  {options.terminal.paint(why, 'dim')}"
    yield from (f"{note}: {printable(reason.file)}: {printable(reason.text)}" for reason in proposal.notes)
    for other in proposal.others:
        users = printable(f"{other.master} may be a library, too: {describe_users(other)}")
        yield f"{note}: {users} (common-sync init --master {shell_word(other.master)})"
    yield from ("", f"wrote {printable(os.path.relpath(proposal.file))}:", "")
    yield from (f"    {printable(line)}" if line else "" for line in format_configuration(proposal).splitlines())
    yield ""
    if proposal.wide:
        yield "some images are built from a folder above their service, which --contexts mends"
    yield f"next: common-sync distribute{' --contexts' if proposal.wide else ''}"


def _why(service: "FoundService") -> str:
    reason = service.reasons[0]
    place = reason.file if reason.line is None else f"{reason.file}:{reason.line}"
    return printable(f"{place}: {reason.text}")
