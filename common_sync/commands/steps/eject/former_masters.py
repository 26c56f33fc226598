"""Masters that the configuration named before: lines that `eject` puts back lead to where the library lies now."""

import os
from collections.abc import Iterable

from common_sync.core.copies.library import Library
from common_sync.edges.project.earlier import list_earlier
from common_sync.edges.project.load import Project
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_version


def list_former_masters(project: Project) -> tuple[Library, ...]:
    """Return the library under each master that earlier configurations named and that is gone, the latest first.

    Raises:
        GitError: Git failed.
    """
    named = dict.fromkeys(list_earlier(project.root))
    gone = [one for one in named if not os.path.lexists(os.path.join(project.root, one.master))]
    if len(project.libraries) > 1:  # a library that was moved keeps the place of its copies
        pairs = [(one.master, library) for one in gone for library in project.libraries if library.copy == one.copy]
    else:
        pairs = [(master, project.libraries[0]) for master in dict.fromkeys(one.master for one in gone)]
    return tuple(library._replace(master=master) for master, library in pairs)


def lead_to_master(project: Project, former: Iterable[Library], service: str, file: str, data: bytes) -> bytes:
    """Return a file of a service with the lines that lead to a former master leading to the master.

    Args:
        project: The project.
        former: The library under its former masters.
        service: The service.
        file: The file's path from the root.
        data: What it holds.
    """
    masters = {library.name: library.master for library in project.libraries}
    for library in former:
        up = os.path.relpath(masters[library.name], service)
        location = Location(project.root, library._replace(copy=up))
        for edit in read_version([location], service, file, data).edits:
            data = (edit.after or b"").replace(os.fsencode(f"./{up}"), os.fsencode(up))
    return data
