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
    from common_sync.commands.steps.proposing import Proposal, ProposedLibrary
    from common_sync.edges.detection.services import Candidate, FoundService


def run_init(
    options: Options,
    *,
    yes: Annotated[bool, Option("--yes -y", "Ask nothing; fail where there is a choice.")] = False,
    master: Annotated[list[str] | None, Option("--master", "A library's folder; repeatable.", "PATH")] = None,
) -> int:
    """Find the masters and the services that refer to them, show them, and write the configuration."""
    from common_sync.commands.init import find_root, propose, write_configuration  # brings all detection

    root = options.root or find_root(os.curdir)
    interactive = not yes and sys.stdin.isatty() and shows_text(options)
    proposal = propose(root, master or (), choose=_ask if interactive else None)
    write_configuration(proposal)
    return present(View("init", True, tuple, partial(_lines, proposal), partial(init_fields, proposal)), options)


_GUESS = "  (guess: nothing installs or copies it from there)"


def _ask(candidates: Sequence["Candidate"]) -> Sequence["Candidate"]:
    """Ask a person which of several folders are shared libraries."""
    write("Several folders may be shared libraries:")
    for number, candidate in enumerate(candidates, 1):
        why = _why(candidate.services[0])
        write(f"  {number}  {printable(candidate.master)}  (used by {count(len(candidate.services), 'folder')}: {why})")
    while True:
        try:
            answer = input(f"Which? [1-{len(candidates)}, several as 1 2, or all] ").replace(",", " ").split()
        except EOFError:  # Ctrl-D
            answer = []
        if not answer:
            raise ConfigurationError(Problem("nothing was chosen", remedy="common-sync init --master PATH"))
        if answer == ["all"]:
            return candidates
        named = [_find_named(candidates, word) for word in answer]
        if all(named):
            return list(dict.fromkeys(one for one in named if one is not None))


def _find_named(candidates: Sequence["Candidate"], word: str) -> "Candidate | None":
    """Return the candidate that a person means by its number or its folder."""
    if word.isdigit() and 1 <= int(word) <= len(candidates):
        return candidates[int(word) - 1]
    return next((candidate for candidate in candidates if candidate.master == word.rstrip("/")), None)


def _lines(proposal: "Proposal", options: Options) -> Iterator[str]:
    """Yield what was found, and the configuration that was written."""
    from common_sync.commands.init import describe_users, name_also  # brought by the command
    from common_sync.commands.steps.proposing import format_configuration

    if options.quiet:
        return
    note = options.terminal.paint("note", "yellow")
    for library in proposal.libraries:
        yield from _list_library(library, options)
    yield from (f"{note}: {printable(reason.file)}: {printable(reason.text)}" for reason in proposal.notes)
    for other in proposal.others:
        users = printable(f"{other.master} may be a library, too: {describe_users(other)}")
        yield f"{note}: {users} (delete what was written, then: {name_also(proposal, other)})"
    yield from ("", f"wrote {printable(os.path.relpath(proposal.file))}:", "")
    yield from (f"    {printable(line)}" if line else "" for line in format_configuration(proposal).splitlines())
    yield ""
    if proposal.wide:
        yield "some images are built from a folder above their service, which --contexts mends"
    if proposal.members == proposal.services:  # there is nothing to distribute
        service = shell_word(proposal.members[0])
        yield f"next: common-sync context {printable(service)} | docker build -f {printable(service)}/Dockerfile -"
    else:
        yield f"next: common-sync distribute{' --contexts' if proposal.wide else ''}"


def _list_library(library: "ProposedLibrary", options: Options) -> Iterator[str]:
    known, guessed = options.terminal.mark("✓"), options.terminal.paint("?", "yellow")
    mark, guess = (guessed, _GUESS) if library.guess else (known, "")
    yield f"{mark} master   {printable(library.master)}{guess}"
    width = max(len(service.path) for service in library.services)
    for service in library.services:
        mark, why = (guessed, f"guess: {_why(service)}") if service.guess else (known, _why(service))
        yield f"{mark} service  {printable(service.path):<{width}}  {options.terminal.paint(why, 'dim')}"


def _why(service: "FoundService") -> str:
    reason = service.reasons[0]
    place = reason.file if reason.line is None else f"{reason.file}:{reason.line}"
    return printable(f"{place}: {reason.text}")
