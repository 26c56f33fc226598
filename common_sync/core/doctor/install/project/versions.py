"""What takes a project's version from git when it is built."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.toml import Document, Path


class Version(NamedTuple):
    """What takes a project's version from git, or from elsewhere than its files.

    Attributes:
        program: The program.
        variable: The variable that says it instead, or nothing where none does.
        sure: Whether the build stops for certain where there is no repository.
    """

    program: str
    variable: str = ""
    sure: bool = True


_PRETEND = "SETUPTOOLS_SCM_PRETEND_VERSION"
_HATCH_SOURCES = frozenset({repr("code"), repr("regex")})
_SIMPLE = expression(r"setuptools[-_.]scm\s*\[[^\]]*\bsimple\b", re.IGNORECASE)
_IN_SETUP = expression(r"^[^#\n]*\b(use_scm_version|pbr)\s*['\"]?\s*[=:]\s*(?:True|\{)", 8)  # re.MULTILINE
_FALLBACK = expression(r"fallback_version")


def version_from_git(document: Document) -> Version | None:
    """Return what takes a project's version from git, or None where nothing does, or a fallback is given."""
    if any(_is_fallback(path) for path in document.leaves):
        return None
    return _of_tables(document)


def _of_tables(document: Document) -> Version | None:
    written = [one.span.value for one in document.strings if one.path[:2] == ("build-system", "requires")]
    required = " ".join(map(normalise, written))
    leaves, tables = document.leaves, {path[:2] for path in document.leaves}
    if (source := leaves.get(("tool", "hatch", "version", "source"))) is not None:
        return hatch_source(source)
    if leaves.get(("tool", "pdm", "version", "source")) == repr("scm"):
        return Version("pdm-backend", "PDM_BUILD_SCM_VERSION")
    if "setuptools-scm" in required and (("tool", "setuptools_scm") in tables or any(map(_SIMPLE.match, written))):
        static = ("project", "version") in leaves  # of which some versions take no notice
        return Version("setuptools-scm", _PRETEND, sure=not static)
    if "versioningit" in required and ("tool", "versioningit") in tables:
        return Version("versioningit")
    if "poetry-dynamic-versioning" in required:
        return Version("poetry-dynamic-versioning", "POETRY_DYNAMIC_VERSIONING_BYPASS")
    return None


def hatch_source(source: str) -> Version | None:
    """Return what a source of hatchling's takes a version from, or None where that is a file.

    Args:
        source: Its name as `repr` has it.
    """
    if source in _HATCH_SOURCES:
        return None
    return Version("hatch-vcs", _PRETEND) if source == repr("vcs") else Version(f"hatchling's {source}", sure=False)


def version_in_setup(text: str) -> Version | None:
    """Return what a `setup.py` takes the version from git by, or None."""
    found = _IN_SETUP.search(text)
    if found is None or _FALLBACK.search(text):
        return None
    return Version("pbr", "PBR_VERSION") if found[1] == "pbr" else Version("setuptools-scm", _PRETEND)


def is_given(version: Version, name: str, environment: Iterable[str]) -> bool:
    """Tell whether a variable says the version instead.

    Args:
        version: What would take it from git.
        name: The project's name, normalised; nothing where it is not known.
        environment: The names of the variables that are set.
    """
    own = f"{version.variable}_FOR_{name.replace('-', '_').upper()}"
    return bool(version.variable) and any(one in {version.variable, own} for one in environment)


def _is_fallback(path: Path) -> bool:
    return path[:1] == ("tool",) and str(path[-1]).replace("-", "_") in {"fallback_version", "default_version"}
