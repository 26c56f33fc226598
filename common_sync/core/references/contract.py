"""What every rewriter is told about a file, and what it answers.

A rewriter takes the decoded file and its `Site`, and returns a `Rewrite`. It recognises a reference by where it leads, not by
how it is spelled; each edit replaces an exact span, and is proven by reading the edited text again.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from common_sync.core.findings import line_finding
from common_sync.core.model import Edit, Finding, ReferenceState
from common_sync.core.references.kinds import Kind


class Place(NamedTuple):
    """Where a path leads.

    Attributes:
        where: To the master, to the service's copy, elsewhere in the service, or out of it.
        rest: POSIX path below the master or the copy; nothing for the folder itself.
        holds: Whether it is a folder of the repository, the root included, in which the master or the service lies.
        exists: Whether there is something, as far as it is out of the service.
    """

    where: Literal["master", "copy", "service", "outside"]
    rest: str = ""
    holds: bool = False
    exists: bool = True


Locate = Callable[[str, bool], Place]
"""Tells where a path leads, as the system would resolve it: the decoded path, and whether it is relative to the folder
of the file that it stands in, or to the service's. The copy counts as such before it exists, too."""


class Site(NamedTuple):
    """Where a file stands.

    Attributes:
        locate: Tells where a path leads.
        copy: The copy's path inside the service, POSIX: `common`, `src/common`.
        own: Whether the file is the service's; if not, nothing is edited and references to the master are `foreign`.
        up: What leads from the file's folder to the service's: nothing, or `../` once or more often.
        context: For a Dockerfile: what leads from the service's folder to the build context, where that is another
            folder: `../..`.
        master: What leads from the service's folder to the master.
        holds: Tells whether a copy has what lies at a path in the master: anything, where that is not known.
    """

    locate: Locate
    copy: str
    own: bool = True
    up: str = ""
    context: str = ""
    master: str = ""
    holds: Callable[[str], bool] = bool


class LocatedReference(NamedTuple):
    """A line that points at the library, before any edit."""

    line: int  # its first line, counted from 1
    state: ReferenceState  # where it leads
    value: str  # what leads there, as it is written
    rest: str = ""  # what of it is below the library's folder
    includes: bool = False  # whether what it leads to is read for more lines (`-r`, `-c`), and not installed or copied


class Include(NamedTuple):
    """A file that a line includes, neither the master's nor the copy's own."""

    path: str  # as written, decoded; relative to the including file
    line: int  # the line, counted from 1
    constraint: bool = False  # whether by `-c`
    kind: Kind | None = None  # what it is, or None where it is what the including file is


class Rewrite(NamedTuple):
    """What a file says about the library.

    Attributes:
        edits: What would bring the file in sync, sorted.
        references: Each line that points at the library, before the edits, in the order of the file.
        includes: The files to read as well.
        problems: What stays and needs a person, in the order of the file.
    """

    edits: tuple[Edit, ...] = ()
    references: tuple[LocatedReference, ...] = ()
    includes: tuple[Include, ...] = ()
    problems: tuple[Finding, ...] = ()


Rewriter = Callable[[str, Site], Rewrite]
"""The decoded file, and where it stands, in; what it says about the library out."""


def report_variable(line: int, written: str, example: str) -> Finding:
    """Return the finding for a path that a variable may lead to the library."""
    message = f"`{written}` holds a variable, so nobody can tell whether it leads to the library"
    return line_finding(line, "CS102", message, f"write the path out, for example `{example}`")


def report_foreign(line: int, written: str, remedy: str) -> Finding:
    """Return the finding for a path to the master in a file that is not the service's own."""
    message = f"`{written}` leads to the library, but this file is not the service's own, so it stays as it is"
    return line_finding(line, "CS103", message, remedy)


def report_refusal(line: int, written: str, path: str) -> Finding:
    """Return the finding for a path to the master whose edit could not be proven."""
    message = f"`{written}` leads to the library, but rewriting it would change what the file means"
    remedy = f"make it lead to `{path}` by hand, and please report this as a bug of common-sync"
    return line_finding(line, "CS106", message, remedy)
