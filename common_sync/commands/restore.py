"""`restore`: bring back what `--force` has discarded, all or nothing."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from common_sync.commands.steps.kept import said_what_is_kept
from common_sync.core import limits
from common_sync.core.copies.manifest import parse_manifest
from common_sync.core.errors import ConfigurationError, ManifestError, Problem, TreeError
from common_sync.core.model import Entries, Entry
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.files.reading import read_entry
from common_sync.edges.project.load import Project
from common_sync.edges.state.discarded import (
    KeptSet,
    bring_back,
    clear_away,
    keep_files,
    list_kept,
    list_sets,
    new_set,
    prune_sets,
    read_kept,
)
from common_sync.edges.state.lock import exclusive, state_folder


class Kept(NamedTuple):
    """A set, and what is in it."""

    set: KeptSet  # where it is
    files: tuple[str, ...]  # paths from the root


class Restoration(NamedTuple):
    """What a run of `restore` came to."""

    root: str  # the absolute path of the configuration's folder
    number: int  # of the set
    restored: tuple[str, ...]  # the files that were brought back, or with `--dry-run` would be
    there: tuple[str, ...]  # the files that were as they are kept
    kept: str | None  # the set of what was replaced, or None where nobody had edited that
    dry_run: bool  # whether nothing was written


def list_all_kept(project: Project) -> tuple[Kept, ...]:
    """Return the sets that are kept, the newest first."""
    found = (Kept(one, tuple(list_kept(one.path))) for one in reversed(list_sets(project.root)))
    return tuple(one for one in found if one.files)  # a run that was stopped may have kept nothing yet


def restore(
    project: Project, number: int, say: Callable[[str], None], *, force: bool = False, dry_run: bool = False
) -> Restoration:
    """Bring the files of a set back.

    Args:
        project: The project.
        number: The set's number.
        say: Told when another run has to be waited for, and what a run that fails has replaced.
        force: Replace what was edited since; it is kept first.
        dry_run: Write nothing.

    Raises:
        CommonSyncError: There is no such set, or something that was edited since stands in the way; nothing was
            written. Or something could not be written: the same command finishes the work.
    """
    with nullcontext() if dry_run else exclusive(state_folder(project.root), say), opened(project.root) as root:
        chosen, files = _choose(project, number)
        steps = _plan(root, chosen, files, force=force)
        own = [step for step in steps if step.is_own]
        kept = new_set(project.root) if own and not dry_run else None
        with said_what_is_kept(kept, project.root, say):
            if not dry_run:
                _apply(root, chosen, steps, kept)
            if kept is not None:
                prune_sets(project.root)
    restored = tuple(step.file for step in steps if step.now != step.kept)
    there = tuple(step.file for step in steps if step.now == step.kept)
    return Restoration(project.root, chosen.number, restored, there, kept, dry_run)


def _choose(project: Project, number: int) -> Kept:
    found = [one for one in list_all_kept(project) if one.set.number == number]
    if not found:
        raise ConfigurationError(Problem(f"there is no set {number}", remedy="common-sync restore lists what is kept"))
    return found[0]


class _Step(NamedTuple):
    file: str  # path from the root
    kept: Entry  # what the set holds
    now: Entry | None  # what stands in its place
    is_own: bool  # whether that is somebody's own bytes


def _plan(root: int, chosen: KeptSet, files: Sequence[str], *, force: bool) -> list[_Step]:
    """Decide about every file before the first is written."""
    steps: list[_Step] = []
    problems: list[Problem] = []
    manifests = _Manifests(root)
    for file in files:
        try:
            kept, now = read_kept(chosen.path, file), _look(root, file)
        except TreeError as error:
            problems.extend(error.problems)
            continue
        is_own = now not in (None, kept) and not manifests.state(file, now)
        if is_own and not force:
            remedy = "common-sync restore --force replaces it, and keeps it first"
            problems.append(Problem("was changed since: nothing was brought back", file, remedy=remedy))
        steps.append(_Step(file, kept, now, is_own))
    if problems:
        raise TreeError(*problems)
    return steps


def _look(root: int, file: str) -> Entry | None:
    """Return what stands at a path, or None where nothing does."""
    above, _, name = file.rpartition("/")
    try:
        with opened(above, root) as folder:
            return read_entry(name, folder, file)[0]
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        remedy = "move it away"
        raise TreeError(
            Problem("a folder stands in its place: nothing was brought back", file, remedy=remedy)
        ) from None
    except OSError as error:
        raise explain_os_error(error, file, "bring it back") from error


class _Manifests:
    """What the manifests of copies say; by them the tool's own files are told from a person's."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._read: dict[str, Entries | None] = {}

    def state(self, file: str, entry: Entry | None) -> bool:
        """Tell whether the copy that a file is in states it just so: `distribute` wrote it then."""
        for folder in ancestors(file):
            if folder not in self._read:
                self._read[folder] = self._load(folder)
            files = self._read[folder]
            if files is not None:
                return files.get(file[len(folder) + 1 :]) == entry
        return False

    def _load(self, folder: str) -> Entries | None:
        try:
            with opened(folder, self._root) as copy:
                return parse_manifest(
                    read_bytes(MANIFEST_NAME, copy, limits.MANIFEST), f"{folder}/{MANIFEST_NAME}"
                ).files
        except (OSError, ManifestError):
            return None


def _apply(root: int, chosen: KeptSet, steps: Sequence[_Step], kept: str | None) -> None:
    for step in steps:
        if kept is not None and step.is_own and step.now is not None:
            above, _, name = step.file.rpartition("/")
            with opened(above, root) as folder:
                keep_files(kept, above, folder, [(name, step.now)])
    for step in steps:
        if step.now == step.kept:
            clear_away(root, step.file)
        else:
            bring_back(chosen.path, root, step.file, step.kept, step.now)
