"""What the build of a project reads beside its packages: files that its pyproject.toml names, and in-tree backends.

Sources: https://hatch.pypa.io/latest/config/build/, https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html,
https://flit.pypa.io/en/stable/pyproject_toml.html, https://backend.pdm-project.org/metadata/ and https://peps.python.org/pep-0517/.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.formats.toml import Document, Path, fits


class Read(NamedTuple):
    """A file or folder that a build reads; paths may be patterns, of which one match is enough."""

    written: str  # what names it, in short
    path: str  # where it is, relative to the project's folder
    line: int  # the line that names it, counted from 1
    sure: bool = True  # whether the build stops for certain where it is not there
    instead: tuple[str, ...] = ()  # other places, of which one is enough
    unknown: str = ""  # why nobody can tell what comes of it, or nothing
    holds: str = ""  # the name that the file gives a plain text, or else is run for


_SETUPTOOLS = "setuptools"
_MUST, _MAY = True, False
_READ: dict[str, bool] = {
    "project.readme": _MUST,
    "project.readme.file": _MUST,
    "project.license.file": _MUST,
    "project.license-files": _MAY,
    "tool.poetry.readme": _MUST,
    "tool.poetry.packages.from": _MUST,
    "tool.poetry.build": _MUST,
    "tool.poetry.build.script": _MUST,
    "tool.flit.external-data.directory": _MUST,
    "tool.flit.metadata.description-file": _MUST,
    "tool.hatch.version.path": _MUST,
    "tool.hatch.build.force-include.*": _MUST,
    "tool.hatch.build.targets.wheel.force-include.*": _MUST,
    "tool.hatch.build.hooks.custom.path": _MUST,
    "tool.hatch.build.targets.*.hooks.custom.path": _MUST,
    "tool.hatch.metadata.hooks.custom.path": _MUST,
    "tool.hatch.build.targets.wheel.packages": _MAY,
    "tool.hatch.build.targets.wheel.only-include": _MAY,
    "tool.hatch.metadata.hooks.fancy-pypi-readme.fragments.path": _MUST,
    "tool.hatch.metadata.hooks.requirements_txt.files": _MUST,
    "tool.hatch.metadata.hooks.requirements_txt.filename": _MUST,
    "tool.pdm.version.path": _MUST,
    "tool.pdm.build.package-dir": _MUST,
    "tool.pdm.build.includes": _MAY,
    "tool.uv.build-backend.data.*": _MUST,
    "tool.setuptools.script-files": _MUST,
    "tool.setuptools.data-files.*": _MUST,
    "tool.setuptools.dynamic.*.file": _MAY,
    "tool.setuptools.package-dir.*": _MAY,
    "tool.setuptools.packages.find.where": _MAY,
}
"""Dotted keys, `*` for any one → whether the build stops for certain where what they name is not there."""

_PATTERNS = [(tuple(keys.split(".")), must) for keys, must in _READ.items()]


_STRICT = frozenset({"flit_core", "pdm", "poetry", "uv_build"})
"""Backends that stop where a pattern of `license-files` matches nothing."""


def list_reads(document: Document, backend: str, *above: str) -> Iterator[Read]:
    """Yield what the build of a project reads.

    Args:
        document: Its pyproject.toml, or a file of settings of its backend.
        backend: What builds it: `setuptools`, `hatchling` …
        above: The keys of a pyproject.toml that lead to what the document holds.
    """
    for string in document.strings:
        keys = (*above, *string.keys)
        found = next(((pattern, must) for pattern, must in _PATTERNS if fits(pattern, keys)), None)
        if found is not None:
            (*_, last), must = found
            path = keys[-1] if last == "*" and keys[-2] == "force-include" else string.span.value
            named = keys[-2] if last == "*" or last in {"file", "path"} else last
            strict = last == "license-files" and backend in _STRICT
            if path and (strict or not re.search(r"[*?\[]", path)):
                outside = path.startswith("..")  # of which even setuptools says no
                yield Read(
                    f'{named} = "{path}"',
                    path,
                    document.line(string.span.start),
                    must or outside or strict,
                    holds=_held(keys, document, above),
                )
    yield from _custom(document, above)


_VERSIONS = {"hatch": "__version__|VERSION|__VERSION__|version", "pdm": "__version__"}
"""Tool → the names of which a file of the version has to give one a text, where nothing else says how it is found there."""


def _held(keys: Path, document: Document, above: Path) -> str:
    """Return the names of which the file has to give one a text that a key names, or nothing."""
    told = {path[-1] for path in document.leaves if (*above, *path)[:-1] == keys[:-1]}
    version = keys[:1] == ("tool",) and keys[2:] == ("version", "path") and not told & {"pattern", "expression"}
    coded = document.leaves.get((*keys[len(above) : -1], "source")) == repr("code")
    return _VERSIONS[str(keys[1])] if version and not coded else ""


def _custom(document: Document, above: Path) -> Iterator[Read]:
    """Yield the hook that hatchling looks for where a table asks for one and says no path."""
    for path in ((*above, *leaf) for leaf in document.leaves):
        if path[:2] == ("tool", "hatch") and path[-2:] == ("hooks", "custom"):
            yield Read("hooks.custom", "hatch_build.py", 1)


def is_optional(read: Read, backend: str) -> bool:
    """Tell whether a backend goes on without what it was to read."""
    return backend == _SETUPTOOLS and read.written.startswith(("readme", "license"))  # it warns


def find_hook(document: Document) -> str:
    """Return the hook by which hatchling writes a file into the project's folder, or nothing."""
    hooks = [path for path in document.leaves if path[:3] == ("tool", "hatch", "build") and "hooks" in path]
    return next((f"the hook `{name}`" for name in ("version", "vcs") if any(name in path for path in hooks)), "")
