"""Whether a library that has changed since a commit has another version as well: the same version twice misleads an index."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.affected import list_libraries
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.findings import make_finding
from common_sync.core.formats.toml import parse_toml
from common_sync.core.model import SHOWN_ID, Finding
from common_sync.core.text import UnparsableError
from common_sync.edges.git.changes import Range, explaining_missing, find_range, list_changes, read_before
from common_sync.edges.git.revisions import list_tree
from common_sync.edges.library.targets import Target, read_origin
from common_sync.edges.project.earlier import read_configuration


class _Earlier(NamedTuple):
    """A commit to compare with."""

    commit: str  # its id
    name: str  # what a person calls it
    masters: dict[str, str]  # library → where its master is there
    changed: tuple[str, ...]  # the paths from the root of what differs from it


def find_unraised(root: str, masters: Sequence[Target], since: str) -> list[Finding]:
    """Return a finding for each library that differs from a commit and has the same version.

    What counts is the last commit that led both there and here. The named one counts as well where the library has
    changed: a version that others have used in the meantime is no new one.

    Args:
        root: The absolute path of the configuration's folder.
        masters: The libraries; those of other repositories have their versions there.
        since: The commit, as a person wrote it.

    Raises:
        CommonSyncError: Git cannot tell.
    """
    span = find_range(root, since, None)
    masters = [target for target in masters if target.library.upstream is None]
    with explaining_missing(root, span):
        base = _look(root, span.base, _name_base(span, since), masters)
        tip = _look(root, span.since, since, masters) if span.since != span.base else base
        return [found for target in masters if (found := _check(root, target, base, tip)) is not None]


def _name_base(span: Range, since: str) -> str:
    return since if span.base == span.since else f"{span.base[:SHOWN_ID]}, where this branch left {since}"


def _look(root: str, commit: str, name: str, masters: Iterable[Target]) -> _Earlier:
    folders = [os.path.join(root, target.library.master) for target in masters]
    changed = list_changes(root, Range(commit, commit, None), folders)
    before = read_configuration(root, commit)
    stated = list_libraries(before) if before is not None else ()
    places = {one.name.value: one.master.value for one in stated}
    if len(places) == len(folders) == 1:  # by a library's folder it is called, and that may have another name by now
        places = {target.library.name: place for target in masters for place in places.values()}
    return _Earlier(commit, name, places, tuple(os.path.relpath(path, root) for path in changed))


def _check(root: str, target: Target, base: _Earlier, tip: _Earlier) -> Finding | None:
    version = target.manifest.library.version
    for earlier in (base,) if base is tip else (base, tip):
        changed = sum(target.library.has(path) for path in earlier.changed)
        if not changed:
            return None  # it has changed nothing, or exactly as the other side has
        master = earlier.masters.get(target.library.name, target.library.master)
        if not list_tree(root, earlier.commit, master):
            continue  # there was no such library
        what = f"{changed:,} {'file differs' if changed == 1 else 'files differ'} from {earlier.name}"
        if version is None:
            return _report(target, f"{what}, and no version can be read, so nothing tells whether it is a new one")
        if _is_same(version, _read_version(root, earlier.commit, master)):
            return _report(target, f"{what}, and the version is {version} in both")
    return None


def _read_version(root: str, commit: str, master: str) -> str | None:
    return read_origin(master, lambda file: read_before(os.path.join(root, master, file), commit)).version


def _is_same(version: str, other: str | None) -> bool:
    """Tell whether an index would take two versions for one: 1.0 and 1.0.0 are."""
    from packaging.version import InvalidVersion, Version  # only where a library has changed

    try:
        return other is not None and Version(version) == Version(other)
    except InvalidVersion:
        return version == other


def _report(target: Target, message: str) -> Finding:
    master, origin = target.library.master, target.manifest.library
    file = next((one for one in METADATA_FILES if one in target.manifest.files), None)
    place, line = (f"{master}/{file}", _find_line(target, file)) if file else (master, None)
    remedy = (
        "raise its version" if origin.version else "state a version in it; one that is made from tags needs no --since"
    )
    return make_finding("CS421", "", place, line, f"{origin.name}: {message}", remedy)


def _find_line(target: Target, file: str) -> int | None:
    """Return the line in a project's file that states the version."""
    return next(iter(_list_lines((target.held.get(file) or b"").decode("utf-8", "replace"))), None)


def _list_lines(text: str) -> Iterator[int]:
    try:
        document = parse_toml(text)
    except UnparsableError:
        return  # a setup.cfg, or a setup.py
    for one in document.strings:
        if one.path in {("project", "version"), ("tool", "poetry", "version")}:
            yield document.line(one.span.start)
