"""References to the library in a pyproject.toml or a Pipfile.

What each tool takes for a path is in the tables here; the rest is in `toml_references.py`.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import join, normpath

from common_sync.core.findings import line_finding
from common_sync.core.formats.toml import parse_toml
from common_sync.core.model import Finding
from common_sync.core.references.contract import Rewrite, Site
from common_sync.core.references.toml_strings import Role, read_toml, table_roles

_PROJECT: dict[str, Role] = {
    # https://packaging.python.org/en/latest/specifications/pyproject-toml/ and .../dependency-groups/
    "build-system.requires": "requirement",
    "project.dependencies": "requirement",
    "project.optional-dependencies.*": "requirement",
    "dependency-groups.*": "requirement",
    # https://docs.astral.sh/uv/reference/settings/
    "tool.uv.sources.*.path": "path",
    "tool.uv.workspace.members": "path",
    "tool.uv.workspace.exclude": "path",
    "tool.uv.dev-dependencies": "requirement",
    "tool.uv.override-dependencies": "requirement",
    "tool.uv.constraint-dependencies": "requirement",
    "tool.uv.build-constraint-dependencies": "requirement",
    # https://python-poetry.org/docs/pyproject/
    "tool.poetry.dependencies.*.path": "path",
    "tool.poetry.dev-dependencies.*.path": "path",
    "tool.poetry.group.*.dependencies.*.path": "path",
    "tool.poetry.packages.from": "path",
    # https://pdm-project.org/latest/reference/pep621/
    "tool.pdm.dev-dependencies.*": "requirement",
    "tool.pdm.overrides.*": "requirement",
    "tool.pdm.resolution.overrides.*": "requirement",
    # https://hatch.pypa.io/latest/config/build/ and .../environment/overview/
    "tool.hatch.build.force-include.*": "key",
    "tool.hatch.build.targets.*.force-include.*": "key",
    "tool.hatch.build.targets.*.dependencies": "requirement",
    "tool.hatch.envs.*.dependencies": "requirement",
    "tool.hatch.envs.*.extra-dependencies": "requirement",
    # https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html
    "tool.setuptools.package-dir.*": "path",
    "tool.setuptools.packages.find.where": "path",
    "tool.common-sync.**": "nothing",  # leads to the master, as it should
}

_PIPFILE: dict[str, Role] = {"*.*.path": "path"}  # every table but a few is a category of packages

project_roles = table_roles(_PROJECT)
"""Tells what a string of a pyproject.toml is for, by its keys."""

_pipfile_roles = table_roles(_PIPFILE)


def read_project(characters: str, site: Site) -> Rewrite:
    """Find what a pyproject.toml says about the library, and the edits that make it say the service's copy.

    Args:
        characters: The decoded file.
        site: Where it stands.

    Raises:
        UnparsableError: It is no TOML.
    """
    found = read_toml(characters, site, project_roles)
    patterns = tuple(_report_members(characters, site)) if "workspace" in characters and site.master else ()
    return found._replace(problems=(*found.problems, *patterns))


def _report_members(characters: str, site: Site) -> Iterator[Finding]:
    """Yield the patterns that make the master a member of the service's uv workspace: they may mean other members, too."""
    master = normpath(join(site.up, site.master))
    for string in parse_toml(characters).strings:
        value = string.span.value
        if (
            string.path[:-1] == ("tool", "uv", "workspace", "members")
            and fnmatchcase(master, value)
            and value != master
        ):
            line = characters.count("\n", 0, string.span.start) + 1
            message = (
                f"`{value}` makes the library a member of this workspace by a pattern, which stays, and uv.lock with it"
            )
            yield line_finding(line, "CS106", message, f"write the members out, and `{site.up}{site.copy}` among them")


def read_pipfile(characters: str, site: Site) -> Rewrite:
    """Find what a Pipfile says about the library, and the edits that make it say the service's copy.

    Args:
        characters: The decoded file.
        site: Where it stands.

    Raises:
        UnparsableError: It is no TOML.

    Source of the format: https://pipenv.pypa.io/en/latest/pipfile.html
    """
    return read_toml(characters, site, _pipfile_roles)
