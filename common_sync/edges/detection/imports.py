"""Which services import a package that they do not hold, and where in the repository that package is."""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from common_sync.core.asked_once import asked_once
from common_sync.core.expressions import expression_of_bytes
from common_sync.core.formats.python import find_path_entries
from common_sync.core.paths import ancestors, is_below, list_below, overlap
from common_sync.edges.detection.tree import COMMONPLACE, Tree, above, last

_IMPORT = expression_of_bytes(
    rb"^[ \t]*(?:from[ \t]+(?P<one>[A-Za-z_][\w.]*)[ \t]+import\b"
    rb"|import[ \t]+(?P<many>[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?)*))"
)
_NO_LIBRARY = sys.stdlib_module_names | {"app", "src", "main", "tests", "config", "settings", "setup", "conftest"}
"""Names that each program has for itself, or that come with Python."""

_PATH_HINTS = (b"sys.path", b"addsitedir")


class Import(NamedTuple):
    """An import: the dotted name, the file and the line, counted from 1, and the line's text."""

    name: str
    file: str
    line: int
    text: str

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


class PathLine(NamedTuple):
    """A line that puts a folder of the repository on `sys.path`, the root being nothing."""

    folder: str
    file: str
    line: int
    text: str


class Imports:
    """What the programs of a repository import, read when it is first asked.

    Args:
        tree: The repository.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @asked_once
    def service_around(self, folder: str) -> str:
        """Return the nearest folder, it or one above it, that is built or started by itself, or nothing."""
        around = [one for one in (folder, *ancestors(folder)) if one and self._may_be_service(one)]
        return next((one for one in around if not (above(one) in around and self._tree.is_package(one))), "")

    def _may_be_service(self, folder: str) -> bool:
        aside = last(folder) in COMMONPLACE and not self._tree.is_built(folder)
        return not aside and self._tree.looks_like_service(folder)

    @cached_property
    def _read(self) -> tuple[dict[str, dict[str, Import]], dict[str, list[PathLine]]]:
        found: dict[str, dict[str, Import]] = {}
        paths: dict[str, list[PathLine]] = {}
        for file in self._tree.sources:
            if service := self.service_around(above(file)):
                data = self._tree.data(file)
                names = found.setdefault(service, {})
                for one in _list_imports(data, file):
                    names.setdefault(one.name, one)
                if any(hint in data for hint in _PATH_HINTS):
                    paths.setdefault(service, []).extend(self._path_lines(data, file, service))
        return found, paths

    def _path_lines(self, data: bytes, file: str, service: str) -> Iterator[PathLine]:
        text = data.decode("utf-8", "replace")
        absolute, root = (os.path.join(self._tree.root, one) for one in (file, service))
        for entry in find_path_entries(text, absolute, root):
            folder = self._tree.locate("", entry.path)
            if folder is not None and not is_below(folder, service):
                yield PathLine(folder, file, entry.line, text.split("\n")[entry.line - 1].strip())

    @property
    def services(self) -> Iterable[str]:
        """The folders that are built or started by themselves and hold modules."""
        return self._read[0].keys()

    def of_service(self, service: str) -> Iterator[Import]:
        """Yield what a service imports and does not hold itself, each name once."""
        for one in self._read[0].get(service, {}).values():
            if one.top not in _NO_LIBRARY and not self.holds(service, one.top):
                yield one

    def find_line(self, file: str, names: Iterable[str], folder: str) -> Import | None:
        """Return the line by which a file imports one of some names, or puts a folder or one in it on `sys.path`; None for none."""
        data = self._tree.data(file)
        for one in _list_imports(data, file):
            if any(one.name == name or one.name.startswith(f"{name}.") for name in names):
                return one
        hinted = any(hint in data for hint in _PATH_HINTS)
        entries = self._path_lines(data, file, above(file)) if hinted else ()
        return next((Import("", file, one.line, one.text) for one in entries if is_below(one.folder, folder)), None)

    def holds(self, service: str, name: str) -> bool:
        """Tell whether a service has a module or a package of a name somewhere below it."""
        for paths in (self._tree.sources_by_name.get(f"{name}.py", ()), self._folders.get(name, ())):
            if next(list_below(paths, service), None) is not None:
                return True
        return False

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        return {name: sorted(folders) for name, folders in self._tree.folders_by_name.items()}

    def paths_of(self, service: str) -> list[PathLine]:
        """Return the folders outside a service that its programs put on `sys.path`."""
        return self._read[1].get(service, [])


def _list_imports(data: bytes, file: str) -> Iterator[Import]:
    if b"import" not in data:
        return
    for number, line in enumerate(data.split(b"\n"), 1):
        match = _IMPORT.match(line)
        if match is not None:
            names = [match["one"]] if match["one"] else [one.split()[0] for one in match["many"].split(b",")]
            text = line.decode("utf-8", "replace").strip()
            yield from (Import(name.decode("ascii", "replace"), file, number, text) for name in names)


class Provider(NamedTuple):
    """A folder of the repository that an import leads to."""

    folder: str  # the folder
    name: str = ""  # what it must be called in a service for the import to find it, or nothing: `corp/db`
    by: PathLine | None = None  # the line that makes it so, or None


def find_provider(tree: Tree, imports: Imports, service: str, wanted: Import) -> Provider | None:
    """Return the folder that a service's import leads to; None where there is none, or more than one."""
    for line in imports.paths_of(service):
        if (found := _in_folder(tree, line.folder, wanted)) is not None:
            return Provider(found, by=line)
    parts = wanted.name.split(".")[1:]
    named = (_descend(tree, one, parts) for one in tree.folders_by_name.get(wanted.top, ()))
    apart = [one for one in named if not overlap(one, service)]
    tops = {one: next(up for up in (one, *ancestors(one)) if last(up) == wanted.top) for one in apart}
    apart = [
        one for one in apart if "__init__.py" not in tree.names.get(above(tops[one]), ())
    ]  # a part of a package has its name before it
    free = [one for one in apart if not any(map(tree.looks_like_service, ancestors(one)))]
    together = {one: len(os.path.commonpath([f"/{one}", f"/{service}"])) for one in free}
    best = max(together.values(), default=0)
    nearest = [one for one in free if together[one] == best]
    outermost = [one for one in nearest if not any(is_below(one, other) for other in nearest if other != one)]
    if len(outermost) != 1:
        return None
    top = next(one for one in (outermost[0], *ancestors(outermost[0])) if last(one) == wanted.top)
    inside = outermost[0][len(above(top)) :].strip("/")
    return Provider(outermost[0], inside if "/" in inside else "")


def _in_folder(tree: Tree, folder: str, wanted: Import) -> str | None:
    inner = f"{folder}/{wanted.top}".lstrip("/")
    if inner in tree.python_folders:
        return _descend(tree, inner, wanted.name.split(".")[1:])
    return folder if folder and f"{folder}/{wanted.top}.py" in tree.files else None


def _descend(tree: Tree, folder: str, parts: list[str]) -> str:
    """Return the folder that holds modules: `libs.common` is one of several in `libs`."""
    for part in parts:
        inner = f"{folder}/{part}"
        plain = any(name.endswith(".py") and name != "__init__.py" for name in tree.names.get(folder, ()))
        if plain or inner not in tree.python_folders or last(folder) == part:
            break
        folder = inner
    return folder
