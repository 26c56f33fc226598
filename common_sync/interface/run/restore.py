"""`restore`: options in, exit code out."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import kept_fields, restore_fields
from common_sync.interface.show.options import DryRun, Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import count, help_lines, kept_line, limit, more_lines

if TYPE_CHECKING:
    from common_sync.commands.restore import Kept, Restoration

_MOST_FILES = 3


def run_restore(
    options: Options,
    number: Annotated[int | None, Option("", "The number of a set. Without it, the sets are listed.", "SET")] = None,
    *,
    force: Annotated[
        bool, Option("--force", "Replace files that were edited since; these edits are kept first.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Bring back what --force has discarded, all or nothing; without SET, list what is kept."""
    from common_sync.commands.restore import list_all_kept, restore  # few ever need it

    project = load_project(options.root)
    if number is None and (force or dry_run):
        option = "--force" if force else "--dry-run"
        raise ConfigurationError(
            Problem(f"{option} takes the number of a set", remedy="common-sync restore lists them")
        )
    if number is None:
        kept = list_all_kept(project)
        text, fields = partial(_list_lines, kept), partial(kept_fields, kept)
    else:
        done = restore(project, number, say, force=force, dry_run=dry_run)
        text, fields = partial(_lines, done), partial(restore_fields, done)
    return present(View("restore", True, tuple, text, fields, project.root), options)


def _list_lines(kept: Sequence["Kept"], options: Options) -> Iterator[str]:
    """Yield a line a set with its first files below, the newest first."""
    for one, files in kept:
        date = f"{one.date[:4]}-{one.date[4:6]}-{one.date[6:8]} {one.date[9:11]}:{one.date[11:13]} UTC"
        yield f"{options.terminal.paint(f'{one.number:>4}', 'bold')}  {date}  {count(len(files), 'file')}"
        shown, rest = limit(files, _MOST_FILES, everything=options.verbose)
        yield from (f"      {printable(file)}" for file in shown)
        yield from more_lines(rest, "file", options.terminal, 6)
    if kept:
        newest = kept[0].set.number
        yield from help_lines(f"common-sync restore {newest} brings the newest back", options.terminal)
    else:
        yield "nothing that was discarded is kept here"


def _lines(done: "Restoration", options: Options) -> Iterator[str]:
    terminal, number = options.terminal, len(done.restored)
    if not options.quiet:
        mark = terminal.mark("→" if done.dry_run else "✓")
        yield from (f"{mark} {printable(file)}" for file in done.restored)
    if done.kept is not None:
        yield kept_line(done.kept, done.root)
    if not options.quiet:
        be = "would be brought back" if done.dry_run else "brought back"
        there = f", {len(done.there):,} as kept already" if done.there else ""
        yield f"{count(number, 'file')} {be} from set {done.number}{there}"
