"""The edits in copies that `promote` takes over: which they are, what each was made of, and what becomes of it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from typing import NamedTuple

from common_sync.commands.steps.survey import Survey
from common_sync.core import limits
from common_sync.core.copies.ancestry import find_likest
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.manifest import why_unsafe
from common_sync.core.copies.plan import Operation
from common_sync.core.copies.promotion import Combined, combine, digest_file, make_entry
from common_sync.core.errors import ConfigurationError, GitError, Problem, TreeError
from common_sync.core.findings import unpin_command
from common_sync.core.model import GUARDED, Symlink, Version, ancestors, is_below, is_foreign
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.replacing import read_version
from common_sync.edges.git.ask import ask, explain_ignored
from common_sync.edges.git.history import FormerStates, read_blobs
from common_sync.edges.git.merging import merge_lines
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.promoting import Merges, Taken


class Edit(NamedTuple):
    """A file of a copy that a person has changed, or put there."""

    copy: CopySurvey  # its copy
    operation: Operation  # what `distribute --force` would do to it
    theirs: Version  # what it holds

    @property
    def path(self) -> str:
        """Its path inside the copy, and inside the master."""
        return self.operation.path

    @property
    def file(self) -> str:
        """Its path from the root."""
        return f"{self.copy.path}/{self.path}"

    @property
    def master_file(self) -> str:
        """Where it goes: a path from the root."""
        return f"{self.copy.master}/{self.path}"


class Step(NamedTuple):
    """What one edit makes of a file of the master."""

    edit: Edit  # the edit
    before: Version | None  # what the edits before it came to
    after: Version  # what it comes to with this one


def select_edits(project: Project, names: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the services to look at, and the paths from the root below which edits are taken over.

    Args:
        project: The project.
        names: Services, or files and folders of copies; everything when there are none.

    Raises:
        ConfigurationError: A name is none of these.
    """
    copies = {copy: service for service in project.services for copy in project.list_copies([service])}
    services: list[str] = []
    places: list[str] = []
    for name in names:
        above, last = os.path.split(os.path.abspath(name))
        inside = os.path.relpath(os.path.join(os.path.realpath(above), last), project.root)
        tidy = os.path.normpath(name)
        found = [(copy, place) for place in (inside, tidy) for copy in copies if is_below(place, copy)]
        services += [copies[found[0][0]]] if found else select_services(project, [name])
        places.append(found[0][1] if found else services[-1])
    return tuple(dict.fromkeys(services)), places


class Edits:
    """Takes one edit after the other over, in memory: several of one file add up.

    Args:
        found: What was read and planned.
        places: Paths from the root below which edits are taken over; everywhere when there are none.
        journal: The edits that a run was taking over when it was stopped.
        merges: Merges that a person has to finish, or has finished.
    """

    def __init__(self, found: Survey, places: Sequence[str], journal: Taken, merges: Merges) -> None:
        self._found, self._places, self._journal, self._merges = found, places, journal, merges
        self._root = found.project.root
        self._conflicts: list[tuple[Edit, str, Version]] = []
        self._former = cache(lambda master: FormerStates(os.path.join(self._root, master)))
        self.masters: dict[tuple[str, str], tuple[Version | None, Version]] = {}
        self.steps: list[Step] = []

    def list(self) -> list[Edit]:
        """Return the edits.

        Raises:
            ConfigurationError: A file was named that nobody has edited.
            TreeError: One cannot be read.
        """
        edits = [
            Edit(copy, operation, self._read_copy(copy, operation))
            for plan in self._found.plans
            for copy in plan.copies
            for operation in copy.plan.operations
            if copy.exists and operation.state in GUARDED and operation.before is not None
            if not self._places or any(is_below(f"{copy.path}/{operation.path}", place) for place in self._places)
        ]
        files = [edit.file for edit in edits]
        for place in self._places:
            if place not in self._found.project.services and not any(is_below(file, place) for file in files):
                raise ConfigurationError(Problem("nobody has edited it", place, remedy="common-sync status"))
        return edits

    def results(self) -> Iterator[tuple[str, Version | None, Version]]:
        """Yield each file of a master that changes: its path from the root, what it holds and what it is to hold."""
        for (master, path), (before, after) in self.masters.items():
            yield f"{master}/{path}", before, after

    def final(self, edit: Edit) -> Version:
        """Return what the master is to hold where an edit goes."""
        return self.masters[edit.copy.master, edit.path][1]

    def take(self, edit: Edit) -> Combined:
        """Take an edit over; return what came of it.

        Raises:
            CommonSyncError: Something cannot be read.
        """
        if is_foreign(edit.copy.master):
            why = f"is of {edit.copy.target.library}, whose master is in another repository"
            return Combined(None, refusal=why)
        if edit.copy.target.ref is not None:
            unpin = unpin_command(edit.copy.service, edit.copy.called)
            why = f"is in a service that is pinned to {edit.copy.target.ref} ({unpin})"
            return Combined(None, refusal=why)
        target = self._found.targets[edit.copy.target]
        place = (edit.copy.master, edit.path)
        was = self._read_master(target, edit.path)
        ours = self.masters[place][1] if place in self.masters else was
        unmanaged = edit.copy.plan.state == "unmanaged"
        theirs = edit.theirs._replace(executable=ours.executable) if unmanaged and ours is not None else edit.theirs
        refusal = self._why_not(target, edit, ours) if ours is None or theirs.is_link else ""
        if refusal:
            return Combined(None, refusal=refusal)
        try:
            base = self._guess_base(edit, ours) if unmanaged else self._find_base(edit, ours, was)
        except _NoBaseError as error:
            return Combined(None, refusal=str(error))
        merge = partial(merge_lines, copy=edit.file, folder=self._root)
        outcome = combine(base, ours, theirs, merge)
        if outcome.how == "merged" and outcome.result is not None and self._may_be_taken(edit, was):
            refusal = "may have been taken over by a run that was stopped, and the master has changed since"
            outcome = Combined(None, refusal=refusal, conflict=outcome.result)
        if outcome.conflict is not None:
            outcome = self._finish(edit, (base, ours, theirs), outcome.conflict) or outcome
        if outcome.result is not None:
            self.steps.append(Step(edit, ours, outcome.result))
            self.masters[place] = (was, outcome.result)
        return outcome

    def keep_conflicts(self) -> None:
        """Write each merge that a person has to finish where he can.

        Raises:
            TreeError: One cannot be written.
        """
        for edit, inputs, merge in self._conflicts:
            self._merges.keep(edit.file, inputs, merge)

    def _finish(self, edit: Edit, sides: tuple[Version | None, ...], merge: Version) -> Combined | None:
        """Return the merge that a person has finished; where there is none, it will be asked for."""
        entries = {str(number): make_entry(one) for number, one in enumerate(sides) if one is not None}
        inputs = digest_tree(entries)
        finished = self._merges.find_finished(edit.file, inputs, executable=merge.executable)
        if finished is None:
            self._conflicts.append((edit, inputs, merge))
            return None
        return Combined(finished, "merged")

    def _may_be_taken(self, edit: Edit, ours: Version | None) -> bool:
        """Tell whether a run that was stopped may have merged it already: to merge twice is not safe."""
        take = self._journal.get(edit.copy.path, {}).get(edit.path)
        now = digest_file(edit.path, None if ours is None else make_entry(ours))
        return take is not None and take.theirs == digest_file(edit.path, edit.operation.before) and now != take.ours

    def _read_copy(self, copy: CopySurvey, operation: Operation) -> Version:
        where = f"{copy.path}/{operation.path}"
        above, _, name = where.rpartition("/")
        try:
            with opened(self._root) as root, opened(above, root) as folder:
                held = read_version(name, folder)
        except OSError as error:
            raise explain_os_error(error, where, "read it") from error
        if make_entry(held) != operation.before:
            raise TreeError(Problem("has changed while common-sync ran", where, remedy="run it again"))
        return held

    def _read_master(self, target: Target, path: str) -> Version | None:
        entry = target.snapshot.entries.get(path)
        if entry is None:
            return None
        if isinstance(entry, Symlink):
            return Version(os.fsencode(entry.target), is_link=True)
        with target.content.read(path) as file:
            return Version(file.read(limits.PROMOTED + 1), entry.executable)

    def _why_not(self, target: Target, edit: Edit, ours: Version | None) -> str:
        """Say why a file cannot be put into the master; nothing where it can."""
        path, master = edit.path, os.path.join(self._root, edit.copy.master)
        if edit.theirs.is_link and not _stays_inside(master, path, edit.theirs.data):
            return "is a symlink out of the master"
        if ours is not None:
            return ""
        if (rule := target.library.rules.exclusion(path)) is not None:
            return f"is excluded from the library by {rule.pattern}"
        if why := why_unsafe(path):
            return f"cannot be copied: the path {why}"
        in_the_way = [one for one in (path, *ancestors(path)) if _stands(master, one, is_file=one == path)]
        if in_the_way:
            return f"has no room in the master, where {edit.copy.master}/{in_the_way[0]} is something else"
        ignored = self._why_ignored(master, path, edit)
        return f"would be ignored in the master: {ignored}" if ignored else ""

    def _why_ignored(self, master: str, path: str, edit: Edit) -> str | None:
        if find_top(master) is None:
            rule = Gitignores(self._root).exclusion(f"{edit.copy.master}/{path}", folder=False)
            return None if rule is None else rule.pattern
        said = explain_ignored(master, path)
        return None if said is None or said.split(":", 2)[-1].startswith("!") else said

    def _find_base(self, edit: Edit, *known: Version | None) -> Version | None:
        """Return what the copy's manifest says of a file, with its bytes."""
        operation = edit.operation
        if operation.state == "modified":
            entry = operation.after
        else:
            entry = edit.copy.plan.retained.get(operation.path) if operation.state == "diverged" else None
        if entry is None:
            return None
        if (same := next((one for one in known if one is not None and make_entry(one) == entry), None)) is not None:
            return same
        if isinstance(entry, Symlink):
            return Version(os.fsencode(entry.target), is_link=True)
        for data in self._list_bytes(edit):
            if sha256(data).hexdigest() == entry.sha256:
                return Version(data, entry.executable)
        message = "was made of bytes that are neither in the master nor in git's history, so it cannot be merged"
        raise _NoBaseError(message)

    def _list_bytes(self, edit: Edit) -> Iterator[bytes]:
        """Yield what a file may have been: what the last commit has in the copy, then all that the master ever had there."""
        if find_top(self._root) is None:
            return
        with suppress(GitError):  # before the first commit
            row = ask(["ls-tree", "-z", "HEAD", "--", edit.file], self._root)
            if row.startswith("100"):
                yield from (data for _, data in read_blobs(self._root, [row.split()[2]]))
        names = {blob.name: None for blob in self._former(edit.copy.master).list_states(edit.path)}
        try:
            yield from (data for _, data in read_blobs(self._root, names))
        except GitError as error:
            raise _NoBaseError(error.problems[0].message) from error

    def _guess_base(self, edit: Edit, ours: Version | None) -> Version | None:
        """Return what a file of a copy without a manifest was made of: the former one with the fewest lines that differ."""
        states = self._former(edit.copy.master).list_states(edit.path)
        mode = edit.theirs.executable if ours is None else ours.executable
        names = {blob.name: None for blob in states if blob.is_link is edit.theirs.is_link}
        try:
            known = dict(read_blobs(self._root, names)) if names else {}
        except GitError as error:
            raise _NoBaseError(error.problems[0].message) from error
        if ours is not None and ours.is_link is edit.theirs.is_link:
            known = {"": ours.data, **known}
        if not known:
            return None
        return Version(known[find_likest(edit.theirs.data, known.items())], mode, edit.theirs.is_link)


class _NoBaseError(Exception):
    """Nothing tells what a file was made of."""


def _stays_inside(master: str, path: str, target: bytes) -> bool:
    leads = os.path.realpath(os.path.join(master, os.path.dirname(path), os.fsdecode(target)))
    return not target.startswith(b"/") and is_below(leads, os.path.realpath(master))


def _stands(master: str, path: str, *, is_file: bool) -> bool:
    """Tell whether something stands in a file's way: anything at its path, and above it anything but a folder."""
    place = os.path.join(master, path)
    return os.path.lexists(place) and (is_file or os.path.islink(place) or not os.path.isdir(place))
