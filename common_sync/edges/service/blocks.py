"""The files that hold managed blocks: what each `.dockerignore` of a service does to the copy, and the root's `.gitattributes`."""

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from stat import S_ISLNK
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.blocks import gitattributes as attributes
from common_sync.core.blocks.block import End, FindOthers, put_block, read_block, remove_block
from common_sync.core.errors import GitError, TreeError
from common_sync.core.findings import make_finding
from common_sync.core.model import FileEdit, Finding
from common_sync.core.paths import ancestors
from common_sync.core.references.kinds import IGNORE, limit_of
from common_sync.core.text import UnparsableError
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.files.reading import TEMPORARY
from common_sync.edges.git.ask import list_named
from common_sync.edges.git.checkout import ATTRIBUTES
from common_sync.edges.git.repository import find_top

if TYPE_CHECKING:
    from common_sync.core.blocks.dockerignore import Dropped


class Managed(NamedTuple):
    """What is to be done about blocks, and what is wrong beside them."""

    edits: tuple[FileEdit, ...] = ()  # the blocks to write, of the whole file each
    findings: tuple[Finding, ...] = ()  # what needs a person
    blocks: tuple[str, ...] = ()  # the paths from the root of the files that a block is kept in, in sync or not
    leftover: bool = False  # whether a killed run left a file beside them, under its temporary name

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written, and nothing is wrong that no writing can mend."""
        return not self.edits and not any(finding.severity == "error" for finding in self.findings)


class Dockerignores:
    """Looks at what services keep out of their images; what is the same in many of them is worked out once.

    Args:
        root: The absolute path of the configuration's folder.
        copies: Each copy's path inside a service → the paths of its files, the manifest too.
        managed: Whether a block is kept in each service's own.
    """

    def __init__(self, root: str, copies: Mapping[str, Sequence[str]], *, managed: bool) -> None:
        self._root, self._copies, self._managed = root, copies, managed
        self._find = cache(self._find_dropped)
        self._lines = cache(self._make_lines)

    def _make_lines(self, taken: frozenset[str]) -> tuple[str, ...]:
        from common_sync.core.blocks.dockerignore import dockerignore_lines  # as below

        files = (f"{copy}/{file}" for copy, files in self._copies.items() for file in files)
        return dockerignore_lines((*taken, *files))

    def _find_dropped(self, text: str) -> "tuple[tuple[str, Dropped], ...]":
        from common_sync.core.blocks.dockerignore import find_dropped
        from common_sync.core.formats.dockerignore import parse_dockerignore  # 2 ms, and only for what Docker builds

        ignore = parse_dockerignore(text)
        return tuple((copy, one) for copy, files in self._copies.items() for one in find_dropped(ignore, copy, files))

    def look_at(self, service: str, dockerfiles: Sequence[str]) -> Managed:
        """Return what is so with the ignore files of one service.

        Raises:
            TreeError: A file cannot be read.
        """
        findings: list[Finding] = []
        own = _read(self._root, f"{service}/{IGNORE}")
        kept = self._managed and bool(dockerfiles)
        edits: tuple[FileEdit, ...] = ()
        if kept:
            lines = self._lines(_list_taken(self._root, service, dockerfiles))
            edits = _write_block(own, _in_dockerignore(lines), service, lines, findings)
        others = [_read(self._root, f"{service}/{dockerfile}{IGNORE}") for dockerfile in dockerfiles]
        replaced = bool(others) and all(file.text is not None for file in others)  # none of them has Docker read it
        for file in others if replaced else (own, *others):
            findings.extend(self._check(file, service))
        for edit in () if replaced else edits:
            findings.extend(self._name_leaving(edit, service, dockerfiles))
        return Managed(edits, tuple(findings), (own.path,) if kept else ())

    def _name_leaving(self, edit: FileEdit, service: str, dockerfiles: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding for each committed file that the block takes out of an image, before that is done."""
        from common_sync.core.blocks.dockerignore import HELD_BY_PEOPLE, find_leaving
        from common_sync.core.formats.dockerignore import exact_pattern

        if find_top(self._root) is None:
            return
        tracked = list_named(os.path.join(self._root, service), HELD_BY_PEOPLE)
        texts = (
            [_read(self._root, f"{service}/{dockerfile}").text or "" for dockerfile in dockerfiles] if tracked else []
        )
        before, after = (data.decode("utf-8", "surrogateescape") for data in (edit.before or b"", edit.after or b""))
        for path in find_leaving(before, after, tracked, texts):
            message = "is committed, and in the image; with the managed block in .dockerignore it is not"
            remedy = f"write `!{exact_pattern(path)}` below the block, if the image needs it"
            yield make_finding("CS120", service, f"{service}/{path}", None, message, remedy)

    def _check(self, file: "_File", service: str) -> Iterator[Finding]:
        if file.text is None:
            return
        try:
            dropped = self._find(file.text)
        except UnparsableError as error:
            message = f"cannot be parsed: {error.reason}"
            yield make_finding(
                "CS108", service, file.path, error.line, message, "mend it: Docker builds nothing with it"
            )
            return
        for copy, one in dropped:
            message = f"{one.pattern!r} keeps {self._name(copy, one.paths)} out of the build context"
            yield make_finding("CS115", service, file.path, one.line, message, f"add at its end: {one.remedy}")

    def _name(self, copy: str, paths: Sequence[str]) -> str:
        if len(paths) == len(self._copies[copy]):
            return "the copy"
        return paths[0] if len(paths) == 1 else f"{len(paths):,} files of the copy"


def look_at_attributes(
    root: str, copies: Iterable[str], services: Iterable[str], known: Sequence[str], inside: Sequence[str]
) -> Managed:
    """Return what is to be done about the root's `.gitattributes`: it marks every copy.

    Copies that are not here are left marked where git knows their service: a sparse checkout may have them.

    Args:
        root: The absolute path of the configuration's folder.
        copies: The paths from there of the copies of the services that are asked about.
        services: These services.
        known: All services.
        inside: The paths of copies inside a service.

    Raises:
        TreeError: The file cannot be read.
    """
    file, findings = _read(root, ATTRIBUTES), list[Finding]()
    asked = set(services)
    wanted = set(copies)
    try:
        marked = [path for line in read_block(file.text or "") if (path := attributes.parse_line(line)) is not None]
    except UnparsableError:
        marked = []  # as is said below
    services_known = frozenset(known)
    away: dict[str, str] = {}
    for path in marked:
        above = services_known.intersection(ancestors(path))
        if above and asked.isdisjoint(above):
            wanted.add(path)
        elif not above and not os.path.lexists(os.path.join(root, path)):
            away[path] = next((path.removesuffix(f"/{one}") for one in inside if path.endswith(f"/{one}")), path)
    wanted.update(_find_hidden(root, away) if away else ())
    lines = [attributes.MANIFESTS, *(attributes.format_line(path) for path in sorted(wanted))]
    edits = _write_block(file, _IN_ATTRIBUTES, "", lines, findings)
    leftover = os.path.lexists(os.path.join(root, TEMPORARY))
    return Managed(edits, tuple(findings), (ATTRIBUTES,), leftover)


def _find_hidden(root: str, away: Mapping[str, str]) -> Iterator[str]:
    """Yield the copies that are not on this disk and may be elsewhere: git knows a file of their services, or cannot say.

    Args:
        root: The absolute path of the configuration's folder.
        away: The path of each such copy → that of the service that had it.
    """
    from common_sync.edges.project.leftovers import find_tracked  # where a service was taken away

    try:
        tracked = find_tracked(root, sorted({*away.values()}))
    except GitError:
        tracked = {*away.values()}
    return (copy for copy, service in away.items() if service in tracked)


def unblock_dockerignore(root: str, service: str) -> FileEdit | None:
    """Return what a service's `.dockerignore` is without its block; None where there is none.

    Raises:
        TreeError: The file cannot be read.
    """
    return _unblock(_read(root, f"{service}/{IGNORE}"), _in_dockerignore(()))


def _list_taken(root: str, service: str, dockerfiles: Sequence[str]) -> frozenset[str]:
    """Return what the Dockerfiles of a service take by name; one that cannot be read is somebody else's to report."""
    from common_sync.core.blocks.dockerignore import list_taken

    taken: set[str] = set()
    for dockerfile in dockerfiles:
        with suppress(TreeError):
            taken.update(list_taken(_read(root, f"{service}/{dockerfile}").text or ""))
    return frozenset(taken)


def unblock_attributes(root: str, copies: Container[str]) -> FileEdit | None:
    """Return what the root's `.gitattributes` is without the lines of some copies; None where that changes nothing.

    Args:
        root: The absolute path of the configuration's folder.
        copies: The paths from there of the copies that are to be marked no more.

    Raises:
        TreeError: The file cannot be read.
    """
    file = _read(root, ATTRIBUTES)
    try:
        lines = read_block(file.text or "")
        marked = [line for line in lines if attributes.parse_line(line) is not None]
        kept = [line for line in marked if attributes.parse_line(line) not in copies]
        if kept == marked:
            return None
        if file.text is None or file.linked or not kept:
            return _unblock(file, _IN_ATTRIBUTES)
        after = put_block(file.text, [attributes.MANIFESTS, *kept], "bottom", attributes.find_others)
    except UnparsableError:
        return None
    return FileEdit(file.path, _encode(file.text), _encode(after), managed=True) if after != file.text else None


def _unblock(file: "_File", block: "_Block") -> FileEdit | None:
    """Return a file without its block; a symlink never got one, and where the markers are torn nobody can tell."""
    if file.text is None or file.linked:
        return None
    try:
        text = remove_block(file.text, block.end, block.find_others)
    except UnparsableError:
        return None
    if text == file.text:
        return None
    return FileEdit(file.path, _encode(file.text), None if text is None else _encode(text), managed=True)


class _Block(NamedTuple):
    """A kind of block: the name of its file, where a new one goes, and what tells which lines are not the tool's."""

    file: str
    end: End
    find_others: FindOthers


def _in_dockerignore(lines: Sequence[str]) -> _Block:
    from common_sync.core.blocks.dockerignore import find_others  # 2 ms, and only for what Docker builds

    return _Block(IGNORE, "top", lambda block: find_others(block, lines))


_IN_ATTRIBUTES = _Block(ATTRIBUTES, "bottom", attributes.find_others)


class _File(NamedTuple):
    """A file: its path from the root, its text, or None where there is none, and whether a symlink leads to it."""

    path: str
    text: str | None
    linked: bool


def _read(root: str, path: str) -> _File:
    full = os.path.join(root, path)
    try:
        linked = S_ISLNK(os.lstat(full).st_mode)
        above, name = os.path.split(os.path.realpath(full))
        with opened(above) as folder:
            data = read_bytes(name, folder, limit_of(path))
    except (FileNotFoundError, NotADirectoryError):
        return _File(path, None, linked=False)
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    return _File(path, data.decode("utf-8", "surrogateescape"), linked)


def _write_block(
    file: _File, block: _Block, service: str, lines: Sequence[str], findings: list[Finding]
) -> tuple[FileEdit, ...]:
    """Return the edit that brings a block up to date; where that cannot be, note why."""
    try:
        after = put_block(file.text, lines, block.end, block.find_others)
    except UnparsableError as error:
        remedy = "mend them, or delete all that is between them"
        findings.append(make_finding("CS116", service, file.path, error.line, error.reason, remedy))
        return ()
    if after == file.text:
        return ()
    reason = "is a symlink" if file.linked else "is not UTF-8 text" if "\0" in (file.text or "") else None
    if reason is not None:
        message = f"{reason}, so that no managed block can be kept in it"
        remedy = f"make it a file of text, or switch it off: `managed` without {block.file.removeprefix('.')!r}"
        findings.append(make_finding("CS116", service, file.path, None, message, remedy))
        return ()
    before = None if file.text is None else _encode(file.text)
    return (FileEdit(file.path, before, _encode(after), managed=True),)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
