"""What is imported when a service is started, as far as its files tell: each import that is run in any case, and its line.

Only what must fail is of interest. An import in a function, below an `if` or in a `try` may never be run, or may fail without
harm, and a program that changes where Python looks can find anything: of these nothing is said.
"""

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.environments.start import Start
from common_sync.core.expressions import expression

_ELSEWHERE = expression(
    r"\bsys\.(?:path|modules|meta_path)\b|\bfrom\s+sys\s+import\b|\baddsitedir\b|__path__|__import__"
)
"""What is in a file that may have Python look elsewhere."""

_MOST = 5000
"""How many files are read of a service."""

Read = Callable[[str], str | None]
"""Returns the text of a file of the service, or None where there is none; paths are from its folder."""


class Import(NamedTuple):
    """An import that is run in any case."""

    module: str  # the whole name
    file: str  # the file that it is in, a path from the service's folder; nothing for the command itself
    line: int  # counted from 1


class Missing(NamedTuple):
    """What a Python did not find of a module."""

    name: str  # the first part of its name that is not there
    sure: bool  # whether nothing else could bring it: it is at the top, or below a folder that is no package


class _Found(NamedTuple):
    module: str  # the whole name
    line: int
    needed: bool  # else it may be a name in the module above


class Started(NamedTuple):
    """All that is imported when a service is started."""

    imports: tuple[Import, ...]  # the first one of each module
    sources: Mapping[str, str]  # modules that are in the service's folder, or in a copy → their files


def find_imports(start: Start, read: Read, copies: Sequence[str]) -> Started | None:
    """Return what is imported when a service is started, or None where that cannot be told.

    Args:
        start: What its command starts.
        read: Reads a file of it.
        copies: Its copies of libraries: folders in it.
    """
    return _Following(read, (start.folder, *(one for copy in copies for one in (copy, f"{copy}/src")))).follow(start)


class _Following:
    """Follows imports from file to file."""

    def __init__(self, read: Read, roots: Sequence[str]) -> None:
        self._read, self._roots = read, roots
        self._imports: dict[str, Import] = {}
        self._sources: dict[str, str] = {}
        self._pending: list[tuple[str, str, bool]] = []  # a file's path, its text, and whether it is a package's own
        self._modules: dict[str, str] = {}  # a file's path → the module that it is

    def follow(self, start: Start) -> Started | None:
        text = self._read(start.script) if start.script else start.code
        self._pending += [(start.script, text, False)] if text else []
        for module in start.modules:
            self._add(Import(module, "", 0), needed=True)
        main = {f"{start.main}.__main__", start.main} if start.main else {""}
        self._open(f"{start.main}.__main__" if start.main else "")
        read = 0
        while self._pending:
            path, text, is_package = self._pending.pop()
            read += 1
            if _ELSEWHERE.search(text) or read > _MOST:
                return None
            module = self._modules.get(path, "")
            package = module if is_package else module.rpartition(".")[0]
            for one in _list_imports(text, package, main=module in main):
                self._add(Import(one.module, path, one.line), needed=one.needed)
        return Started(tuple(self._imports.values()), self._sources)

    def _add(self, one: Import, *, needed: bool) -> None:
        if needed:
            self._imports.setdefault(one.module, one)
        parts = one.module.split(".")
        for at in range(1, len(parts) + 1):
            self._open(".".join(parts[:at]))

    def _open(self, module: str) -> None:
        """Have the file of a module read, where the service or a copy has it."""
        if module in self._sources or not module:
            return
        inside = module.replace(".", "/")
        for root in self._roots:
            for name in (f"{inside}/__init__.py", f"{inside}.py"):
                path = f"{root}/{name}".lstrip("/")
                if (text := self._read(path)) is not None:
                    self._sources[module], self._modules[path] = path, module
                    self._pending.append((path, text, name.endswith("/__init__.py")))
                    return


def _list_imports(text: str, package: str, *, main: bool) -> Iterator[_Found]:
    """Yield what a file imports in any case.

    Args:
        text: Its text.
        package: The package that it is in; nothing for none.
        main: Whether it is the file that is run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in it is not this program's
            body = ast.parse(text.removeprefix("\ufeff")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # it may be of a newer Python
    for node in _list_run(body, main=main):
        if isinstance(node, ast.Import):
            yield from (_Found(one.name, node.lineno, needed=True) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = _name_above(node, package)
            if above:
                yield _Found(above, node.lineno, needed=True)
                yield from (_Found(f"{above}.{one.name}", node.lineno, needed=False) for one in node.names)


def _list_run(body: Sequence[ast.stmt], *, main: bool) -> Iterator[ast.stmt]:
    """Yield the statements that are run in any case."""
    for node in body:
        if isinstance(node, ast.Raise):
            return
        if isinstance(node, ast.ClassDef) or (main and _is_of_program(node)):
            assert isinstance(node, ast.ClassDef | ast.If)
            yield from _list_run(node.body, main=False)
        else:
            yield node


def _is_of_program(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _name_above(node: ast.ImportFrom, package: str) -> str:
    """Return the module that names are taken from; nothing where it cannot be told."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    kept = parts[: len(parts) - node.level + 1]
    return ".".join((*kept, *([node.module] if node.module else ()))) if kept else ""


def list_missing(started: Started, missing: Mapping[str, Missing]) -> Iterator[tuple[Import, str, str]]:
    """Yield the imports that must fail, each with what is not there, and its file in a copy, or nothing.

    Args:
        started: All that is imported.
        missing: What the service's Python did not find, by the whole names.
    """
    said = set[str]()
    for one in started.imports:
        lack = missing.get(one.module)
        if lack is None or lack.name in said:
            continue
        source = started.sources.get(lack.name, "")
        if lack.sure or source or lack.name.rpartition(".")[0] in started.sources:
            said.add(lack.name)
            yield one, lack.name, source
