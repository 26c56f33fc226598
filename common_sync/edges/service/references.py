"""Read the files of a service that may refer to the library, and follow what they include."""

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from itertools import islice, takewhile
from stat import S_ISREG
from typing import NamedTuple

from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.findings import make_finding, place
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.pip.paths import ARCHIVES
from common_sync.core.model import Finding, Reference
from common_sync.core.references.contract import Rewrite, Site
from common_sync.core.references.hints import list_installed, may_concern
from common_sync.core.references.kinds import Kind, kind_of
from common_sync.core.text import Text, UndecodableError, UnparsableError, apply_edits, encode, find_conflict
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.service.compose import LARGEST as LARGEST_COMPOSE
from common_sync.edges.service.compose import ComposeFiles, Widened
from common_sync.edges.service.listing import list_paths
from common_sync.edges.service.places import Library, Places, below
from common_sync.edges.service.rewriters import rewriter_of

_LARGEST = 16 << 20
"""Bytes; what is larger no person wrote."""


class FileEdit(NamedTuple):
    """A file that is somebody's own, before and after its references are rewritten, or the tool's block in it.

    Attributes:
        path: POSIX path inside the service, or from the root where it belongs to none.
        before: The bytes that it holds, or None where there is none.
        after: The bytes that it is to hold.
        managed: Whether it is a managed block that changes.
    """

    path: str
    before: bytes | None
    after: bytes
    managed: bool = False


class References(NamedTuple):
    """What points at the library in one service.

    Attributes:
        edits: The files to rewrite.
        references: Every reference, before the edits.
        findings: What stays as it is and needs a person.
        dockerfiles: The paths of the service's Dockerfiles, inside it.
        widened: Those that take it from the master by another build context than the service's folder.
    """

    edits: tuple[FileEdit, ...] = ()
    references: tuple[Reference, ...] = ()
    findings: tuple[Finding, ...] = ()
    dockerfiles: tuple[str, ...] = ()
    widened: tuple[Widened, ...] = ()


def read_references(
    library: Library,
    service: str,
    copied: Container[str],
    services: Sequence[str] = (),
    composes: ComposeFiles | None = None,
) -> References:
    """Return what points at the library in a service's own files, and in what they include.

    Args:
        library: Where the library lies.
        service: The service's path from the root.
        copied: The paths of the master's files that are copied.
        services: The paths of all services from the root, sorted; one inside this one is no part of it.
        composes: The compose files that tell how services are built.

    Raises:
        TreeError: A file or folder cannot be read.
    """
    places = Places(library, service)
    after = islice(services, bisect_left(services, f"{service}/"), None)
    inner = takewhile(lambda other: other.startswith(f"{service}/"), after)
    others = {places.copy_folder, *(os.path.join(library.root, other) for other in inner)}
    try:
        paths = list(list_paths(places.folder, others))
    except OSError as error:
        raise explain_os_error(error, os.path.relpath(error.filename, library.root), "read it") from error
    files = [(path, kind) for path in paths if (kind := kind_of(path)) is not None]
    composes = composes or ComposeFiles(library.root)
    files += [(path, "dockerfile") for path in _list_named(composes, service, places.folder, files)]
    dockerfiles = tuple(path for path, kind in files if kind == "dockerfile")
    strays = [path for path in paths if path.rpartition("/")[2] == MANIFEST_NAME]
    if not files and not strays:
        return References()
    reader = _Reader(places, service, copied, composes, {path for path in paths if kind_of(path) is None})
    return reader.read(files, strays)._replace(dockerfiles=dockerfiles)


def _list_named(composes: ComposeFiles, service: str, folder: str, files: Sequence[tuple[str, Kind]]) -> Iterator[str]:
    """Yield the Dockerfiles of a service that only a compose file knows by their names."""
    own = [path for path, kind in files if kind == "compose"]
    known = {os.path.join(folder, path) for path, _ in files}
    named = {one.dockerfile for one in composes.list_services(service, own, elsewhere=True) if not one.doubtful}
    yield from sorted(path[len(folder) + 1 :] for path in named - known if below(path, folder) and os.path.isfile(path))


def read_version(library: Library, service: str, file: str, data: bytes) -> References:
    """Return what points at the library in another version of a service's file than the disk has.

    Args:
        library: Where the library lies.
        service: The service's path from the root.
        file: The file's path from the root.
        data: What that version holds.
    """
    included: Kind = "compose" if file.endswith((".yml", ".yaml")) else "requirements"  # files of any name may be
    kind = kind_of(file.removeprefix(f"{service}/")) or included
    reader = _Reader(Places(library, service), service, ())
    return reader.read_data(os.path.join(library.root, file), kind, data)


_RUNNING = frozenset({"dockerfile", "compose", "mention"})
_INSTALLING = frozenset({"requirements", "project", "pipfile"})
_LEADS_TO_COPY = ("points-at-master", "points-at-copy")


class _Reader:
    def __init__(
        self,
        places: Places,
        service: str,
        copied: Container[str],
        composes: ComposeFiles | None = None,
        others: Collection[str] = (),
    ) -> None:
        self._others = others
        self._places, self._service, self._copied = places, service, copied
        library = places.library
        self._root, self._folder, self._copy = library.root, places.folder, library.copy
        self._edits: list[FileEdit] = []
        self._references: list[Reference] = []
        self._findings: list[Finding] = []
        self._composes, self._own_composes = composes, list[str]()
        self._widened: list[Widened] = []

    def read(self, files: Sequence[tuple[str, Kind]], strays: Sequence[str]) -> References:
        """Read the files and what they include, each once; report the manifests of copies that nobody keeps in sync."""
        for stray in strays:
            message = "is of a copy that the configuration does not know, so nothing keeps it in sync"
            remedy = f"have what leads to it lead to ./{self._copy}, and remove its folder; or set `copy` to it"
            self._find("CS119", os.path.relpath(os.path.join(self._folder, stray), self._root), None, message, remedy)
        self._own_composes = [file for file, kind in files if kind == "compose"]
        self._report_circles()
        pending = [(os.path.join(self._folder, file), kind) for file, kind in reversed(files)]
        seen = set()
        while pending:
            given, kind = pending.pop()
            path = os.path.normpath(given)
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                pending.extend(self._read_file(path, real, kind))
        return self._result()

    def read_data(self, path: str, kind: Kind, data: bytes) -> References:
        """Read a file that holds other bytes than the disk has."""
        self._read_data(path, os.path.realpath(path), kind, os.path.relpath(path, self._root), data)
        return self._result()

    def _result(self) -> References:
        edits = [edit for edit in self._edits if not self._is_bound(edit)]
        return References(tuple(edits), tuple(self._references), tuple(self._findings), (), tuple(self._widened))

    def _is_bound(self, edit: FileEdit) -> bool:
        """Tell whether a uv.lock has to stay because the members of its workspace do: they are changed together."""
        above, _, name = edit.path.rpartition("/")
        project = os.path.join(self._service, above, "pyproject.toml")
        return name == "uv.lock" and any(one.code == "CS106" and one.file == project for one in self._findings)

    def _read_file(self, path: str, real: str, kind: Kind) -> list[tuple[str, Kind]]:
        """Take in one file; return what it includes: paths beside the one that it was given, and what they are."""
        if self._places.is_of_library(real):
            return []  # the library's own; a copy is never edited
        shown = os.path.relpath(real, self._root)
        data = self._read_bytes(real, shown, kind)
        return [] if data is None else self._read_data(path, real, kind, shown, data)

    def _read_data(self, path: str, real: str, kind: Kind, shown: str, data: bytes) -> list[tuple[str, Kind]]:
        installed = self._installed(data) if kind in _RUNNING else []
        return [*installed, *self._read_kind(path, real, kind, shown, data)]

    def _installed(self, data: bytes) -> list[tuple[str, Kind]]:
        """Return the files of the service that commands in a file install, whatever their names are."""
        names = list_installed(data) if self._others else frozenset()
        found = (other for other in self._others if other.rpartition("/")[2] in names)
        return [(os.path.join(self._folder, other), "requirements") for other in sorted(found)]

    def _read_kind(self, path: str, real: str, kind: Kind, shown: str, data: bytes) -> list[tuple[str, Kind]]:
        library = self._places.library
        if not may_concern(data, kind, (os.fsencode(library.root), os.fsencode(library.real)), os.fsencode(self._copy)):
            return []
        rewrite, decode = rewriter_of(kind)
        text = self._decode(data, shown, decode)
        if text is None:
            return []
        if (conflict := find_conflict(text.characters)) is not None:
            self._find("CS108", shown, conflict, "holds the marks of a merge that is not finished", "finish the merge")
            return []
        above = os.path.dirname(path)
        try:
            found = rewrite(text.characters, self._site(above, real, kind))
        except UnparsableError as error:
            message = f"cannot be parsed: {error.reason}"
            self._find("CS108", shown, error.line, message, "mend it; nothing in it was changed")
            return []
        self._take(found, shown, kind)
        if kind == "dockerfile":
            self._report_named(text.characters, real, shown)
        if found.edits:
            self._rewrite(found, text, real, shown, data)
        return [(os.path.join(above, include.path), include.kind or kind) for include in found.includes]

    def _site(self, above: str, real: str, kind: Kind) -> Site:
        wider = self._wider_builds(real) if kind == "dockerfile" else ()
        return self._places.site(above, real, wider[0].context if wider else None)

    def _wider_builds(self, dockerfile: str) -> tuple[BuiltService, ...]:
        """Return how a Dockerfile is built from other folders than the service's."""
        return tuple(one for one in self._list_builds(dockerfile) if one.context != self._folder)

    def _list_builds(self, dockerfile: str) -> list[BuiltService]:
        """Return how a Dockerfile is built, as far as a compose file says and nobody has to guess."""
        if self._composes is None:
            return []
        elsewhere = os.path.dirname(dockerfile) == self._folder
        known = self._composes.list_services(self._service, self._own_composes, elsewhere=elsewhere)
        return [one for one in known if one.dockerfile == dockerfile and not one.doubtful]

    def _report_circles(self) -> None:
        if self._composes is None or not self._own_composes:
            return
        for circle in self._composes.list_circles(self._service, self._own_composes, elsewhere=True):
            if below(circle.file, self._folder) is not None:
                file = os.path.relpath(circle.file, self._root)
                self._find("CS108", file, circle.line, f"Compose refuses it: {circle.message}", "take that out")

    def _report_named(self, characters: str, dockerfile: str, shown: str) -> None:
        """Report what takes the library from the master by a build context that a compose file gives a name."""
        named = {
            (context.name, one.file, context.line)
            for one in self._list_builds(dockerfile)
            if below(one.file, self._folder) is None  # in its own file, the path is rewritten
            for context in one.contexts
            if context.value is not None
            and below(os.path.realpath(context.value), self._places.library.real) is not None
        }
        for name, file, at in sorted(named):
            from common_sync.core.formats.dockerfile.sources import find_named_uses
            from common_sync.core.formats.dockerfile.syntax import parse_dockerfile  # its rewriter has imported both

            for line in find_named_uses(parse_dockerfile(characters), name):
                where = f"{os.path.relpath(file, self._root)}:{at}"
                message = (
                    f"the build context `{name}` is the library's master ({where}), so the copy is not what is built"
                )
                remedy = f"write `COPY {self._copy}/ …` instead, and take `{name}` out of {where}"
                self._find("CS112", shown, line, message, remedy)

    def _read_bytes(self, path: str, shown: str, kind: Kind) -> bytes | None:
        """Return a file's bytes; None where pip would complain of a missing file by itself, and for a huge script."""
        most = LARGEST_COMPOSE if kind == "compose" else _LARGEST
        try:
            if not S_ISREG(os.stat(path).st_mode):
                return None
            data = self._open(path, kind, most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise explain_os_error(error, shown, "read it") from error
        if len(data) <= most:
            return data
        if kind != "mention":
            self._find("CS104", shown, None, f"is larger than {most:,} bytes, and was not read", "split it")
        return None

    def _open(self, path: str, kind: Kind, most: int) -> bytes:
        if kind == "compose" and self._composes is not None:
            return self._composes.read(path)
        with open(path, "rb") as file:
            return file.read(most + 1)

    def _decode(self, data: bytes, shown: str, decode: Callable[[bytes], Text]) -> Text | None:
        try:
            return decode(data)
        except UndecodableError as error:
            message = f"cannot be decoded at byte {error.position}: {error.reason}"
            self._find("CS104", shown, None, message, "save it as UTF-8")
            return None

    def _take(self, found: Rewrite, shown: str, kind: Kind) -> None:
        for one in found.references:
            self._references.append(Reference(shown, one.line, one.state))
            if one.state not in _LEADS_TO_COPY or one.rest in self._copied:
                continue
            if one.includes:
                message = f"includes {one.rest!r}, which is not copied"
                self._find("CS107", shown, one.line, message, "take it out of the excludes, or copy its lines here")
            elif kind in _INSTALLING and one.rest.endswith(ARCHIVES):
                message = f"installs {one.rest!r}, which is not copied"
                remedy = f"install the library's folder, `./{self._copy}`; or take the file out of the excludes"
                self._find("CS107", shown, one.line, message, remedy)
        for problem in found.problems:
            self._findings.append(place(problem, self._service, shown))
        if any(problem.code == "CS112" for problem in found.problems):
            real = os.path.join(self._root, shown)
            self._widened.append(Widened(os.path.relpath(real, self._folder), self._wider_builds(real)))

    def _rewrite(self, found: Rewrite, text: Text, real: str, shown: str, data: bytes) -> None:
        try:
            after = encode(text._replace(characters=apply_edits(text.characters, found.edits)))
        except UnicodeEncodeError:
            message = f"the copy's path cannot be written in {text.encoding}"
            self._find("CS106", shown, None, message, "save it as UTF-8")
        else:
            self._edits.append(FileEdit(os.path.relpath(real, self._folder), data, after))

    def _find(self, code: str, file: str, line: int | None, message: str, remedy: str) -> None:
        self._findings.append(make_finding(code, self._service, file, line, message, remedy))
