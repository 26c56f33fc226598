"""What the library says about itself: its distribution name and version, read without running any of its code."""

import tomllib
from collections.abc import Mapping

from common_sync.core.model import Origin, Upstream
from common_sync.core.paths import SUBDIRECTORY, name_after

METADATA_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
"""Where a library declares its name and version; the first that names one counts."""


def read_library(master: str, texts: Mapping[str, str]) -> Origin:
    """Return the library's name and version; the name of its folder when it declares none.

    Args:
        master: The master's path from the root.
        texts: The texts of those of `METADATA_FILES` that the master has; one that cannot be read says nothing.
    """
    readers = {"pyproject.toml": _from_pyproject, "setup.cfg": _from_setup_cfg, "setup.py": _from_setup_py}
    name: str | None = None
    version: str | None = None
    for file in METADATA_FILES:
        if file in texts and (name is None or version is None):
            found_name, found_version = readers[file](texts[file])
            name, version = name or found_name, version or found_version
    return Origin(name or _name_master(master), master, version)


def _name_master(master: str) -> str:
    git, subdirectory, path = master.rpartition(SUBDIRECTORY)
    return Upstream(git, "", path).name if subdirectory else name_after(path)


Found = tuple[str | None, str | None]


def _from_pyproject(text: str) -> Found:
    try:
        document: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None, None
    tool = document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    name = version = None
    for table in (document.get("project"), poetry):
        if isinstance(table, dict):
            name, version = name or _text(table.get("name")), version or _text(table.get("version"))
    return name, version


def _from_setup_cfg(text: str) -> Found:
    import configparser  # only a library with a setup.cfg pays for it

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None, None
    version = parser.get("metadata", "version", fallback="")
    dynamic = version.startswith(("attr:", "file:"))
    return _text(parser.get("metadata", "name", fallback=None)), None if dynamic else _text(version)


def _from_setup_py(text: str) -> Found:
    """Take the literal `name=` and `version=` of the call to `setup`; anything computed is not known."""
    import ast  # only a library with a setup.py pays for it
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in it is not this program's
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            literals = {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
            return _text(literals.get("name")), _text(literals.get("version"))
    return None, None


def _called(function: object) -> str:
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _text(value: object) -> str | None:
    """Return a name or version that can be shown; what is empty or holds a control character is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text and text.isprintable() else None
