"""Earlier versions of single files, as git's history has them."""

from collections.abc import Iterator, Mapping, Sequence

from common_sync.core.copies.ancestry import Blob
from common_sync.edges.git.ask import ask
from common_sync.edges.git.checkout import name_contents
from common_sync.edges.git.history import LINE, WITHOUT_NETWORK, read_blobs, read_paths

_MERGES = "--diff-merges=first-parent"


def earlier_versions(root: str, path: str) -> Iterator[bytes]:
    """Yield what a file held in the commits that led to this one, the newest first, each once; nothing outside git.

    Args:
        root: The absolute path of the folder that the file's path is from.
        path: That path.

    Raises:
        GitError: Git failed.
    """
    if versions := list_versions(root, path):
        yield from (data for _, data in read_blobs(root, dict.fromkeys(versions)))


def earlier_states(root: str, paths: Sequence[str]) -> Iterator[Mapping[str, bytes]]:
    """Yield what some files held together after each commit of this line that changed one, the newest first; a file that was not there is empty.

    Args:
        root: The absolute path of the folder that the files' paths are from.
        paths: These paths.

    Raises:
        GitError: Git failed, or has the bytes not here.
    """
    state, states = dict.fromkeys(paths, ""), list[dict[str, str]]()
    for commit in reversed(list(read_paths(root, paths, *LINE))):
        state = {**state, **{path: _name(commit.changes[path]) for path in paths if path in commit.changes}}
        states.append(state)
    names = dict.fromkeys(name for one in reversed(states) for name in one.values() if name)
    held = dict(read_blobs(root, names)) if names else {}
    for one in reversed(states):
        yield {path: held.get(name, b"") for path, name in one.items()}


def _name(blob: Blob | None) -> str:
    """Return git's name of what a file was made; nothing where it was no file then."""
    return blob.name if blob is not None and not blob.is_link else ""


def was_before(root: str, path: str, data: bytes, other: str, *, committed: bool) -> bool:
    """Tell whether a commit that led to this one has a file as it is now, and something else not yet.

    Args:
        root: The absolute path of the folder that paths are from.
        path: The file's path.
        data: What it holds.
        other: The path of what is not there yet.
        committed: Whether the commit that is checked out has to have the other thing: else nobody commits it.

    Raises:
        GitError: Git failed.
    """
    for commit in read_paths(root, [path], _MERGES):
        blob = commit.changes.get(path)
        same = blob is not None and blob.name == name_contents(len(data), [data], len(blob.name))
        if same and not _has(root, commit.id, other):
            return not committed or _has(root, "HEAD", other)
    return False


def _has(root: str, commit: str, path: str) -> bool:
    return bool(ask(["ls-tree", "-z", commit, "--", path], root, variables=WITHOUT_NETWORK))


def list_versions(root: str, path: str) -> list[str]:
    """Return git's names of what a file held in the commits that led to this one, the newest first; nothing outside git.

    Args:
        root: The absolute path of the folder that the file's path is from.
        path: That path.

    Raises:
        GitError: Git failed.
    """
    held = (commit.changes.get(path) for commit in read_paths(root, [path], _MERGES))
    return [name for name in map(_name, held) if name]
