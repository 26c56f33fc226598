"""The checks of a service that takes its libraries from a uv workspace: its Dockerfile, against the workspace without the rest."""

import os
from collections.abc import Collection, Iterable, Iterator

from common_sync.commands.steps.builds.compositions import Dockerfile
from common_sync.commands.steps.builds.workspaces import Space, make_space
from common_sync.commands.steps.doctor.image_check import check_image
from common_sync.commands.steps.doctor.service_check import ServiceCheck
from common_sync.core.doctor.catalogue import conclude, is_silenced, judge
from common_sync.core.doctor.checks.build import NOT_IN_FOLDER
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.image.files import Place
from common_sync.core.doctor.view import IF_HARMLESS, Service, find_imports
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding, place
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors, is_below
from common_sync.core.workspace.pruning import PROJECT
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder, open_context

_SYNCING = expression(r"\buv\b.*\b(?:sync|run)\b")
_INSTALLING = expression(r"\b(?:install|sync|uv|pip)\b")


class SpaceFolder(ServiceFolder):
    """The files of a context, by their paths from the root of the workspace.

    Args:
        space: The context.
    """

    def __init__(self, space: Space) -> None:
        super().__init__(space.root)
        self._members = {one.path: one for one in space.listing.members}
        self._names: dict[str, set[str]] = {"": set()}
        for path in (*self._members, *space.listing.folders):
            for one in (path, *ancestors(path)):
                above, _, name = one.rpartition("/")
                self._names.setdefault(above, set()).add(name)
        for folder in space.listing.folders:
            self._names.setdefault(folder, set())

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        tidy = "" if path == "." else path
        if tidy in self._names:
            return Place("folder", path)
        return super().look(tidy) if tidy in self._members else None

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder, sorted."""
        return sorted(self._names.get("" if path == "." else path, ()))

    def _read_bytes(self, path: str) -> bytes | None:
        member = self._members.get(path)
        if member is None or member.data is not None:
            return None if member is None else member.data
        return super()._read_bytes(path)


def check_spaces(project: Project, members: Iterable[str], shared: Collection[Finding]) -> tuple[ServiceCheck, ...]:
    """Check the services of a uv workspace that have a Dockerfile.

    Args:
        project: The project.
        members: The services.
        shared: What was found about the libraries, and so concerns all services.

    Raises:
        CommonSyncError: What a build would get cannot be made, or not be read.
    """
    built = (one for one in members if os.path.isfile(os.path.join(project.root, one, "Dockerfile")))
    return tuple(_check(project, make_space(project.root, one), shared) for one in built)


def _check(project: Project, space: Space, shared: Collection[Finding]) -> ServiceCheck:
    folder = SpaceFolder(space)
    file = space.dockerfile or ""
    text = folder.read_as_docker(file) or ""
    ignored = {setting.value for setting in project.configuration.ignore}

    def keep(findings: list[Finding], text: str) -> list[Finding]:
        kept = (one for one in findings if one.code not in ignored)
        return [one for one in kept if not is_silenced(one.code, one.line, _lines(one, file, text, folder))]

    found: list[Finding] = []
    for member in space.pruned.members:  # any of them may be asked of an index, which is no proof
        image = check_image(Dockerfile(file, text, ""), _open(space, member, folder), folder, keep, fix=False)
        found += (place(_of_space(one, space), space.member, one.file) for one in image.findings)
    if _SYNCING.search(text):  # it may bring what nothing else does
        found = [one for one in found if one.code != "CS216"]
    if conclude(found) == "proven":
        found += (place(one, space.member, one.file) for one in keep([*_doubt(file, text)], text))
    once = tuple(dict.fromkeys(found))
    states = judge([*once, *shared], in_image=True, mounted=False)
    return ServiceCheck(space.member, (file,), once, states, conclude(once), ())


def _of_space(finding: Finding, space: Space) -> Finding:
    """Return a finding in the words of a workspace, where it is about what the context of a service alone would lack."""
    if not finding.message.endswith(NOT_IN_FOLDER):
        return finding
    written = finding.message.removesuffix(NOT_IN_FOLDER)
    message = f"{written} is not in the build context, which is {space.member} and what it needs of the uv workspace"
    member = next((one for one in space.pruned.others if one and is_below(finding.lacks or "", one)), None)
    first = f"let {space.member}/{PROJECT} ask for {member}" if member else "have it in one of their folders"
    return finding._replace(message=message, remedy=f"{first}, or take the line out")


def _doubt(file: str, text: str) -> Iterator[Finding]:
    """Yield the line that installs something: what uv takes from a workspace is not followed, and pip asks an index for it."""
    line = next((at for at, one in enumerate(text.splitlines(), 1) if _INSTALLING.search(one)), None)
    if line is not None:
        message = "cannot be told whether this line finds the members of the workspace: uv workspaces are not followed"
        yield file_finding("CS213", file, line, message, IF_HARMLESS)


def _lines(finding: Finding, file: str, text: str, folder: ServiceFolder) -> list[str]:
    return (text if finding.file == file else folder.read(finding.file) or "").splitlines()


def _open(space: Space, member: str, folder: ServiceFolder) -> Service:
    """Return the service as the checks see one: its folder is the root of the workspace, and a member is its copy."""
    files = tuple(one.path for one in space.listing.members if is_below(one.path, space.member))
    packages = find_importable(open_context(folder), member) if member and member != space.member else ()
    imports = find_imports(folder, files, packages)
    return Service("", space.root, member, space.pruned.names[member], folder, files, (), imports)
