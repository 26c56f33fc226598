"""Which packages the build of a project puts into its wheel, where its files name them: only an editable install has all others.

Sources: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html, https://hatch.pypa.io/latest/config/build/ and
the documentation of flit and poetry.
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.core.doctor.install.project.setup_reads import list_setup_reads
from common_sync.core.formats.toml import Document, Path, parse_toml


class Packed(NamedTuple):
    """What a project's files say that is packed.

    Attributes:
        file: The file that says so, by its name.
        line: The line in it, counted from 1.
        names: The packages and modules, as they are imported; patterns, too.
    """

    file: str
    line: int
    names: tuple[str, ...]

    def has(self, package: str) -> bool:
        """Tell whether a package is packed, or a part of it, or it with what it is in."""
        return any(
            fnmatchcase(package, one) or f"{package}.".startswith(f"{one}.") or one.startswith(f"{package}.")
            for one in self.names
        )


def find_unpacked(read: Callable[[str], str | None], backend: str, package: str) -> Packed | None:
    """Return what is packed in place of a package; None where the package is packed, too, or nobody can tell.

    Args:
        read: Returns the text of a file of the project, by its name, or None.
        backend: What builds it: `setuptools`, `hatchling` …
        package: The package, as it is imported.

    Raises:
        UnparsableError: The pyproject.toml is no TOML.
    """
    document = parse_toml(read("pyproject.toml") or "")
    if backend == "setuptools":
        packed = _of_setuptools(document) or _of_settings(document, read)
    elif backend in _KEYS and not (backend == "hatchling" and (read("hatch.toml") is not None or _adds(document))):
        packed = _by_keys(document, _KEYS[backend])
    else:
        packed = None
    return packed if packed is not None and not packed.has(package) else None


_SETUPTOOLS = ("tool", "setuptools")
_KEYS: Mapping[str, tuple[Path, ...]] = {
    "hatchling": (
        ("tool", "hatch", "build", "targets", "wheel", "packages"),
        ("tool", "hatch", "build", "packages"),
    ),
    "poetry": (("tool", "poetry", "packages", "include"),),
    "flit_core": (("tool", "flit", "module", "name"),),
    "uv_build": (("tool", "uv", "build-backend", "module-name"),),
}
"""Backend → the keys of what it packs; without one it looks for a package itself, and stops where there is none."""
_MORE = frozenset({"include", "only-include", "force-include", "sources", "hooks", "artifacts", "bypass-selection"})


def _adds(document: Document) -> bool:
    """Tell whether hatchling may pack more than the packages that are named, or give them other names."""
    return any(path[:3] == ("tool", "hatch", "build") and _MORE & {*map(str, path)} for path in document.leaves)


def _of_setuptools(document: Document) -> Packed | None:
    own = {path[2] for path in document.leaves if path[:2] == _SETUPTOOLS and len(path) > 2}  # noqa: PLR2004
    found = any(path[:4] == (*_SETUPTOOLS, "packages", "find") for path in document.leaves)
    if "ext-modules" in own or not own & {"packages", "py-modules"}:
        return None
    keys = [(*_SETUPTOOLS, "packages", "find", "include")] if found else [(*_SETUPTOOLS, "packages")]
    return _by_keys(document, (*keys, (*_SETUPTOOLS, "py-modules")))


def _of_settings(document: Document, read: Callable[[str], str | None]) -> Packed | None:
    """Return what a setup.cfg names, where neither its script nor the pyproject.toml may name more."""
    text = read("setup.cfg")
    told = read("setup.py") is not None or any(path[:2] == _SETUPTOOLS for path in document.leaves)
    if text is None or told or "py_modules" in text:
        return None
    named = [one for one in list_setup_reads("setup.cfg", text) if one.written.startswith("packages = ")]
    names = tuple(one.written.removeprefix("packages = ") for one in named)
    return Packed("setup.cfg", named[0].line, names) if named else None


def _by_keys(document: Document, keys: tuple[Path, ...]) -> Packed | None:
    """Return what some keys name: a package, or the path of one."""
    named = [one for one in document.strings if one.keys in keys]
    names = tuple(one.span.value.strip("/").rpartition("/")[2].removesuffix(".py") for one in named)
    return Packed("pyproject.toml", document.line(named[0].span.start), names) if named else None
