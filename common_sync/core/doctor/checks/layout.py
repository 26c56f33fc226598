"""How a copy would be imported: its packages, and where an import would find something else first."""

from collections.abc import Iterator
from posixpath import basename, dirname, join
from typing import NamedTuple

from common_sync.core.doctor.image.files import Context, Files, Image, Put, Without
from common_sync.core.paths import below


class Package(NamedTuple):
    """A package that a library's folder holds."""

    name: str  # its name
    empty: bool  # whether its `__init__.py` says nothing
    in_source: bool  # whether it lies in `src/`


def find_packages(context: Context, library: str) -> list[Package]:
    """Return the packages that a library's folder holds."""
    found = []
    for above in (library, f"{library}/src"):
        for name in sorted(context.names(above)):
            init = f"{above}/{name}/__init__.py"
            if name.isidentifier() and name not in _NO_PACKAGES and context.look(init) is not None:
                text = context.read(init)
                found.append(Package(name, text is not None and not text.strip(), above != library))
    return found


_DEEPEST = 3
_NO_PACKAGES = frozenset({"tests", "test", "docs"})


def find_importable(context: Context, library: str) -> list[str]:
    """Return the names by which a library is imported: its packages, those in namespaces, and its folder where that is one."""
    names = [package.name for package in find_packages(context, library)]
    for above in (library, f"{library}/src"):
        names += _in_namespaces(context, above, "", _DEEPEST)
    project = any(context.look(f"{library}/{name}") is not None for name in ("pyproject.toml", "setup.py", "setup.cfg"))
    if not project and any(name.endswith(".py") for name in context.names(library)):
        names.append(library.replace("/", "."))
    return names


def _in_namespaces(context: Context, folder: str, prefix: str, left: int) -> Iterator[str]:
    """Yield the packages below folders that are none themselves, by their whole names."""
    for name in sorted(context.names(folder)):
        inner = f"{folder}/{name}"
        if not name.isidentifier() or name in _NO_PACKAGES or (not prefix and name == "src"):
            continue
        if context.look(f"{inner}/__init__.py") is not None:
            yield from [f"{prefix}{name}"] if prefix else []
        elif left:
            yield from _in_namespaces(context, inner, f"{prefix}{name}.", left - 1)


def find_places(image: Image, context: Files, copy: str) -> list[str]:
    """Return where in an image a copy's folder lies."""
    return [place for place in dict.fromkeys(_places(image, context, copy)) if image.look(place) is not None]


def _places(image: Image, context: Files, copy: str) -> Iterator[str]:
    for layer in image.layers:
        if not isinstance(layer, Put):
            continue
        files = layer.files.files if isinstance(layer.files, Without) else layer.files
        of_stage = find_places(files, context, copy) if isinstance(files, Image) else []
        for inner in [copy] if files is context else of_stage:
            rest = below(inner, layer.source)
            if rest is not None:
                yield join(layer.place, rest) if rest else layer.place


def find_shadow(place: str, folder: str, packages: list[Package], *, package_itself: bool) -> Package | None:
    """Return the package that is hidden by the folder that it lies in.

    Python looks in the current folder first. Finds it a folder of the name asked for, without an `__init__.py`, it takes that for
    a namespace package unless a real one comes later on `sys.path`; one that an editable install brings comes too late where a
    finder brings it, as setuptools' does.

    Args:
        place: Where the copy's folder lies.
        folder: The folder that the program runs in.
        packages: The packages in the copy.
        package_itself: Whether the copy's folder is itself a package.
    """
    if package_itself or dirname(place) != folder:
        return None
    return next((package for package in packages if package.name == basename(place)), None)
