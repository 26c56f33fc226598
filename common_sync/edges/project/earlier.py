"""What the configuration said before, by git's history."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.configuration import Configuration, find_table, parse_configuration
from common_sync.edges.git.changes import read_before
from common_sync.edges.git.versions import earlier_versions
from common_sync.edges.project.load import CONFIGURATION_FILES


class Earlier(NamedTuple):
    """What a committed configuration named: the library's folder, and the copy's folder inside each service."""

    master: str
    copy: str


def list_earlier(root: str) -> Iterator[Earlier]:
    """Yield what the configurations of the commits named that led to this one, the latest first.

    Raises:
        GitError: Git failed.
    """
    for file in CONFIGURATION_FILES:
        for version in earlier_versions(root, file):
            text = version.decode("utf-8", "replace")
            with suppress(ValueError):
                if (table := find_table(text, file)) is not None:
                    found = parse_configuration(table, text, file)[0]
                    pairs = zip(found.masters, found.copies, strict=True)
                    yield from (Earlier(master.value, copy) for master, copy in pairs if master.value)


def read_configuration(root: str, commit: str) -> Configuration | None:
    """Return the configuration that a commit has; None where it has none that can be read.

    Args:
        root: The absolute path of the configuration's folder.
        commit: The commit's id.

    Raises:
        GitError: Git failed, or has the bytes not here.
    """
    for name in CONFIGURATION_FILES:
        data = read_before(os.path.join(root, name), commit)
        with suppress(ValueError, RecursionError):  # it is another one now, and that is all that matters
            text = (data or b"").decode()
            table = find_table(text, name) if data is not None else None
            if table is not None:
                return parse_configuration(table, text, name)[0]
    return None
