"""References to the library in lock files.

uv.lock and pylock.toml are rewritten together with the project file, so that `uv lock --check` has nothing to say. The others
hold a hash of the project file that only their own tool can make; while they lead to the master they are named.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.findings import line_finding
from common_sync.core.references.contract import LocatedReference, Place, Rewrite, Rewriter, Site
from common_sync.core.references.kinds import Kind
from common_sync.core.references.toml_strings import Role, read_toml

_COMMANDS: dict[Kind, str] = {
    "poetry-lock": "poetry lock",  # keeps the versions; before Poetry 2 that took --no-update
    "pdm-lock": "pdm lock --update-reuse",
    "pipenv-lock": "pipenv lock",  # takes newer versions: Pipenv has nothing that keeps them and leaves the Pipfile alone
    "pixi-lock": "pixi lock",
}
_PATH_KEYS = frozenset({"directory", "editable", "path", "virtual"})
_PATH = expression(r"""\b(?:directory|editable|path|virtual|url)["']?[ \t]*[=:]\s*["']([^"':\\\n\0]+)["']""")

_LEADS, _LEAD = " leads to the library", " lead to libraries"
_ONLY = ", and only its own tool can write this file"

_IN_YAML = expression(
    r"""^[ \t]*(?:-[ \t]+)?(?:pypi|conda|path|url):[ \t]+["']?([^\s"':#]+)["']?[ \t]*\r?$""", re.MULTILINE
)


class _Found(NamedTuple):
    """A path to the library: as it is written, its line, and where it leads."""

    value: str
    line: int
    place: Place


def read_lock(characters: str, site: Site) -> Rewrite:
    """Find what a uv.lock or a pylock.toml says about the library, and the edits that make it say the service's copy.

    Raises:
        UnparsableError: It is no TOML.

    Source of the formats: https://packaging.python.org/en/latest/specifications/pylock-toml/; uv's own is not documented.
    """
    found = _find_paths(characters, site)
    if any(one.place.where == "master" for one in found):
        return read_toml(characters, site, _tell_role)
    return Rewrite(references=_refer(found))  # a large lock file takes half a second to parse, and needs no edit


def _tell_role(path: tuple[str, ...]) -> Role:
    return "path" if path[-1] in _PATH_KEYS else "nothing"


def report_lock(kind: Kind) -> Rewriter:
    """Return what reports a lock file that leads to the master, once, at the first line that does.

    Args:
        kind: Which tool's it is.
    """

    def read(characters: str, site: Site) -> Rewrite:
        found = _find_paths(characters, site, _IN_YAML if kind == "pixi-lock" else _PATH)
        leading = next((one for one in found if one.place.where == "master"), None)
        if leading is None:
            return Rewrite(references=_refer(found))
        message = f"`{leading.value}`{_LEADS}{_ONLY}"
        remedy = f"`common-sync distribute`, then `{_COMMANDS[kind]}` in this file's folder"
        return Rewrite(problems=(line_finding(leading.line, "CS109", message, remedy),))

    return read


read_poetry_lock, read_pdm_lock, read_pipenv_lock, read_pixi_lock = map(report_lock, _COMMANDS)


def join_reports(found: Sequence[Rewrite]) -> list[Rewrite]:
    """Return what a lock file says about one library after the other, with one report of all: one run of its tool mends them.

    Args:
        found: What `report_lock` has found for each library; several of them have a report.
    """
    reports = sorted((problem for one in found for problem in one.problems), key=lambda problem: problem.line or 0)
    names = [problem.message.removesuffix(f"{_LEADS}{_ONLY}") for problem in reports]
    report = reports[0]._replace(message=f"{', '.join(names[:-1])} and {names[-1]}{_LEAD}{_ONLY}")
    return [found[0]._replace(problems=(report,)), *(one._replace(problems=()) for one in found[1:])]


def _find_paths(characters: str, site: Site, pattern: re.Pattern[str] = _PATH) -> list[_Found]:
    """Find the paths to the library without parsing, in the forms in which the tools write them."""
    found = ((match, site.locate(match[1], True)) for match in pattern.finditer(characters))
    return [
        _Found(match[1], characters.count("\n", 0, match.start(1)) + 1, place)
        for match, place in found
        if place.where in {"master", "copy"}
    ]


def _refer(found: list[_Found]) -> tuple[LocatedReference, ...]:
    return tuple(LocatedReference(one.line, "points-at-copy", one.value, one.place.rest) for one in found)
