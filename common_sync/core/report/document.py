"""What a report holds: values that a page, a picture and a JSON document are made of, each as small as it has to be."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.copies.ancestry import Commit
from common_sync.core.doctor.catalogue import State as CheckState
from common_sync.core.doctor.catalogue import Verdict
from common_sync.core.model import Finding, State
from common_sync.core.report.timeline import Since
from common_sync.core.service_plan import Kind


class LibraryRow(NamedTuple):
    """A library as its master is now."""

    path: str  # the master's path from the root
    name: str
    version: str | None
    digest: str  # its tree digest
    files: int  # how many files are copied
    called: str | None = None  # what commands call it, as a shell takes it; None where there is no other one


class CopyRow(NamedTuple):
    """How one copy of a service stands."""

    path: str  # its path from the root
    kind: Kind
    version: str | None  # that its manifest states
    pinned: str | None  # the tag or commit that it stays at, or None where it follows the master
    commit: str | None  # the commit that this is, where it is locked
    digest: str | None  # the tree digest of what it holds
    files: int  # how many files it holds
    library: int | None = None  # the number of its library; None where there is no other one


class Cell(NamedTuple):
    """A file in which a copy differs."""

    file: int  # the number of the file
    state: State
    difference: int  # the number of the difference, or -1 where it is not in the report


class ServiceRow(NamedTuple):
    """How one service stands."""

    name: str  # its path from the root
    kind: Kind
    decides: bool  # whether something of it is left to a person
    copies: tuple[CopyRow, ...]  # one of each library that it gets, in their order
    cells: tuple[Cell, ...]  # the files that differ
    findings: tuple[Finding, ...]  # what else was found, without what follows from another finding
    verdict: Verdict  # whether it builds from its own folder alone
    checks: Mapping[str, CheckState]  # the checks of `doctor` that it does not pass
    history: str  # how it stood at each of the document's times, a letter for each
    since: Since | None  # how long it has not been in sync
    more_cells: int = 0  # how many files more differ
    more_findings: int = 0  # how many findings more there are

    @property
    def in_sync(self) -> bool:
        """Whether `verify` has nothing to say of it."""
        return self.kind == "current"


class Document(NamedTuple):
    """What a report says."""

    made: int  # in seconds since 1970
    branch: str  # that is checked out, or nothing
    head: Commit | None  # the commit that is checked out
    libraries: tuple[LibraryRow, ...]
    files: tuple[
        tuple[int, str], ...
    ]  # each file of the libraries, or of copies: the number of the library, the path in it
    services: tuple[ServiceRow, ...]
    findings: tuple[Finding, ...]  # about what belongs to no service
    differences: tuple[str, ...]  # each once
    times: tuple[int, ...]  # of the history, in seconds since 1970
    no_history: str  # why there is no history, or nothing
    in_sync: bool  # whether `verify` passes


MOST_CELLS, MOST_FINDINGS = 60_000, 3_000
"""Of a page that is to stay below a megabyte."""

_FEW = 20


def limit_rows(document: Document, most: int | None = None) -> Document:
    """Return a document with so many cells and findings that a page of it stays small; the others are counted.

    Args:
        document: The document.
        most: How many cells a service may have, or None for what usually fits.
    """
    number = max(len(document.services), 1)
    cells = max(MOST_CELLS // number, _FEW) if most is None else most
    findings = max(MOST_FINDINGS // number, _FEW)
    services = tuple(
        row._replace(
            cells=row.cells[:cells],
            findings=row.findings[:findings],
            more_cells=row.more_cells + max(len(row.cells) - cells, 0),
            more_findings=row.more_findings + max(len(row.findings) - findings, 0),
        )
        for row in document.services
    )
    return document._replace(services=services, findings=document.findings[:MOST_FINDINGS])


def choose_shortest(sizes: Sequence[int], room: int) -> Collection[int]:
    """Return the numbers of what fits, the shortest first.

    Args:
        sizes: How large each is.
        room: How large all may be together.
    """
    kept: set[int] = set()
    for number in sorted(range(len(sizes)), key=sizes.__getitem__):
        room -= sizes[number]
        if room < 0:
            break
        kept.add(number)
    return kept


def keep_differences(document: Document, kept: Collection[int]) -> Document:
    """Return a document with some of its differences.

    Args:
        document: The document.
        kept: The numbers of those that stay.
    """
    if len(kept) == len(document.differences):
        return document
    numbers = {old: new for new, old in enumerate(sorted(kept))}
    services = tuple(
        row._replace(cells=tuple(cell._replace(difference=numbers.get(cell.difference, -1)) for cell in row.cells))
        for row in document.services
    )
    return document._replace(services=services, differences=tuple(document.differences[old] for old in sorted(kept)))
