"""What the build of a project reads beside its packages: files that its pyproject.toml names, in-tree backends, git.

Sources: https://hatch.pypa.io/latest/config/build/, https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html,
https://flit.pypa.io/en/stable/pyproject_toml.html, https://backend.pdm-project.org/metadata/ and https://peps.python.org/pep-0517/.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.toml import Document, Path, fits


class Read(NamedTuple):
    """A file or folder that a build reads."""

    written: str  # what names it, in short
    path: str  # where it is, relative to the project's folder
    line: int  # the line that names it, counted from 1
    sure: bool = True  # whether the build stops for certain where it is not there


class Version(NamedTuple):
    """What takes a project's version from git: the program, and the variable that says it instead."""

    program: str
    variable: str


_SETUPTOOLS = "setuptools"
_MUST, _MAY = True, False
_READ: dict[str, bool] = {
    "project.readme": _MUST,
    "project.readme.file": _MUST,
    "project.license.file": _MUST,
    "project.license-files": _MAY,
    "build-system.backend-path": _MUST,
    "tool.poetry.readme": _MUST,
    "tool.poetry.packages.from": _MUST,
    "tool.hatch.version.path": _MUST,
    "tool.hatch.build.force-include.*": _MUST,
    "tool.hatch.build.targets.wheel.force-include.*": _MUST,
    "tool.hatch.build.hooks.custom.path": _MUST,
    "tool.hatch.build.targets.*.hooks.custom.path": _MUST,
    "tool.hatch.metadata.hooks.custom.path": _MUST,
    "tool.hatch.metadata.hooks.requirements_txt.files": _MUST,
    "tool.hatch.metadata.hooks.requirements_txt.filename": _MUST,
    "tool.pdm.version.path": _MUST,
    "tool.setuptools.dynamic.*.file": _MAY,
    "tool.setuptools.package-dir.*": _MAY,
    "tool.setuptools.packages.find.where": _MAY,
}
"""Dotted keys, `*` for any one → whether the build stops for certain where what they name is not there."""

_PATTERNS = [(tuple(keys.split(".")), must) for keys, must in _READ.items()]


def list_reads(document: Document) -> Iterator[Read]:
    """Yield what the build of a project reads."""
    for string in document.strings:
        keys = string.keys
        found = next(((pattern, must) for pattern, must in _PATTERNS if fits(pattern, keys)), None)
        if found is not None:
            (*_, last), must = found
            path = keys[-1] if last == "*" and keys[-2] == "force-include" else string.span.value
            named = keys[-2] if last == "*" or last in {"file", "path"} else last
            if path and not re.search(r"[*?\[]", path):
                outside = path.startswith("..")  # of which even setuptools says no
                yield Read(f'{named} = "{path}"', path, document.line(string.span.start), must or outside)
    yield from _custom(document)


def _custom(document: Document) -> Iterator[Read]:
    """Yield the hook that hatchling looks for where a table asks for one and says no path."""
    for path in document.leaves:
        if path[:2] == ("tool", "hatch") and path[-2:] == ("hooks", "custom"):
            yield Read("hooks.custom", "hatch_build.py", 1)


def is_optional(read: Read, backend: str) -> bool:
    """Tell whether a backend goes on without what it was to read."""
    return backend == _SETUPTOOLS and read.written.startswith(("readme", "license"))  # it warns


_PRETEND = "SETUPTOOLS_SCM_PRETEND_VERSION"


def version_from_git(document: Document) -> Version | None:
    """Return what takes a project's version from git, or None where nothing does, or a fallback is given."""
    required = " ".join(
        normalise(one.span.value) for one in document.strings if one.path[:2] == ("build-system", "requires")
    )
    tables = {path[:2] for path in document.leaves}
    leaves = document.leaves
    if any(_is_fallback(path) for path in leaves):
        return None
    if leaves.get(("tool", "hatch", "version", "source")) == repr("vcs"):
        return Version("hatch-vcs", _PRETEND)
    if leaves.get(("tool", "pdm", "version", "source")) == repr("scm"):
        return Version("pdm-backend", "PDM_BUILD_SCM_VERSION")
    if "setuptools-scm" in required and ("tool", "setuptools_scm") in tables:
        return Version("setuptools-scm", _PRETEND)
    if "versioningit" in required and ("tool", "versioningit") in tables:
        return Version("versioningit", "VERSIONINGIT_FOR_PACKAGE_INDEX")
    if "poetry-dynamic-versioning" in required:
        return Version("poetry-dynamic-versioning", "POETRY_DYNAMIC_VERSIONING_BYPASS")
    return None


def _is_fallback(path: Path) -> bool:
    return path[:1] == ("tool",) and str(path[-1]).replace("-", "_") in {"fallback_version", "default_version"}
