"""Builds of compose files whose service is gone: `docker compose build` fails there, and nothing else would say so."""

import os
from collections.abc import Iterator

from common_sync.commands.steps.survey import Survey
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import Finding


def report_lost_builds(found: Survey) -> tuple[Finding, ...]:
    """Return a warning for each build from a folder that is not there, and whose place is beside services.

    Args:
        found: What was read and planned.
    """
    project = found.project
    if any(setting.value == "CS213" for setting in project.configuration.ignore):
        return ()
    first = {os.path.dirname(service): service for service in project.services}
    builds = (one for service in first.values() for one in found.composes.list_all(service, ()))
    lost = (finding for one in builds for finding in _find_lost(project.root, one, first))
    return tuple(dict.fromkeys(lost))


def _find_lost(root: str, built: BuiltService, folders: dict[str, str]) -> Iterator[Finding]:
    """Yield the warning about a build whose context, or whose Dockerfile's folder, is not there."""
    section = built.section
    places = [(built.context, section.context), (os.path.dirname(built.dockerfile), section.dockerfile)]
    for place, scalar in places if not built.doubtful else ():
        path = os.path.relpath(place, root) if place else "."
        if scalar is not None and os.path.dirname(path) in folders and not os.path.lexists(place):
            message = f"`{built.name}` is built from {path}, which is not there"
            remedy = f"take `{built.name}` out of this file, or bring the folder back"
            file = os.path.relpath(built.file_of(scalar), root)
            yield make_finding("CS213", "", file, scalar.line, message, remedy)
            return
