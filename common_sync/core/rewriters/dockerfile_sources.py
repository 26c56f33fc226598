"""What the instructions of a Dockerfile take from the build context, and where that leads.

Paths are relative to the context. What `..` means depends on the builder: BuildKit cuts it off where it would lead out of the
context, so that `../common` is `common` there; the classic builder refuses it.
Source: https://docs.docker.com/reference/dockerfile/#copy and #run---mounttypebind, BuildKit's `dockerfile2llb/convert.go`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.rewriters.dockerfile_syntax import Dockerfile, Instruction
from common_sync.core.rewriters.dockerfile_variables import Variables, expand, with_variables
from common_sync.core.rewriters.dockerfile_words import Word
from common_sync.core.rewriters.rewrite import NO_PATH, Place, Site

_NO_PATH_OF_THE_CONTEXT = expression(r"\d*<<|[A-Za-z][A-Za-z0-9+.-]*://|git@")
"""A heredoc, or something on a network."""

_WILDCARD = expression(r"[*?\[\\]")
_MOUNT_FIELD = expression(r'"(?:[^"]|"")*"|[^,]+')


class Source(NamedTuple):
    """Something that an instruction takes from the build context.

    Attributes:
        written: The path as it is written.
        path: What it comes to.
        unknown: Whether it holds a variable that nobody can tell.
        destination: Where COPY or ADD puts it, as written; None for a mount.
        parents: Whether the folders above it are made there too (`COPY --parents`).
    """

    written: Word
    path: Word
    unknown: bool
    destination: Word | None = None
    parents: bool = False


def find_sources(dockerfile: Dockerfile) -> Iterator[Source]:
    """Yield what COPY, ADD and RUN take from the context, those after ONBUILD too, in the order of the file.

    Args:
        dockerfile: The file.

    Raises:
        UnparsableError: The build would refuse a path or a variable.
    """
    for instruction, variables in with_variables(dockerfile):
        asked = instruction.trigger or instruction
        if asked.name in {"COPY", "ADD"} and asked.flag("from") is None:
            yield from _copied(asked, dockerfile.escape, variables)
        elif asked.name == "RUN":
            yield from _mounted(asked, dockerfile.escape, variables)


def _copied(instruction: Instruction, escape: str, variables: Variables) -> Iterator[Source]:
    *sources, destination = instruction.words
    parents = any(flag.name == "parents" for flag in instruction.flags)
    for written in sources:
        if written.text and not _NO_PATH_OF_THE_CONTEXT.match(written.text):
            path, unknown = expand(written, instruction, escape, variables)
            yield Source(written, path, bool(unknown), destination, parents)


def _mounted(instruction: Instruction, escape: str, variables: Variables) -> Iterator[Source]:
    for flag in instruction.flags:
        if flag.name != "mount" or flag.value is None or not flag.value.text:
            continue
        fields = dict(_fields(flag.value))
        kind = fields.get("type")
        written = fields.get("source") or fields.get("src")
        if "from" in fields or (kind is not None and kind.text.lower() != "bind"):
            continue
        if written and written.text:
            path, unknown = expand(written, instruction, escape, variables)
            yield Source(written, path, bool(unknown))
        else:  # it mounts the whole context
            yield Source(flag.value, flag.value.part(0, 0), unknown=False)


def _fields(mount: Word) -> Iterator[tuple[str, Word]]:
    """Yield the keys and values of a mount, which is a line of CSV."""
    for match in _MOUNT_FIELD.finditer(mount.text):
        field = mount.part(*match.span())
        if field.text.startswith('"'):
            field = field.part(1, -1)
        key, equals, _ = field.text.partition("=")
        if equals:
            yield key.lower(), field.part(len(key) + 1)


class Lead(NamedTuple):
    """Where a source leads.

    Attributes:
        place: The place.
        head: How many characters of the path lead to the library's own folder, or, where only the whole path leads to the
            library, to `place`.
        below: What of `place` the head leads to, below the library's folder: mostly nothing.
        outside: Whether the path leads out of the context, so that it means something only because BuildKit cuts `..` off.
        doubt: Why nobody can tell whether it leads to the library; nothing where that is plain.
    """

    place: Place
    head: int = 0
    below: str = ""
    outside: bool = False
    doubt: str = ""

    @property
    def to_master(self) -> bool:
        """Whether it leads to the library by a way that is not there where the service is built."""
        return self.place.where == "master" or (self.place.where == "copy" and self.outside)


def locate_source(source: Source, site: Site) -> Lead:
    """Tell where a source leads.

    Args:
        source: The source.
        site: Where the Dockerfile stands.
    """
    path = source.path.text
    if source.unknown:
        return Lead(Place("outside"), doubt="it holds a variable" if ".." in path.split("/") else "")
    if NO_PATH.search(path):
        return Lead(Place("outside"))
    literal = _before_wildcards(path)
    if literal != path and _may_match(path, site):
        return Lead(Place("outside"), doubt="its wildcard may match more than the library")
    lead = _locate(literal, site)
    if lead.place.where not in {"master", "copy"}:
        return lead
    library = lead.place._replace(rest="")
    head = next((end for end in _ends(literal) if _locate(literal[:end], site).place == library), None)
    if head is None:  # a symlink leads into the library
        return lead._replace(head=len(literal), below=lead.place.rest)
    return lead._replace(head=head)


def _ends(path: str) -> Iterator[int]:
    """Yield where a part of a path ends, the last first; a dot that something follows may be the pivot of `--parents`."""
    for end in range(len(path), 0, -1):
        begun = path[:end]
        if (
            path[end : end + 1] in {"", "/"}
            and not begun.endswith("/")
            and (end == len(path) or not begun.endswith("/."))
        ):
            yield end


def _locate(path: str, site: Site) -> Lead:
    """Tell where a path without wildcards leads: as it is written, or else as BuildKit takes it."""
    cut = normalise(path, within=True)
    plain = normalise(path)
    outside = not path.startswith("/") and plain.split("/")[0] == ".."
    place = site.locate(_join(site.context, plain if outside else cut), False)
    if not outside or place.where in {"master", "copy"}:
        return Lead(place, outside=outside)
    built = site.locate(_join(site.context, cut), False)
    if built.where != "copy":
        return Lead(place, outside=True)
    if place.exists:
        return Lead(place, outside=True, doubt="there is another folder at that path, but a build takes the copy")
    return Lead(Place("master", built.rest), outside=True)


def _before_wildcards(path: str) -> str:
    """Return the folders of a path before the first part that holds a wildcard."""
    found = _WILDCARD.search(path)
    return path[: path.rfind("/", 0, found.start()) + 1].rstrip("/") if found else path


def _may_match(pattern: str, site: Site) -> bool:
    """Tell whether one of the parts that lead to the master is a wildcard that matches."""
    if pattern.startswith("/") or not site.master:
        return False
    parts = normalise(_join(site.context, pattern)).split("/")
    master = normalise(site.master).split("/")
    pairs = list(zip(parts, master, strict=False))
    return (
        len(pairs) == len(master)
        and any(_WILDCARD.search(part) for part, _ in pairs)
        and all(_compile(part).fullmatch(name) for part, name in pairs)
    )


_PATTERN = expression(r"(?P<any>\*)|(?P<one>\?|\[(?:\\.|[^\]\\])+\])|\\?(?P<itself>.)", re.DOTALL)


def _compile(pattern: str) -> re.Pattern[str]:
    """Translate one part of a Go `filepath.Match` pattern; a set of characters counts as any of them."""
    pieces = (
        ".*" if match["any"] else "." if match["one"] else re.escape(match["itself"])
        for match in _PATTERN.finditer(pattern)
    )
    return re.compile("".join(pieces), re.DOTALL)


def _join(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def normalise(path: str, *, within: bool = False) -> str:
    """Take `.`, `..` and doubled slashes out of a path; `.` for nothing left.

    Args:
        path: A path; a slash at its beginning counts for nothing.
        within: Cut off each `..` that would lead out of the folder that the path begins at.
    """
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."} and not (part == ".." and within):
            parts.append(part)
    return "/".join(parts) or "."
