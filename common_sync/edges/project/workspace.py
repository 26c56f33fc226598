"""uv workspaces on this disk: where one begins, and which services take their libraries from it.

Imported only where a pyproject.toml speaks of a workspace.
"""

import os
import tomllib
from collections.abc import Sequence

from common_sync.core.copies.library import Library
from common_sync.core.errors import Problem, TreeError
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.tables import Table, find_table
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.references.kinds import limit_of
from common_sync.core.workspace.project import list_from_workspace
from common_sync.core.workspace.pruning import PROJECT, Workspace
from common_sync.core.workspace.root import WORKSPACE
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.git.repository import folders_up


def find_members(root: str, text: str, services: Sequence[str], libraries: Sequence[Library]) -> tuple[str, ...]:
    """Return the services that take all of their libraries from the workspace, by themselves or by others, and have no copy.

    Args:
        root: The absolute path of the configuration's folder, where the workspace begins.
        text: The text of the pyproject.toml there.
        services: The services' folders.
        libraries: The libraries.
    """
    tables = _parse(text)
    if not find_table(tables, *WORKSPACE):
        return ()
    projects = {library.name: _read_project(root, library.master) for library in libraries}
    names = {one: normalise(str(find_table(project, "project").get("name", ""))) for one, project in projects.items()}
    needs = {names[one]: list_from_workspace(project, tables) for one, project in projects.items()}

    def is_member(service: str) -> bool:
        taken = [library for library in libraries if library.takes(service)]
        if not taken or any(os.path.lexists(os.path.join(root, service, one.copy, MANIFEST_NAME)) for one in taken):
            return False
        brought = list_from_workspace(_read_project(root, service), tables)
        while more := {need for one in brought for need in needs.get(one, ())} - brought:
            brought |= more
        return brought >= {names[library.name] for library in taken}

    return tuple(service for service in services if is_member(service))


def _read_project(root: str, folder: str) -> Table:
    return _parse(_read(root, os.path.join(folder, PROJECT)) or "")


def _parse(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # whoever reads it for itself says so
        return {}


def find_workspace(folder: str) -> tuple[str, str] | None:
    """Return the root of the workspace that a folder is in, and the folder's path from there.

    Args:
        folder: Its absolute path, without symlinks.
    """
    for above in folders_up(folder):
        if find_table(_parse(_read(above, PROJECT) or ""), *WORKSPACE):
            path = os.path.relpath(folder, above)
            return above, "" if path == os.curdir else path
    return None


def open_workspace(root: str) -> Workspace:
    """Return the files of a workspace.

    Args:
        root: The absolute path of its root.
    """
    return Workspace(lambda path: _read(root, path), lambda path: os.path.join(root, path))


def _read(root: str, path: str) -> str | None:
    """Return the text of a file, or None where there is none.

    Raises:
        TreeError: It cannot be read, or is no text.
    """
    folder, name = os.path.split(os.path.join(root, path))
    try:
        with opened(folder) as descriptor:
            return read_bytes(name, descriptor, limit_of(path)).decode("utf-8-sig")  # uv takes a BOM
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise explain_os_error(error, os.path.join(root, path), "read it") from error
    except UnicodeDecodeError as error:
        raise TreeError(Problem(f"is not UTF-8: {error.reason}", os.path.join(root, path))) from error
