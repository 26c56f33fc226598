"""What a run that fails has discarded is named all the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common_sync.edges.state.discarded import list_kept, restore_command


@contextmanager
def said_what_is_kept(kept: str | None, root: str, say: Callable[[str], None]) -> Iterator[None]:
    """Name what a run has discarded even when it fails, or is interrupted.

    Args:
        kept: The folder that it is kept in, or None where nothing is.
        root: The absolute path of the configuration's folder.
        say: Told what was discarded.
    """
    try:
        yield
    except BaseException:
        files = list_kept(kept) if kept is not None else []
        for file in files:
            say(f"{file}: discarded, or about to be")
        if kept is not None and files:
            say(f"it is kept; this brings it back: {restore_command(kept, root)}")
        raise
