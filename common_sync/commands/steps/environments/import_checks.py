"""What `deploy`, `units --check`, `ps` and `doctor` find about imports: what a service's program imports, and its Python does not have."""

import os
from collections.abc import Sequence

from common_sync.commands.steps.environments.units import is_ignored, settings_of
from common_sync.core.environments.imports import Import, find_imports, list_missing
from common_sync.core.environments.start import Start, read_start
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import ServiceSettings
from common_sync.edges.environments.modules import find_missing
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder

_SERVER_SETTINGS = "gunicorn.conf.py"
_PATHS = "PYTHONPATH"
_ADD = "add what brings it to its requirements, or put it into the service"
_BUILD = "have the build of the library take it in, by its pyproject.toml"


def check_imports(project: Project, service: str, folder: str, python: str) -> tuple[Finding, ...]:
    """Return what the program of a service imports, and neither its files, its environment nor Python has.

    Args:
        project: The project.
        service: The service's path from the root.
        folder: The absolute path of its files, in the work tree or in a release.
        python: The absolute path of the Python that runs it, of its environment.
    """
    settings = settings_of(project, service)
    if settings.system_site_packages:
        return ()  # the user who runs it may have packages of their own
    start = read_start(settings.command or settings.check)
    if start is None or not os.access(python, os.X_OK) or _looks_elsewhere(settings, folder):
        return ()
    copies = tuple(one.copy for one in project.libraries_of(service))
    found = (_describe(project, service, *one) for one in _find(start, os.path.realpath(folder), python, copies))
    return tuple(one for one in found if not is_ignored(project, one))


def _looks_elsewhere(settings: ServiceSettings, folder: str) -> bool:
    """Tell whether a file of variables or of settings may have its Python look in other folders."""
    if os.path.lexists(os.path.join(folder, _SERVER_SETTINGS)):
        return True
    if settings.env_file is None:
        return False
    path = settings.env_file.value
    text = ServiceFolder(os.path.realpath(os.path.dirname(path))).read(os.path.basename(path))
    return text is None or _PATHS in text


def _find(start: Start, folder: str, python: str, copies: Sequence[str]) -> tuple[tuple[Import, str, str], ...]:
    started = find_imports(start, ServiceFolder(folder).read, copies)
    if started is None:
        return ()
    names = {one.module for one in started.imports}
    return tuple(list_missing(started, find_missing(python, os.path.join(folder, start.folder), names)))


def _describe(project: Project, service: str, one: Import, name: str, source: str) -> Finding:
    file, line = (f"{service}/{one.file}", one.line) if one.file else _place_of_command(project, service)
    message = (
        f"{name} is imported when the service is started, and neither its files, its environment nor Python has it"
    )
    if source and "." in name:
        message = f"{name} is imported when the service is started: the copy has {source}, and what was installed from it has not"
    return make_finding("CS305", service, file, line, message, _BUILD if source and "." in name else _ADD)


def _place_of_command(project: Project, service: str) -> tuple[str, int | None]:
    return project.configuration.file, settings_of(project, service).service.line
