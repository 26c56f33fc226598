"""What other tools for monorepos make of copies: to Nx, and to workspaces of Node, a copied project file is one more project."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import basename, dirname, join

from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding

NX, NX_IGNORE, PNPM = "nx.json", ".nxignore", "pnpm-workspace.yaml"
PROJECT, PACKAGE = "project.json", "package.json"
SETTINGS = (NX, PACKAGE)
"""What says at the top of a repository which tools it has."""


def find_doubled(
    files: Iterable[str],
    master: str,
    places: Sequence[str],
    settings: Mapping[str, str],
    packages: Sequence[str],
) -> Iterator[Finding]:
    """Yield the project files of a library that make each copy a project of the same name.

    Args:
        files: The paths in the library of what is copied.
        master: What the master is called in messages.
        places: The paths from the top of the repository of the master, if it is here, and of the copies that no tool is told to ignore.
        settings: Name → text of the `SETTINGS` that are at the top.
        packages: More globs of folders that are packages of a workspace of Node.
    """
    globs = [*_read_globs(settings.get(PACKAGE, "")), *packages]
    for file in sorted(files):
        folders = [join(place, dirname(file)).rstrip("/") for place in places]
        inside = sum(is_package(one, globs) for one in folders)
        if basename(file) == PROJECT and NX in settings and len(places) > 1:
            yield _report(master, file, f"Nx finds {len(folders):,} projects of one name, and stops")
        elif basename(file) == PACKAGE and inside > 1:
            yield _report(master, file, f"the workspace has {inside:,} packages of one name, and its tools stop")


def _report(master: str, file: str, what: str) -> Finding:
    message, remedy = f"is copied into services: {what}", f'exclude = ["{file}"] in the configuration, then distribute'
    return make_finding("CS219", master, f"{master}/{file}", None, message, remedy)


def _read_globs(text: str) -> list[str]:
    """Return the globs of a workspace that a `package.json` states."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return []  # npm says so
    stated = document.get("workspaces") if isinstance(document, dict) else None
    listed = stated.get("packages") if isinstance(stated, dict) else stated
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def is_package(folder: str, globs: Iterable[str]) -> bool:
    """Tell whether the last glob that means a folder takes it in.

    Args:
        folder: Its path.
        globs: As npm, pnpm and Yarn write them; one that begins with `!` leaves out.
    """
    inside = False
    for glob in globs:
        if _compile(glob.removeprefix("!").removeprefix("./").rstrip("/")).fullmatch(folder):
            inside = not glob.startswith("!")
    return inside


_STARS = expression(r"(\*\*/|\*\*|\*|\?)")
_MEANINGS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _compile(glob: str) -> re.Pattern[str]:
    return re.compile("".join(_MEANINGS.get(part) or re.escape(part) for part in _STARS.split(glob)))
