"""What the next commit holds, as git's index has it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.copies.library import LOCK_FILE
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.core.references.kinds import IGNORE, KINDS, kind_of, list_globs
from common_sync.edges.git.ask import ask, ask_ahead, split
from common_sync.edges.git.checkout import ATTRIBUTES
from common_sync.edges.git.repository import find_top, folders_up
from common_sync.edges.project.load import CONFIGURATION_FILES, Project


class Index(NamedTuple):
    """What the index holds below some paths.

    Attributes:
        files: POSIX path → mode, name of the contents and stage, as in `100644 2c2c68802adf… 0`.
        unstaged: Those whose file on the disk is not what the index holds, as far as git can tell; it is gone, or
            it is only intended to be added.
        hidden: Those that git was told not to look at: path → its letter (`S` of a sparse checkout, `h` of
            assume-unchanged).
    """

    files: dict[str, str]
    unstaged: frozenset[str]
    hidden: dict[str, str]

    def below(self, folder: str) -> list[str]:
        """Return the files below a folder, relative to it."""
        return [path[len(folder) + 1 :] for path in self.files if path.startswith(folder + "/")]


def read_ahead(project: Project, more: Iterable[str] = ()) -> Callable[[], Index | None]:
    """Start reading what the next commit will hold; return what waits for it, and returns None outside git.

    Git needs 2 ms, in which Python can import something.

    Args:
        project: The project; its masters, its copies, its configuration and what `may_decide` are asked for.
        more: Paths from the root of more files.
    """
    if find_top(project.root) is None:
        return lambda: None
    patterns = [*_patterns(project), *(f":(literal){path}" for path in more)]
    answer = ask_ahead(["ls-files", "-z", "-v", "-s", "-c", "-m", "--", *patterns], project.root, literal=False)
    return lambda: _parse(answer())


def _patterns(project: Project) -> Iterator[str]:
    """Yield pathspecs: few, because git tries each on every path that it knows."""
    yield from (f":(literal){library.master}" for library in project.libraries)
    yield from (f":(literal){file}" for file in (*CONFIGURATION_FILES, LOCK_FILE, ATTRIBUTES))
    for setting in project.configuration.services:
        service = f":(glob){escape(setting.value, keep='*?[]')}"
        yield from (f"{service}/{escape(copy)}/**" for copy in project.copies)
        yield from (f"{service}/**/{name}" for name in _READ)
    yield from list_compose_patterns(setting.value for setting in project.configuration.services)
    for above in _folders_above(project):
        yield f":(glob){above}{ATTRIBUTES}"


# All that `may_decide` says yes to: the ignore file of a Dockerfile is named like that, and of what begins with a dot, git's
# attributes, Docker's ignore file and manifests are meant.
_READ = (*list_globs(), ".[cdg]*")


def list_compose_patterns(services: Iterable[str]) -> list[str]:
    """Return patterns of the compose files above services: they tell how the services' images are built."""
    patterns = (escape(service, keep="*?[]") for service in services)
    above = {"", *(f"{folder}/" for pattern in patterns for folder in ancestors(pattern))}
    return [f":(glob){folder}*compose*.y*ml" for folder in sorted(above)]


def _folders_above(project: Project) -> Iterator[str]:
    """Yield the folders above the root in its repository, then those above the masters and the services, as patterns."""
    outer = folders_up(project.root)[1:]
    yield from ("../" * steps for steps in range(1, len(outer) + 1))
    paths = [escape(library.master) for library in project.libraries]
    paths += (escape(setting.value, keep="*?[]") for setting in project.configuration.services)
    yield from sorted({f"{above}/" for path in paths for above in ancestors(path)})


def may_decide(path: str) -> bool:
    """Tell whether what `verify` says of a service may depend on a file of it, or what a checkout makes of the service.

    Args:
        path: The file's path; its name is enough, and what its folders are called could only make less of it.
    """
    name = path.rpartition("/")[2]
    kind = kind_of(name)
    return KINDS[kind].decides if kind is not None else name in _DECIDING or name.endswith(_INCLUDED)


# A manifest may be that of a copy that nobody keeps in sync. Requirements and compose files include files of any name.
_DECIDING = frozenset((ATTRIBUTES, MANIFEST_NAME))
_INCLUDED = (".txt", ".in", ".yml", ".yaml", IGNORE)


def escape(path: str, keep: str = "") -> str:
    """Return a path as a pathspec with glob magic.

    Args:
        path: The path.
        keep: Characters that are to have their special meaning.
    """
    return "".join(f"\\{letter}" if letter in "\\*?[]" and letter not in keep else letter for letter in path)


def _parse(text: str) -> Index:
    files: dict[str, str] = {}
    unstaged: set[str] = set()
    hidden: dict[str, str] = {}
    for row in split(text):
        tag, (entry, _, path) = row[0], row[2:].partition("\t")
        if tag in "CR":
            unstaged.add(path)
        else:
            files[path] = entry
        if tag == "S" or tag.islower():
            hidden[path] = tag
    return Index(files, frozenset(unstaged), hidden)


def list_tracked(root: str, paths: Iterable[str]) -> list[str]:
    """Return the files that git tracks below some paths, relative to the root."""
    return split(ask(["ls-files", "-z", "--", *paths], root))


def list_bits(folder: str) -> dict[str, bool]:
    """Return for each file below a folder that git tracks whether git has it executable; nothing outside git.

    Returns:
        POSIX path relative to the folder → whether it has the mode 100755 in the index.

    Raises:
        GitError: Git failed.
    """
    if find_top(folder) is None:
        return {}
    rows = (row.partition("\t") for row in split(ask(["ls-files", "-z", "-s"], folder)))
    return {path: entry.startswith("100755") for entry, _, path in rows if entry.startswith("100")}


def list_ignored(root: str, paths: Iterable[str]) -> list[str]:
    """Return the files below some paths that git ignores, relative to the root, whether or not it tracks them all the same."""
    return split(ask(["ls-files", "-z", "-c", "-o", "-i", "--exclude-standard", "--", *paths], root))


class Ignored(NamedTuple):
    """A file or folder that git does not track, and the rule by which it ignores it."""

    path: str  # from the root; of a folder, all that is in it is ignored
    file: str  # where the rule stands: a path from the root, or what git calls it
    line: int  # its line, counted from 1
    pattern: str  # the rule


_MANY_PATHS = 20
"""Git holds every file against every path that it is asked about."""


def _gather(paths: Iterable[str]) -> set[str]:
    """Return paths, or the folders that they are in when they are many."""
    gathered = set(paths)
    while len(gathered) > _MANY_PATHS:
        gathered = {path.rpartition("/")[0] or "." for path in gathered}
    return gathered


def find_ignored(root: str, paths: Sequence[str]) -> list[Ignored]:
    """Return what git ignores below some paths and does not track; a folder stands for all that is in it.

    Raises:
        GitError: Git failed.
    """
    command = ["ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory", "--", *_gather(paths)]
    wanted, listed = frozenset(paths), [path.rstrip("/") for path in split(ask(command, root))]
    found = [path for path in listed if path in wanted or not wanted.isdisjoint(ancestors(path))]
    whole = frozenset(listed)  # a folder that is ignored as a whole stands for what is in it
    found += sorted(path for path in wanted if not whole.isdisjoint(ancestors(path)))
    if not found:
        return []
    names = "".join(f"./{path}\0" for path in found)
    fields = ask(["check-ignore", "-z", "-v", "--stdin"], root, literal=False, data=names).split("\0")
    rows = zip(*(iter(fields[:-1]),) * 4, strict=True)
    return [Ignored(path.removeprefix("./"), file, int(line), pattern) for file, line, pattern, path in rows]
