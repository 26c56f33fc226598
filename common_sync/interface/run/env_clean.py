"""`env clean`: options in, exit code out."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import environment_clean_fields
from common_sync.interface.show.options import DryRun, Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import printable, say

if TYPE_CHECKING:
    from common_sync.commands.env_clean import Cleaning


def run_env_clean(
    options: Options,
    services: Services = None,
    *,
    cache: Annotated[
        bool,
        Option(
            "--cache",
            "Also remove packages from uv's cache that no environment links to; another project may download one again.",
        ),
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Remove former environments, releases above `keep`, leftovers, and what --force has replaced; never what runs."""
    from common_sync.commands.env_clean import clean_environments  # no other command pays for it

    cleaning = clean_environments(load_project(options.root), services or (), say, cache=cache, dry_run=dry_run)
    text, fields = partial(_lines, cleaning), partial(environment_clean_fields, cleaning)
    code = present(View("env clean", passes=True, findings=list, text=text, fields=fields), options)
    if cleaning.error is not None:
        raise cleaning.error
    return code


def _lines(cleaning: "Cleaning", options: Options) -> Iterator[str]:
    if options.quiet:
        return
    terminal, be = options.terminal, "would be " if cleaning.dry_run else ""
    for one in cleaning.removals:
        if one.denied:
            yield f"{terminal.mark('·')} {printable(one.path)}  stays: you may not remove it (sudo common-sync env clean)"
        elif one.users:
            processes = ", ".join(map(str, one.users))
            yield f"{terminal.mark('·')} {printable(one.path)}  stays: process {processes} uses it"
        else:
            mark = "→" if cleaning.dry_run else "✓"
            yield f"{terminal.mark(mark)} {printable(one.path)}  {be}removed ({one.size / (1 << 20):.1f} MB)"
    for cached in cleaning.cached:
        mark = "→" if cleaning.dry_run else "✓"
        size = f"{cached.size / (1 << 20):.1f} MB"
        yield f"{terminal.mark(mark)} {printable(cached.name)}  {be}removed from the cache of uv ({size})"
    removed = cleaning.removals or cleaning.cached
    yield f"{cleaning.freed / (1 << 20):.1f} MB {be}freed" if removed else "nothing to remove"
    yield from (f"uv cache prune: {printable(line)}" for line in cleaning.pruned.splitlines()[1:])
