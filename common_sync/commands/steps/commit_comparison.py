"""What the next commit lacks of what is on the disk.

Git's index is compared with what was just read, name by name; so nothing is missed that a list of untracked files would
not show: a file that git ignores, one that is only intended to be added or that git was told not to look at, an
executable bit that this file system does not keep, a part of a file that was not staged.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from io import BytesIO
from typing import NamedTuple

from common_sync.commands.steps.survey import Survey
from common_sync.core.configuration import OWN_FILE
from common_sync.core.copies.library import LOCK_FILE, TargetKey
from common_sync.core.copies.plan import Operation
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.model import File
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.core.references.kinds import IGNORE, is_dockerfile
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.edges.git.checkout import ATTRIBUTES, format_entry
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.targets import Target
from common_sync.edges.project.index import Index, list_ignored, list_tracked, may_decide


class Copy(NamedTuple):
    """A copy, and its service, as they are on the disk now."""

    service: str  # the service's path from the root
    path: str  # the copy's path from the root
    target: TargetKey  # the key of what it should hold
    references: frozenset[str]  # files that mention the library, or hold a managed block
    left: frozenset[str]  # paths from the root, in the copy, that are not as they should be: other findings name them
    whole: bool  # whether the copy is in sync with its master
    changed: bool = False  # whether this run has written to the service
    edited: frozenset[str] = frozenset()  # the files of its own that it has rewritten
    blocks: frozenset[str] = frozenset()  # those that a managed block is kept in


_ADD = "git add"
_UNKNOWN = "git does not know it, so the commit would lack it"
_UNSEEN = "it is not checked out here, and the commit would hold another version of it than the master"
_OTHER = "the commit would hold another version of it than the disk"


class Lack(NamedTuple):
    """A file that the commit does not hold as it is on the disk."""

    service: str  # the service, or nothing for what belongs to none
    path: str  # its path from the root
    message: str  # what is so, without the path
    command: str  # the words that go before the place to mend it
    place: str  # its path from the root, or that of the copy which it belongs to

    @property
    def is_plain(self) -> bool:
        """Whether it is what every run leaves to be added, and nothing more needs to be said."""
        ours = self.service != "" or self.path in (ATTRIBUTES, LOCK_FILE)
        return ours and self.command == _ADD and self.message in (_UNKNOWN, _OTHER)


def make_copy(
    plan: ServicePlan, copy: CopySurvey, left: Iterable[Operation], *, whole: bool, changed: bool = False
) -> Copy:
    """Return what a copy and its service are like on the disk.

    Args:
        plan: What would have brought the service in sync.
        copy: The copy.
        left: What is still to be done to it.
        whole: Whether it is in sync.
        changed: Whether this run has written to the service.
    """
    edited = frozenset(edit.path for edit in plan.edits)
    blocks = frozenset(plan.blocks)
    references = edited.union(blocks, (reference.file for reference in plan.references))
    here = frozenset(f"{copy.path}/{operation.path}" for operation in left)
    edited = edited if changed else frozenset()
    return Copy(plan.service, copy.path, copy.target, references, here, whole, changed, edited, blocks)


class Comparison:
    """The index against the disk.

    Attributes:
        index: What the index holds of the masters, the copies and what verify reads beside them.
        wrong: Paths that are not in it as they are on the disk.
        doubtful: Files that decide what verify says, and that may not be staged as they are: what is staged may do too.
        outside: Services that no clone has: their copies are ignored, or git knows nothing of them.
    """

    def __init__(self, found: Survey, copies: Sequence[Copy], index: Index) -> None:
        unseen = list(_find_unseen(found, index))
        self._project, self._unseen = found.project, {copy.path for copy in unseen}
        copies = [*copies, *unseen]
        self._copies = {copy.path: copy for copy in copies}
        self._services = {path: copy.service for copy in copies for path in copy.references}
        # the tool's own file counts where it is gone, too: in a clone it would be a second configuration
        self._own = {*self._services, *found.root.blocks, found.project.configuration.file, OWN_FILE, LOCK_FILE}
        self.index = index
        self._expected = _expect(found, copies, self.index)
        unstaged = set(self._unstaged())
        edited = {path for copy in copies for path in copy.edited}
        own = {path for copy in copies if copy.whole and (path := f"{copy.path}/{MANIFEST_NAME}") in unstaged}
        # one on the disk may name new files of the library, too, that are set aside for this commit: a clone tells
        right = {path for path in own - edited if index.files.get(path) == self._expected.get(path)}
        self.wrong = {*self._differing(), *self._surplus(), *(unstaged & (self._expected.keys() | edited)) - right}
        self.doubtful = (unstaged - self.wrong) | set(self._unseen_by_git())
        if found.project.configuration.file not in index.files:
            self.wrong.add(found.project.configuration.file)
        if LOCK_FILE not in index.files and os.path.lexists(os.path.join(found.project.root, LOCK_FILE)):
            self.wrong.add(LOCK_FILE)
        self._ignored = set(self._list_ignored()) if self.wrong else set()
        self.outside = set(self._find_outside()) if self.wrong else set()
        unknown = set(self._unknown_blocks(found.root.blocks))
        if found.project.configuration.file in index.files:
            self.doubtful |= unknown
        else:  # there is nothing yet that a clone could be tried by
            self.wrong |= unknown

    def _unknown_blocks(self, root: Iterable[str]) -> Iterator[str]:
        """Yield the files with managed blocks that git does not know, of what a clone has."""
        inside = [copy for copy in self._copies.values() if copy.service not in self.outside]
        blocks = {path for copy in inside for path in copy.blocks}.union(root if inside else ())
        yield from blocks - self.index.files.keys()

    def lacks(self) -> Iterator[Lack]:
        """Yield what the commit lacks."""
        for path in sorted(self.wrong):
            copy = self._copy_of(path)
            if (copy is None or copy.service not in self.outside) and not self._is_converted(path):
                yield self.explain(path)
        for copy in self._copies.values():
            if copy.changed and copy.service in self.outside and self._is_elsewhere(copy):
                message = "changed in a repository of its own: commit it there first"
                yield Lack(copy.service, copy.path, message, _ADD, copy.service)

    def is_certain(self) -> bool:
        """Tell whether what git holds is, byte for byte, what is on the disk."""
        return not self.doubtful and not any(map(self._is_converted, self.wrong))

    def _differing(self) -> Iterator[str]:
        files = self.index.files
        return (path for path, entry in self._expected.items() if files.get(path) != entry)

    def _unstaged(self) -> Iterator[str]:
        """Yield what git itself sees as changed."""
        unseen = tuple(f"{self._copies[path].service}/" for path in self._unseen)
        for path in self.index.unstaged:
            if (path in self._expected or self._is_read(path)) and not path.startswith(unseen):
                yield path

    def _unseen_by_git(self) -> Iterator[str]:
        """Yield what git would not see as changed, and that decides what verify says."""
        unseen = tuple(f"{self._copies[path].service}/" for path in self._unseen)
        for path in self.index.hidden.keys() - self._expected.keys():
            if self._is_read(path) and not path.startswith(unseen):
                yield path
        for path in self.index.files.keys() - self._expected.keys():
            ignore = path + IGNORE  # one that git does not know may hide that the folder's own drops the copy
            unknown = is_dockerfile(path.rpartition("/")[2]) and ignore not in self.index.files
            if unknown and os.path.lexists(os.path.join(self._project.root, ignore)):
                yield ignore

    def _is_read(self, path: str) -> bool:
        return path in self._own or may_decide(path)

    def _surplus(self) -> Iterator[str]:
        """Yield what the commit would hold of a master, a copy or a former copy, although it is gone from the disk."""
        in_copy = Rules(BUILT_IN)
        for path in self.index.files.keys() - self._expected.keys():
            copy = self._copy_of(path)
            if copy is not None and path not in copy.left:
                if in_copy.exclusion(path[len(copy.path) + 1 :]) is None:
                    yield path
            elif any(library.has(path) for library in self._project.libraries) or self._is_gone(path):
                yield path

    def _is_gone(self, path: str) -> bool:
        """Tell whether a file is the manifest of a copy that a service had, and has no more."""
        unstaged = path.endswith(f"/{MANIFEST_NAME}") and path in self.index.unstaged
        return unstaged and self._service_of(path) != "" and not os.path.lexists(os.path.join(self._project.root, path))

    def _copy_of(self, path: str) -> Copy | None:
        return next((self._copies[above] for above in ancestors(path) if above in self._copies), None)

    def _service_of(self, path: str) -> str:
        services = {copy.service for copy in self._copies.values()}
        return self._services.get(path) or next((above for above in ancestors(path) if above in services), "")

    def _list_ignored(self) -> list[str]:
        places = {copy.path if (copy := self._copy_of(path)) else path for path in self.wrong}
        return list_ignored(self._project.root, sorted(places))

    def _find_outside(self) -> Iterator[str]:
        held = {above for path in self.index.files for above in ancestors(path)}
        unknown: dict[Copy, list[str]] = {}
        for path in self.wrong - self.index.files.keys():
            copy = self._copy_of(path)
            if copy is not None and copy.path not in held:
                unknown.setdefault(copy, []).append(path)
        for copy, files in unknown.items():
            untracked = copy.service not in held and self._is_untracked(copy.service)
            if untracked or self._ignored.issuperset(files) or self._is_elsewhere(copy):
                yield copy.service

    def _is_elsewhere(self, copy: Copy) -> bool:
        """Tell whether a service is a repository of its own, whose commits are not this one's."""
        return find_top(os.path.join(self._project.root, copy.path)) != find_top(self._project.root)

    def _is_untracked(self, service: str) -> bool:
        """Tell whether a clone will not have a service: a glob found it, and git knows nothing in it."""
        named = any(setting.value == service for setting in self._project.configuration.services)
        return not named and not list_tracked(self._project.root, [service])

    def _is_converted(self, path: str) -> bool:
        """Tell whether git holds other bytes and yet sees no change: it converts them on the way in and out."""
        held, wanted = self.index.files.get(path), self._expected.get(path)
        seen = path not in self.index.unstaged and path not in self.index.hidden
        return bool(seen and held and wanted and held[: len(_MODE)] == wanted[: len(_MODE)])

    def explain(self, path: str) -> Lack:
        """Return what is so with a path that is wrong, and what to do."""
        copy = self._copy_of(path)
        service, place = (copy.service, copy.path) if copy is not None else (self._service_of(path), path)
        held, wanted = self.index.files.get(path), self._expected.get(path)
        if place in self._unseen:
            command = "git sparse-checkout add" if path in self.index.hidden else "git restore"
            return Lack(service, path, _UNSEEN, command, service)
        if copy is None and path.endswith(f"/{MANIFEST_NAME}"):  # of a former copy: its other files go with it
            place = path.rpartition("/")[0]
        if held is None and path in self._ignored:
            return Lack(service, path, "git ignores it, so the commit would lack it", "git add -f", path)
        if held is None:
            return Lack(service, path, _UNKNOWN, _ADD, place)
        if path in self.index.hidden:
            message = "git was told not to look at it, and holds another version of it than the disk"
            # git takes one of the two at a time
            option = "assume-unchanged" if self.index.hidden[path] == "h" else "skip-worktree"
            return Lack(service, path, message, f"git update-index --no-{option}", path)
        if path in self.index.unstaged or wanted is None:
            # git refuses to add what it tracks in a folder that it ignores, but for -u
            return Lack(service, path, _OTHER, f"{_ADD} -u" if path in self._ignored else _ADD, place)
        sign, state = ("+", "executable") if wanted.startswith("100755") else ("-", "not executable")
        return Lack(service, path, f"{state} on the disk, but not so in git", f"git add --chmod={sign}x", path)


_MODE = "100644"


def _find_unseen(found: Survey, index: Index) -> Iterator[Copy]:
    """Yield the copies that a clone has, and this work tree has not: of services that are not checked out.

    They are as they should be, to be compared with what the index holds.
    """
    known = {*found.project.list_copies(found.project.services)}
    for target in found.masters:
        end = f"/{target.library.copy}"
        for path in index.files:
            above, _, name = path.rpartition("/")
            if name == MANIFEST_NAME and above.endswith(end) and above not in known:
                key = target.library.key_for(above[: -len(end)])
                if key not in found.targets:  # it is pinned to what nobody here needs, and so read
                    continue
                yield Copy(above[: -len(end)], above, key, frozenset(), frozenset(), whole=True)


def _expect(found: Survey, copies: Sequence[Copy], index: Index) -> dict[str, str]:
    """Return what the index should hold: each master as it is on the disk, and the same in each copy."""
    some = next((entry for entry in index.files.values()), "")
    digits = len(some.split(" ")[1]) if some else 0
    expected: dict[str, str] = {}
    for key, target in found.targets.items():
        entries = dict(_format_entries(target, digits))
        if key.ref is None and index.below(
            target.library.master
        ):  # of a submodule, the index of this repository knows no files
            expected |= {f"{target.library.master}/{path}": entry for path, entry in entries.items()}
        manifest = format_entry(_MANIFEST, partial(BytesIO, target.manifest_bytes), digits)
        for copy in (copy for copy in copies if copy.target == key):
            expected |= {f"{copy.path}/{path}": entry for path, entry in entries.items()}
            path = f"{copy.path}/{MANIFEST_NAME}"
            held = index.files.get(path, "")
            # its mode says nothing; and beside edits that were left alone, it goes on stating what they began with
            same = held[len(_MODE) :] == manifest[len(_MODE) :]
            expected[path] = held if same or (held and not copy.whole) else manifest
            for path in copy.left:
                expected.pop(path, None)
    return expected


def _format_entries(target: Target, digits: int) -> Iterator[tuple[str, str]]:
    for path, entry in target.snapshot.entries.items():
        yield path, format_entry(entry, partial(target.content.read, path), digits)


_MANIFEST = File("", executable=False)
