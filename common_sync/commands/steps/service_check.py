"""All checks of one service."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import NamedTuple

from common_sync.commands.steps.image_check import Dockerfile, ImageCheck, check_image
from common_sync.commands.steps.survey import ServicePlan
from common_sync.core.doctor.catalogue import State, Verdict, conclude, judge
from common_sync.core.doctor.checks.by_name import find_asked_by_name
from common_sync.core.doctor.checks.layout import find_packages
from common_sync.core.doctor.checks.library import Running, find_layout_trouble, find_stale_trouble
from common_sync.core.doctor.checks.references import find_import_troubles, find_reference_troubles
from common_sync.core.doctor.image.files import below
from common_sync.core.doctor.image.mounts import find_hiding
from common_sync.core.doctor.silencing import is_silenced
from common_sync.core.expressions import expression
from common_sync.core.findings import distribute_command, make_finding, missing_copy, reference_findings
from common_sync.core.model import Finding
from common_sync.core.references.kinds import is_compose, is_dockerfile, is_requirements
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.project.load import Project
from common_sync.edges.service.compose import ComposedService, ComposeFiles
from common_sync.edges.service.folder import ServiceFolder, open_context
from common_sync.edges.service.listing import list_paths

_NOT_ABOUT_BUILDS = frozenset({"CS114", "CS116"})
"""What git and the tool's own blocks are about; a build does not look at either."""

_BY_CONTEXT = frozenset({"CS201", "CS202", "CS203", "CS204", "CS214", "CS216"})
"""What comes of the folder that an image is built from."""

_HINTS = ("sys.path", "addsitedir")
_PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile"})
_TEST = expression(r"(?:^|/)(?:tests?/|test_|conftest)")


def _is_asking(file: str) -> bool:
    name = os.path.basename(file)  # a constraint asks for nothing
    return (is_requirements(name) and "constraint" not in name) or file in _PROJECT_FILES


def _imports(package: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:from|import)\s+{re.escape(package)}\b", re.MULTILINE)


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
    return _Checker(project, plan, library, composes, fix=fix).check(list(shared))


class _Checker:
    def __init__(self, project: Project, plan: ServicePlan, library: str, composes: ComposeFiles, *, fix: bool) -> None:
        self._project, self._plan, self._library, self._fix = project, plan, library, fix
        self._service = plan.service
        self._path = os.path.join(project.root, plan.service)
        self._folder = ServiceFolder(self._path)
        self._ignored = {setting.value for setting in project.configuration.ignore}
        self._files = self._list_files()
        inside = [file for file in self._files if is_compose(os.path.basename(file))]
        self._composed = composes.services_of(plan.service, inside)
        self._widened = {one.path for one in plan.widened}

    def _list_files(self) -> list[str]:
        inner = {
            os.path.join(self._project.root, one)
            for one in self._project.services
            if one.startswith(f"{self._service}/")
        }
        try:
            return list(list_paths(self._path, {os.path.join(self._path, self._project.copy), *inner}))
        except OSError as error:
            raise explain_os_error(error, self._service, "read the service") from error

    def check(self, shared: list[Finding]) -> ServiceCheck:
        """Run all checks."""
        imported = self._imported()
        dockerfiles = [
            self._dockerfile(file, imported) for file in self._files if is_dockerfile(os.path.basename(file))
        ]
        images = {
            one: check_image(one, self._folder, self._project.copy, self._keep_for(one), fix=self._may_fix(one))
            for one in dockerfiles
        }
        troubles = self._with_named([trouble for image in images.values() for trouble in image.troubles], images)
        troubles += self._keep([*self._references(in_image=bool(images)), *self._imports()], self._lines)
        known = self._known(troubles, {f"{self._service}/{image.ignore_file}" for image in images.values()})
        findings = [*known, *map(self._finding, troubles), *self._mounts(images, known)]
        states = judge(
            [*findings, *shared], in_image=bool(images), mounted=any(one.composed.mounts for one in self._composed)
        )
        fixed = [
            Fixed(one.path, one.text, image.mended.text, image.mended.lines)
            for one, image in images.items()
            if image.mended is not None
        ]
        paths = tuple(f"{self._service}/{one.path}" for one in dockerfiles)
        return ServiceCheck(
            self._service, paths, tuple(dict.fromkeys(findings)), states, conclude(findings), tuple(fixed)
        )

    def _known(self, troubles: list[Finding], ignore_files: set[str]) -> list[Finding]:
        """Return what `verify` knows of its references and its copy, as far as a build minds, and each thing once."""
        missing = (
            []
            if self._plan.exists
            else [missing_copy(self._service, self._plan.copy_path, len(self._plan.copy.operations))]
        )
        told = {(one.code, f"{self._service}/{one.file}") for one in troubles if one.code == "CS108"}
        known = [*missing, *reference_findings(self._service, self._plan.references), *self._plan.problems]
        minded = [one for one in known if one.code != "CS115" or one.file in ignore_files]
        return [one for one in minded if (one.code, one.file) not in told and one.code not in _NOT_ABOUT_BUILDS]

    def _dockerfile(self, file: str, imported: tuple[tuple[str, str], ...]) -> Dockerfile:
        absolute = os.path.join(self._path, file)
        builds = [one.composed for one in self._composed if one.composed.dockerfile == absolute]
        inside = [
            os.path.relpath(one.context, self._path) for one in builds if f"{one.context}/".startswith(f"{self._path}/")
        ]
        context = next(("" if one == "." else one for one in inside), None)
        targets = tuple(one.target.lower() for one in builds if one.target is not None)
        return Dockerfile(file, self._folder.read_as_docker(file) or "", imported, context, targets)

    def _may_fix(self, dockerfile: Dockerfile) -> bool:
        """Tell whether lines may be put in: what is built from another folder today would be broken by them."""
        return self._fix and dockerfile.path not in self._widened

    def _imported(self) -> tuple[tuple[str, str], ...]:
        """Return the library's packages and the files that import them."""
        packages = [package.name for package in find_packages(open_context(self._folder), self._project.copy)]
        files = [file for file in self._files if file.endswith(".py") and not _TEST.search(file)]
        found = ((package, file) for package in packages for file in files)
        return tuple(
            (package, file) for package, file in found if _imports(package).search(self._folder.read(file) or "")
        )

    def _with_named(self, troubles: list[Finding], images: Sized) -> list[Finding]:
        """Say where the library is asked for by its name, if nothing brings the copy: an index may bring it, or not."""
        absent = [one for one in troubles if one.code == "CS216"]
        brought = not absent if images else self._installs_copy()
        if brought:
            return troubles
        named = (
            find_asked_by_name(file, self._folder.read(file) or "", self._library, self._project.copy)
            for file in self._files
            if _is_asking(file)
        )
        found = self._keep([one for one in named if one is not None], self._lines)
        return [*(one for one in troubles if one not in absent), *found] if found else troubles

    def _installs_copy(self) -> bool:
        files = {one.file for one in self._plan.references if one.state in {"points-at-copy", "points-at-master"}}
        return any(not is_dockerfile(name) and not is_compose(name) for name in map(os.path.basename, files))

    def _references(self, *, in_image: bool) -> Iterator[Finding]:
        context = open_context(self._folder)
        files = [file for file in self._files if "/" not in file and (is_requirements(file) or file in _PROJECT_FILES)]
        troubles, needs = find_reference_troubles(self._service, files, context, in_image=in_image)
        told = {(one.file, one.line) for one in self._plan.references if one.state == "points-at-master"}
        yield from (one for one in troubles if (f"{self._service}/{one.file}", one.line) not in told)
        if in_image:
            return
        copy = self._project.copy
        running = Running(f"/{self._service}/{copy}", f"/{self._service}", copy)
        layout = find_layout_trouble(running, needs, context, copy)
        yield from (one for one in (layout, find_stale_trouble(context, copy)) if one is not None)

    def _imports(self) -> Iterator[Finding]:
        for file in self._files:
            if file.endswith(".py") and (text := self._folder.read(file)) and any(hint in text for hint in _HINTS):
                yield from find_import_troubles(self._service, file, text)

    def _mounts(self, images: dict[Dockerfile, ImageCheck], known: list[Finding]) -> Iterator[Finding]:
        told = {(one.file, one.line) for one in known if one.code == "CS111"}
        places = {os.path.join(self._path, one.path): image.places for one, image in images.items()}
        for one in self._composed:
            for place in places.get(one.composed.dockerfile, ()):
                for finding in self._hiding(one, place):
                    if (finding.file, finding.line) not in told and not self._is_silenced(finding):
                        yield finding

    def _hiding(self, one: ComposedService, place: str) -> Iterator[Finding]:
        for mount in find_hiding(one.composed.mounts, place, os.path.join(self._path, self._project.copy)):
            shown = mount.written.replace(f"{self._project.root}/", "")
            message = f"`{one.composed.name}` mounts {shown}, which hides the copy that the image has in {place}"
            remedy = "mount folders of the service, such as `./app`, and not what holds the copy"
            yield make_finding("CS207", self._service, one.file, mount.line, message, remedy)

    def _is_silenced(self, finding: Finding) -> bool:
        lines = ServiceFolder(self._project.root).read(finding.file) or ""
        return finding.code in self._ignored or is_silenced(finding.code, finding.line, lines.splitlines())

    def _keep_for(self, dockerfile: Dockerfile) -> Callable[[list[Finding], str], list[Finding]]:
        def keep(troubles: list[Finding], text: str) -> list[Finding]:
            return self._keep(
                troubles, lambda file: text.splitlines() if file == dockerfile.path else self._lines(file)
            )

        return keep

    def _keep(self, troubles: list[Finding], lines: Callable[[str], list[str]]) -> list[Finding]:
        """Leave out what is switched off."""
        return [
            one
            for one in troubles
            if one.code not in self._ignored and not is_silenced(one.code, one.line, lines(one.file))
        ]

    def _lines(self, file: str) -> list[str]:
        return (self._folder.read(file) or "").splitlines()

    def _finding(self, trouble: Finding) -> Finding:
        file = f"{self._service}/{trouble.file}"
        return make_finding(trouble.code, self._service, file, trouble.line, trouble.message, self._remedy(trouble))

    def _remedy(self, trouble: Finding) -> str:
        """Return what to do: lines that ask for a copy are right where there is none, and so are those for another context."""
        if trouble.file in self._widened and trouble.code in _BY_CONTEXT:
            return distribute_command(self._service, "--contexts")
        copied = trouble.lacks is not None and below(trouble.lacks, self._project.copy) is not None
        return distribute_command(self._service) if copied and not self._plan.exists else trouble.remedy
