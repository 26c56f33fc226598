"""Folders of packages that an installer looks into besides the index: `--find-links`, indexes that are folders."""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.doctor.install.command import Install
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import find_include
from common_sync.core.formats.toml import Document

LINKS = "--find-links"
INDEXES = frozenset({"--index-url", "--extra-index-url", "--index", "--default-index"})
_OPTION = expression(r"^[ \t]*(-f|-i|--find-links|--index-url|--extra-index-url)[= \t]+(\S+)", 8)  # re.MULTILINE
_SHORT = {"-f": LINKS, "-i": "--index-url"}
_NO_INDEX = expression(r"^[ \t]*--no-index\b", 8)


class Source(NamedTuple):
    """A folder that holds packages."""

    option: str  # the option that names it
    path: str  # where it is, relative or absolute
    line: int | None = None  # the line that names it, counted from 1, or None for the command itself

    @property
    def written(self) -> str:
        """How it is named, in short."""
        return f"{self.option} {self.path}"


def list_sources(text: str) -> Iterator[Source]:
    """Yield the folders that a requirements file names."""
    for match in _OPTION.finditer(text):
        yield from _local(_SHORT.get(match[1], match[1]), match[2], text.count("\n", 0, match.start()) + 1)


def list_links(document: Document, *above: str) -> Iterator[Source]:
    """Yield the folders that uv's settings name: `find-links`, and indexes that are lists of files.

    Args:
        document: A pyproject.toml or an uv.toml.
        above: What leads to uv's table in it.
    """
    for string in document.strings:
        line = document.line(string.span.start)
        rest = string.keys[len(above) :] if string.keys[: len(above)] == above else ()
        if rest in {("find-links",), ("pip", "find-links")}:
            yield from _local(LINKS, string.span.value, line)
        elif rest == ("index", "url"):
            flat = document.leaves.get((*string.path[:-1], "format")) == repr("flat")
            yield from _local(LINKS if flat else "--index", string.span.value, line)


def given_sources(install: Install) -> Iterator[Source]:
    """Yield the folders that the options of an install name."""
    for name, value in install.options:
        if name == LINKS or name in INDEXES:
            for part in value.split():
                yield from _local(name, part.rpartition("=")[2] if name in INDEXES else part, None)


def _local(option: str, value: str, line: int | None) -> Iterator[Source]:
    target = find_include(value)
    if target is not None and (option == LINKS or target.path.startswith((".", "/"))):
        yield Source(option, target.path, line)


def forbids_indexes(text: str) -> bool:
    """Tell whether a requirements file has no index be asked."""
    return _NO_INDEX.search(text) is not None


def needs_it(source: Source, install: Install, text: str = "") -> bool:
    """Tell whether an install fails for certain where a folder is not there: pip looks elsewhere, if it may.

    Args:
        source: The folder.
        install: What is installed.
        text: The requirements file that names it.
    """
    if install.tool == "uv":
        return source.option == LINKS
    return install.has("--no-index") or forbids_indexes(text)
