"""Where a backend looks for the packages and modules of a project, by what its pyproject.toml says.

Sources: the documentation of each backend, and what each does where one of them is not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from posixpath import join

from common_sync.core.doctor.install.project.build_reads import Read
from common_sync.core.formats.toml import Document, String

HATCH_FILE = "hatch.toml"

_SELECTION = frozenset({"packages", "include", "only-include", "force-include", "sources", "bypass-selection"})


def list_packages(document: Document, backend: str) -> Iterator[Read]:
    """Yield the packages and modules that the build of a project looks for.

    Args:
        document: Its pyproject.toml.
        backend: What builds it.
    """
    tree = [string for string in document.strings if string.path[:2] == ("build-system", "backend-path")]
    if tree:
        yield from _in_tree(document, [string.span.value for string in tree])
    elif backend not in _OF:
        line = next((_line(document, one) for one in document.strings if one.keys[-1:] == ("build-backend",)), 1)
        yield Read(
            f"build-backend = {backend}", "", line, False, (), f"what `{backend}` runs and reads is not followed"
        )
    else:
        yield from _OF[backend](document)


def _line(document: Document, string: String) -> int:
    return document.line(string.span.start)


def _in_tree(document: Document, folders: list[str]) -> Iterator[Read]:
    for string in document.strings:
        if string.keys == ("build-system", "build-backend"):
            module = string.span.value.partition(":")[0]
            found = [place for folder in folders for place in module_places(module, folder)]
            yield Read(f'build-backend = "{module}"', found[0], _line(document, string), True, tuple(found[1:]))


def module_places(module: str, *folders: str) -> tuple[str, ...]:
    """Return the files that a module's name may mean, relative to some folders."""
    path = module.replace(".", "/")
    return tuple(join(folder, file) for folder in folders for file in (f"{path}.py", f"{path}/__init__.py"))


def attribute_read(written: str, line: int, *folders: str) -> Read:
    """Return the module that a version is taken from, as `our_common.version.NAME` names it."""
    module, _, name = re.sub(r"^attr:\s*", "", written).rpartition(".")
    first, *rest = module_places(module, "", *folders, "src")
    return Read(f"version: {written}", first, line, False, tuple(rest), holds=name)


def _setuptools(document: Document) -> Iterator[Read]:
    roots = {string.path[3]: string.span.value for string in document.strings if _is_root(string)}
    where = [
        one.span.value for one in document.strings if one.keys == ("tool", "setuptools", "packages", "find", "where")
    ]
    base = str(roots.get("", ""))
    for string in document.strings:
        line, value = _line(document, string), string.span.value
        match string.path:
            case ("tool", "setuptools", "packages", int()) if value not in roots:
                yield Read(f'packages = "{value}"', join(base, value.replace(".", "/")), line, not set(roots) - {""})
            case ("tool", "setuptools", "dynamic", "version", "attr"):
                yield attribute_read(value, line, base, *where)
            case ("tool", "setuptools", "cmdclass", str()):
                first, *rest = module_places(value.rpartition(".")[0], "", base)
                yield Read(f'cmdclass = "{value}"', first, line, False, tuple(rest))
            case ("tool", "setuptools", "ext-modules", int(), "name"):
                yield Read("ext-modules", "", line, False, (), "it is compiled, and needs a compiler")


def _is_root(string: String) -> bool:
    return string.path[:3] == ("tool", "setuptools", "package-dir") and len(string.path) > 3  # noqa: PLR2004


def _flit(document: Document) -> Iterator[Read]:
    named = _find(document, "tool", "flit", "module", "name") or _find(document, "tool", "flit", "metadata", "module")
    name, line = named or _project(document)
    path = name.replace("-", "_") if named is None else name
    path = path.replace(".", "/")
    if path:
        yield _one_of(path, line, sure=True)
    if path and any(one.keys == ("project", "dynamic") and one.span.value == "version" for one in document.strings):
        inner = f"{path}/__init__.py"
        yield Read("version", inner, line, True, (f"src/{inner}", f"{path}.py", f"src/{path}.py"), holds="__version__")


def _one_of(path: str, line: int, *, sure: bool, more: tuple[str, ...] = ()) -> Read:
    """Return a package that lies at the top or in `src`, or a module there."""
    return Read(f"the package `{path}`", path, line, sure, (f"src/{path}", f"{path}.py", f"src/{path}.py", *more))


def _hatch(document: Document) -> Iterator[Read]:
    yield from _hatch_version(document)
    hatch = [path for path in document.leaves if path[:3] == ("tool", "hatch", "build")]
    name, line = _project(document)
    if name and not any(_SELECTION & {*map(str, path[3:])} for path in hatch):
        path = re.sub(r"[-_.]+", "_", name)
        yield _one_of(path, line, sure=False, more=(f"*/{path}", path.lower(), f"src/{path.lower()}", HATCH_FILE))


def _hatch_version(document: Document) -> Iterator[Read]:
    """Yield the file that has to say where hatchling takes a version from, where the pyproject.toml does not."""
    told = any(path[:3] == ("tool", "hatch", "version") for path in document.leaves)
    hooks = any(path[:3] == ("tool", "hatch", "metadata") and "hooks" in path for path in document.leaves)
    for string in document.strings:
        if string.keys == ("project", "dynamic") and string.span.value == "version" and not told:
            yield Read('dynamic = ["version"]', HATCH_FILE, _line(document, string), not hooks)


def _pdm(document: Document) -> Iterator[Read]:
    for string in document.strings:
        if string.keys == ("tool", "pdm", "version", "getter"):
            first, *rest = module_places(string.span.value.partition(":")[0], "")
            yield Read(f'getter = "{string.span.value}"', first, _line(document, string), False, tuple(rest))


def _poetry(document: Document) -> Iterator[Read]:
    listed = [string for string in document.strings if string.keys == ("tool", "poetry", "packages", "include")]
    for string in listed:
        above = _find(document, *string.path[:-1], "from")
        path = join(above[0] if above else "", string.span.value)
        yield Read(f'packages = "{path}"', path, _line(document, string))
    name, line = _find(document, "tool", "poetry", "name") or _project(document)
    if name and not listed and ("tool", "poetry", "package-mode") not in document.leaves:
        yield _one_of(re.sub(r"[-_.]+", "_", name).lower(), line, sure=True, more=(re.sub(r"[-.]+", "_", name),))


def _uv_build(document: Document) -> Iterator[Read]:
    own = ("tool", "uv", "build-backend")
    root = _find(document, *own, "module-root", empty=True)
    names = [(one.span.value, _line(document, one)) for one in document.strings if one.keys == (*own, "module-name")]
    name, line = _project(document)
    for module, where in names or ([(re.sub(r"[-.]", "_", name).lower(), line)] if name else []):
        path = join(root[0] if root else "src", module.replace(".", "/"))
        inner = () if (*own, "namespace") in document.leaves else ("__init__.py",)
        yield Read(f"the package `{module}`", join(path, *inner), where)


def _find(document: Document, *path: str | int, empty: bool = False) -> tuple[str, int] | None:
    """Return the string at a path, and its line."""
    found = (one for one in document.strings if one.path == path and (one.span.value or empty))
    return next(((one.span.value, _line(document, one)) for one in found), None)


def _project(document: Document) -> tuple[str, int]:
    return _find(document, "project", "name") or ("", 1)


_OF: Mapping[str, Callable[[Document], Iterator[Read]]] = {
    "setuptools": _setuptools,
    "flit_core": _flit,
    "flit": _flit,
    "hatchling": _hatch,
    "pdm": _pdm,
    "poetry": _poetry,
    "poetry_dynamic_versioning": _poetry,
    "uv_build": _uv_build,
}
