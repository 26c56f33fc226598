"""What the configuration said before, by git's history."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.configuration import find_table, parse_configuration
from common_sync.edges.git.history import earlier_versions
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
