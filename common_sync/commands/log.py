"""`log`: which commits each copy lacks, or which commit a digest is of."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from hashlib import sha256
from typing import NamedTuple

from common_sync.core.copies.ancestry import (
    EXECUTABLE,
    PLAIN,
    SYMLINK,
    Blob,
    Commit,
    Nearest,
    find_differing,
    find_digest,
    find_likest,
    find_nearest,
    make_entry,
)
from common_sync.core.copies.library import Library
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import ConfigurationError, GitError, Problem, TreeError
from common_sync.core.model import SHOWN_ID, Entries, Entry, Snapshot, Symlink
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.git.checkout import ATTRIBUTES, may_convert
from common_sync.edges.git.former import FormerStates
from common_sync.edges.git.history import (
    is_cut_off,
    list_uncommitted,
    name_entry,
    read_blobs,
    read_end,
    read_line,
)
from common_sync.edges.git.repository import find_top, folders_up
from common_sync.edges.library.copies import read_copy
from common_sync.edges.library.targets import Target, read_targets
from common_sync.edges.project.load import Project, select_copied


class CopyHistory(NamedTuple):
    """How one copy stands in its library's history."""

    service: str  # the service's path from the root
    copy: str  # the copy's path from the root
    master: str  # what it is a copy of: the master's path from the root
    exists: bool = False  # whether there is a copy
    managed: bool = False  # whether it has a manifest
    at: Commit | None = None  # the commit whose state it was made of, or is nearest to
    differs: tuple[str, ...] = ()  # the files that it was made with otherwise than that commit has them
    edited: tuple[str, ...] = ()  # the files that were edited in it
    uncommitted: tuple[str, ...] = ()  # the files that it lacks and that no commit has yet
    behind: tuple[Commit, ...] = ()  # the commits that it lacks, the oldest first
    unclear: Problem | None = None  # why nobody can tell

    @property
    def is_current(self) -> bool:
        """Whether it lacks nothing."""
        return self.exists and self.unclear is None and not self.behind and not self.uncommitted


class DigestHistory(NamedTuple):
    """Which commit a tree digest is of."""

    master: str  # the master's path from the root
    digest: str  # the digest as it was asked for
    is_now: bool  # whether it is what the master holds now
    at: Commit | None  # the newest commit that has it
    behind: tuple[Commit, ...]  # what came after that, the oldest first
    unclear: Problem | None  # why nobody can tell


class History(NamedTuple):
    """What `log` came to."""

    copies: tuple[CopyHistory, ...]
    digests: tuple[DigestHistory, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything could be told, and every digest was found."""
        found = all(one.at is not None or one.is_now for one in self.digests)
        clear = all(copy.unclear is None for copy in self.copies)
        return found and clear and all(digest.unclear is None for digest in self.digests)


_LAST = 50
"""How many commits are looked at first: most copies are just what one of the last ones made."""

_DIGEST = re.compile("cs1:[0-9a-f]{8,64}")


def read_history(project: Project, names: Sequence[str] = ()) -> History:
    """Find what each copy lacks, or the commits of digests.

    Args:
        project: The project.
        names: Services, all when there are none; or digests, `cs1:` and at least 8 hex digits.

    Raises:
        ConfigurationError: A name is no service, one that takes its library from an index, or no digest.
        GitError: There is no history, or git failed.
        TreeError: A copy, or the master, cannot be read.
    """
    digests = [name for name in names if name.startswith("cs1:")]
    if wrong := [name for name in digests if _DIGEST.fullmatch(name) is None]:
        message = "is no tree digest: that is cs1: and 64 hex digits, of which the first 8 will do"
        raise ConfigurationError(*(Problem(message, name) for name in wrong))
    rest = [name for name in names if name not in digests]
    services = select_copied(project, rest) if rest or not digests else ()
    if find_top(project.root) is None:
        message = "is in no git repository, so nobody can tell which commits a copy lacks"
        raise GitError(Problem(message, project.root, remedy="common-sync status says what differs from the master"))
    here = [library for library in project.libraries if library.upstream is None]
    if digests and not here:
        message = "every library is in another repository, so no commit of this one has that digest"
        raise ConfigurationError(Problem(message, digests[0], remedy="git log in the library's own repository"))
    lines = [_Line(project.root, target) for target in read_targets(project.root, here).values()]
    foreign = [library for library in project.libraries if library.upstream is not None]
    if foreign and services:
        from common_sync.commands.steps.versions.beside import find_beside  # most masters are here

        beside = {library.name: find_beside(project, library) for library in foreign}
    else:
        beside = {}
    lines += [_Line(project.root, one) for one in beside.values() if isinstance(one, Target)]
    unclear = [(one, why) for one in foreign if isinstance(why := beside.get(one.name), Problem)]
    return History(
        (
            *(line.look_at(service) for service in services for line in lines if line.library.takes(service)),
            *(_cannot_tell(one, service, why) for service in services for one, why in unclear if one.takes(service)),
        ),
        tuple(line.find(digest) for digest in digests for line in lines),
    )


def _cannot_tell(library: Library, service: str, why: Problem) -> CopyHistory:
    return CopyHistory(service, f"{service}/{library.copy}", library.master, exists=True, managed=True, unclear=why)


class _Line:
    """The commits of one library, and what is asked of them; each question to git is asked once."""

    def __init__(self, root: str, target: Target) -> None:
        self._root, self._target, self.library = root, target, target.library
        self._folder = os.path.join(root, target.source.master)
        self._top = self._folder if target.checkout else root
        self._names: dict[Entry, str] = {}

    @cached_property
    def _commits(self) -> Sequence[Commit]:
        """The commits that change a file that is copied, the oldest first."""
        last, are_all = self._last
        return last if are_all else self._select(read_line(self._folder))

    @cached_property
    def _last(self) -> tuple[Sequence[Commit], bool]:
        """The last of these commits, and whether they are all; else the first has all that the master held then."""
        last, are_all = read_end(self._folder, _LAST)
        return self._select(last), are_all

    def _select(self, commits: Iterable[Commit]) -> Sequence[Commit]:
        belongs = cache(self.library.rules.exclusion)
        line = (
            commit._replace(changes={path: blob for path, blob in commit.changes.items() if belongs(path) is None})
            for commit in commits
        )
        return [commit for commit in line if commit.changes]

    @cached_property
    def _uncommitted(self) -> tuple[str, ...]:
        """The files of the master that are not as the last commit has them."""
        return tuple(sorted(self.library.rules.select(list_uncommitted(self._folder))))

    @cached_property
    def _former(self) -> FormerStates:
        return FormerStates(self._folder)

    @cached_property
    def _unclear(self) -> Problem | None:
        """Why a state that is found nowhere may be one all the same."""
        files = [
            os.path.join(self._folder, path) for path in self._target.snapshot.entries if path.endswith(ATTRIBUTES)
        ]
        if may_convert(folders_up(self._folder), files):
            message = "git converts files of it (.gitattributes), so their bytes here are not those of a commit"
            return Problem(message, self.library.master)
        if is_cut_off(self._top):
            oldest = f" before {self._commits[0].id[:SHOWN_ID]}" if self._commits else ""
            message = f"its history is cut off{oldest}: this is a shallow clone"
            return Problem(message, self.library.master, remedy="git fetch --unshallow")
        if not self._commits:
            return Problem("no commit has it yet", self.library.master, remedy="git add it, and commit")
        return None

    def look_at(self, service: str) -> CopyHistory:
        """Return how a service's copy stands."""
        place = self.library.copy
        path = f"{service}/{place}"
        try:
            with opened(self._root) as root, opened(service, root) as folder:
                copy, base = read_copy(folder, place, path, self._target)
        except OSError as error:
            raise explain_os_error(error, service, "read the service") from error
        found = CopyHistory(service, path, self.library.master)
        if copy is None or (base is None and not copy.entries):
            return found
        try:
            return self._place(found._replace(exists=True, managed=base is not None), copy, base)
        except OSError as error:
            raise TreeError(*explain_os_error(error, path, "read the copy").problems) from error

    def _place(self, found: CopyHistory, copy: Snapshot, base: Manifest | None) -> CopyHistory:
        listed = base.files if base is not None else copy.entries
        now = find_differing(listed, self._target.snapshot.entries, modes=base is not None)
        own = self._list_own(copy.entries, now, found.copy) if base is None else frozenset[str]()
        edited = own if base is None else find_differing(copy.entries, base.files, modes=True) & copy.entries.keys()
        found = found._replace(edited=tuple(sorted(edited)))
        try:
            line, nearest = self._find_nearest(found.copy, listed, copy.entries, own, modes=base is not None)
        except GitError as error:
            return found._replace(unclear=error.problems[0] if now else None)
        if nearest is not None and not nearest.differing and not now:
            return found._replace(at=line[nearest.number])
        if not now:
            return found
        if nearest is None or (nearest.differing and self._unclear is not None):
            return found._replace(unclear=self._unclear or _nothing_common(self.library.master))
        # what the master holds now is a state as well, though no commit has it
        is_now = len(now) < len(nearest.differing | own)
        return found._replace(
            at=line[nearest.number],
            differs=tuple(sorted((now if is_now else nearest.differing) - own)),
            behind=() if is_now else tuple(line[nearest.number + 1 :]),
            uncommitted=() if is_now else self._uncommitted,
        )

    def _find_nearest(
        self, copy: str, listed: Entries, held: Entries, own: Iterable[str], *, modes: bool
    ) -> tuple[Sequence[Commit], Nearest | None]:
        """Return commits, and the one of them that a copy is nearest to: of the last ones where it is just what one of them made."""
        guessed = self._guess(own, copy)
        last, are_all = self._last
        nearest = find_nearest(last, self._name(last, listed, held, copy, modes=modes) | guessed)
        # what the first of the last ones has changed is not known, so whether it is one that counts is not either
        if are_all or (nearest is not None and not nearest.differing and nearest.number):
            return last, nearest
        line = self._commits
        return line, find_nearest(line, self._name(line, listed, held, copy, modes=modes) | guessed)

    def _list_own(self, held: Entries, differing: frozenset[str], copy: str) -> frozenset[str]:
        """Return the files of a copy without a manifest that the master never had so."""
        entries = {path: held[path] for path in differing if path in held}
        return frozenset(entries) - self._former.select(entries, os.path.join(self._root, copy))

    def _guess(self, paths: Iterable[str], copy: str) -> dict[str, Collection[Blob]]:
        """Return what each edited file was made of: of all that the master once had there, what differs in the fewest lines."""
        guessed: dict[str, Collection[Blob]] = {}
        for path in paths:
            states = {blob.name: blob for blob in self._former.list_states(path) if not blob.is_link}
            file = os.path.join(self._root, copy, path)
            if states and not os.path.islink(file):
                with open(file, "rb") as stream:
                    data = stream.read()
                name = find_likest(data, read_blobs(self._folder, states))
                guessed[path] = (Blob(PLAIN, name), Blob(EXECUTABLE, name))
        return guessed

    def _name(
        self, line: Sequence[Commit], listed: Entries, held: Entries, copy: str, *, modes: bool
    ) -> dict[str, Collection[Blob]]:
        """Return path → git's names for what is listed; nothing fits where no commit of a line has it."""
        digits = len(line[-1].id) if line else 40
        for path, entry in listed.items():
            if entry not in self._names and (isinstance(entry, Symlink) or held.get(path) == entry):
                name = name_entry(entry, os.path.join(self._root, copy, path), digits)
                self._names.update({entry: name} if name is not None else {})
        unknown = {path: entry for path, entry in listed.items() if entry not in self._names}
        if unknown:
            self._names.update(self._read_names(line, unknown))
        return {path: _fitting(entry, self._names.get(entry), modes=modes) for path, entry in listed.items()}

    def _read_names(self, line: Sequence[Commit], entries: Entries) -> Iterator[tuple[Entry, str]]:
        """Yield git's names for files that are not on the disk any more, from what their paths have held."""
        blobs = {blob for commit in line for path in entries if (blob := commit.changes.get(path))}
        for blob, entry in self._read_entries(blobs).items():
            yield entry, blob.name

    def _read_entries(self, blobs: Iterable[Blob]) -> Mapping[Blob, Entry]:
        blobs = [*blobs]
        names = {blob.name: blob for blob in blobs}
        links = {blob.name for blob in blobs if blob.is_link}
        digests = {
            name: (sha256(data).hexdigest(), os.fsdecode(data) if name in links else "")
            for name, data in read_blobs(self._folder, names)
        }
        return {blob: make_entry(blob, *digests[blob.name]) for blob in blobs}

    def find(self, digest: str) -> DigestHistory:
        """Return the newest commit that has a digest."""
        blobs = {blob for commit in self._commits for blob in commit.changes.values() if blob is not None}
        number = find_digest(self._commits, digest, self._read_entries(blobs))
        is_now = self._target.manifest.tree.startswith(digest)
        at = None if number is None else self._commits[number]
        behind = () if number is None else tuple(self._commits[number + 1 :])
        unclear = self._unclear if number is None and not is_now else None
        return DigestHistory(self.library.master, digest, is_now, at, behind, unclear)


def _nothing_common(master: str) -> Problem:
    message = f"the copy has nothing in common with any commit of {master}"
    return Problem(message, remedy="common-sync diff shows what differs")


def _fitting(entry: Entry, name: str | None, *, modes: bool) -> Collection[Blob]:
    if name is None:
        return ()
    if isinstance(entry, Symlink):
        return (Blob(SYMLINK, name),)
    if not modes:
        return (Blob(PLAIN, name), Blob(EXECUTABLE, name))
    return (Blob(EXECUTABLE if entry.executable else PLAIN, name),)
