"""Read a copy: what it holds, what its manifest says, and what a run that was stopped has left of it."""

import os
from contextlib import suppress
from errno import ELOOP
from functools import lru_cache
from stat import S_ISLNK

from common_sync.core.copies.manifest import LARGEST, Manifest, make_manifest, parse_manifest
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.errors import ManifestError, Problem, TreeError
from common_sync.core.model import Origin, Snapshot
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import explain_os_error, open_below, opened, read_bytes
from common_sync.edges.files.reading import ANNOUNCED, STAGING, TEMPORARY, Expected, walk
from common_sync.edges.library.targets import Target

_COPY_RULES = Rules(BUILT_IN)


def read_copy(
    folder: int, copy: str, where: str, target: Target | None = None
) -> tuple[Snapshot | None, Manifest | None]:
    """Return what a copy holds and what its manifest says; None for what is not there.

    Args:
        folder: The service's folder, an open descriptor.
        copy: The copy's path inside it.
        where: The copy's path as the user knows it.
        target: What it should hold; a manifest with the very bytes that it would get need not be parsed.

    Raises:
        TreeError: The copy's place is taken by something else, or something in it cannot be read.
        ManifestError: Its manifest cannot be used.
    """
    try:
        inner = open_below(folder, copy)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise _refuse_place(folder, copy, where, error) from error
    try:
        base = _read_manifest(inner, f"{where}/{MANIFEST_NAME}", target)
        if base is None and target is None:
            return Snapshot({}), None  # there is nothing to hold it against, and it may be anything, even `/`
        expected = target.expected if target is not None and base is target.manifest else _expect(base, target)
        return walk(inner, where, _COPY_RULES, expected), base
    finally:
        os.close(inner)


def _expect(base: Manifest | None, target: Target | None) -> Expected:
    stated = base.files if base is not None else ()
    return Expected(stated, target.snapshot.entries, held=target.held) if target is not None else Expected(stated)


def _refuse_place(folder: int, copy: str, where: str, error: OSError) -> TreeError:
    with suppress(OSError):
        if S_ISLNK(os.stat(copy, dir_fd=folder, follow_symlinks=False).st_mode):
            error = OSError(ELOOP, "")
    if error.errno == ELOOP:
        remedy = "remove it, so that a folder can be made there"
        return TreeError(Problem("the copy's folder is a symlink, which is not followed", where, remedy=remedy))
    if isinstance(error, NotADirectoryError):
        return TreeError(Problem("the copy's place is taken by what is no real folder", where, remedy="move it away"))
    return explain_os_error(error, where, "open the copy")


def _read_manifest(folder: int, where: str, target: Target | None) -> Manifest | None:
    try:
        data = read_bytes(MANIFEST_NAME, folder, LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(*explain_os_error(error, where, "read the manifest").problems) from error
    if target is not None and data == target.manifest_bytes:
        return target.manifest
    try:
        return _parse(data)
    except ManifestError:
        return parse_manifest(data, where)  # once more, to say where it is


@lru_cache(maxsize=2)
def _parse(data: bytes) -> Manifest:
    """Return what the bytes of a manifest say; after a change, most copies have the same ones."""
    return parse_manifest(data, MANIFEST_NAME)


def read_removal(folder: int, copy: str, where: str) -> tuple[Snapshot, CopyPlan] | None:
    """Return what a copy holds, and what takes it away; None where it has files and no manifest: nobody knows whose they are.

    A run that was killed may have left folders without a file.

    Raises:
        TreeError: Something in it cannot be read.
        ManifestError: Its manifest cannot be used.
    """
    held, base = read_copy(folder, copy, where)
    if held is not None and base is None and _holds_folders_only(folder, copy):
        base = make_manifest(Origin("", "", None), {})
    return None if base is None or held is None else (held, build_plan(make_manifest(base.library, {}), base, held))


def _holds_folders_only(folder: int, copy: str) -> bool:
    with opened(copy, folder) as inner:
        for _, folders, files, place in os.fwalk(".", dir_fd=inner):
            links = (S_ISLNK(os.stat(one, dir_fd=place, follow_symlinks=False).st_mode) for one in folders)
            if files or any(links):
                return False
    return True


def read_announced(folder: int, copy: str, held: Snapshot | None) -> Manifest | None:
    """Return what a run that was stopped was about to make of the copy; None where it had not yet said so in full.

    Args:
        folder: The service's folder, an open descriptor.
        copy: The copy's path inside it.
        held: What the copy holds, or None when there is none.
    """
    if held is None or ANNOUNCED not in held.caches:
        return None
    with suppress(OSError, ManifestError), opened(copy, folder) as inner:
        return parse_manifest(read_bytes(ANNOUNCED, inner, LARGEST), ANNOUNCED)
    return None


def has_leftover(folder: int, copy: str) -> bool:
    """Tell whether a run that was killed has left a staged copy, or a file of the service's under its temporary name."""
    above = copy.rpartition("/")[0]
    for name in (f"{above}/{STAGING}" if above else STAGING, TEMPORARY):
        with suppress(OSError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return True
    return False


def holds_manifest(folder: int, place: str) -> bool:
    """Tell whether something that is called like a manifest lies in a folder of a service."""
    with suppress(OSError):
        os.stat(f"{place}/{MANIFEST_NAME}", dir_fd=folder, follow_symlinks=False)
        return True
    return False
