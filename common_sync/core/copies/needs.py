"""Libraries that need each other: their copies have to find each other in a service as the masters do."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.copies.library import Library
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding


class Need(NamedTuple):
    """A line of a library that leads to another one."""

    library: Library  # whose line it is
    needed: Library  # what it leads to
    file: str  # the file's path from the root
    line: int  # its line, counted from 1


def find_misplaced(needs: Iterable[Need]) -> Iterator[Finding]:
    """Yield an error for each line that would lead elsewhere in a copy: no copy is changed."""
    for one in needs:
        library, needed = one.library, one.needed
        if _lead(library.copy, needed.copy) == _lead(library.master, needed.master):
            continue
        above = posixpath.commonpath([library.master, needed.master]) or "."
        keys = (f'copy = "{posixpath.relpath(each.master, above)}" in {each.name}' for each in (library, needed))
        message = f"leads to {needed.name}, and would not in a service: the copies do not stand to each other as the masters do"
        yield make_finding("CS015", "", one.file, one.line, message, f"write {', and '.join(keys)}")


def _lead(start: str, end: str) -> str:
    return posixpath.relpath(end, start)


def find_incomplete(service: str, needs: Sequence[Need]) -> Iterator[Finding]:
    """Yield an error for each library that a service gets without one that it needs.

    Args:
        service: The service's path from the root.
        needs: What the libraries need.
    """
    for one in needs:
        if one.library.takes(service) and not one.needed.takes(service):
            message = f"needs {one.needed.name}, which {service} does not get"
            remedy = f'add "{service}" to the `services` of {one.needed.name}'
            yield make_finding("CS015", service, one.file, one.line, message, remedy)
