"""Projects that do not say what their packages are, and have more than one folder or module that setuptools may take for one.

Source: https://setuptools.pypa.io/en/latest/userguide/package_discovery.html, and `setuptools.discovery` as it is in setuptools 84.
"""

import re
from collections.abc import Callable, Iterable

from common_sync.core.expressions import expression
from common_sync.core.formats.toml import parse_toml
from common_sync.core.text import UnparsableError

_NO_FOLDERS = frozenset(
    (
        *("ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments", "changelog"),
        *("test", "tests", "unit_test", "unit_tests", "example", "examples", "scripts", "tools", "util", "utils"),
        *("python", "build", "dist", "venv", "env", "requirements", "tasks", "fabfile", "site_scons", "benchmark"),
        *("benchmarks", "exercise", "exercises", "htmlcov", "ez_setup"),
    )
)
_NO_MODULES = frozenset(
    (
        *("setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile", "noxfile", "pavement"),
        *("dodo", "tasks", "fabfile", "SConstruct", "Sconstruct", "sconstruct", "conanfile", "manage", "benchmark"),
        *("benchmarks", "exercise", "exercises", "ez_setup"),
    )
)
"""What setuptools takes for no package, and for no module."""
_SAYS = frozenset({"packages", "py-modules", "ext-modules", "package-dir"})
_IN_SETTINGS = expression(r"^(?:packages|py_modules|package_dir)\s*=", re.MULTILINE)
_IN_SCRIPT = expression(r"\b(?:packages|py_modules|package_dir|ext_modules)\b|\*\*")
_OLDER = expression(r"setuptools\s*(?:<|==|~=)")


def find_crowd(read: Callable[[str], str | None], names: Iterable[str], *, folders: Callable[[str], bool]) -> list[str]:
    """Return the folders, or else the modules, of which setuptools takes one and finds more; none where the project names its own.

    Args:
        read: Returns the text of a file of the project, by its name, or None.
        names: What lies at the project's top.
        folders: Tells which of these are folders.
    """
    names = sorted(names)
    if "src" in names or _says(read):
        return []
    found = [one for one in names if folders(one) and one.isidentifier() and one[0] != "_" and one not in _NO_FOLDERS]
    if not found:
        modules = (one.removesuffix(".py") for one in names if one.endswith(".py"))
        found = [one for one in modules if one.isidentifier() and one[0] != "_" and one not in _NO_MODULES]
    return found if len(found) > 1 else []


def takes_one(text: str) -> bool:
    """Tell whether a project is sure to be built by a setuptools that takes one only: 61 or newer, as its pyproject.toml says."""
    return _OLDER.search(text) is None


def _says(read: Callable[[str], str | None]) -> bool:
    """Tell whether a project says what its packages are, or may do so."""
    try:
        leaves = parse_toml(read("pyproject.toml") or "").leaves
    except UnparsableError:
        return True
    if any(path[:2] == ("tool", "setuptools") and len(path) > 2 and path[2] in _SAYS for path in leaves):  # noqa: PLR2004
        return True
    return bool(_IN_SETTINGS.search(read("setup.cfg") or "") or _IN_SCRIPT.search(read("setup.py") or ""))
