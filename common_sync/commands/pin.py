"""`pin` and `unpin`: one service stays at a tag or a commit of its library, while the others follow the master."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import NamedTuple

from common_sync.commands.distribute import Distribution, bring_in_sync
from common_sync.commands.steps.survey import Survey, survey
from common_sync.commands.steps.versions.between import find_made
from common_sync.commands.steps.versions.locking import complete_lock
from common_sync.core.copies.ancestry import Commit
from common_sync.core.copies.library import Library
from common_sync.core.copies.lockfile import Locked
from common_sync.core.copies.manifest import LARGEST, parse_manifest
from common_sync.core.errors import ConfigurationError, ManifestError, Problem
from common_sync.core.findings import name_option
from common_sync.core.model import GUARDED, NAMED_ID, FileEdit, Finding
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import opened, read_bytes
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.git.history import is_cut_off, read_blobs
from common_sync.edges.git.repository import find_top
from common_sync.edges.git.versions import earlier_versions, list_versions
from common_sync.edges.processes.workers import Phases, no_progress
from common_sync.edges.project.libraries import select_library
from common_sync.edges.project.load import Project, select_copied
from common_sync.edges.project.lockfile import plan_lock, read_lock
from common_sync.edges.project.write import Pins, plan_pins
from common_sync.edges.state.lock import exclusive, state_folder


class Pinned(NamedTuple):
    """What a service's copy is to be from now on."""

    service: str  # the service's path from the root
    library: str  # the library's name
    called: str | None  # the same where the service gets others too, so that commands have to say which one is meant
    was: Locked | None  # what it was pinned to, where that was locked
    now: Locked | None  # what it is pinned to; None where it follows the master again
    was_of: Commit | None = None  # the commit of `was`, where it is here
    now_of: Commit | None = None  # the commit of `now`, where it is here


class Pinning(NamedTuple):
    """What a run of `pin` or `unpin` came to."""

    pinned: tuple[Pinned, ...]  # what was pinned or unpinned; nothing where that was refused
    refused: tuple[Finding, ...]  # the edits that would be lost
    distribution: Distribution | None  # how the copy followed
    file: str  # the configuration's file, from the root
    dry_run: bool  # whether nothing was written
    root: str  # the absolute path of the configuration's folder

    @property
    def passes(self) -> bool:
        """Whether it was done, and the copy follows."""
        return not self.refused and self.distribution is not None and self.distribution.in_sync

    def findings(self) -> list[Finding]:
        """Return what was refused, and what is still to be said of the service."""
        return [*self.refused, *(self.distribution.findings() if self.distribution is not None else ())]


class How(NamedTuple):
    """How a run is told of, and what it may do."""

    say: Callable[[str], None]  # told when another run has to be waited for, and what a run that fails has discarded
    phases: Phases = no_progress  # told of every few services that are read, then written
    force: bool = False  # whether edits in the copy are discarded
    dry_run: bool = False  # whether nothing is written


def pin(
    project: Project, name: str, ref: str | None, how: How, *, library: str | None = None, back: bool = False
) -> Pinning:
    """Have a service stay at a tag or a commit.

    Args:
        project: The project.
        name: The service, as the user named it.
        ref: The tag or commit; None for what its copy holds, or held before.
        how: How the run is told of, and what it may do.
        library: The library's name; None where the service gets one only.
        back: Without `ref`: what the copy held before.

    Raises:
        CommonSyncError: There is no such service, tag, commit or library; nothing was written. Or something could not be
            written: `distribute` finishes the work.
    """
    if back and ref is not None:
        message = f"--back pins it to what its copy held before, and {ref!r} says something else"
        raise ConfigurationError(Problem(message, remedy="leave out one of them"))
    service = select_copied(project, [name])[0]
    chosen = _choose(project, service, library, project.libraries_of(service))
    if ref is None:
        ref = _find_held(project, service, chosen, before=back)
    return _change(project, service, chosen, {**chosen.pins, service: ref}, how)


def unpin(project: Project, name: str, how: How, *, library: str | None = None) -> Pinning:
    """Have a service follow the master again.

    Args:
        project: The project.
        name: The service, as the user named it.
        how: How the run is told of, and what it may do.
        library: The library's name; None where the service is pinned to one only.

    Raises:
        CommonSyncError: It is not pinned; or as for `pin`.
    """
    service = select_copied(project, [name])[0]
    pinned = [one for one in project.libraries_of(service) if service in one.pins]
    chosen = _choose(project, service, library, pinned or project.libraries_of(service)[:1], "is pinned in")
    if service not in chosen.pins:
        raise ConfigurationError(_explain_unpinned(project, service, library))
    pins = {one: ref for one, ref in chosen.pins.items() if one != service}
    return _change(project, service, chosen, pins, how)


def _choose(
    project: Project, service: str, name: str | None, among: Sequence[Library], stands: str = "gets"
) -> Library:
    """Return the library that is meant.

    Args:
        project: The project.
        service: The service's path from the root.
        name: The library's name, or None where the user named none.
        among: Those that may be meant where he did not.
        stands: How the service stands to these.

    Raises:
        ConfigurationError: There is none of that name, the service does not get it, or several may be meant.
    """
    if name is None:
        if len(among) > 1:
            message = f"{service} {stands} {' and '.join(one.name for one in among)}"
            raise ConfigurationError(Problem(message, remedy=f"name one of them, as --library {among[-1].name}"))
        return among[0]
    return select_library(project, service, name)


def _explain_unpinned(project: Project, service: str, library: str | None) -> Problem:
    several = len(project.libraries) > 1
    pinned = sorted(
        f"{service} ({one.name})" if several else service for one in project.libraries for service in one.pins
    )
    what = f"{service} is not pinned" if library is None or not several else f"{library} of {service} is not pinned"
    return Problem(what, remedy=f"these services are: {', '.join(pinned) or 'none'}")


def _change(project: Project, service: str, library: Library, pins: Mapping[str, str], how: How) -> Pinning:
    root, file = project.root, project.configuration.file
    changed = library._replace(pins=pins)
    planned = project._replace(libraries=tuple(changed if one is library else one for one in project.libraries))
    with nullcontext() if how.dry_run else exclusive(state_folder(root), how.say):
        _, known = read_lock(root)
        locking = complete_lock(planned, may_connect=True)
        ref = pins.get(service)
        edit = plan_pins(os.path.join(root, os.path.basename(file)), _change_pins(project, library, service, ref))
        found = survey(planned, [service], phases=how.phases, locking=locking._replace(edit=None))
        found = found._replace(plans=tuple(plan.sparing(library.name) for plan in found.plans))
        # without a pin, the edits stay where they are, and promote takes them over
        refused = tuple(_find_edits(found)) if ref is not None and not how.force else ()
        if refused:
            return Pinning((), refused, None, file, how.dry_run, root)
        if not how.dry_run:
            _write(root, [plan_lock(*read_lock(root), {**known, **locking.lock}), edit])
            _write(root, [plan_lock(*read_lock(root), locking.lock)])
        done = bring_in_sync(found, dry_run=how.dry_run, force=how.force, tracked=None, say=how.say, phases=how.phases)
    was, now = known.get(library.key_for(service)), locking.lock.get(changed.key_for(service))
    called = library.name if len(project.libraries_of(service)) > 1 else None
    pinned = Pinned(service, library.name, called, was, now, find_made(root, was), find_made(root, now))
    return Pinning((pinned,), (), done, file, how.dry_run, root)


def _change_pins(project: Project, library: Library, service: str, ref: str | None) -> Pins:
    """Return what changes in the configuration where a service is pinned, or is no more."""
    number = project.libraries.index(library)
    given = (one.service.value for one in project.configuration.all_pins[number])
    written = next((name for name in given if _means(name, service)), None)
    return Pins(
        {written or service: ref} if ref is not None else {},
        [written] if written is not None and ref is None else (),
        number if project.configuration.library else None,
    )


def _means(written: str, service: str) -> bool:
    return written in (service, service.rpartition("/")[2])


def _find_edits(found: Survey) -> list[Finding]:
    """Return a finding for each edit in the copy, which another state of the library would bury."""
    copies = (copy for plan in found.plans for copy in plan.copies if copy.exists and not copy.spared)
    return [
        finding
        for copy in copies
        if any(one.state in GUARDED for one in copy.plan.operations)
        for finding in copy.findings_of(tuple(one for one in copy.plan.operations if one.guarded))
    ]


def _write(root: str, edits: list[FileEdit | None]) -> None:
    with opened(root) as folder:
        for edit in edits:
            if edit is not None and edit.after != edit.before:
                write_edit(folder, edit)


def _find_held(project: Project, service: str, library: Library, *, before: bool) -> str:
    """Return the beginning of the id of the commit that a service's copy is of, or was of before.

    Raises:
        CommonSyncError: No commit has it, or nobody can tell.
    """
    from common_sync.commands.log import read_history  # only where nobody says what

    place = f"{service}/{library.copy}/{MANIFEST_NAME}"
    if library.upstream is not None:
        message = (
            f"the history of {library.name} is in another repository, so nobody can tell which commit the copy is of"
        )
        raise ConfigurationError(Problem(message, place, remedy="name a tag or a commit"))
    locked = read_lock(project.root)[1].get(library.key_for(service)) if service in library.pins else None
    if before and locked is not None:
        tree = _find_before(project.root, place, locked.tree)
    else:
        now = _read_tree(project.root, place)
        tree = now if not before else _find_earlier(project.root, place, now)
    found = next(one for one in read_history(project, [tree]).digests if one.master == library.master)
    if found.at is not None:
        return found.at.id[:NAMED_ID]
    if found.unclear is not None:
        raise ConfigurationError(found.unclear)
    message = f"no commit of {library.master} has what the copy {'held' if before else 'holds'}"
    named = name_option(library.name if len(project.libraries_of(service)) > 1 else None)
    remedy = f"name a tag or a commit: common-sync pin {service} REF{named}"
    raise ConfigurationError(Problem(message, place, remedy=remedy))


def _read_tree(root: str, place: str) -> str:
    above = os.path.dirname(os.path.join(root, place))
    try:
        with opened(above) as folder:
            return parse_manifest(read_bytes(MANIFEST_NAME, folder, LARGEST), place).tree
    except OSError:
        message = "there is no manifest that says which state of the library the copy is"
        raise ConfigurationError(Problem(message, place, remedy="name a tag or a commit")) from None


def _find_earlier(root: str, place: str, now: str) -> str:
    """Return the tree digest that the manifest had before its last change."""
    for data in earlier_versions(root, place):
        with suppress(ManifestError):
            if (tree := parse_manifest(data, place).tree) != now:
                return tree
    raise _explain_first(root, place, "git's history has no earlier state of the copy")


def _find_before(root: str, place: str, pinned: str) -> str:
    """Return the tree digest that the manifest had before it first had that of a pin; else two steps back would lead forward."""
    versions = list_versions(root, place)
    known = _list_trees(root, place, versions)
    trees = [known[name] for name in versions if name in known]
    first = max((number for number, tree in enumerate(trees) if tree == pinned), default=-1)
    if first + 1 == len(trees):
        raise _explain_first(
            root, place, "git's history has no state of the copy from before the one that it is pinned to"
        )
    return trees[first + 1]


def _explain_first(root: str, place: str, message: str) -> ConfigurationError:
    """Return why there is no state before; of a history that is cut off nobody can tell."""
    if find_top(root) is not None and is_cut_off(root):
        message = "git's history is cut off in this clone, so nobody can tell what the copy held before"
        return ConfigurationError(Problem(message, place, remedy="git fetch --unshallow, or name a tag or a commit"))
    return ConfigurationError(Problem(message, place, remedy="name a tag or a commit"))


def _list_trees(root: str, place: str, versions: list[str]) -> dict[str, str]:
    """Return git's name of each version of a manifest → its tree digest; one that cannot be read says nothing."""
    trees = {}
    for name, data in read_blobs(root, dict.fromkeys(versions)):
        with suppress(ManifestError):
            trees[name] = parse_manifest(data, place).tree
    return trees
