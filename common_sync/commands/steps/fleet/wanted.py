"""What copies on other machines should hold: what a manifest states, in the work tree or in a commit."""

import os

from common_sync.core import limits
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.manifest import Manifest, parse_manifest
from common_sync.core.errors import ManifestError, Problem, shell_word
from common_sync.core.model import NAMED_ID
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.files.reading import ANNOUNCED, TEMPORARY
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.revisions import list_tree

OWN_NAMES = (f"/{ANNOUNCED}", TEMPORARY)
"""The names that the tool itself gives to files in copies, beside the manifest's."""


def read_wanted(root: str, service: str, copy: str, commit: str | None) -> Manifest:
    """Return what a copy should hold.

    Args:
        root: The absolute path of the configuration's folder.
        service: The service's path from the root.
        copy: The copy's path from the root.
        commit: The full id of the commit whose manifest counts; None for the work tree's.

    Raises:
        CommonSyncError: The copy has no manifest that can be used.
    """
    data, where = _read_here(root, copy, service) if commit is None else _read_committed(root, copy, commit)
    manifest = parse_manifest(data, where)
    if digest_tree(manifest.files) != manifest.tree:
        message = "the tree digest that it states is not that of the files that it lists: it was edited"
        raise ManifestError(Problem(message, where, remedy=f"common-sync distribute {shell_word(service)}"))
    return manifest


def _read_here(root: str, copy: str, service: str) -> tuple[bytes, str]:
    """Return the bytes of a copy's manifest in the work tree, and where they stand."""
    where = f"{copy}/{MANIFEST_NAME}"
    try:
        with opened(os.path.join(root, copy)) as folder:
            return read_bytes(MANIFEST_NAME, folder, limits.MANIFEST), where
    except FileNotFoundError:
        remedy = f"common-sync distribute {shell_word(service)}"
        raise ManifestError(Problem("the copy has no manifest", where, remedy=remedy)) from None
    except OSError as error:
        raise explain_os_error(error, where, "read the manifest") from error


def _read_committed(root: str, copy: str, commit: str) -> tuple[bytes, str]:
    """Return the bytes of a copy's manifest in a commit, and where they stand."""
    where = f"{copy}/{MANIFEST_NAME} at {commit[:NAMED_ID]}"
    row = list_tree(root, commit, copy).get(MANIFEST_NAME)
    if row is None:
        message, remedy = "the copy has no manifest in that commit", "name a commit that has the copy"
        raise ManifestError(Problem(message, where, remedy=remedy))
    ((_, data),) = read_blobs(root, [row.name])
    return data, where
