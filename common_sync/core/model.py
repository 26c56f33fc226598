"""The values that everything else passes around, each immutable.

They are named tuples and not dataclasses: importing `dataclasses` costs 15 ms here (it brings `inspect`), more than
bare Python needs to start, and the hook pays it on every commit (docs/design.md has the figures).
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from common_sync.core.paths import FOREIGN, SUBDIRECTORY, TOP, name_after

State = Literal["current", "stale", "missing", "modified", "diverged", "extra", "unmanaged"]
"""How a file of a copy, or a whole copy, stands; see `core/copies/plan.py` for the table."""

STATES: tuple[State, ...] = ("current", "stale", "missing", "modified", "diverged", "extra", "unmanaged")
"""Every state, from the best to the worst; a copy's own state is the worst of its files'."""

GUARDED: frozenset[State] = frozenset({"modified", "diverged", "extra"})
"""The states in which a file of a copy holds somebody's own bytes: only `--force` touches it."""

SHOWN_ID, NAMED_ID = 7, 12
"""How much of a commit's id tables show, and how much messages and pins name: no two commits of a repository share that."""


class File(NamedTuple):
    """A regular file: the sha256 of its contents (64 hex digits) and whether its owner may execute it."""

    sha256: str
    executable: bool


class Symlink(NamedTuple):
    """A symbolic link: the target exactly as it is stored in the link."""

    target: str


Entry = File | Symlink


class Version(NamedTuple):
    """A file or symlink with its bytes."""

    data: bytes  # of a symlink its target
    executable: bool = False  # whether its owner may execute it
    is_link: bool = False  # whether it is a symlink


Entries = Mapping[str, Entry]
"""POSIX path relative to the tree's root → what is there. Bytes that are not UTF-8 are kept by surrogateescape."""


class Seen(NamedTuple):
    """What the system said of a file while its bytes were read: whoever touches it changes one of these."""

    device: int
    inode: int
    mode: int
    size: int  # in bytes
    modified: int  # in nanoseconds since 1970, as is the next: the times of its bytes and of all that is said of it
    changed: int


class Snapshot(NamedTuple):
    """What a tree held when it was read, once.

    Attributes:
        entries: Every file and symlink that counts.
        caches: Paths of caches and of leftovers of a killed run; removed where a copy is written.
        ignored: Paths that the built-in excludes leave alone (`.venv/`, `*.egg-info/`); never touched.
        size: Bytes of all files together.
        seen: Path → what the system said of a large file that was hashed; without those that had just been touched.
    """

    entries: Entries
    caches: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    size: int = 0
    seen: Mapping[str, Seen] = {}

    def without(self, paths: Collection[str]) -> "Snapshot":
        """Return the same without some files.

        Args:
            paths: Their paths.
        """
        return self._replace(entries={path: entry for path, entry in self.entries.items() if path not in paths})

    def differing_from(self, entries: Entries) -> Entries:
        """Return what it holds that others do not hold like this.

        Args:
            entries: The others.
        """
        return {path: entry for path, entry in self.entries.items() if entries.get(path) != entry}


class Upstream(NamedTuple):
    """The place of a master that is in another git repository."""

    git: str  # the repository: a URL, or a path that begins with `../`
    ref: str  # a tag, or the digits of a commit
    path: str  # the master's path in it; `TOP` where it is that repository as a whole

    @property
    def master(self) -> str:
        """What stands for the master's path from the root: no file here has it."""
        return f"{FOREIGN}{self.git}{SUBDIRECTORY}{self.path}"

    @property
    def name(self) -> str:
        """What the library is called where the configuration does not say: after its folder, or else its repository."""
        if self.path != TOP:
            return name_after(self.path)
        return name_after(self.git.rstrip("/").removesuffix(".git").rstrip("/").replace(":", "/"))


class Origin(NamedTuple):
    """Where a copy comes from: the library's distribution name, its master's path from the root, its version or None."""

    name: str
    master: str
    version: str | None

    @property
    def shown(self) -> str:
        """The library's name, and its version where it declares one."""
        return f"{self.name} {self.version}" if self.version else self.name


class Edit(NamedTuple):
    """Replace the characters `start` to `end` (an offset pair into decoded text) with `replacement`."""

    start: int
    end: int
    replacement: str


class FileEdit(NamedTuple):
    """A file that is somebody's own, before and after its references are rewritten, or the tool's block in it."""

    path: str  # POSIX path from the root of the repository
    before: bytes | None  # the bytes that it holds, or None where there is none
    after: bytes | None  # the bytes that it is to hold, or None where it is to be removed
    managed: bool = False  # whether it is a managed block that changes

    def inside(self, service: str) -> str:
        """Return its path inside a service.

        Args:
            service: The service's path from the root, or `.` for the root itself.
        """
        return self.path.removeprefix(f"{service}/")


ReferenceState = Literal["points-at-master", "points-at-copy", "points-at-former", "unresolved", "foreign"]
"""Where a reference leads: out to the master, to the service's copy, to a former copy, nowhere that can be told (a variable), or to the
master but from what is not the service's own: a file outside, or an image that is built from another folder."""


class Reference(NamedTuple):
    """A line in a service's file that points at the library."""

    file: str  # path from the root of the repository
    line: int  # first line of the reference, counted from 1
    state: ReferenceState  # where it leads
    library: str = ""  # the name of the library


Severity = Literal["error", "warning"]

Mend = Literal["distribute", "distribute --contexts", "doctor --fix"]
"""The command that mends a finding, where no person has to decide anything."""


class Insertion(NamedTuple):
    """A COPY that a Dockerfile lacks."""

    start: int  # offset in the Dockerfile of the RUN that it has to stand before
    stage: int  # the number of its stage, counted from 0
    source: str  # the folder to copy, as it is to be written
    destination: str  # where to, as it is to be written

    @property
    def text(self) -> str:
        """The line to add, in its plainest form."""
        return f"COPY {self.source} {self.destination}"


class Finding(NamedTuple):
    """One thing reported.

    Attributes:
        code: `CS` and three digits; `common_sync/pages` has a page on each.
        severity: `error` fails a check, `warning` does not.
        service: The service it concerns.
        file: Path from the root of the repository.
        line: Line in that file, counted from 1, or None when it is about the whole file.
        message: One sentence that says what is so.
        remedy: What to do about it, a command or a sentence.
        insertion: The line that would mend it, where that is sure.
        lacks: The path in the service, or in the build context, of what would have to be there and is not.
        mend: The command that mends it, or None where a person has to decide.
        asker: The line, and its file in the build context, that asks for what is not there, where it is another one.
    """

    code: str
    severity: Severity
    service: str
    file: str
    line: int | None
    message: str
    remedy: str
    insertion: Insertion | None = None
    lacks: str | None = None
    mend: Mend | None = None
    asker: tuple[str, int] | None = None
