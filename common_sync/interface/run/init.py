"""`init`: options in, exit code out."""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.paths import below
from common_sync.interface.show.fields import init_fields
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, present, shows_text
from common_sync.interface.show.terminal import Terminal, columns, printable, write
from common_sync.interface.show.text import count, limit

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
    proposal = propose(root, master or (), choose=partial(_ask, _find_terminal(options)) if interactive else None)
    write_configuration(proposal)
    return present(View("init", True, tuple, partial(_lines, proposal), partial(init_fields, proposal)), options)


_MOST_OTHERS = 5
"""Folders that may be libraries, too, and are named."""

_AFTER_NOTE, _AFTER_KIND = 6, 11
"""The columns before what is said behind `note:`, and behind a mark and `service`."""

_GUESS = "  (guess: nothing installs or copies it from there)"


def _ask(terminal: Terminal, candidates: Sequence["Candidate"]) -> Sequence["Candidate"]:
    """Ask a person which of several folders are shared libraries."""
    write("Several folders may be shared libraries:")
    for number, candidate in enumerate(candidates, 1):
        users = f"(used by {count(len(candidate.services), 'folder')}: {_why(candidate.services[0])})"
        for line in terminal.wrap(users, len(f"  {number}  "), f"  {number}  {printable(candidate.master)}  "):
            write(line)
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
    terminal, note = _find_terminal(options), f"{options.terminal.paint('note', 'yellow')}: "
    for library in proposal.libraries:
        yield from _list_library(library, terminal)
    for reason in proposal.notes:
        yield from terminal.wrap(f"{printable(reason.file)}: {printable(reason.text)}", _AFTER_NOTE, note)
    others, rest = limit(proposal.others, _MOST_OTHERS, everything=options.verbose)
    for other in others:
        users = printable(f"{other.master} may be a library, too: {describe_users(other)}")
        first, command = f"{note}{users} (delete what was written, then:", f"{name_also(proposal, other)})"
        if columns(first) + 1 + columns(command) <= terminal.width:
            yield f"{first} {command}"
        else:  # the command is to be copied, so it has a line
            yield from (*terminal.wrap(first, _AFTER_NOTE), f"{' ' * _AFTER_NOTE}{command}")
    if rest:
        yield f"{note}{rest} more folders may be libraries, but for them less speaks (-v names them)"
    yield from ("", f"wrote {printable(os.path.relpath(proposal.file))}:", "")
    yield from (f"    {printable(line)}" if line else "" for line in format_configuration(proposal).splitlines())
    yield ""
    mendable = _find_mendable(proposal)
    yield from _list_wide(proposal, mendable, terminal)
    if proposal.members == proposal.services:  # there is nothing to distribute
        built = (one for one in proposal.members if os.path.isfile(os.path.join(proposal.root, one, "Dockerfile")))
        if (member := next(built, None)) is not None:
            service = printable(shell_word(member))
            yield f"next: common-sync context {service} | docker build -f {service}/Dockerfile -"
        else:
            yield f"next: common-sync context {printable(shell_word(proposal.members[0]))} --output context.tar"
    else:
        yield f"next: common-sync distribute{' --contexts' if mendable else ''}"


def _find_mendable(proposal: "Proposal") -> list[str]:
    """Return the Dockerfiles built from above that `--contexts` mends: what it would do is asked, for a compose file alone says too little."""
    if not any(one.composed for one in proposal.wide):
        return []
    from common_sync.commands.steps.builds.narrowing import list_narrowable  # brings YAML, and reads all services

    narrowable = list_narrowable(proposal.root)
    return list(dict.fromkeys(one.file for one in proposal.wide if one.file in narrowable))


def _list_wide(proposal: "Proposal", mendable: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """Yield which images are built from a folder above their service, apart by what mends them."""
    above = "built from a folder above their service,"
    if mendable:
        yield from terminal.wrap(f"{above} which --contexts mends: {_name_some(mendable)}")
    others = [one for one in proposal.wide if one.file not in mendable]
    for composed, why in (
        (True, "in a way that --contexts cannot change"),
        (False, "and no compose file says how, so --contexts cannot mend it"),
    ):
        if named := list(dict.fromkeys(one.file for one in others if one.composed is composed)):
            yield from terminal.wrap(f"{above} {why}: {_name_some(named)}")
    if others:
        yield f"what to change there: common-sync doctor {printable(shell_word(others[0].service))}"


def _name_some(files: Sequence[str]) -> str:
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    return f"{printable(', '.join(files[:_MOST_NAMED]))}{more}"


_MOST_NAMED = 3


def _find_terminal(options: Options) -> Terminal:
    """Return what rows are for: what is read by a program has one line each."""
    return options.terminal if sys.stdout.isatty() else options.terminal._replace(width=sys.maxsize)


def _list_library(library: "ProposedLibrary", terminal: Terminal) -> Iterator[str]:
    known, guessed = terminal.mark("✓"), terminal.paint("?", "yellow")
    mark, guess = (guessed, _GUESS) if library.guess else (known, "")
    yield from terminal.wrap(f"{printable(library.master)}{guess}", _AFTER_KIND, f"{mark} master   ")
    width = max(len(service.path) for service in library.services)
    for service in library.services:
        reason = _why(service, service.path)
        mark, why = (guessed, f"guess: {reason}") if service.guess else (known, reason)
        head = f"{mark} service  {printable(service.path):<{width}}  "
        yield from terminal.wrap(terminal.paint(why, "dim"), width + _AFTER_KIND + 2, head)


def _why(service: "FoundService", told: str = "") -> str:
    """Return what says that a folder is a service; its file from the service on, where that is told already."""
    reason = service.reasons[0]
    file = (below(reason.file, told) if told else None) or reason.file
    place = file if reason.line is None else f"{file}:{reason.line}"
    return printable(f"{place}: {reason.text}")
