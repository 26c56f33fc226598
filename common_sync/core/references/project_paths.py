"""Where in a string of a project file the local path is, in each of the forms that uv, Poetry, PDM, Hatch and pip read.

Source of the forms: https://docs.astral.sh/uv/concepts/projects/dependencies/, https://python-poetry.org/docs/dependency-specification/,
https://pdm-project.org/latest/usage/dependency/ and https://hatch.pypa.io/latest/config/context/.
"""

import posixpath
import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import Target, find_target, holds_variable, quote_path
from common_sync.core.references.contract import Site

_EDITABLE = expression(r"\s*-e\s+")  # PDM has it in its groups
_ANCHOR = expression(r"(?:file:/*)?(?:\$\{PROJECT_ROOT\}|\{root(?P<above>(?::parent)*)(?::real)?(?::uri)?\})/*")
_WILDCARD = expression(r"[*?\[]")
_HATCH_VARIABLE = expression(r"\{[^{}]*\}")


class Spot(NamedTuple):
    """A local path in a string."""

    path: str  # where it leads, decoded, relative to the file's folder or absolute
    start: int  # index in the string's value of the first character to replace
    end: int  # index after the last one
    prefix: str = ""  # what the new path follows, among what is replaced
    dotted: bool = False  # whether the new path is to begin with a dot
    url: bool = False  # whether it is a part of a URL
    variable: bool = False  # whether a variable decides where it leads

    def spell(self, path: str) -> str:
        """Return what is to stand from `start` to `end`."""
        dot = "./" if self.dotted and not path.startswith("../") else ""
        return self.prefix + dot + (quote_path(path) if self.url else path)


def find_path(value: str) -> Spot | None:
    """Find the path in a string that is one; slashes at its end stay. None for one that no system has."""
    path = value.rstrip("/")
    if not path or "\0" in path:
        return None
    return Spot(path, 0, len(path), dotted=path.startswith("./"))


def takes_in(pattern: str, site: Site) -> bool:
    """Tell whether a pattern of folders, relative to the file's own, takes in the master.

    Args:
        pattern: The pattern; a path without a wildcard is none.
        site: Where the file stands.
    """
    if not _WILDCARD.search(pattern) or not site.master:
        return False
    parts = posixpath.normpath("x/" * site.up.count("../") + pattern).split("/")
    master = posixpath.normpath(site.master).split("/")
    if "**" in parts:
        parts = parts[: parts.index("**")]
        master = master[: len(parts)]
    return len(parts) == len(master) and all(map(fnmatchcase, master, parts))


def find_requirement(value: str, *, anchored: bool) -> Spot | None:
    """Find the local path in a requirement; None if it names a project or something on a network.

    Args:
        value: The requirement, with `-e` before it where PDM has it so.
        anchored: Whether what reads the file takes no relative URL but knows `${PROJECT_ROOT}`, as uv and PDM do.
    """
    editable = _EDITABLE.match(value)
    first = editable.end() if editable else 0
    anchor = _ANCHOR.search(value)
    if anchor:
        return _find_anchored(value, first, anchor)
    target = find_target(value[first:], editable=editable is not None)
    if target is None or "\0" in target.path:
        return None
    written = value[first + target.start : first + target.end].removeprefix("file:")
    rooted = anchored and target.url and (target.path.startswith("/") or written.startswith("//"))
    spot = Spot(target.path, first + target.start, first + target.end, target.scheme, not rooted, target.url)
    if rooted:
        spot = spot._replace(prefix=f"{target.scheme}///${{PROJECT_ROOT}}/")
    return spot._replace(variable=_is_open(target))


def _find_anchored(value: str, first: int, anchor: re.Match[str]) -> Spot | None:
    """Find a path that begins at the project's folder: it is read as if it were relative, and stays anchored."""
    above = anchor["above"] or ""
    plain = "file:./" + "../" * above.count(":")
    target = find_target(value[first : anchor.start()] + plain + value[anchor.end() :], editable=first > 0)
    if target is None or not target.url or "\0" in target.path:
        return None
    end = first + target.end + len(anchor[0]) - len(plain)
    prefix = anchor[0].replace(above, "").rstrip("/") + "/"
    return Spot(target.path, anchor.start(), end, prefix, url=True, variable=_is_open(target))


def _is_open(target: Target) -> bool:
    return holds_variable(target) or _HATCH_VARIABLE.search(target.path) is not None
