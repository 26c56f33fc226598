"""How a copy would be imported: its packages, and where an import would find something else first."""

from collections.abc import Iterator
from posixpath import basename, dirname, join
from typing import NamedTuple

from common_sync.core.doctor.image.files import Context, Files, Image, Put, below


class Package(NamedTuple):
    """A package that a library's folder holds.

    Attributes:
        name: Its name.
        empty: Whether its `__init__.py` says nothing.
        in_source: Whether it lies in `src/`.
    """

    name: str
    empty: bool
    in_source: bool


def find_packages(context: Context, library: str) -> list[Package]:
    """Return the packages that a library's folder holds.

    Args:
        context: The files.
        library: The folder's path in them.
    """
    found = []
    for above in (library, f"{library}/src"):
        for name in sorted(context.names(above)):
            init = f"{above}/{name}/__init__.py"
            if name.isidentifier() and name not in {"tests", "test", "docs"} and context.look(init) is not None:
                text = context.read(init)
                found.append(Package(name, text is not None and not text.strip(), above != library))
    return found


def find_places(image: Image, context: Files, copy: str) -> list[str]:
    """Return where in an image a copy's folder lies.

    Args:
        image: The files of a stage.
        context: The build context.
        copy: The copy's path in the context.
    """
    return [place for place in dict.fromkeys(_places(image, context, copy)) if image.look(place) is not None]


def _places(image: Image, context: Files, copy: str) -> Iterator[str]:
    for layer in image.layers:
        if not isinstance(layer, Put):
            continue
        rests = (
            [copy]
            if layer.files is context
            else find_places(layer.files, context, copy)
            if isinstance(layer.files, Image)
            else []
        )
        for inner in rests:
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
