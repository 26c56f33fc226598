"""`fleet probe`: a program that tells whether folders of other machines hold what a service's copy should hold."""

from typing import NamedTuple

from common_sync.commands.steps.wanted import OWN_NAMES, read_wanted
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.fleet.probe import make_probe
from common_sync.edges.files.pages import read_shipped
from common_sync.edges.git.revisions import require_commit
from common_sync.edges.project.load import Project, select_copied


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
    (chosen,) = select_copied(project, [service])
    copy, *others = project.list_copies([chosen])
    if others:
        message = f"{chosen} has copies of {1 + len(others)} libraries, and a probe looks for one"
        remedy = "common-sync verify --copy checks each of them on its machine"
        raise ConfigurationError(Problem(message, remedy=remedy))
    commit = require_commit(project.root, revision) if revision is not None else None
    manifest = read_wanted(project.root, chosen, copy, commit)
    return Probe(make_probe(read_shipped("remote/probe.py"), manifest, OWN_NAMES), copy, manifest)
