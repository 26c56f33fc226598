"""Which compose files have changed, and the services whose builds they tell, or told."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common_sync.commands.steps.outside import Outside
from common_sync.core.formats.compose.file import ComposeFile, read_compose_file
from common_sync.core.model import is_below
from common_sync.core.references.kinds import is_compose
from common_sync.core.text import UndecodableError, UnparsableError, decode_unicode
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.changes import read_before
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles


class _Change(NamedTuple):
    """What has changed in a compose file."""

    text: bytes  # what it held and what it holds
    diverted: bool  # whether it takes something else from other files now, or nobody can tell that


class ComposeChanges:
    """The compose files that have changed.

    One that has lost a line about a service concerns that service too. So it is enough that the service's folder is named
    in what the file held or holds. The lines about it may also stand in a file that is included or extended no more.

    Args:
        project: The project.
        base: The commit to compare with.
        changed: The paths from the root of what has changed.
        composes: The compose files, as far as services were looked at.
        outsides: What the build of each service reads outside its folder.
    """

    def __init__(
        self,
        project: Project,
        base: str,
        changed: Iterable[str],
        composes: ComposeFiles,
        outsides: Mapping[str, Outside],
    ) -> None:
        self._root, self._services, self._outsides = project.root, project.services, outsides
        self._read = {os.path.relpath(path, self._root) for path in composes.list_read()}
        paths = [path for path in changed if path in self._read or is_compose(os.path.basename(path))]
        self._changes = {path: _look_at(os.path.join(self._root, path), base, composes) for path in paths}
        told = (file for one in outsides.values() for build in one.builds for file, _ in build.files)
        named = {os.path.relpath(file, self._root) for file in told}
        self._shared = {path for path in paths if path not in named and not is_compose(os.path.basename(path))}

    def list_for(self, service: str) -> set[str]:
        """Return the paths of those that may say how a service is built, or did."""
        return {path for path in self._changes if self._concerns(path, service)}

    def _concerns(self, path: str, service: str) -> bool:
        change = self._changes[path]
        apart = not any(is_below(path, one) for one in self._services)
        near = is_below(service, os.path.dirname(path)) or (apart and path in self._read)
        if path in self._shared and self._outsides[service].builds:
            return True
        if near:
            return change.diverted or _is_named(service.rpartition("/")[2], change.text)
        return apart and _is_named(service, change.text)


def _is_named(name: str, text: bytes) -> bool:
    return re.search(rb"(?<![\w-])%s(?![\w-])" % re.escape(os.fsencode(name)), text) is not None


def _look_at(path: str, base: str, composes: ComposeFiles) -> _Change:
    before = read_before(path, base) or b""
    try:
        now = composes.read(path) if os.path.isfile(path) else b""
    except OSError as error:
        raise explain_os_error(error, path, "read the compose file") from error
    takes = [None if one is None else one.taken for one in map(_parse, (before, now))]
    return _Change(before + now, None in takes or takes[0] != takes[1])


def _parse(data: bytes) -> ComposeFile | None:
    """Return what a compose file says; None where it cannot be parsed."""
    from common_sync.edges.files.yaml import parse_documents  # 20 ms, where there is something to read

    try:
        return read_compose_file(parse_documents(decode_unicode(data).characters))
    except (UndecodableError, UnparsableError):
        return None
