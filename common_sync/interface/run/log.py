"""`log`: options in, exit code out."""

from functools import partial
from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.history_fields import log_fields
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, present

_NAMES = "Services; or tree digests, cs1: and at least 8 hex digits. Default: all services."


def run_log(options: Options, names: Annotated[list[str] | None, Option("", _NAMES, "SERVICE|DIGEST")] = None) -> int:
    """Show which commits of the library each copy lacks, or which commit a digest is of. Exit 1 where that cannot be told."""
    from common_sync.commands.log import read_history  # no other command needs it
    from common_sync.interface.show.log import log_lines

    history = read_history(load_project(options.root), names or ())
    return present(
        View("log", history.is_complete, tuple, partial(log_lines, history), partial(log_fields, history)), options
    )
