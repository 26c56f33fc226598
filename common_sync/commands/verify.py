"""`verify`: prove that copies and references are in sync, or that one copy is what its own manifest says."""

import os
from typing import NamedTuple

from common_sync.core.copies.digest import TREE, digest_tree
from common_sync.core.copies.drift import drift_findings
from common_sync.core.copies.manifest import Manifest, make_manifest
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.errors import ConfigurationError, ManifestError, Problem, TreeError
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.library.copies import read_copy


class CopyCheck(NamedTuple):
    """How one copy stands to its own manifest."""

    path: str  # the copy's path as the user gave it
    manifest: Manifest  # what it should hold
    digest: str  # the tree digest of what it holds
    files: int  # how many files it holds
    plan: CopyPlan  # what would bring it back to its manifest
    findings: tuple[Finding, ...]  # what is not as it should be


_REMEDY = "distribute this copy anew"
"""There may be no repository where a copy is checked by itself, and so no command that would help."""


def verify_copy(path: str, expected_digest: str | None = None) -> CopyCheck:
    """Check one copy against its own manifest; it takes no configuration, no master, no git and no network.

    Args:
        path: The copy's folder.
        expected_digest: The tree digest that it must have, `cs1:` and 64 hex digits, or None.

    Raises:
        ConfigurationError: The digest is none.
        ManifestError: It has no manifest, or one that cannot be used.
        TreeError: It cannot be read.
    """
    where = os.path.normpath(path)
    if expected_digest is not None and TREE.fullmatch(expected_digest) is None:
        remedy = f'the whole digest stands in {os.path.join(where, MANIFEST_NAME)} as "tree", and in what --output-format json prints'
        message = f"--expect-digest takes cs1: and 64 hex digits, not {expected_digest!r}"
        raise ConfigurationError(Problem(message, remedy=remedy))
    try:
        with opened(os.path.dirname(os.path.abspath(where))) as above:
            copy, stated = read_copy(above, os.path.basename(os.path.abspath(where)), where)
    except OSError as error:
        raise explain_os_error(error, where, "open the copy") from error
    if copy is None:
        raise TreeError(Problem("there is no such copy", where))
    if stated is None:
        remedy = f"only a folder with a {MANIFEST_NAME} can be checked by itself"
        raise ManifestError(Problem("there is no manifest in this folder", where, remedy=remedy))
    digest = digest_tree(copy.entries)
    # What it should hold takes the master's place, so that the one plan tells all that differs.
    plan = build_plan(make_manifest(stated.library, stated.files), stated, copy)
    drift = drift_findings(plan, where, where, stated.library.master)
    findings = [finding._replace(remedy=_REMEDY, mend=None) for finding in drift if finding.code != "CS007"]
    manifest = os.path.join(where, MANIFEST_NAME)
    if digest_tree(stated.files) != stated.tree:
        message = "the tree digest that it states is not that of the files that it lists: it was edited"
        findings.append(make_finding("CS008", where, manifest, None, message, _REMEDY))
    if expected_digest is not None and digest != expected_digest:
        message = f"the tree digest is {digest}, not the expected {expected_digest}"
        findings.append(make_finding("CS008", where, where, None, message, _REMEDY))
    return CopyCheck(where, stated, digest, len(copy.entries), plan, tuple(findings))
