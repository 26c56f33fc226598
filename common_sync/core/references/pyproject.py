"""References to the library in a pyproject.toml, and in the files in which a tool has its part of one for itself.

What each tool takes for a path is in the tables here; the rest is in `toml_strings.py`.
"""

from common_sync.core.references.toml_strings import Role, rewriter_of, table_roles

# https://pixi.sh/latest/reference/pixi_manifest/
_PIXI: dict[str, Role] = {
    f"{above}{table}.*.path": "path"
    for above in ("", "target.*.", "feature.*.", "feature.*.target.*.")
    for table in ("dependencies", "pypi-dependencies", "host-dependencies", "build-dependencies", "dev")
}
_PIXI |= {
    **{f"package.{table}-dependencies.*.path": "path" for table in ("run", "host", "build")},
    "package.build.source.path": "path",
    "pypi-options.dependency-overrides.*.path": "path",
}

# https://hatch.pypa.io/latest/config/build/ and .../environment/overview/
_HATCH: dict[str, Role] = {
    "build.force-include.*": "key",
    "build.targets.*.force-include.*": "key",
    "build.dependencies": "requirement",
    "build.targets.*.dependencies": "requirement",
    "envs.*.dependencies": "requirement",
    "envs.*.extra-dependencies": "requirement",
    "envs.*.workspace.members": "members",
    "envs.*.workspace.members.path": "members",
}

_PROJECT: dict[str, Role] = {
    # https://packaging.python.org/en/latest/specifications/pyproject-toml/ and .../dependency-groups/
    "build-system.requires": "requirement",
    "project.dependencies": "requirement",
    "project.optional-dependencies.*": "requirement",
    "dependency-groups.*": "requirement",
    # https://docs.astral.sh/uv/reference/settings/
    "tool.uv.sources.*.path": "path",
    "tool.uv.workspace.members": "members",
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
    **{f"tool.hatch.{keys}": role for keys, role in _HATCH.items()},
    **{f"tool.pixi.{keys}": role for keys, role in _PIXI.items()},
    # https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html
    "tool.setuptools.package-dir.*": "path",
    "tool.setuptools.packages.find.where": "path",
    "tool.common-sync.**": "nothing",  # leads to the master, as it should
}

# https://pipenv.pypa.io/en/latest/pipfile.html: every table but a few is a category of packages
_PIPFILE: dict[str, Role] = {"*.*.path": "path"}

project_roles = table_roles(_PROJECT)
"""Tells what a string of a pyproject.toml is for, by its keys."""

read_project = rewriter_of(project_roles)
read_pipfile, read_hatch, read_pixi = (rewriter_of(table_roles(table)) for table in (_PIPFILE, _HATCH, _PIXI))
