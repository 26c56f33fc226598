"""All checks of one service."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from common_sync.commands.steps.compositions import list_compositions, list_dockerfiles
from common_sync.commands.steps.image_check import Dockerfile, ImageCheck, check_image
from common_sync.commands.steps.survey import ServicePlan
from common_sync.core.doctor.catalogue import State, Verdict, conclude, inspect_service, judge
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.image.files import below
from common_sync.core.doctor.silencing import is_silenced
from common_sync.core.doctor.view import Service, View, find_imports
from common_sync.core.findings import distribute_command, missing_copy, place, reference_findings
from common_sync.core.model import Finding
from common_sync.core.references.kinds import is_compose
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposeFiles, is_in
from common_sync.edges.service.folder import ServiceFolder, open_context
from common_sync.edges.service.listing import list_paths

_NOT_ABOUT_BUILDS = frozenset({"CS114", "CS116", "CS120"})
"""What git and the tool's own blocks are about; a build does not look at either."""

_BY_CONTEXT = frozenset({"CS201", "CS202", "CS203", "CS204", "CS214", "CS216"})
"""What comes of the folder that an image is built from."""


class Fixed(NamedTuple):
    """A file that was mended: its path in the service, its text before and after, and the lines that were put in."""

    path: str
    examined: str
    text: str
    lines: tuple[str, ...]


class ServiceCheck(NamedTuple):
    """How one service stands.

    Attributes:
        service: Its path from the root.
        dockerfiles: The paths of its Dockerfiles from the root.
        findings: What was found.
        states: The title of each check → how the service stands in it.
        verdict: What it all comes to.
        fixed: What is to be written, where that was asked for.
    """

    service: str
    dockerfiles: tuple[str, ...]
    findings: tuple[Finding, ...]
    states: dict[str, State]
    verdict: Verdict
    fixed: tuple[Fixed, ...]


def check_service(
    project: Project, plan: ServicePlan, library: str, composes: ComposeFiles, shared: Iterable[Finding], *, fix: bool
) -> ServiceCheck:
    """Check a service.

    Args:
        project: The project.
        library: The library's name.
        plan: What would bring it in sync: its references are in it.
        composes: The compose files that may run it.
        shared: What was found about the library, and so concerns all services.
        fix: Find what to put into its Dockerfiles.

    Raises:
        TreeError: It cannot be read.
    """
    opened = _open(project, plan, library)
    inside = [file for file in opened.service.files if is_compose(os.path.basename(file))]
    compositions = list_compositions(composes, opened.service, inside)
    dockerfiles = list_dockerfiles(opened.service, opened.folder, compositions)
    images = {one: _check_image(opened, one, fix=fix) for one in dockerfiles}
    views = tuple(image.view for image in images.values() if image.view is not None)
    refused = [one for one in composes.list_circles(plan.service, inside) if not is_in(one.file, opened.service.place)]
    view = View(opened.service, views, bool(images), compositions, tuple(refused))
    of_images = [finding for image in images.values() for finding in image.findings]
    own = [opened.report(one) for one in [*of_images, *opened.keep(inspect_service(view), opened.lines)]]
    known = _known(plan, own, {f"{plan.service}/{image.context.ignore_file}" for image in views})
    known, own = _gather({f"{plan.service}/{one.path}" for one in plan.widened}, known, own)
    hidden = {(one.file, one.line) for one in known if one.code == "CS111"}
    findings = [*known, *(one for one in own if one.code != "CS207" or (one.file, one.line) not in hidden)]
    mounted = any(one.mounts for one in compositions)
    states = judge([*findings, *shared], in_image=bool(images), mounted=mounted)
    paths = tuple(dict.fromkeys(os.path.normpath(f"{plan.service}/{one.path}") for one in dockerfiles))
    return ServiceCheck(plan.service, paths, tuple(dict.fromkeys(findings)), states, conclude(findings), _fixed(images))


class _Opened(NamedTuple):
    """A service that is looked at, and what is said about what is found there.

    Attributes:
        service: The service.
        folder: Its files.
        plan: What would bring it in sync.
        root: The absolute path of the configuration's folder.
        ignored: The codes that the configuration switches off.
    """

    service: Service
    folder: ServiceFolder
    plan: ServicePlan
    root: str
    ignored: frozenset[str]

    def lines(self, finding: Finding) -> Sequence[str]:
        """Return the lines of the file that a finding is about: of the service, or of what is above it."""
        folder = ServiceFolder(self.root) if finding.service else self.folder
        return (folder.read(finding.file) or "").splitlines()

    def keep(self, findings: Iterable[Finding], lines: Callable[[Finding], Sequence[str]]) -> list[Finding]:
        """Leave out what is switched off."""
        kept = (one for one in findings if one.code not in self.ignored)
        return [one for one in kept if not is_silenced(one.code, one.line, lines(one))]

    def report(self, finding: Finding) -> Finding:
        """Return a finding as it is reported, with the remedy that fits the service."""
        if finding.service:
            return finding
        placed = place(finding, self.plan.service, os.path.normpath(f"{self.plan.service}/{finding.file}"))
        return placed._replace(remedy=self._remedy(finding))

    def _remedy(self, finding: Finding) -> str:
        """Return what to do: lines that ask for a copy are right where there is none, and so are those for another context."""
        service = self.plan.service
        if finding.code in _BY_CONTEXT and any(one.path == finding.file for one in self.plan.widened):
            return distribute_command(service, "--contexts")
        copied = finding.lacks is not None and below(finding.lacks, self.service.copy) is not None
        return distribute_command(service) if copied and not self.plan.exists else finding.remedy


def _open(project: Project, plan: ServicePlan, library: str) -> _Opened:
    path, copy = os.path.join(project.root, plan.service), project.copy
    inner = {os.path.join(project.root, one) for one in project.services if one.startswith(f"{plan.service}/")}
    try:
        files = tuple(list_paths(path, {os.path.join(path, copy), *inner}))
    except OSError as error:
        raise explain_os_error(error, plan.service, "read the service") from error
    folder = ServiceFolder(path)
    imports = find_imports(folder, files, find_importable(open_context(folder), copy))
    service = Service(plan.service, path, copy, library, folder, files, plan.references, imports)
    ignored = frozenset(setting.value for setting in project.configuration.ignore)
    return _Opened(service, folder, plan, project.root, ignored)


def _check_image(opened: _Opened, dockerfile: Dockerfile, *, fix: bool) -> ImageCheck:
    """Follow a Dockerfile; what is built from another folder today would be broken by lines that are put in."""
    file = dockerfile.path

    def keep(findings: list[Finding], text: str) -> list[Finding]:
        lines = text.splitlines()
        return opened.keep(findings, lambda one: lines if one.file == file else opened.lines(one))

    may_fix = fix and not dockerfile.lines_above and all(one.path != file for one in opened.plan.widened)
    return check_image(dockerfile, opened.service, opened.folder, keep, fix=may_fix)


def _known(plan: ServicePlan, own: Iterable[Finding], ignore_files: set[str]) -> list[Finding]:
    """Return what `verify` knows of a service's references and copy, as far as a build minds, and each thing once."""
    missing = [] if plan.exists else [missing_copy(plan.service, plan.copy_path, len(plan.copy.operations))]
    told = {(one.code, one.file) for one in own if one.code == "CS108"}
    known = [*missing, *reference_findings(plan.service, plan.references), *plan.problems]
    minded = [one for one in known if one.code != "CS115" or one.file in ignore_files]
    return [one for one in minded if (one.code, one.file) not in told and one.code not in _NOT_ABOUT_BUILDS]


def _gather(widened: Iterable[str], known: list[Finding], own: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Make one finding of all that follows from a Dockerfile being built from another folder than the service's."""
    for file in widened:
        following = [one for one in own if one.file == file and one.code in _BY_CONTEXT]
        if following:
            first, others = following[0], len(following) - 1
            more = f"; {others} more {'line' if others == 1 else 'lines'} of it fail so" if others else ""
            message = f"it is built from another folder, and from the service's alone it fails: {first.message}{more}"
            left = [one for one in own if one not in following]
            own = [*left, first._replace(message=message)]
            known = [one for one in known if (one.file, one.code) != (file, "CS112")]
    return known, own


def _fixed(images: dict[Dockerfile, ImageCheck]) -> tuple[Fixed, ...]:
    return tuple(
        Fixed(dockerfile.path, image.examined, image.mended.text, image.mended.lines)
        for dockerfile, image in images.items()
        if image.mended is not None
    )
