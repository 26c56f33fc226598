"""`distribute --contexts`: images that are built from a folder above their service are built from the service's own."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.commands.steps.builds.other_ignores import report_other_ignores
from common_sync.commands.steps.survey import Survey, locate, survey
from common_sync.core.errors import CommonSyncError
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import Edit, FileEdit, Finding
from common_sync.core.references.compose.rewriting import narrow_build
from common_sync.core.references.dockerfile.narrowing import narrow_dockerfile
from common_sync.core.references.kinds import kind_of
from common_sync.core.service_plan import ServicePlan, Widened
from common_sync.core.text import Text, apply_edits, decode_unicode, encode
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.files.yaml import parse_documents
from common_sync.edges.project.load import Project, load_project
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.listing import list_paths
from common_sync.edges.service.places import see_from
from common_sync.edges.service.references import read_version

Files = dict[str, FileEdit]
"""A file's path from the root → what it holds, and what it is to hold."""


def narrow_contexts(found: Survey) -> Survey:
    """Plan to build each image that takes a library from its master from its service's own folder.

    A Dockerfile and all that builds it are changed together, or not at all, with findings that say why not.
    """
    root = {edit.path: edit for edit in found.root.edits}
    plans = []
    for plan in found.plans:
        own = {edit.path: edit for edit in plan.edits}
        problems, builds = list(plan.problems), list_builds(found, plan, found.composes) if plan.widened else []
        for widened in _name_once(plan.widened):
            files = root | own
            refused = list(_narrow(found, plan, widened, files, builds))
            refused += [] if refused else report_other_ignores(found, plan, widened, files)
            file = f"{plan.service}/{widened.path}"
            # they say what is done here
            problems = [one for one in problems if (one.code, one.file) != ("CS112", file)]
            if refused:
                problems += refused
                continue
            own = {path: edit for path, edit in files.items() if path.startswith(f"{plan.service}/")}
            root = {path: edit for path, edit in files.items() if path not in own}
        plans.append(plan._replace(edits=tuple(own.values()), problems=tuple(problems)))
    return found._replace(plans=tuple(plans), root=found.root._replace(edits=tuple(root.values())))


def list_narrowable(root: str) -> frozenset[str]:
    """Return the Dockerfiles, by their paths from the root, that `distribute --contexts` would change; nothing is written.

    Args:
        root: The absolute path of the configuration's folder. Where the project cannot be read, `distribute` says so.
    """
    try:
        found = survey(load_project(root), beside=True)
        narrowed = narrow_contexts(found)
    except CommonSyncError:
        return frozenset()
    plans = zip(found.plans, narrowed.plans, strict=True)
    return frozenset(
        edit.path
        for before, after in plans
        for edit in {*after.edits} - {*before.edits}
        if any(edit.path == f"{after.service}/{one.path}" for one in after.widened)
    )


class Narrowing(NamedTuple):
    """What `distribute --contexts` makes of one state of a Dockerfile and of what builds it."""

    edits: tuple[FileEdit, ...] = ()  # what is changed; where something stands in the way, only a part of it
    problems: tuple[Finding, ...] = ()  # what does
    wide: bool = False  # whether the image is built from above its service, and takes the library from its master


def narrow_state(found: Survey, service: str, dockerfile: str, held: Mapping[str, bytes]) -> Narrowing:
    """Return what would be made of other versions of files than the disk has, for all libraries of a service.

    Args:
        found: The survey.
        service: The service.
        dockerfile: The Dockerfile's path from the root.
        held: The paths from the root of the Dockerfile and the compose files that build it → what they hold.
    """
    plan = next(one for one in found.plans if one.service == service)
    libraries = locate(found.project.root, found.targets_of(plan))
    composes = hold_composes(found, dockerfile, held)
    read = read_version(libraries, service, dockerfile, held[dockerfile], composes)
    files = {path: FileEdit(path, data, data) for path, data in held.items()}
    builds = list_builds(found, plan, composes) if read.widened else []
    problems = [problem for one in _name_once(read.widened) for problem in _narrow(found, plan, one, files, builds)]
    edits = tuple(edit for edit in files.values() if edit.before != edit.after)
    return Narrowing(edits, tuple(problems), bool(read.widened))


def _name_once(widened: Sequence[Widened]) -> Iterable[Widened]:
    """Return each Dockerfile once: each library that it takes names it."""
    return {one.path: one for one in widened}.values()


def list_builds(found: Survey, plan: ServicePlan, composes: ComposeFiles) -> list[BuiltService]:
    """Return all that the compose files build which may build a Dockerfile of a service.

    Args:
        found: The survey.
        plan: The plan of the service.
        composes: The compose files.
    """
    return list(composes.list_all(plan.service, list_own_composes(found, plan)))


def list_own_composes(found: Survey, plan: ServicePlan) -> list[str]:
    """Return the paths inside a service of its own compose files.

    Args:
        found: The survey.
        plan: The plan of the service.
    """
    root = found.project.root
    own = list_paths(os.path.join(root, plan.service), {os.path.join(root, copy.path) for copy in plan.copies})
    return [path for path in own if kind_of(path) == "compose"]


def hold_composes(found: Survey, dockerfile: str, held: Mapping[str, bytes]) -> ComposeFiles:
    """Return the compose files with other bytes than the disk has.

    Args:
        found: The survey.
        dockerfile: The Dockerfile's path from the root.
        held: As for `narrow_state`.
    """
    root = found.project.root
    return found.composes.holding({os.path.join(root, path): data for path, data in held.items() if path != dockerfile})


def _narrow(
    found: Survey, plan: ServicePlan, widened: Widened, files: Files, builds: Sequence[BuiltService]
) -> Iterator[Finding]:
    """Change a Dockerfile and what builds it; yield what stands in the way, also of all other builds."""
    project, dockerfile = found.project, f"{plan.service}/{widened.path}"
    if len({build.context for build in widened.builds}) > 1:
        message = "is built from several folders, so nobody can tell what its paths should be"
        yield make_finding("CS112", plan.service, dockerfile, None, message, "build it from one folder")
        return
    yield from _narrow_dockerfile(found, plan, widened, files)
    for build in {(one.file, one.section.build): one for one in widened.builds}.values():
        other = next((one for one in builds if one.shares(build) and _is_another(one, build)), None)
        if other is not None:
            compose = os.path.relpath(build.file, project.root)
            message = f"says how `{other.name}` is built as well, which has another Dockerfile"
            remedy = f"write `context` and `dockerfile` in `{other.name}`"
            yield make_finding("CS112", plan.service, compose, build.section.build.line, message, remedy)
        elif not _narrow_compose(project, plan, build, files):
            compose = os.path.relpath(build.file, project.root)
            folder = os.path.relpath(os.path.join(project.root, plan.service), build.folder)
            message = (
                f"the context `{build.section.build.context}` cannot be changed here: an alias, or not written out"
            )
            remedy = f"make it `{folder}`, and the Dockerfile's path relative to it"
            yield make_finding("CS112", plan.service, compose, build.section.build.line, message, remedy)


def _is_another(other: BuiltService, build: BuiltService) -> bool:
    """Tell whether a build is of another Dockerfile, which is there or may be."""
    if other.dockerfile == build.dockerfile:
        return False
    return other.doubtful or not other.dockerfile or os.path.isfile(other.dockerfile)


def _narrow_dockerfile(found: Survey, plan: ServicePlan, widened: Widened, files: Files) -> Iterator[Finding]:
    """Change a Dockerfile, whichever of the service's libraries it takes."""
    dockerfile = f"{plan.service}/{widened.path}"
    text = _open(found.project, dockerfile, files)
    views = see_from(locate(found.project.root, found.targets_of(plan)), plan.service)
    sites = [view.site(view.folder, view.folder, widened.builds) for view in views]
    inside = os.path.relpath(views[0].folder, widened.builds[0].context)
    narrowed = narrow_dockerfile(text.characters, sites, inside)
    files[dockerfile] = files[dockerfile]._replace(after=_encode(text, narrowed.edits))
    for one in narrowed.problems:
        yield make_finding(one.code, plan.service, dockerfile, one.line, one.message, one.remedy)


def _narrow_compose(project: Project, plan: ServicePlan, build: BuiltService, files: Files) -> bool:
    path = os.path.relpath(build.file, project.root)
    text = _open(project, path, files)
    service = os.path.join(project.root, plan.service)
    folder = os.path.relpath(service, build.folder)
    context = folder if folder.startswith(".") or not build.section.build.context.startswith(".") else f"./{folder}"
    dockerfile = os.path.relpath(build.dockerfile, service)
    edits = narrow_build(text.characters, build.section.build, context, dockerfile, parse_documents)
    files[path] = files[path]._replace(after=_encode(text, edits))
    return bool(edits)


def _encode(text: Text, edits: Sequence[Edit]) -> bytes:
    return encode(text._replace(characters=apply_edits(text.characters, edits)))


def _open(project: Project, path: str, files: Files) -> Text:
    """Return what a file is to hold so far."""
    if path not in files:
        try:
            with open(os.path.join(project.root, path), "rb") as stream:
                data = stream.read()
        except OSError as error:
            raise explain_os_error(error, path, "read it") from error
        files[path] = FileEdit(path, data, data)
    return decode_unicode(files[path].after or b"")
