"""Which compose files have changed, and the services whose builds they tell, or told."""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from common_sync.commands.steps.builds.outside import Outside
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.compose.changes import ChangedServices, find_changed_services
from common_sync.core.formats.compose.file import ComposeFile, read_compose_file
from common_sync.core.formats.yaml.tree import Node
from common_sync.core.paths import is_below
from common_sync.core.references.kinds import is_compose
from common_sync.core.text import UndecodableError, UnparsableError, decode_unicode
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.git.changes import read_before
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles


class _Change(NamedTuple):
    """What has changed in a compose file.

    Attributes:
        text: What it held and what it holds, as far as that has changed.
        diverted: Whether it takes something else from other files now, or nobody can tell that.
        services: Its services that have changed; None where nobody can tell which.
        now: What it says.
    """

    text: bytes
    diverted: bool
    services: ChangedServices | None = None
    now: ComposeFile = ComposeFile()

    def may_tell(self, build: BuiltService, path: str) -> bool:
        """Tell whether what has changed may say how a service is built: it has the service's name, or is a part of the build."""
        if self.services is None:
            return any(file == path for file, _ in build.files)
        lines = {section.first_line for file, section in build.files if file == path}
        parts = {one.name for one in self.now.services if one.build is not None and one.build.first_line in lines}
        return not self.services.names.isdisjoint({*parts, build.name})


class ComposeChanges:
    """The compose files that have changed.

    One that has lost a line about a service concerns that service too. So it is enough that the service's folder is named
    in what has changed of what the file held or holds. The lines about it may also stand in a file that is included or extended
    no more.

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
        change, builds = self._changes[path], self._outsides[service].builds
        apart = not any(is_below(path, one) for one in self._services)
        near = is_below(service, os.path.dirname(path)) or (apart and path in self._read)
        if path in self._shared and builds:
            return True
        if any(change.may_tell(build, os.path.normpath(os.path.join(self._root, path))) for build in builds):
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
    try:
        trees = [_parse(data) for data in (before, now)]
        was, has = map(read_compose_file, trees)
        services = find_changed_services(*trees)
    except (UndecodableError, UnparsableError):
        return _Change(before + now, diverted=True)
    text = before + now if services is None else _join(services.words)
    return _Change(text, was.taken != has.taken, services, has)


def _join(words: Collection[str]) -> bytes:
    return "\n".join(words).encode("utf-8", "surrogateescape")


def _parse(data: bytes) -> Node:
    from common_sync.edges.files.yaml import parse_documents  # 20 ms, where there is something to read

    return parse_documents(decode_unicode(data).characters)
