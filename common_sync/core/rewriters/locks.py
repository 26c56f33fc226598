"""References to the library in lock files.

uv.lock and pylock.toml are rewritten together with the project file, so that `uv lock --check` has nothing to say. The others
hold a hash of the project file that only their own tool can make; while they lead to the master they are named.
"""

import re

from common_sync.core.rewriters.kinds import Kind
from common_sync.core.rewriters.rewrite import LineProblem, Rewrite, Rewriter, Site
from common_sync.core.rewriters.toml_references import Role, read_toml

_COMMANDS: dict[Kind, str] = {
    "poetry-lock": "poetry lock",  # keeps the versions; before Poetry 2 that took --no-update
    "pdm-lock": "pdm lock --update-reuse",
    "pipenv-lock": "pipenv lock",  # takes newer versions: Pipenv has nothing that keeps them and leaves the Pipfile alone
}
_PATH_KEYS = frozenset({"directory", "editable", "path", "virtual"})
_QUOTED_PATH = re.compile(r"""["']((?:\.{1,2}/|/)[^"'\\\n\0]*)["']""")


def read_lock(characters: str, site: Site) -> Rewrite:
    """Find what a uv.lock or a pylock.toml says about the library, and the edits that make it say the service's copy.

    Args:
        characters: The decoded file.
        site: Where it stands.

    Raises:
        UnparsableError: It is no TOML.

    Source of the formats: https://packaging.python.org/en/latest/specifications/pylock-toml/; uv's own is not documented.
    """
    if _find_path_to_master(characters, site) is None:
        return Rewrite()  # a lock file may hold a million characters, which take half a second to parse
    return read_toml(characters, site, _tell_role)


def _tell_role(path: tuple[str, ...]) -> Role:
    return "path" if path[-1] in _PATH_KEYS else "nothing"


def report_lock(kind: Kind) -> Rewriter:
    """Return what reports a lock file that leads to the master, once, at the first line that does.

    Args:
        kind: Which tool's it is.
    """

    def read(characters: str, site: Site) -> Rewrite:
        path = _find_path_to_master(characters, site)
        if path is None:
            return Rewrite()
        line = characters.count("\n", 0, path.start()) + 1
        message = f"`{path[1]}` leads to the library, and only its own tool can write this file"
        remedy = f"`common-sync distribute`, then `{_COMMANDS[kind]}` in this file's folder"
        return Rewrite(problems=(LineProblem(line, "CS109", message, remedy),))

    return read


def _find_path_to_master(characters: str, site: Site) -> re.Match[str] | None:
    paths = _QUOTED_PATH.finditer(characters)
    return next((path for path in paths if site.locate(path[1], True).where == "master"), None)
