"""What `doctor` finds in services that take the library from an index, and so have no copy."""

import os
from collections.abc import Iterable, Iterator, Sequence

from common_sync.core.doctor.catalogue import is_silenced
from common_sync.core.doctor.checks.from_index import check_from_index
from common_sync.core.doctor.view import Service
from common_sync.core.errors import shell_word
from common_sync.core.findings import file_finding, make_finding, place
from common_sync.core.model import Finding
from common_sync.core.paths import MANIFEST_NAME, list_below
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder
from common_sync.edges.service.listing import list_paths
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_references


def check_indexed(project: Project, services: Iterable[str], masters: Sequence[Target]) -> Iterator[Finding]:
    """Yield what is found in services that take their libraries from an index.

    Args:
        project: The project.
        services: The services.
        masters: What its libraries hold.

    Raises:
        TreeError: A service cannot be read.
    """
    ignored = {setting.value for setting in project.configuration.ignore}
    for service in services:
        path = os.path.join(project.root, service)
        folder = ServiceFolder(path)
        files = _list_files(project, service, masters)
        for target in masters:
            copy, name = target.library.copy, target.manifest.library.name
            if folder.look(f"{copy}/{MANIFEST_NAME}") is not None:
                yield _report_copy(service, copy)
            seen = Service(service, path, copy, name, folder, files, (), ())
            for one in (*_find_paths(project, service, target), *check_from_index(seen)):
                lines = (folder.read(one.file) or "").splitlines() if one.file else []
                if one.code not in ignored and not is_silenced(one.code, one.line, lines):
                    yield place(one, service, os.path.normpath(f"{service}/{one.file}"))


def _find_paths(project: Project, service: str, target: Target) -> Iterator[Finding]:
    """Yield the lines that still lead to the master or to the copy: what is there is installed, and no index is asked."""
    library = target.library
    for one in read_references([Location(project.root, library)], service, project.services).references:
        if (where := _LEADS.get(one.state)) is not None:
            name = target.manifest.library.name
            message = f"leads to {where}, and the service takes the library from an index"
            remedy = f"name it there: `{name}==VERSION --hash=sha256:…`, as docs/private-index.md says"
            yield file_finding("CS422", os.path.relpath(one.file, service), one.line, message, remedy)


_LEADS = {
    "points-at-master": "the master",
    "foreign": "the master",
    "points-at-copy": "a copy, which is to go",
    "points-at-former": "a former copy",
}


def _list_files(project: Project, service: str, masters: Iterable[Target]) -> tuple[str, ...]:
    inner = list_below(project.services, service)
    copies = [f"{service}/{target.library.copy}" for target in masters]
    try:
        others = {os.path.join(project.root, one) for one in (*inner, *copies)}
        return tuple(list_paths(os.path.join(project.root, service), others))
    except OSError as error:
        raise explain_os_error(error, service, "read the service") from error


def _report_copy(service: str, copy: str) -> Finding:
    path = f"{service}/{copy}"
    message = "the service takes the library from an index, and nothing keeps this copy in sync any more"
    remedy = f'git rm -r {shell_word(path)}, once nothing leads there; or take `library = "index"` away'
    return make_finding("CS119", service, path, None, message, remedy)
