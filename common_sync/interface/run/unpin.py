"""`unpin`: options in, exit code out."""

from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import DryRun, LibraryName, Options, Service
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say


def run_unpin(
    options: Options,
    service: Service,
    *,
    library: LibraryName = None,
    dry_run: DryRun = False,
) -> int:
    """Have a pinned service follow the master again."""
    from common_sync.commands.pin import How, unpin  # no other command needs it
    from common_sync.interface.show.pin import present_pinning

    with show_progress() as phases:
        pinning = unpin(load_project(options.root), service, How(say, phases, dry_run=dry_run), library=library)
    return present_pinning("unpin", pinning, options)
