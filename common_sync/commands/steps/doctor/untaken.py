"""Libraries that a service asks for, and does not get: `doctor` cannot tell what answers."""

from collections.abc import Iterable, Iterator

from common_sync.core.copies.library import Library
from common_sync.core.doctor.checks.by_name import list_asked_by_name
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.checks.references import PROJECT_FILES
from common_sync.core.doctor.view import Service, find_imports
from common_sync.core.findings import file_finding
from common_sync.core.model import Finding
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder, open_context


def ask_for_untaken(project: Project, masters: Iterable[Target], service: Service) -> Iterator[Finding]:
    """Yield where a service asks for a library that it does not get: by its name, or by an import.

    Args:
        project: The project.
        masters: What its libraries hold.
        service: The service.
    """
    copies = [library.copy for library in project.libraries_of(service.path)]
    projects = [f"{copy}/{file}" for copy in copies for file in sorted(PROJECT_FILES)]
    for target in masters:
        if not target.library.takes(service.path):
            named = service._replace(library=target.manifest.library.name, copy=target.library.copy)
            remedy = f'add "{service.path}" to the `services` of {target.library.name}'
            by_name = list_asked_by_name(named, projects)  # an index may answer
            found = by_name or _find_imports(project, service, target.library)
            yield from (one._replace(remedy=remedy) for one in found)


def _find_imports(project: Project, service: Service, library: Library) -> Iterator[Finding]:
    """Yield an import of each package of a library that a service neither gets nor holds itself."""
    copies = [library.copy for library in project.libraries_of(service.path)]
    taken = {name for copy in copies for name in find_importable(service.context, copy)}
    own = {part.removesuffix(".py") for file in service.files for part in file.split("/")}
    packages = find_importable(open_context(ServiceFolder(project.root)), library.master)
    wanted = [name for name in packages if name not in taken and name.partition(".")[0] not in own]
    first = {one.package: one for one in reversed(find_imports(service.folder, service.files, wanted))}
    for one in first.values():
        message = f"imports `{one.package}` of {library.name} ({library.master}), which the service does not get"
        yield file_finding("CS213", one.file, one.line, message, "")
