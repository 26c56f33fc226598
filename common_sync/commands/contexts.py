"""`distribute --contexts`: images that are built from a folder above their service are built from the service's own."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.commands.survey import ServicePlan, Survey
from common_sync.core.findings import make_finding
from common_sync.core.model import Edit, Finding
from common_sync.core.rewriters.compose import narrow_build
from common_sync.core.rewriters.dockerfile_contexts import narrow_dockerfile
from common_sync.core.text import Text, apply_edits, decode_unicode, encode
from common_sync.edges.builds import BuiltFrom, Widened
from common_sync.edges.folders import explain_os_error
from common_sync.edges.project import Project
from common_sync.edges.references import FileEdit, locate_from
from common_sync.edges.yaml_nodes import parse_yaml


class _File(NamedTuple):
    before: bytes
    after: bytes


Files = dict[str, _File]
"""A file's path from the root → what it holds, and what it is to hold."""


def narrow_contexts(found: Survey) -> Survey:
    """Plan to build each image that takes the library from the master from its service's own folder.

    A Dockerfile and all that builds it are changed together, or not at all, with findings that say why not.

    Args:
        found: What was read and planned.
    """
    root: Files = {}
    plans = []
    for plan in found.plans:
        own = {f"{plan.service}/{edit.path}": _File(edit.before, edit.after) for edit in plan.edits}
        problems = list(plan.problems)
        for widened in plan.widened:
            files = root | own
            refused = list(_narrow(found.project, plan, widened, files))
            file = f"{plan.service}/{widened.path}"
            if refused:
                problems += refused
            else:
                problems = [one for one in problems if (one.code, one.file) != ("CS112", file)]
                own = {path: one for path, one in files.items() if path.startswith(f"{plan.service}/")}
                root = {path: one for path, one in files.items() if path not in own}
        edits = tuple(FileEdit(path[len(plan.service) + 1 :], *one) for path, one in own.items())
        plans.append(plan._replace(edits=edits, problems=tuple(problems)))
    return found._replace(plans=tuple(plans), root_edits=tuple(FileEdit(path, *one) for path, one in root.items()))


def _narrow(project: Project, plan: ServicePlan, widened: Widened, files: Files) -> Iterator[Finding]:
    """Change a Dockerfile and what builds it; yield what stands in the way."""
    dockerfile = f"{plan.service}/{widened.path}"
    contexts = {build.context for build in widened.builds}
    if len(contexts) > 1:
        message = "is built from several folders, so nobody can tell what its paths should be"
        yield make_finding("CS112", plan.service, dockerfile, None, message, "build it from one folder")
        return
    yield from _narrow_dockerfile(project, plan, dockerfile, contexts.pop(), files)
    for build in widened.builds:
        if not _narrow_compose(project, plan, build, files):
            compose = os.path.relpath(build.compose, project.root)
            folder = os.path.relpath(os.path.join(project.root, plan.service), os.path.dirname(build.compose))
            message = f"the context `{build.build.context}` cannot be changed here: an alias, or not written out"
            remedy = f"make it `{folder}`, and the Dockerfile's path relative to it"
            yield make_finding("CS112", plan.service, compose, build.build.line, message, remedy)


def _narrow_dockerfile(
    project: Project, plan: ServicePlan, dockerfile: str, context: str, files: Files
) -> Iterator[Finding]:
    before, text = _open(project, dockerfile, files)
    site = locate_from(project.root, plan.service, project.copy, project.master, context)
    inside = os.path.relpath(os.path.join(project.root, plan.service), context)
    narrowed = narrow_dockerfile(text.characters, site, inside)
    files[dockerfile] = _File(before, _encode(text, narrowed.edits))
    for one in narrowed.problems:
        yield make_finding(one.code, plan.service, dockerfile, one.line, one.message, one.remedy)


def _narrow_compose(project: Project, plan: ServicePlan, build: BuiltFrom, files: Files) -> bool:
    path = os.path.relpath(build.compose, project.root)
    before, text = _open(project, path, files)
    service = os.path.join(project.root, plan.service)
    folder = os.path.relpath(service, os.path.dirname(build.compose))
    context = folder if folder.startswith(".") or not build.build.context.startswith(".") else f"./{folder}"
    dockerfile = os.path.relpath(build.dockerfile, service)
    edits = narrow_build(text.characters, build.build, context, dockerfile, parse_yaml)
    files[path] = _File(before, _encode(text, edits))
    return bool(edits)


def _encode(text: Text, edits: Sequence[Edit]) -> bytes:
    return encode(text._replace(characters=apply_edits(text.characters, edits)))


def _open(project: Project, path: str, files: Files) -> tuple[bytes, Text]:
    """Return what a file holds on the disk, and what it is to hold so far."""
    if path not in files:
        try:
            with open(os.path.join(project.root, path), "rb") as stream:
                data = stream.read()
        except OSError as error:
            raise explain_os_error(error, path, "read it") from error
        files[path] = _File(data, data)
    return files[path].before, decode_unicode(files[path].after)
