"""Lines that install a folder of this very repository from git: `git+https://…/mono@main#subdirectory=common`."""

import os
from collections.abc import Iterator

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import normalise
from common_sync.edges.detection.reading import Lead
from common_sync.edges.detection.tree import Tree, last
from common_sync.edges.git.ask import ask
from common_sync.edges.git.repository import find_top

_URL = expression(r"\bgit\+[\w+]+:/*(?:[^/@\s]+@)?[^\s\"'#;@]*?([\w.-]+?)(?:\.git)?/?(?:@[^\s\"'#;]*)?#")
_TABLE = expression(r"\bgit\s*=\s*[\"'][^\"']*?([\w.-]+?)(?:\.git)?/?[\"']")
_SUBDIRECTORY = expression(r"\bsubdirectory\s*=\s*[\"']?([^&#\"'\s}]+)")
_HINTS = (b"git+", b"git =", b"git=")


def list_remotes(root: str) -> frozenset[str]:
    """Return the names that a repository has on the hosts that it is pushed to, normalised.

    Raises:
        GitError: Git failed.
    """
    lines = ask(["remote", "-v"], root).splitlines() if find_top(root) is not None else []
    urls = (line.split()[1].rstrip("/").removesuffix(".git") for line in lines)
    return frozenset(normalise(last(url.replace(":", "/"))) for url in urls)


def find_git_leads(tree: Tree, file: str, remotes: frozenset[str]) -> Iterator[Lead]:
    """Yield the lines of a file that install a folder of the repository from git.

    Args:
        tree: The repository.
        file: The file.
        remotes: The repository's names; where it has none, any URL may be its own.
    """
    if not any(hint in tree.data(file) for hint in _HINTS):
        return
    for number, line in enumerate(tree.text(file).split("\n"), 1):
        for pattern in (_URL, _TABLE):
            match, inside = pattern.search(line), _SUBDIRECTORY.search(line)
            if match and inside and (not remotes or normalise(match[1]) in remotes):
                place = os.path.normpath(inside[1])
                if place in tree.python_folders:
                    yield Lead(place, "install", number, line.strip())
                break
