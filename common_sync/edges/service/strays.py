"""Manifests in a service that are of no copy that the configuration names: of a former place of a copy, or of what nobody keeps."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256

from common_sync.core.copies.manifest import LARGEST, Manifest, parse_manifest
from common_sync.core.errors import GitError, ManifestError
from common_sync.core.findings import make_finding
from common_sync.core.model import Entries, File, Finding, Reference
from common_sync.core.paths import MANIFEST_NAME, below, is_below
from common_sync.core.references.kinds import KINDS, kind_of
from common_sync.edges.files.folders import opened, read_bytes
from common_sync.edges.service.places import Location

FindLines = Callable[[Location], Sequence[Reference]]
"""A library → the lines of a service that lead to it."""

_MOST_NAMED = 3


def find_former(libraries: Sequence[Location], service: str, paths: Sequence[str]) -> list[Location]:
    """Return the former copies in a service, as libraries whose master is the old copy: references to it turn to the new one.

    A former copy is what the tool has made of a library that is called otherwise by now, or whose copy goes elsewhere. What came
    from another repository is none, nor is what a service inside this one may be built with, or may have been.
    """
    return list(_find_former(libraries, service, paths)) if libraries else []


def _find_former(libraries: Sequence[Location], service: str, paths: Sequence[str]) -> Iterator[Location]:
    for path in list_manifests(paths):
        place = path.rpartition("/")[0]
        copy = os.path.join(libraries[0].root, service, place)
        if place and not _is_of_another(place, paths) and (manifest := read_stated(copy)) is not None:
            able = (one for one in libraries if not _is_nested(place, one.library.copy))
            found = next((one for one in able if _is_of(manifest, copy, one, alone=len(libraries) == 1)), None)
            if found is not None and ("/" not in place or _was_configured(found.root, place)):
                yield found._replace(library=found.library._replace(master=f"{service}/{place}"))


def _was_configured(root: str, place: str) -> bool:
    """Tell whether copies had a place once: what lies deeper may as well be of a folder that was a service by itself."""
    from common_sync.edges.project.earlier import list_earlier  # only where such a copy was found

    with suppress(GitError):  # without git nobody can tell
        return any(one.copy == place for one in list_earlier(root))
    return False


def _is_nested(place: str, copy: str) -> bool:
    return f"/{place}/".endswith(f"/{copy}/") or copy.startswith(f"{place}/")


def list_manifests(paths: Sequence[str]) -> list[str]:
    """Return those of some paths that are manifests."""
    return [path for path in paths if path.rpartition("/")[2] == MANIFEST_NAME]


def _is_of_another(place: str, paths: Sequence[str]) -> bool:
    """Tell whether a copy may be that of a service inside this one: beside it lie files by which something is built."""
    above = place.rpartition("/")[0]
    beside = (path for path in paths if above and path.rpartition("/")[0] == above)
    kinds = (kind_of(path.rpartition("/")[2]) for path in beside)
    return any(kind is not None and KINDS[kind].decides for kind in kinds)


def read_stated(folder: str) -> Manifest | None:
    """Return the manifest of a folder, an absolute path; None where it has none that can be read."""
    with suppress(OSError, ManifestError), opened(folder) as copy:
        return parse_manifest(read_bytes(MANIFEST_NAME, copy, LARGEST), MANIFEST_NAME)
    return None


def _is_of(manifest: Manifest, copy: str, one: Location, *, alone: bool) -> bool:
    """Tell whether a copy was made of a library: of its master, or of one that is gone, with contents that show it.

    What its manifest says does not show it: of a copy from another repository, it names a folder that is not here, or is another.
    """
    master = os.path.join(one.root, manifest.library.master)
    if master != one.master and os.path.lexists(master):
        return False
    if _are_most(_list_held(manifest.files, one.copied), manifest.files):
        return True
    return (alone or master == one.master) and _was_made_here(manifest, copy, master)  # else another may be meant


def _list_held(files: Entries, master: Entries) -> list[str]:
    """Return the paths of a copy's files whose contents the master has, be it under other names."""
    held = frozenset(master.values())
    return [path for path, entry in files.items() if entry in held]


def _was_made_here(manifest: Manifest, copy: str, master: str) -> bool:
    """Tell whether git's history has most of a copy's files in the folder that was its master."""
    from common_sync.edges.git.former import FormerStates  # only where the master has changed since

    there = {path: one for path, one in manifest.files.items() if os.path.lexists(os.path.join(copy, path))}
    return _are_most(FormerStates(master).select(there, copy), there)


def _are_most(some: Collection[str], files: Entries) -> bool:
    """Tell whether some files are at least half of those that are not empty: empty ones are alike everywhere."""
    telling = {path for path, entry in files.items() if entry not in _EMPTY}
    return 2 * len(telling.intersection(some)) >= len(telling) > 0


_EMPTY = tuple(File(sha256().hexdigest(), executable) for executable in (False, True))


def _report_links(former: Sequence[Location], service: str, paths: Sequence[str]) -> Iterator[Finding]:
    """Yield an error for each symlink of a service that leads into a former copy, which stays until it leads elsewhere."""
    for one in former:
        folder = os.path.join(one.root, service)
        for path in paths:
            link = os.path.join(folder, path)
            if os.path.islink(link) and (rest := below(os.path.realpath(link), one.master)) is not None:
                there = os.path.relpath(os.path.join(folder, one.library.copy, rest), os.path.dirname(link))
                message = f"is a symlink into the former copy {one.library.master}, and symlinks are not changed"
                yield make_finding("CS106", service, f"{service}/{path}", None, message, f"have it lead to {there}")


def report_strays(
    libraries: Sequence[Location],
    former: Sequence[Location],
    service: str,
    paths: Sequence[str],
    find_lines: FindLines,
) -> Iterator[Finding]:
    """Yield an error for each manifest of a copy that nobody keeps in sync, and for symlinks into a former copy.

    Args:
        libraries: Where the libraries lie that the service gets.
        former: The former copies, as libraries whose master they are.
        service: The service's path from the root.
        paths: The paths of the service's files, inside it, without those of former copies.
        find_lines: Finds the lines of the service that lead to a library.
    """
    message = "is of a copy that the configuration does not know, so nothing keeps it in sync"
    for path in list_manifests(paths):
        remedy = _advise(libraries, service, path.rpartition("/")[0], find_lines)
        yield make_finding("CS119", service, f"{service}/{path}", None, message, remedy)
    yield from _report_links(former, service, paths)


def _advise(libraries: Sequence[Location], service: str, place: str, find_lines: FindLines) -> str:
    """Return what to do about a copy: by whose it is, and with the lines that lead to it."""
    first = libraries[0]
    path = f"{service}/{place}"
    found = find_lines(first._replace(library=first.library._replace(master=path)))
    led = [one for one in found if one.state == "points-at-former" and not is_below(one.file, path)]
    lines = [f"{one.file.removeprefix(f'{service}/')}:{one.line}" for one in led]
    leading = " and ".join(lines[:_MOST_NAMED]) if 0 < len(lines) <= _MOST_NAMED else "what leads to it"
    manifest = read_stated(os.path.join(first.root, service, place))
    made_of = manifest.library.master if manifest is not None else None
    owners = [one.library for one in libraries if one.library.master == made_of]
    if not owners and any(one.library.services is not None for one in libraries):
        return f'add "{service}" to the `services` of its library; or take out {leading}, and its folder'
    copies = " or ".join(f"./{one.copy}" for one in owners or (one.library for one in libraries))
    where = f" of {owners[0].name}" if owners and owners[0].services is not None else ""
    return f"have {leading} lead to {copies}, and remove its folder; or set `copy`{where} to it"
