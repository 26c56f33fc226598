"""All checks of one service."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.commands.steps.builds.builders import Builders
from common_sync.commands.steps.builds.compositions import (
    Dockerfile,
    list_compositions,
    list_dead_ends,
    list_dockerfiles,
)
from common_sync.commands.steps.doctor.image_check import ImageCheck, check_image
from common_sync.commands.steps.doctor.unasked import find_unasked
from common_sync.commands.steps.doctor.untaken import ask_for_untaken
from common_sync.commands.steps.survey import Survey
from common_sync.core.doctor.catalogue import State, Verdict, conclude, inspect_service, is_silenced, judge
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.view import Service, View, find_imports
from common_sync.core.findings import distribute_command, place, reference_findings
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors, below, is_below, list_below
from common_sync.core.references.kinds import is_compose
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.project.index import list_bits
from common_sync.edges.project.load import Project
from common_sync.edges.service.folder import ServiceFolder, open_context
from common_sync.edges.service.listing import list_paths

_NOT_ABOUT_BUILDS = frozenset({"CS114", "CS116", "CS120"})
"""What git and the tool's own blocks are about; a build does not look at either."""

_BY_CONTEXT = frozenset({"CS201", "CS202", "CS203", "CS204", "CS214", "CS216", "CS220"})
"""What comes of the folder that an image is built from."""

_FOLLOWING = frozenset({"CS201", "CS202", "CS204", "CS207", "CS216"})
"""What may only say once more that there is no copy, that it is kept out, or that a reference leads to the master."""


class Fixed(NamedTuple):
    """A file that was mended: its path in the service, its text before and after, and the lines that were put in."""

    path: str
    examined: str
    text: str
    lines: tuple[str, ...]


class ServiceCheck(NamedTuple):
    """How one service stands."""

    service: str  # its path from the root
    dockerfiles: tuple[str, ...]  # the paths of its Dockerfiles from the root
    findings: tuple[Finding, ...]  # what was found
    states: dict[str, State]  # the title of each check → how the service stands in it
    verdict: Verdict  # what it all comes to
    fixed: tuple[Fixed, ...]  # what is to be written, where that was asked for
    following: frozenset[Finding] = frozenset()  # which findings go once others of the service are mended


def check_service(
    found: Survey, plan: ServicePlan, shared: Iterable[Finding], builders: Builders | None = None, *, fix: bool
) -> ServiceCheck:
    """Check a service, for one of its copies after the other.

    Args:
        found: What was read and planned.
        plan: What would bring it in sync: its references are in it.
        shared: What was found about the libraries, and so concerns all services.
        builders: What builds images beside compose files; None where images do not count.
        fix: Find what to put into its Dockerfiles; into each for one library in a run.

    Raises:
        TreeError: It cannot be read.
    """
    composes, files = found.composes, _list_files(found.project, plan)
    folder = ServiceFolder(os.path.join(found.project.root, plan.service), list_bits)
    several = [_open(found, plan, copy, folder, files) for copy in plan.copies]
    inside = [file for file in files if is_compose(os.path.basename(file))]
    compositions = list_compositions(composes, several[0].service, inside)
    dockerfiles = list_dockerfiles(several[0].service, folder, compositions)
    told = {(finding.file, finding.code) for finding in plan.problems}
    dead_ends = tuple(list_dead_ends(composes, several[0].service, inside, told))
    findings: list[Finding] = []
    untold: list[Finding] = []
    following: set[Finding] = set()
    fixed: dict[str, Fixed] = {}
    for opened in several:
        images = {one: _check_image(opened, one, fix=fix) for one in dockerfiles}
        views = tuple(image.view for image in images.values() if image.view is not None)
        view = View(opened.service, views, bool(images), compositions, dead_ends)
        of_images = [finding for image in images.values() for finding in image.findings]
        own = [*of_images, *opened.keep(inspect_service(view), opened.lines)]
        reported = _report(opened, view, own)
        findings += reported
        untold += (opened.report(one) for one in own if one.code == "CS213")
        following |= {opened.report(one) for one in own if opened.follows(one, reported)}
        fixed = _fixed(images) | fixed
    of_service = (
        *(builders.find(plan.service, dockerfiles, compositions) if builders is not None else ()),
        *ask_for_untaken(found.project, found.masters, several[0].service),
        *find_unasked(found.project, found.masters, plan),
    )
    findings += map(several[0].report, several[0].keep(of_service, several[0].lines))
    mounted = any(one.mounts for one in compositions)
    states = judge([*findings, *untold, *shared], in_image=bool(dockerfiles), mounted=mounted)
    paths = tuple(dict.fromkeys(os.path.normpath(f"{plan.service}/{one.path}") for one in dockerfiles))
    once = tuple(dict.fromkeys(findings))
    seen = frozenset(following.intersection(once))
    return ServiceCheck(plan.service, paths, once, states, conclude(findings), tuple(fixed.values()), seen)


def _list_files(project: Project, plan: ServicePlan) -> tuple[str, ...]:
    inner = list_below(project.services, plan.service)
    copies = (*(copy.path for copy in plan.copies), *(former.path for former in plan.former))
    others = {os.path.join(project.root, one) for one in (*inner, *copies)}
    try:
        return tuple(list_paths(os.path.join(project.root, plan.service), others))
    except OSError as error:
        raise explain_os_error(error, plan.service, "read the service") from error


class _Opened(NamedTuple):
    """A service that is looked at, and what is said about what is found there."""

    service: Service  # the service
    folder: ServiceFolder  # its files
    plan: ServicePlan  # what would bring it in sync
    copy: CopySurvey  # the copy that it is looked at for
    root: str  # the absolute path of the configuration's folder
    ignored: frozenset[str]  # the codes that the configuration switches off

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
        return distribute_command(service) if self._lacks_copy(finding) and not self.copy.exists else finding.remedy

    def _lacks_copy(self, finding: Finding) -> bool:
        return finding.lacks is not None and below(finding.lacks, self.service.copy) is not None

    def follows(self, finding: Finding, reported: Iterable[Finding]) -> bool:
        """Tell whether a finding goes once another is mended: there is no copy, it is kept out, or a line leads elsewhere."""
        if finding.code not in _FOLLOWING:
            return False
        causes = {(one.code, one.file, one.line) for one in reported}
        kept_out = not self.copy.exists or any(code == "CS115" for code, *_ in causes)
        file, line = finding.asker or (finding.file, finding.line)
        asker = file if finding.service else os.path.normpath(f"{self.plan.service}/{file}")
        return (kept_out and (finding.code == "CS216" or self._lacks_copy(finding))) or ("CS101", asker, line) in causes


def _open(found: Survey, plan: ServicePlan, copy: CopySurvey, folder: ServiceFolder, files: tuple[str, ...]) -> _Opened:
    project, library = found.project, found.targets[copy.target].manifest.library.name
    imports = find_imports(folder, files, find_importable(open_context(folder), copy.place))
    path = os.path.join(project.root, plan.service)
    masters = tuple(dict.fromkeys([copy.master, *(one.master for one in plan.copies)]))
    service = Service(plan.service, path, copy.place, library, folder, files, plan.references, imports, masters)
    ignored = frozenset(setting.value for setting in project.configuration.ignore)
    return _Opened(service, folder, plan, copy, project.root, ignored)


def _report(opened: _Opened, view: View, findings: Iterable[Finding]) -> list[Finding]:
    """Return what `verify` knows, and what the checks have found beside it."""
    own = [opened.report(one) for one in _gather_guessed(opened, view, [*findings])]
    plan = opened.plan
    known = _known(plan, own, {f"{plan.service}/{image.context.ignore_file}" for image in view.images})
    known, own = _gather({f"{plan.service}/{one.path}" for one in plan.widened}, known, own)
    hidden = {(one.file, one.line) for one in known if one.code == "CS111"}
    return [*known, *(one for one in own if one.code != "CS207" or (one.file, one.line) not in hidden)]


def _check_image(opened: _Opened, dockerfile: Dockerfile, *, fix: bool) -> ImageCheck:
    """Follow a Dockerfile; what is built from another folder today would be broken by lines that are put in."""
    file = dockerfile.path

    def keep(findings: list[Finding], text: str) -> list[Finding]:
        lines = text.splitlines()
        return opened.keep(findings, lambda one: lines if one.file == file else opened.lines(one))

    may_fix = fix and not dockerfile.lines_above and all(one.path != file for one in opened.plan.widened)
    return check_image(dockerfile, opened.service, opened.folder, keep, fix=may_fix)


def _known(plan: ServicePlan, own: Iterable[Finding], ignore_files: set[str]) -> list[Finding]:
    """Return what `verify` knows of a service's references and copies, as far as a build minds, and each thing once."""
    missing = (finding for copy in plan.copies if not copy.exists for finding in copy.findings())
    told = {(one.code, one.file) for one in own if one.code == "CS108"}
    former = (finding for one in plan.former for finding in one.findings())
    known = [*missing, *former, *reference_findings(plan.service, plan.references), *plan.problems]
    minded = [one for one in known if one.code != "CS115" or one.file in ignore_files]
    return [one for one in minded if (one.code, one.file) not in told and one.code not in _NOT_ABOUT_BUILDS]


def _gather(widened: Iterable[str], known: list[Finding], own: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Make one finding of all that follows from a Dockerfile being built from another folder than the service's."""
    for file in widened:
        following = [one for one in own if one.file == file and one.code in _BY_CONTEXT]
        if following:
            first, others = following[0], len(following) - 1
            more = _count_more(others)
            message = f"it is built from another folder, and from the service's alone it fails: {first.message}{more}"
            left = [one for one in own if one not in following]
            own = [*_leave_out_later(left, following), first._replace(message=message)]
            known = [one for one in known if one.file != file or one.mend != "distribute --contexts"]
    return known, own


def _count_more(others: int) -> str:
    """Return the end of a sentence: how many more lines of a file fail for one reason."""
    more = "line of it fails" if others == 1 else "lines of it fail"
    return f"; {others} more {more} the same way" if others else ""


def _gather_guessed(opened: _Opened, view: View, own: list[Finding]) -> list[Finding]:
    """Make one finding of all that fails in a Dockerfile that nothing builds from its own folder, and whose sources all lie in a folder above."""
    service = opened.plan.service
    for image in view.images:
        following = [one for one in own if one.file == image.dockerfile and one.code in _BY_CONTEXT]
        lacking = [one.lacks for one in following if one.code == "CS202" and one.lacks]
        known = any(one.path == image.dockerfile for one in opened.plan.widened)  # a compose file says from where
        own_folder = any(one.context == opened.service.place for one in image.builds)
        folder = None if known or own_folder else _find_above(opened, lacking)
        if folder is None:
            continue
        first, others = following[0], len(following) - 1
        up = os.path.relpath(folder or ".", service)
        message = f"it looks as if it is built from `{up}`; from the service's folder alone it fails: {first.message}"
        message += _count_more(others)
        copies = [f"`{one.place}`" for one in opened.plan.copies]  # of all libraries, so that each says the same
        library = "library" if len(copies) == 1 else "libraries"
        remedy = f"write its paths from the service's folder, and {', '.join(copies)} for the {library}"
        merged = first._replace(message=message, remedy=remedy, lacks=None)
        left = [one for one in own if one not in following]
        own = [merged, *_leave_out_later(left, following)]
    return own


def _leave_out_later(left: Iterable[Finding], following: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what cannot be told of later lines of a Dockerfile: the build ends before it comes to them."""
    ends = {one.file: one.line for one in sorted(following, key=lambda one: -(one.line or 0)) if one.line}
    for one in left:
        end = ends.get(one.file) if one.code == "CS213" else None
        if end is None or one.line is None or one.line <= end:
            yield one


def _find_above(opened: _Opened, sources: list[str]) -> str | None:
    """Return the folder above a service that holds all of some sources, and one of them in the service or in a master."""
    places = (opened.plan.service, opened.copy.master)
    others = [one for one in sources if below(one, opened.service.copy) is None]  # what leads to the copy says nothing
    if any(os.path.lexists(os.path.join(opened.service.place, one)) for one in sources):
        return None  # an ignore file keeps it out
    for folder in (*ancestors(opened.plan.service), ""):
        paths = [os.path.normpath(os.path.join(folder, one.partition("*")[0])) for one in others]
        meant = any(is_below(path, place) or is_below(place, path) for path in paths for place in places)
        if meant and all(os.path.lexists(os.path.join(opened.root, path)) for path in paths):
            return folder
    return None


def _fixed(images: dict[Dockerfile, ImageCheck]) -> dict[str, Fixed]:
    """Return what is to be written, by its path in the service."""
    return {
        dockerfile.path: Fixed(dockerfile.path, image.examined, image.mended.text, image.mended.lines)
        for dockerfile, image in images.items()
        if image.mended is not None
    }
