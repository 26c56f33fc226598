"""Where edits of a library of another repository go: into the work tree of a checkout, or into a patch."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.commands.steps.promote.edit import Edit, Home
from common_sync.commands.steps.promote.edits import Edits
from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.library import Library
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.model import NAMED_ID
from common_sync.core.paths import TOP, is_foreign
from common_sync.edges.git.checkout import ATTRIBUTES, may_convert
from common_sync.edges.git.repository import find_top, folders_up
from common_sync.edges.git.revisions import find_commit
from common_sync.edges.library.checkouts import check_checkout, read_checkout
from common_sync.edges.library.targets import HELD
from common_sync.edges.project.lockfile import read_lock
from common_sync.edges.state.promoting import Merges


class Goal(NamedTuple):
    """Where a person wants edits of a library of another repository."""

    checkout: str = ""  # the path of a checkout from the current folder, into whose work tree they go
    patch: str = ""  # the path of a file that they go into, as a patch

    @property
    def option(self) -> str:
        """The option that says so."""
        return "--to" if self.checkout else "--patch"

    @property
    def place(self) -> str:
        """The checkout, or the file."""
        return self.checkout or self.patch


def select_foreign(found: Survey, places: Sequence[str], option: str) -> Library | None:
    """Return the library of another repository whose copies were edited; None where none was.

    Args:
        found: What was read and planned.
        places: Paths from the root below which edits are taken over; everywhere when there are none.
        option: What the person has asked for, as it is typed.

    Raises:
        ConfigurationError: There are several, or every master is here.
    """
    foreign = {library.name: library for library in found.project.libraries if library.upstream is not None}
    if not foreign:
        message = "every master is in this repository, so edits go there"
        raise ConfigurationError(Problem(message, option, remedy="common-sync promote"))
    edits = Edits(found, places, {}, Merges(found.project.root)).list()
    edited = sorted({edit.copy.target.library for edit in edits if is_foreign(edit.copy.master)})
    if len(edited) > 1:
        message = f"copies of {' and '.join(edited)} were edited, and they are of several repositories"
        raise ConfigurationError(Problem(message, option, remedy="name the files of one of them"))
    return foreign[edited[0]] if edited else None


def check_repository(root: str, library: Library, place: str) -> None:
    """Refuse what is no checkout of the repository that copies are made of.

    Args:
        root: The absolute path of the configuration's folder.
        library: The library.
        place: The checkout's path from the current folder.

    Raises:
        ConfigurationError: It is none.
    """
    check_checkout(library, place)
    if find_top(os.path.realpath(place)) == find_top(root):
        raise ConfigurationError(Problem("is this repository itself", place, remedy="name another checkout"))
    _check_history(root, library, place)


def find_checkout(library: Library, place: str) -> Home:
    """Return the home of edits that go into a checkout.

    Args:
        library: The library.
        place: The checkout's path from the current folder.

    Raises:
        CommonSyncError: Its work tree cannot be read, or holds what cannot be copied.
    """
    target = read_checkout(library, place, HELD)
    folder = target.source.master
    files = [os.path.join(folder, path) for path in target.snapshot.entries if path.endswith(ATTRIBUTES)]
    if may_convert(folders_up(folder), files):
        message = "git converts files there (.gitattributes), so its bytes are not those of a commit"
        raise ConfigurationError(Problem(message, place, remedy="common-sync promote --patch FILE"))
    return Home(target, folder, _join(place, library))


def _check_history(root: str, library: Library, place: str) -> None:
    """Refuse a repository that does not know what the copies are locked at: it may be any other one."""
    _, lock = read_lock(root)
    commits = [entry.commit for key, entry in lock.items() if key.library == library.name]
    if not any(find_commit(os.path.realpath(place), commit) for commit in commits):
        what = f"does not have commit {commits[0][:NAMED_ID]}" if commits else "cannot be compared: nothing is locked"
        message = f"{what}, which copies of {library.name} are made of"
        remedy = "git fetch there, or name a checkout of its repository" if commits else "common-sync distribute"
        raise ConfigurationError(Problem(message, place, remedy=remedy))


def find_patched(found: Survey, library: Library, edits: Sequence[Edit]) -> Home:
    """Return the home of edits that go into a patch: what their copies are locked at.

    Args:
        found: What was read and planned.
        library: The library.
        edits: The edits.

    Raises:
        ConfigurationError: They are of copies at several refs, or what these are locked at is not here.
    """
    keys = sorted({edit.copy.target for edit in edits}, key=str)
    refs = [key.ref or (library.upstream.ref if library.upstream is not None else "") for key in keys]
    if len(keys) > 1:
        message = f"copies of {library.name} at {' and at '.join(refs)} were edited, and a patch is for one of them"
        raise ConfigurationError(Problem(message, "--patch", remedy="name the services, or the files, of one"))
    target = found.targets[keys[0]]
    if not target.is_here:
        message = f"{library.name} at {refs[0]} is not here, and a patch is made against it"
        raise ConfigurationError(Problem(message, "--patch", remedy="common-sync distribute"))
    return Home(target, "", _join("", library))


def _join(place: str, library: Library) -> str:
    inside = library.upstream.path if library.upstream is not None else TOP
    return os.path.join(place, "" if inside == TOP else inside).rstrip("/")
