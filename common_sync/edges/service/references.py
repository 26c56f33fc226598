"""Read the files of a service that may refer to the library, and follow what they include."""

import os
from collections.abc import Callable, Sequence
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.findings import make_finding, place
from common_sync.core.model import FileEdit, Finding, Reference
from common_sync.core.paths import below, list_below
from common_sync.core.references.contract import LocatedReference, Rewrite, Rewriter, Site
from common_sync.core.references.hints import may_install
from common_sync.core.references.kinds import KINDS, Kind, kind_of, made_from
from common_sync.core.service_plan import Widened
from common_sync.core.text import (
    Text,
    UndecodableError,
    UnparsableError,
    apply_edits,
    decode_to_read,
    encode,
    find_conflict,
)
from common_sync.edges.files.folders import explain_os_error, follow
from common_sync.edges.service.compose import ComposeFiles, list_named
from common_sync.edges.service.listing import is_meant, list_paths
from common_sync.edges.service.places import Location, Places, see_from
from common_sync.edges.service.rewriters import rewriter_of
from common_sync.edges.service.strays import find_former, report_strays

if TYPE_CHECKING:
    from common_sync.core.formats.compose.built import BuiltService


class References(NamedTuple):
    """What points at the libraries in one service.

    Attributes:
        edits: The files to rewrite.
        references: Every reference, before the edits.
        findings: What stays as it is and needs a person.
        dockerfiles: The paths of the service's Dockerfiles, inside it.
        widened: Those that take one from its master by another build context than the service's folder.
        former: The former copies, as libraries whose master they are.
        outside: The absolute paths that lead out of the service, or to a part of a master, in any of the files.
    """

    edits: tuple[FileEdit, ...] = ()
    references: tuple[Reference, ...] = ()
    findings: tuple[Finding, ...] = ()
    dockerfiles: tuple[str, ...] = ()
    widened: tuple[Widened, ...] = ()
    former: tuple[Location, ...] = ()
    outside: frozenset[str] = frozenset()


def read_references(
    libraries: Sequence[Location], service: str, services: Sequence[str] = (), composes: ComposeFiles | None = None
) -> References:
    """Return what points at the libraries in a service's own files, and in what they include.

    Args:
        libraries: Where the libraries lie.
        service: The service's path from the root.
        services: The paths of all services from the root, sorted; one inside this one is no part of it.
        composes: The compose files that tell how services are built.

    Raises:
        TreeError: A file or folder cannot be read.
    """
    views = see_from(libraries, service)
    root, folder = libraries[0].root, views[0].folder
    inner = (os.path.join(root, other) for other in list_below(services, service))
    others = {*(view.copy_folder for view in views), *inner}
    try:
        paths = list(list_paths(folder, others))
    except OSError as error:
        raise explain_os_error(error, os.path.relpath(error.filename, root), "read it") from error
    former = find_former(libraries, service, paths)
    if former:
        views = see_from([*libraries, *former], service)
        paths = [path for path in paths if not any(below(os.path.join(folder, path), one.master) for one in former)]
    kinds = ((path, kind_of(path)) for path in paths)
    files = [(path, kind) for path, kind in kinds if kind is not None and is_meant(folder, path, kind)]
    composes = composes or ComposeFiles(root)
    files += [(path, "dockerfile") for path in list_named(composes, service, folder, files)]
    dockerfiles = tuple(path for path, kind in files if kind == "dockerfile")
    found = _Reader(views, service, composes, paths).read(files) if files else References()

    def find_lines(stray: Location) -> Sequence[Reference]:
        return _Reader(see_from([stray], service), service, composes, paths).read(files).references

    findings = (*report_strays(libraries, former, service, paths, find_lines), *found.findings)
    return found._replace(findings=findings, dockerfiles=dockerfiles, former=tuple(former))


def read_version(
    libraries: Sequence[Location], service: str, file: str, data: bytes, composes: ComposeFiles | None = None
) -> References:
    """Return what points at the libraries in another version of a service's file than the disk has.

    Args:
        libraries: Where the libraries lie.
        service: The service's path from the root.
        file: The file's path from the root.
        data: What that version holds.
        composes: The compose files that tell how services are built; without them, a Dockerfile is built from its service.
    """
    included: Kind = "compose" if file.endswith((".yml", ".yaml")) else "requirements"  # files of any name may be
    kind = kind_of(file.removeprefix(f"{service}/")) or included
    return _Reader(see_from(libraries, service), service, composes).read_data(file, kind, data)


_STAYS = frozenset(("CS103", "CS104", "CS106", "CS108"))
_LEADS_TO_COPY = ("points-at-master", "points-at-copy")


def _run(rewrite: Rewriter, characters: str, sites: Sequence[Site]) -> tuple[str, list[Rewrite]]:
    """Rewrite a text for one library after the other; return it, and what was found each time and not before."""
    found: list[Rewrite] = []
    known: set[LocatedReference | Finding] = set()  # what is about no library, or about any, is found again
    for site in sites:
        one = rewrite(characters, site)
        characters = apply_edits(characters, one.edits)
        references = tuple(reference for reference in one.references if reference not in known)
        problems = tuple(problem for problem in one.problems if problem._replace(remedy="") not in known)
        found.append(one._replace(references=references, problems=problems))
        known.update(one.references, (problem._replace(remedy="") for problem in one.problems))
    if sum(problem.code == "CS109" for one in found for problem in one.problems) > 1:
        from common_sync.core.references.locks import join_reports  # which has made them

        found = join_reports(found)
    return characters, found


class _Reader:
    def __init__(
        self, views: Sequence[Places], service: str, composes: ComposeFiles | None = None, paths: Sequence[str] = ()
    ) -> None:
        self._views, self._service = views, service
        self._root, self._folder = views[0].root, views[0].folder
        self._edits: list[FileEdit] = []
        self._references: list[Reference] = []
        self._findings: list[Finding] = []
        self._composes, self._paths, self._own_composes = composes, paths, list[str]()
        self._widened: list[Widened] = []
        self._required = frozenset[str]()
        self._resolved: dict[str, str] = {}

    def read(self, files: Sequence[tuple[str, Kind]]) -> References:
        """Read the files and what they include, each once."""
        self._own_composes = [file for file, kind in files if kind == "compose"]
        self._report_refused()
        self._required = frozenset(file for file, kind in files if kind == "requirements")
        locked = [made_from(file) for file, _ in files]
        files = [*files, *((file, "script") for file in locked if file is not None and kind_of(file) is None)]
        pending = [(os.path.join(self._folder, file), kind) for file, kind in reversed(files)]
        seen = set()
        while pending:
            given, kind = pending.pop()
            path = os.path.normpath(given)
            real = self._resolve(path)
            if real not in seen:
                seen.add(real)
                pending.extend(self._read_file(path, real, kind))
        return self._result()

    def _resolve(self, path: str) -> str:
        """Return a path with its symlinks resolved; to follow those above a file, every folder up to `/` is asked for once."""
        above, name = os.path.split(path)
        if above not in self._resolved:
            self._resolved[above] = follow(above)
        found = os.path.join(self._resolved[above], name)
        return follow(found) if os.path.islink(found) else found

    def read_data(self, file: str, kind: Kind, data: bytes) -> References:
        """Read a file that holds other bytes than the disk has."""
        path = os.path.join(self._root, file)
        self._read_data(path, os.path.realpath(path), kind, file, data)
        return self._result()

    def _result(self) -> References:
        self._keep_agreeing()
        outside = frozenset(path for view in self._views for path in view.outside)
        found = References(tuple(self._edits), tuple(self._references), tuple(self._findings))
        return found._replace(widened=tuple(self._widened), outside=outside)

    def _keep_agreeing(self) -> None:
        """Leave a lock file as it is where the file that it was made from stays: its own tool would refuse one of the two."""
        stays = {one.file: one.line for one in self._findings if one.code in _STAYS}
        for edit in list(self._edits):
            source = made_from(edit.path)
            if source in stays:
                self._edits.remove(edit)
                message = f"leads to the library, and stays as it is, since {source} does"
                remedy = f"mend {source}:{stays[source] or 1}, then run this again"
                self._find("CS106", edit.path, None, message, remedy)

    def _read_file(self, path: str, real: str, kind: Kind) -> list[tuple[str, Kind]]:
        """Take in one file; return what it includes: paths beside the one that it was given, and what they are."""
        if self._views[0].is_of_library(real):
            return []  # a library's own; a copy is never edited
        shown = os.path.relpath(real, self._root)
        data = self._read_bytes(real, shown, kind)
        return [] if data is None else self._read_data(path, real, kind, shown, data)

    def _read_data(self, path: str, real: str, kind: Kind, shown: str, data: bytes) -> list[tuple[str, Kind]]:
        installed = self._list_installed(path, kind, data) if may_install(data, kind, self._required) else []
        return [*installed, *self._read_kind(path, real, kind, shown, data)]

    def _read_kind(self, path: str, real: str, kind: Kind, shown: str, data: bytes) -> list[tuple[str, Kind]]:
        views = [view for view in self._views if view.may_be_in(data, kind)]
        if not views:
            return []
        rewrite, decode = rewriter_of(kind)
        text = self._decode(data, shown, decode)
        if text is None:
            return []
        if (conflict := find_conflict(text.characters)) is not None:
            self._find("CS108", shown, conflict, "holds the marks of a merge that is not finished", "finish the merge")
            return []
        above = os.path.dirname(path)
        builds = self._list_builds(real) if kind == "dockerfile" else []
        wider = tuple(one for one in builds if one.context != self._folder)
        try:
            after, found = _run(rewrite, text.characters, [view.site(above, real, wider) for view in views])
        except UnparsableError as error:
            message = f"cannot be parsed: {error.reason}"
            self._find("CS108", shown, error.line, message, "mend it; nothing in it was changed")
            return []
        for view, one in zip(views, found, strict=True):
            self._take(view, one, shown, kind)
            if any(problem.code == "CS112" for problem in one.problems):
                self._widened.append(Widened(os.path.relpath(real, self._folder), wider))
            self._report_named(view, text.characters, builds, shown)
            if view.former is not None and KINDS[kind].commands:
                from common_sync.core.references.mentions import report_former  # hardly ever has a copy moved

                problems = report_former(after, view.former, view.site(above, real))
                self._findings.extend(place(problem, self._service, shown) for problem in problems)
        if any(one.edits for one in found):
            self._rewrite(text._replace(characters=after), shown, data)
        return [(os.path.join(above, include.path), include.kind or kind) for one in found for include in one.includes]

    def _list_installed(self, path: str, kind: Kind, data: bytes) -> list[tuple[str, Kind]]:
        """Return the files of the service that a file's commands install from, and that are not read for their names."""
        from common_sync.core.references.installed import find_included  # only where a command names such a file

        if not self._paths:
            return []
        above = os.path.dirname(os.path.relpath(path, self._folder))
        included = find_included(decode_to_read(data).characters, self._paths, "" if above.startswith("..") else above)
        unnamed = (one for one in included if kind_of(one.path) is None)
        return [(os.path.join(self._folder, one.path), one.kind or kind) for one in unnamed]

    def _list_builds(self, dockerfile: str) -> "list[BuiltService]":
        """Return how a Dockerfile is built, as far as a compose file says and nobody has to guess."""
        if self._composes is None:
            return []
        elsewhere = os.path.dirname(dockerfile) == self._folder
        known = self._composes.list_services(self._service, self._own_composes, elsewhere=elsewhere)
        return [one for one in known if one.dockerfile == dockerfile and not one.doubtful]

    def _report_refused(self) -> None:
        if self._composes is None or not self._own_composes:
            return
        for end in self._composes.list_dead_ends(self._service, self._own_composes, elsewhere=True):
            if end.refused and below(end.file, self._folder) is not None:
                file = os.path.relpath(end.file, self._root)
                self._find("CS108", file, end.line, f"Compose refuses it: {end.message}", "take that out")

    def _report_named(self, view: Places, characters: str, builds: "Sequence[BuiltService]", shown: str) -> None:
        """Report what takes the library from the master by a build context that a compose file gives a name."""
        named = {
            (context.name, context.file, context.line)
            for one in builds
            for context in one.contexts
            if below(context.file, self._folder) is None  # in its own file, the path is rewritten
            if context.value is not None and below(follow(context.value), view.master) is not None
        }
        for name, file, at in sorted(named):
            from common_sync.core.formats.dockerfile.sources import find_named_uses
            from common_sync.core.formats.dockerfile.syntax import parse_dockerfile  # its rewriter has imported both

            for line in find_named_uses(parse_dockerfile(characters), name):
                where = f"{os.path.relpath(file, self._root)}:{at}"
                message = (
                    f"the build context `{name}` is the library's master ({where}), so the copy is not what is built"
                )
                remedy = f"write `COPY {view.library.copy}/ …` instead, and take `{name}` out of {where}"
                self._find("CS112", shown, line, message, remedy)

    def _read_bytes(self, path: str, shown: str, kind: Kind) -> bytes | None:
        """Return a file's bytes; None where pip would complain of a missing file by itself, and for a huge script."""
        most = KINDS[kind].largest
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
        if KINDS[kind].decides:
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

    def _take(self, view: Places, found: Rewrite, shown: str, kind: Kind) -> None:
        for one in found.references:
            state = "points-at-former" if view.former is not None and one.state == "points-at-master" else one.state
            self._references.append(Reference(shown, one.line, state, view.library.name))
            if one.state in _LEADS_TO_COPY and (one.includes or kind != "compose") and not view.is_copied(one):
                self._report_not_copied(one, view, shown, kind)
        self._findings.extend(place(problem, self._service, shown) for problem in found.problems)

    def _report_not_copied(self, one: LocatedReference, view: Places, shown: str, kind: Kind) -> None:
        if one.includes:
            message = f"includes {one.rest!r}, which is not copied"
            self._find("CS107", shown, one.line, message, "take it out of the excludes, or copy its lines here")
            return
        verb = "installs" if KINDS[kind].installs else "takes"
        remedy = f"{verb.removesuffix('s')} the library's folder, `./{view.library.copy}`; or take the file out of the excludes"
        self._find("CS107", shown, one.line, f"{verb} {one.rest!r}, which is not copied", remedy)

    def _rewrite(self, text: Text, shown: str, data: bytes) -> None:
        try:
            after = encode(text)
        except UnicodeEncodeError:
            message = f"the copy's path cannot be written in {text.encoding}"
            self._find("CS106", shown, None, message, "save it as UTF-8")
        else:
            self._edits.append(FileEdit(shown, data, after))

    def _find(self, code: str, file: str, line: int | None, message: str, remedy: str) -> None:
        self._findings.append(make_finding(code, self._service, file, line, message, remedy))
