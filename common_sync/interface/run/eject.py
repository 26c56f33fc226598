"""`eject`: options in, exit code out."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.configuration import OWN_FILE, PYPROJECT
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import eject_fields
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import columns, pad, printable, say
from common_sync.interface.show.text import count, finding_lines, kept_line, limit, more_lines

if TYPE_CHECKING:
    from common_sync.commands.eject import Ejected, Ejection
    from common_sync.core.model import FileEdit


def run_eject(
    options: Options,
    services: Services = None,
    *,
    library: Annotated[str | None, Option("--library", "One library of several. Default: all.", "NAME")] = None,
    remove_copies: Annotated[bool, Option("--remove-copies", "Remove the copies as well.")] = False,
    force: Annotated[bool, Option("--force", "Remove copies that were edited, too.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Put every reference back as it was before the first distribute."""
    from common_sync.commands.eject import eject  # asked once in a project's life

    project = load_project(options.root)
    ejection = eject(project, services or (), say, library=library, copies=remove_copies, force=force, dry_run=dry_run)
    text, fields = partial(_lines, ejection, library, services or ()), partial(eject_fields, ejection)
    return present(View("eject", ejection.is_complete, ejection.findings, text, fields, project.root), options)


def _lines(ejection: "Ejection", library: str | None, services: Sequence[str], options: Options) -> Iterator[str]:
    """Yield the changes, the findings, and what would bring all of it back."""
    if not options.quiet:
        yield from _done_lines(ejection, options)
    yield from finding_lines(ejection.findings(), options.terminal, everything=options.verbose)
    if ejection.kept is not None:
        yield kept_line(ejection.kept, ejection.root)
    if not options.quiet and not ejection.dry_run:
        yield from options.terminal.wrap(_tell_end(ejection, library, services))
    elif not options.quiet:
        yield "nothing was written"


def _tell_end(ejection: "Ejection", library: str | None, services: Sequence[str]) -> str:
    """Return what else a person has to do, so that nothing brings it back."""
    if library is not None:
        return (
            f"take the services out of the `services` of {printable(library)}, or common-sync distribute brings it back"
        )
    own = os.path.lexists(os.path.join(ejection.root, OWN_FILE))
    if services:
        named = " and ".join(printable(one.service) for one in ejection.services if one.service != ".")
        where = OWN_FILE if own else PYPROJECT
        return f"before you commit: take {named} out of `services` in {where}, or common-sync distribute brings it back"
    what = OWN_FILE if own else f"[tool.common-sync] of {PYPROJECT}"
    hook = "" if ejection.hooks is None else f", and the hook `common-sync` in {printable(ejection.hooks)}"
    return f"before you commit: delete {what}{hook}"


_MOST_ROWS = 15


def _done_lines(ejection: "Ejection", options: Options) -> Iterator[str]:
    """Yield a row a service, and one a file of the root; of a long list, what went wrong is always there."""
    terminal = options.terminal
    mark, be = ("→", "would be ") if ejection.dry_run else ("✓", "")
    rows = []
    for service in ejection.services:
        failed = any(finding.severity == "error" for finding in service.findings)
        what = ", ".join(_changes(service, be))
        if not what and service.service == ".":
            continue  # its findings name the files
        told = what or ("nothing put back" if failed else "nothing to put back")
        rows.append(("✗" if failed else mark, service.service, f"{told}; what is left is below" if failed else told))
    first, _ = limit(rows, _MOST_ROWS, everything=options.verbose)
    shown = [*first, *(row for row in rows[len(first) :] if row[0] == "✗")]
    blocks = [(mark, block.path, f"{_name_block(block)} {be}taken out") for block in ejection.unblocked]
    width = max((columns(printable(name)) for _, name, _ in (*shown, *blocks)), default=0)
    for lines, rest in ((shown, len(rows) - len(shown)), (blocks, 0)):
        for sign, name, what in lines:
            yield from terminal.wrap(what, width + 4, f"{terminal.mark(sign)} {pad(printable(name), width)}  ")
        yield from more_lines(rest, "service", terminal)


def _name_block(block: "FileEdit") -> str:
    """Return what is taken out of a file of the root: the lines about copies that are gone, or all of the block."""
    from common_sync.core.blocks.block import START  # the command has it already

    return "lines of removed copies" if START.encode() in (block.after or b"") else "managed block"


def _changes(service: "Ejected", be: str) -> Iterator[str]:
    """Yield the changes to a service; `be` is empty where they are done."""
    if service.edits:
        yield f"references {be}put back in {' and '.join(printable(edit.inside(service.service)) for edit in service.edits)}"
    for block in service.unblocked:
        yield f"managed block {be}taken out of {printable(block.inside(service.service))}"
    for removal in service.removals:
        files, called = count(len(removal.plan.operations), "file"), removal.copy.called
        yield f"copy of {files if called is None else f'{printable(called)}, {files},'} {be}removed"
        if removal.stays:
            yield f"{printable(', '.join(removal.stays))} {be}left in its folder"
