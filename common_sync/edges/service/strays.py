"""Manifests in a service that are of no copy that the configuration names: of a former place of a copy, or of what nobody keeps."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from common_sync.core.copies.manifest import LARGEST, Manifest, parse_manifest
from common_sync.core.copies.manifest import NAME as MANIFEST_NAME
from common_sync.core.errors import ManifestError
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.references.kinds import KINDS, kind_of
from common_sync.edges.files.folders import opened
from common_sync.edges.files.reading import read_bytes
from common_sync.edges.service.places import Location


def find_former(libraries: Sequence[Location], service: str, paths: Sequence[str]) -> list[Location]:
    """Return the former copies in a service, as libraries whose master is the old copy: references to it turn to the new one.

    A former copy is what the tool has made of a library that is called otherwise by now, or whose copy goes elsewhere.
    """
    return list(_find_former(libraries, service, paths)) if libraries else []


def _find_former(libraries: Sequence[Location], service: str, paths: Sequence[str]) -> Iterator[Location]:
    for path in list_manifests(paths):
        place = path.rpartition("/")[0]
        if place and not _is_of_another(place, paths):
            manifest = _read(os.path.join(libraries[0].root, service, place))
            for one in libraries if manifest is not None else ():
                nested = f"/{place}/".endswith(f"/{one.library.copy}/") or one.library.copy.startswith(f"{place}/")
                if not nested and _is_of(manifest, one, libraries):
                    yield one._replace(library=one.library._replace(master=f"{service}/{place}"))
                    break


def list_manifests(paths: Sequence[str]) -> list[str]:
    """Return those of some paths that are manifests."""
    return [path for path in paths if path.rpartition("/")[2] == MANIFEST_NAME]


def _is_of_another(place: str, paths: Sequence[str]) -> bool:
    """Tell whether a copy may be that of a service inside this one: beside it lie files by which something is built."""
    above = place.rpartition("/")[0]
    beside = (path for path in paths if above and path.rpartition("/")[0] == above)
    kinds = (kind_of(path.rpartition("/")[2]) for path in beside)
    return any(kind is not None and KINDS[kind].decides for kind in kinds)


def _read(folder: str) -> Manifest | None:
    with suppress(OSError, ManifestError), opened(folder) as copy:
        return parse_manifest(read_bytes(MANIFEST_NAME, copy, LARGEST), MANIFEST_NAME)
    return None


def _is_of(manifest: Manifest | None, one: Location, libraries: Sequence[Location]) -> bool:
    """Tell whether a copy was made of a library: of its master, or of one that is gone where there is no other to mean."""
    if manifest is None:
        return False
    if manifest.library.master == one.library.master:
        return True
    gone = not os.path.lexists(os.path.join(one.root, manifest.library.master))
    return gone and (len(libraries) == 1 or manifest.library.name == one.library.name)


def report_strays(libraries: Sequence[Location], service: str, manifests: Sequence[str]) -> Iterator[Finding]:
    """Yield an error for each manifest of a copy that nobody keeps in sync."""
    copies = " or ".join(f"./{one.library.copy}" for one in libraries)
    message = "is of a copy that the configuration does not know, so nothing keeps it in sync"
    remedy = f"have what leads to it lead to {copies}, and remove its folder; or set `copy` to it"
    yield from (make_finding("CS119", service, f"{service}/{path}", None, message, remedy) for path in manifests)
