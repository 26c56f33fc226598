"""Which distributions the repository's own projects are, and which files ask for one of them by its name alone."""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.copies.metadata import METADATA_FILES, read_library
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import find_names, normalise, parse_name
from common_sync.core.formats.python import find_required
from common_sync.core.formats.toml import Document, parse_toml
from common_sync.core.references.kinds import Kind, kind_anywhere
from common_sync.core.references.pyproject import project_roles
from common_sync.core.text import UnparsableError
from common_sync.edges.detection.tree import Tree, last

WORD = expression(r"[A-Za-z0-9][\w.-]*")
"""What may be the name of a distribution."""

_TABLES = (
    ("tool", "poetry", "dependencies"),
    ("tool", "poetry", "dev-dependencies"),
    ("tool", "poetry", "group", "*", "dependencies"),
    ("packages",),
    ("dev-packages",),
)
"""Tables whose keys are distributions."""


class Request(NamedTuple):
    """A line that asks for a distribution by its name."""

    name: str  # the name, normalised
    file: str  # the file
    line: int  # the line, counted from 1
    workspace: bool = False  # whether the name is said to be a project of the same uv workspace


def find_declared(tree: Tree) -> dict[str, str]:
    """Return the folders that are projects, each with the normalised name that it declares."""
    declared = {}
    for folder in sorted(filter(tree.is_project, tree.names)):
        texts = {file: tree.text(f"{folder}/{file}") for file in METADATA_FILES if file in tree.names[folder]}
        if folder and (name := read_library("", texts).name):
            declared[folder] = normalise(name)
    return declared


def find_requests(tree: Tree, names: frozenset[str]) -> Iterator[Request]:
    """Yield the lines that ask for one of some distributions, in the order of the files.

    Args:
        tree: The repository.
        names: The distributions, normalised.
    """
    shared = _find_shared(tree)
    for file in sorted(tree.files):
        kind = kind_anywhere(file)
        is_setup = last(file) == "setup.py"
        if kind not in {"requirements", "project", "pipfile"} and not is_setup:
            continue
        text = tree.text(file)
        if names.isdisjoint(map(normalise, set(WORD.findall(text)))):
            continue
        found = _read_setup(text) if is_setup else _read(text, kind, shared)
        yield from (one._replace(file=file) for one in found if one.name in names)


def _read_setup(text: str) -> Iterator[Request]:
    for one in find_required(text):
        asked = parse_name(one.written)
        if asked is not None:
            yield Request(asked.name, "", one.line)


def _find_shared(tree: Tree) -> frozenset[str]:
    """Return the distributions that the root of a uv workspace says are its members: that counts for all members."""
    text = tree.text("pyproject.toml") if "pyproject.toml" in tree.files else ""
    try:
        return frozenset(_find_workspace(parse_toml(text))) if "workspace" in text else frozenset()
    except UnparsableError:
        return frozenset()


def _read(text: str, kind: Kind | None, shared: frozenset[str]) -> Iterator[Request]:
    if kind == "requirements":
        yield from (Request(one.name, "", one.line) for one in find_names(text))
        return
    try:
        yield from _read_toml(parse_toml(text), shared)
    except UnparsableError:
        return


def _read_toml(document: Document, shared: frozenset[str]) -> Iterator[Request]:
    workspace = shared.union(_find_workspace(document))
    for string in document.strings:
        keys = string.keys
        asked = parse_name(string.span.value) if project_roles(keys) == "requirement" else None
        key = next(filter(None, (_key_in(table, keys) for table in _TABLES)), "")
        if name := asked.name if asked else normalise(key):
            line = document.line((string.key or string.span).start)
            yield Request(name, "", line, name in workspace)


def _find_workspace(document: Document) -> Iterator[str]:
    """Yield the distributions that uv takes from the workspace."""
    for path, leaf in document.leaves.items():
        if path[:3] == ("tool", "uv", "sources") and path[4:] == ("workspace",) and leaf == "True":
            yield normalise(str(path[3]))


def _key_in(table: tuple[str, ...], keys: tuple[str, ...]) -> str:
    fits = len(keys) > len(table) and all(one in ("*", key) for one, key in zip(table, keys, strict=False))
    return keys[len(table)] if fits else ""
