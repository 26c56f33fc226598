"""Put a file's references back: by the record of what was rewritten, and by git's history."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from common_sync.commands.steps.eject.former_masters import lead_to_master
from common_sync.commands.steps.eject.one_library import Undone, undo_all, undo_one
from common_sync.core.copies.library import Library
from common_sync.core.findings import make_finding
from common_sync.core.model import FileEdit, Finding, Reference
from common_sync.core.paths import SUBDIRECTORY, TOP
from common_sync.core.references.undoing import Hunk, find_hunks
from common_sync.core.service_plan import ServicePlan
from common_sync.edges.git.history import is_cut_off
from common_sync.edges.git.versions import earlier_versions, was_before
from common_sync.edges.project.load import Project
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import References, read_version

GONE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""What it means that a file of the record is there no more; a folder may stand in its place."""


class Restored(NamedTuple):
    """What one file comes to."""

    edit: FileEdit | None  # what puts its lines back
    findings: tuple[Finding, ...] = ()  # what was left, and needs a person
    left: tuple[Hunk, ...] = ()  # what is rewritten in it still


def restore_file(
    project: Project,
    plan: ServicePlan,
    library: Library | None,
    file: str,
    recorded: list[Hunk] | None,
    former: Sequence[Library],
) -> Restored:
    """Put one file's lines back: by the record, and by git's history where that does not tell of all of them.

    Args:
        project: The project.
        plan: The plan of the service that has the file.
        library: The library that is ejected, where there are several; None for all.
        file: The file's path from the root.
        recorded: What the record has of it; None for nothing.
        former: The libraries under their former masters.

    Raises:
        CommonSyncError: Git failed.
    """
    here = _File.find(project, plan.service, file, library, former)
    try:
        with open(os.path.join(project.root, file), "rb") as stream:
            before = stream.read()
    except GONE:
        return Restored(None)
    text, hunks, seen, left = os.fsdecode(before), list(recorded or ()), False, list[Reference]()
    versions, known_of = earlier_versions(project.root, file), None
    while True:
        undone = here.undo(text, hunks)
        if undone.text != known_of:
            left, known_of = here.list_left(undone.text, before), undone.text
        version = next(versions, None) if left else None
        if version is None:
            break
        seen = True
        hunks += _rewritten(version, here.rewrite(version), hunks)
    after, known = os.fsencode(undone.text), recorded is not None or (seen and not is_cut_off(project.root))
    findings = tuple(_report(plan.service, one, here.by_name.get(one.library), known=known) for one in left)
    after = lead_to_master(project, former, plan.service, file, after) if after != before else after
    return Restored(FileEdit(file, before, after) if after != before else None, findings, undone.left)


class _File(NamedTuple):
    """A file of a service, and the libraries that its lines are read for."""

    root: str  # the absolute path of the configuration's folder
    service: str  # the service's path from there
    file: str  # the file's path from there
    meant: Sequence[Location]  # the libraries that are ejected
    others: Sequence[Location]  # the service's others
    former: Sequence[Library]  # the libraries under their former masters
    alone: bool  # whether lines of other libraries stay

    @classmethod
    def find(
        cls, project: Project, service: str, file: str, library: Library | None, former: Sequence[Library]
    ) -> "_File":
        every = [Location(project.root, one) for one in project.libraries_of(service)]
        meant = [one for one in every if library is None or one.library is library]
        return cls(
            project.root, service, file, meant, [one for one in every if one not in meant], former, library is not None
        )

    @property
    def by_name(self) -> Mapping[str, Library]:
        return {one.library.name: one.library for one in (*self.meant, *self.others)}

    def read(self, libraries: Sequence[Location], text: str) -> References:
        return read_version(libraries, self.service, self.file, os.fsencode(text))

    def undo(self, text: str, hunks: list[Hunk]) -> Undone:
        if not self.alone:
            return undo_all(text, hunks)
        return _undo_with(partial(self.read, self.meant), partial(self.read, self.others))(text, hunks)

    def rewrite(self, version: bytes) -> list[FileEdit]:
        """Return what `distribute` would rewrite in a version, whatever the master was called then."""
        every = [*self.meant, *self.others]
        under = [every, *([Location(self.root, one)] for one in self.former)]
        return [edit for one in under for edit in read_version(one, self.service, self.file, version).edits]

    def list_left(self, text: str, before: bytes) -> list[Reference]:
        """Return what leads to the copy, but for lines of a file that was just so when there was none.

        A library of another repository has no other place here: without its copy, such a line leads to nothing.
        """
        data, named = os.fsencode(text), {name: one for name, one in self.by_name.items() if one.upstream is None}
        found = [one for one in self.read(self.meant, text).references if one.state == "points-at-copy"]
        copies = {one: f"{self.service}/{named[one.library].copy}" for one in found if one.library in named}
        moved = bool(copies) and (data != before or bool(self.rewrite(data)))
        own = {
            copy for copy in set(copies.values()) if was_before(self.root, self.file, data, copy, committed=not moved)
        }
        return [one for one in found if copies.get(one) not in own]


def _undo_with(
    one: Callable[[str], References], others: Callable[[str], References]
) -> Callable[[str, list[Hunk]], Undone]:
    """Return what puts back the lines of one library, by what reads a text for it and for the others."""

    def redo(text: str) -> str:
        edits = others(text).edits
        return os.fsdecode(edits[0].after or b"") if edits else text

    def list_states(read: Callable[[str], References], text: str) -> list[str]:
        return sorted(reference.state for reference in read(text).references)

    return lambda text, hunks: undo_one(text, hunks, partial(list_states, one), partial(list_states, others), redo)


def _rewritten(version: bytes, edits: Sequence[FileEdit], known: Sequence[Hunk]) -> list[Hunk]:
    """Return what `distribute` rewrote in an earlier version, but for lines of which that is known already."""
    said = {(hunk.was, hunk.now) for hunk in known}
    found = [hunk for edit in edits for hunk in find_hunks(os.fsdecode(version), os.fsdecode(edit.after or b""))]
    return [hunk for hunk in found if (hunk.was, hunk.now) not in said]


def _report(service: str, reference: Reference, library: Library | None, *, known: bool) -> Finding:
    line = _tell_line(library, service) if library is not None else None
    if known:
        message = "leads to the copy, and no earlier version of this file says otherwise"
        remedy = line or "change it by hand where the copy is to go"
        return make_finding("CS118", service, reference.file, reference.line, message, remedy)
    message, remedy = "leads to the copy, and nothing tells what it said before", "make it lead to the master by hand"
    return make_finding("CS117", service, reference.file, reference.line, message, line or remedy)


def _tell_line(library: Library, service: str) -> str | None:
    """Return what takes a library of another repository without a copy, or None for one of this repository."""
    if library.upstream is None:
        return None
    git, ref, path = library.upstream
    url = git if "://" in git else "URL" if git.startswith(".") else f"ssh://{git.replace(':', '/', 1)}"
    where = f", where URL is that of {git}" if url == "URL" else ""
    line = f"PACKAGE @ git+{url}@{library.ref_for(service) or ref}{f'{SUBDIRECTORY}{path}' if path != TOP else ''}"
    return f"where the copy is to go, write `{line}`{where}"
