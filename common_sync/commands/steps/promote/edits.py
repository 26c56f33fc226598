"""The edits in copies that `promote` takes over: which they are, what each was made of, and what becomes of it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from common_sync.commands.steps.promote.bases import Bases, NoBaseError
from common_sync.commands.steps.promote.edit import Edit, Home, Step
from common_sync.commands.steps.survey import Survey
from common_sync.core import limits
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.manifest import why_unsafe
from common_sync.core.copies.plan import Operation
from common_sync.core.copies.promotion import Combined, combine, digest_file, make_entry
from common_sync.core.errors import ConfigurationError, Problem, TreeError
from common_sync.core.model import GUARDED, Symlink, Version
from common_sync.core.paths import ancestors, is_below, is_foreign
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.replacing import read_version
from common_sync.edges.git.ask import explain_ignored
from common_sync.edges.git.merging import merge_lines
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores
from common_sync.edges.library.committed import stays_inside
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project, select_services
from common_sync.edges.state.promoting import Merges, Taken


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
        if not found and inside not in project.services and os.path.isfile(name):
            message = "is in no copy, so it is no edit that could be taken over"
            raise ConfigurationError(Problem(message, name, remedy="name a service, or a file of a copy"))
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
        homes: Where edits of libraries of other repositories go, by the libraries' names; no others are taken over then.
    """

    def __init__(
        self,
        found: Survey,
        places: Sequence[str],
        journal: Taken,
        merges: Merges,
        homes: Mapping[str, Home] = MappingProxyType({}),
    ) -> None:
        self._found, self._places, self._journal, self._merges = found, places, journal, merges
        self._root, self._homes = found.project.root, homes
        self._conflicts: list[tuple[Edit, str, Version]] = []
        self._bases = Bases(self._root)
        self.masters: dict[tuple[str, str], tuple[Version | None, Version]] = {}
        self.steps: list[Step] = []

    def list(self) -> list[Edit]:
        """Return the edits.

        Raises:
            ConfigurationError: A file was named that nobody has edited.
            TreeError: One cannot be read.
        """
        edits = [
            Edit(copy, operation, self._read_copy(copy, operation), self._name_home(copy))
            for plan in self._found.plans
            for copy in plan.copies
            if not self._homes or copy.target.library in self._homes
            for operation in copy.plan.operations
            if copy.exists and operation.state in GUARDED and operation.before is not None
            if not self._places or any(is_below(f"{copy.path}/{operation.path}", place) for place in self._places)
        ]
        files = [edit.file for edit in edits]
        for place in self._places:
            if place not in self._found.project.services and not any(is_below(file, place) for file in files):
                raise ConfigurationError(Problem("nobody has edited it", place, remedy="common-sync status"))
        return edits

    def _name_home(self, copy: CopySurvey) -> str:
        return self._homes[copy.target.library].shown if copy.target.library in self._homes else copy.master

    def _find_home(self, edit: Edit) -> Home:
        name, master = edit.copy.target.library, edit.copy.master
        if name in self._homes:
            return self._homes[name]
        return Home(self._found.targets[TargetKey(name)], os.path.join(self._root, master), master)

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
        if is_foreign(edit.copy.master) and not self._homes:
            why = f"is of {edit.copy.target.library}, whose master is in another repository"
            return Combined(None, refusal=why)
        home = self._find_home(edit)
        place = self._place(edit)
        was = self._read_master(home.target, edit.path)
        ours = self.masters[place][1] if place in self.masters else was
        unmanaged = edit.copy.plan.state == "unmanaged"
        theirs = edit.theirs._replace(executable=ours.executable) if unmanaged and ours is not None else edit.theirs
        refusal = self._why_not(home, edit, ours) if ours is None or theirs.is_link else ""
        if refusal:
            return Combined(None, refusal=refusal)
        try:
            base = self._bases.guess(edit, home, ours) if unmanaged else self._bases.find(edit, home, ours, was)
        except NoBaseError as error:
            return Combined(None, refusal=str(error))
        merge = partial(merge_lines, copy=edit.file, folder=self._root)
        taken = not edit.follows and self._is_taken(edit, was)
        outcome = Combined(ours, "equal") if taken else combine(base, ours, theirs, merge)
        if outcome.how == "merged" and outcome.result is not None and self._may_be_taken(edit, was):
            refusal = "may have been taken over by a run that was stopped, and the master has changed since"
            outcome = Combined(None, refusal=refusal, conflict=outcome.result)
        if (conflict := outcome.conflict) is not None:
            if base == was and place in self.masters:
                others = dict.fromkeys(one.edit.file for one in self.steps if self._place(one.edit) == place)
                outcome = outcome._replace(refusal=f"conflicts with {' and '.join(others)}")
            outcome = self._finish(edit, (base, ours, theirs), conflict) or outcome
        if outcome.result is not None:
            self.steps.append(Step(edit, ours, outcome.result))
            self.masters[place] = (was, outcome.result)
        return outcome

    @staticmethod
    def _place(edit: Edit) -> tuple[str, str]:
        """Return the master that an edit goes to, and the file's path in it."""
        return edit.copy.master, edit.path

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

    def _is_taken(self, edit: Edit, ours: Version | None) -> bool:
        """Tell whether the master has it already, by a merge, and the copy keeps it: what it is locked at has not moved."""
        take = self._journal.get(edit.copy.path, {}).get(edit.path)
        if take is None or ours is None:
            return False
        return take.was_taken(digest_file(edit.path, edit.operation.before), digest_file(edit.path, make_entry(ours)))

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

    def _why_not(self, home: Home, edit: Edit, ours: Version | None) -> str:
        """Say why a file cannot be put into the master; nothing where it can."""
        path, master = edit.path, home.folder
        if edit.theirs.is_link and not _stays_inside(master, path, edit.theirs.data):
            return "is a symlink out of the master"
        if ours is not None:
            return ""
        if (rule := home.target.library.rules.exclusion(path)) is not None:
            return f"is excluded from the library by {rule.pattern}"
        if why := why_unsafe(path):
            return f"cannot be copied: the path {why}"
        held = home.target.snapshot.entries
        in_the_way = [
            one
            for one in (path, *ancestors(path))
            if (_stands(master, one, is_file=one == path) if master else one in held)
        ]
        if in_the_way or any(is_below(one, path) for one in held):
            standing = in_the_way[0] if in_the_way else path
            return f"has no room in the master, where {edit.home}/{standing} is something else"
        ignored = self._why_ignored(master, path, edit) if master else None
        return f"would be ignored in the master: {ignored}" if ignored else ""

    def _why_ignored(self, master: str, path: str, edit: Edit) -> str | None:
        if find_top(master) is None:
            rule = Gitignores(self._root).exclusion(f"{edit.copy.master}/{path}", folder=False)
            return None if rule is None else rule.pattern
        said = explain_ignored(master, path)
        return None if said is None or said.split(":", 2)[-1].startswith("!") else said


def _stays_inside(master: str, path: str, target: bytes) -> bool:
    if not master:
        return stays_inside(path, os.fsdecode(target))
    leads = os.path.realpath(os.path.join(master, os.path.dirname(path), os.fsdecode(target)))
    return not target.startswith(b"/") and is_below(leads, os.path.realpath(master))


def _stands(master: str, path: str, *, is_file: bool) -> bool:
    """Tell whether something stands in a file's way: anything at its path, and above it anything but a folder."""
    place = os.path.join(master, path)
    return os.path.lexists(place) and (is_file or os.path.islink(place) or not os.path.isdir(place))
