"""`pin`: options in, exit code out."""

from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import DryRun, LibraryName, Option, Options, Service
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say

_REF = "A tag, or 7 to 64 hex digits of a commit. Default: the commit that its copy is of."


def run_pin(
    options: Options,
    service: Service,
    ref: Annotated[str | None, Option("", _REF, "REF")] = None,
    *,
    library: LibraryName = None,
    back: Annotated[bool, Option("--back", "Pin it to what its copy held before the last change.")] = False,
    force: Annotated[bool, Option("--force", "Discard edits made in its copy; each is named.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Keep one service at a tag or a commit of the library; the others go on following the master."""
    from common_sync.commands.pin import How, pin  # no other command needs it
    from common_sync.interface.show.pin import present_pinning

    with show_progress() as phases:
        pinning = pin(
            load_project(options.root), service, ref, How(say, phases, force, dry_run), library=library, back=back
        )
    return present_pinning("pin", pinning, options)
