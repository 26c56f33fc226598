"""`fleet probe`: a program that tells whether folders of other machines hold what a service's copies should hold."""

from typing import NamedTuple

from common_sync.commands.steps.fleet.wanted import OWN_NAMES, read_wanted
from common_sync.core.copies.manifest import Manifest
from common_sync.core.fleet.probe import make_probe
from common_sync.edges.files.pages import read_shipped
from common_sync.edges.git.revisions import require_commit
from common_sync.edges.project.libraries import select_library
from common_sync.edges.project.load import Project, select_copied


class Probe(NamedTuple):
    """A program, and what it looks for."""

    text: str  # its source
    copies: tuple[tuple[str, Manifest], ...]  # the copies' paths from the root, and what each should hold


def build_probe(project: Project, service: str, revision: str | None = None, library: str | None = None) -> Probe:
    """Return the probe for the copies of a service.

    Args:
        project: The project.
        service: The service, as the user named it.
        revision: The commit whose copies are wanted; None for those of the work tree.
        library: The library whose copy is wanted; None for all that the service gets.

    Raises:
        CommonSyncError: The service, the revision or the library is unknown, or a copy has no manifest that can be used.
    """
    (chosen,) = select_copied(project, [service])
    libraries = project.libraries_of(chosen) if library is None else (select_library(project, chosen, library),)
    commit = require_commit(project.root, revision) if revision is not None else None
    places = [(one.copy, f"{chosen}/{one.copy}") for one in libraries]
    wanted = [(copy, path, read_wanted(project.root, chosen, path, commit)) for copy, path in places]
    text = make_probe(read_shipped("remote/probe.py"), [(copy, manifest) for copy, _, manifest in wanted], OWN_NAMES)
    return Probe(text, tuple((path, manifest) for _, path, manifest in wanted))
