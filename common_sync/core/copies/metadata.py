"""What the library says about itself: its distribution name and version, read without running any of its code."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from common_sync.core.model import Origin, Upstream
from common_sync.core.paths import SUBDIRECTORY, name_after

if TYPE_CHECKING:
    import ast  # only a library with a setup.py pays for it

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
    """Take the `name=` and `version=` of the call to `setup`: literals, by a variable or a dictionary too; what is computed is not known."""
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
            literals = _read_literals(tree, node)
            return _text(literals.get("name")), _text(literals.get("version"))
    return None, None


_ONCE = 2
"""How often a variable stands in a text that is set there once, and used once."""


def _read_literals(tree: "ast.Module", call: "ast.Call") -> dict[str, object]:
    """Return the literal arguments of a call with names; a variable counts that is set once, and used in one place.

    A dictionary may be updated with other names in a call of its own.
    """
    import ast  # as above

    used = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    updates = {name: one for node in tree.body for name, one in _find_update(node)}
    used.subtract(updates.keys())
    values: dict[str, ast.expr] = {}
    for one in tree.body:
        if isinstance(one, ast.Assign) and isinstance(target := one.targets[0], ast.Name) and used[target.id] == _ONCE:
            values[target.id] = one.value

    def resolve(node: ast.expr) -> ast.expr:
        return values.get(node.id, node) if isinstance(node, ast.Name) else node

    given: dict[str, ast.expr] = {}
    for word in call.keywords:
        value = resolve(word.value)
        if word.arg is not None:
            given[word.arg] = value
        elif isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            given |= {str(key.value): resolve(one) for key, one in pairs if isinstance(key, ast.Constant)}
            given |= updates.get(getattr(word.value, "id", ""), {})
    return {name: node.value for name, node in given.items() if isinstance(node, ast.Constant)}


def _find_update(node: "ast.stmt") -> Iterator[tuple[str, "dict[str, ast.expr]"]]:
    """Yield the variable that a statement updates with names, and these: `about.update(packages=find_packages())`."""
    import ast  # as above

    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(function := call.func, ast.Attribute) and function.attr == "update":
        names = {word.arg: word.value for word in call.keywords if word.arg is not None}
        if isinstance(function.value, ast.Name) and not call.args and len(names) == len(call.keywords):
            yield function.value.id, names


def _called(function: object) -> str:
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _text(value: object) -> str | None:
    """Return a name or version that can be shown; what is empty or holds a control character is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text and text.isprintable() else None
