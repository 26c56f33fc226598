"""Copies of a library that nothing in the service asks for: each makes the image larger, and is updated for nobody."""

import os
from collections.abc import Iterable, Iterator

from common_sync.core.copies.library import Library
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.errors import shell_word
from common_sync.core.findings import file_finding
from common_sync.core.model import Finding
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.service_plan import ServicePlan
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder, open_context
from common_sync.edges.service.mentioning import is_mentioned

_OWN_FILES = frozenset({".dockerignore", ".gitattributes", ".gitignore"})
"""Files that name every copy, by the tool's own blocks."""


def find_unasked(project: Project, masters: Iterable[Target], plan: ServicePlan) -> Iterator[Finding]:
    """Yield a warning for each of several libraries that no file of a service, and of its other copies, mentions.

    Args:
        project: The project.
        masters: What its libraries hold.
        plan: How the service stands.
    """
    if len(project.libraries_of(plan.service)) == 1:
        return  # who has one library has the tool for it
    known = {copy.target.library for copy in plan.copies if copy.exists}
    asked = {reference.library for reference in plan.references}
    for target in masters:
        library = target.library
        if library.name in known - asked and not _is_mentioned(project, target, plan.service):
            message = f"is a copy of {library.name}, and nothing in the service mentions that library"
            remedy = f"common-sync eject {shell_word(plan.service)} --library {library.name} --remove-copies"
            yield file_finding("CS012", library.copy, None, message, remedy)


def _is_mentioned(project: Project, target: Target, service: str) -> bool:
    folder = os.path.join(project.root, service)
    words = _list_names(ServiceFolder(folder), target.library, target.manifest.library.name)
    return is_mentioned(folder, words, passed_over={target.library.copy, *_list_own(project, service)})


def _list_names(folder: ServiceFolder, library: Library, distribution: str) -> set[str]:
    """Return by what a library may be meant: its name, its folders', its distribution's and its packages'."""
    packages = find_importable(open_context(folder), library.copy)
    paths = {path.rpartition("/")[2] for path in (library.copy, library.master)}
    return {library.name, distribution, *paths, *packages} - {""}


def _list_own(project: Project, service: str) -> set[str]:
    manifests = {f"{one.copy}/{MANIFEST_NAME}" for one in project.libraries_of(service)}
    return {*manifests, *_OWN_FILES}
