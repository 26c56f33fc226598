"""References to the library in a pyproject.toml or a Pipfile.

What each tool takes for a path is in the tables here; the rest is in `toml_references.py`.
"""

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
    return read_toml(characters, site, project_roles)


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
