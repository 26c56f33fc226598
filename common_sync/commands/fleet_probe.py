"""`fleet probe`: a program that tells whether folders of other machines hold what a service's copy should hold."""

import os
from typing import NamedTuple

from common_sync.core import limits
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.manifest import NAME, Manifest, parse_manifest
from common_sync.core.errors import ConfigurationError, ManifestError, Problem, shell_word
from common_sync.core.fleet.probe import make_probe
from common_sync.core.model import NAMED_ID
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.pages import read_shipped
from common_sync.edges.files.reading import ANNOUNCED, TEMPORARY, read_bytes
from common_sync.edges.git.history import read_blobs
from common_sync.edges.git.revisions import find_commit, list_tree
from common_sync.edges.project.load import Project, select_services


class Probe(NamedTuple):
    """A program, and what it looks for."""

    text: str  # its source
    copy: str  # the copy's path from the root
    manifest: Manifest  # what a copy should hold


def build_probe(project: Project, service: str, revision: str | None = None) -> Probe:
    """Return the probe for the copy of a service.

    Args:
        project: The project.
        service: The service, as the user named it.
        revision: The commit whose copy is wanted; None for the copy of the work tree.

    Raises:
        CommonSyncError: The service or the revision is unknown, or the copy has no manifest that can be used.
    """
    (chosen,) = select_services(project, [service])
    copy, *others = project.list_copies([chosen])
    if others:
        message = f"{chosen} has copies of {1 + len(others)} libraries, and a probe looks for one"
        remedy = "common-sync verify --copy checks each of them on its machine"
        raise ConfigurationError(Problem(message, remedy=remedy))
    data, where = _read_here(project.root, copy) if revision is None else _read_committed(project.root, copy, revision)
    manifest = parse_manifest(data, where)
    if digest_tree(manifest.files) != manifest.tree:
        message = "the tree digest that it states is not that of the files that it lists: it was edited"
        raise ManifestError(Problem(message, where, remedy=f"common-sync distribute {shell_word(chosen)}"))
    source = read_shipped("remote/probe.py")
    return Probe(make_probe(source, manifest, (f"/{ANNOUNCED}", TEMPORARY)), copy, manifest)


def _read_here(root: str, copy: str) -> tuple[bytes, str]:
    """Return the bytes of a copy's manifest in the work tree, and where they stand."""
    where = f"{copy}/{NAME}"
    try:
        with opened(os.path.join(root, copy)) as folder:
            return read_bytes(NAME, folder, limits.MANIFEST), where
    except FileNotFoundError:
        remedy = f"common-sync distribute {shell_word(os.path.dirname(copy))}"
        raise ManifestError(Problem("the copy has no manifest", where, remedy=remedy)) from None
    except OSError as error:
        raise explain_os_error(error, where, "read the manifest") from error


def _read_committed(root: str, copy: str, revision: str) -> tuple[bytes, str]:
    """Return the bytes of a copy's manifest in a commit, and where they stand."""
    commit = find_commit(root, revision)
    if commit is None:
        remedy = "name a branch, a tag or a commit that is in this clone"
        raise ConfigurationError(Problem(f"{revision!r} is no commit here", "--ref", remedy=remedy))
    where = f"{copy}/{NAME} at {commit[:NAMED_ID]}"
    row = list_tree(root, commit, copy).get(NAME)
    if row is None:
        message, remedy = "the copy has no manifest in that commit", "name a commit that has the copy"
        raise ManifestError(Problem(message, where, remedy=remedy))
    ((_, data),) = read_blobs(root, [row.name])
    return data, where
