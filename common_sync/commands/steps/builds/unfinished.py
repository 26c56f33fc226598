"""Finish what a killed `distribute --contexts` or `eject` has begun: only the Dockerfile is changed, or only its builds."""

import os
from collections.abc import Iterator, Mapping

from common_sync.commands.steps.builds.narrowing import list_builds, narrow_state
from common_sync.commands.steps.builds.planned import read_planned
from common_sync.commands.steps.survey import Survey
from common_sync.core.model import FileEdit
from common_sync.core.references.kinds import kind_of
from common_sync.core.references.undoing import put_back
from common_sync.core.service_plan import ServicePlan
from common_sync.edges.state.lock import state_folder
from common_sync.edges.state.rewritten import Record, recall


def finish_contexts(found: Survey) -> Survey:
    """Plan the rest where a Dockerfile of the record is for the service's folder and its builds are not, or the other way.

    Args:
        found: The survey.
    """
    record = recall(state_folder(found.project.root), found.project.root)
    root = {edit.path: edit for edit in found.root.edits}
    plans = []
    for plan in found.plans:
        own, done = {edit.path: edit for edit in plan.edits}, set[str]()
        for dockerfile, edits in _list_unfinished(found, plan, record, root | own):
            done.add(dockerfile)
            for edit in edits:
                files = own if edit.path.startswith(f"{plan.service}/") else root
                files[edit.path] = files.get(edit.path, edit)._replace(after=edit.after)
        problems = tuple(one for one in plan.problems if one.code != "CS112" or one.file not in done)
        widened = tuple(one for one in plan.widened if f"{plan.service}/{one.path}" not in done)
        plans.append(plan._replace(edits=tuple(own.values()), problems=problems, widened=widened))
    return found._replace(plans=tuple(plans), root=found.root._replace(edits=tuple(root.values())))


def _list_unfinished(
    found: Survey, plan: ServicePlan, record: Record, files: Mapping[str, FileEdit]
) -> Iterator[tuple[str, list[FileEdit]]]:
    """Yield Dockerfiles of which a part is changed as `distribute --contexts` does it, with what lacks."""
    inside = f"{plan.service}/"
    named = [file for file in record if file.startswith(inside) and kind_of(file.removeprefix(inside)) == "dockerfile"]
    builds = list_builds(found, plan, found.composes) if named else []
    for dockerfile in named:
        real = os.path.realpath(os.path.join(found.project.root, dockerfile))
        of_it = [one for one in builds if one.dockerfile == real and not one.doubtful]
        paths = sorted({os.path.relpath(one.file, found.project.root) for one in of_it})
        now = {path: _read(found, path, files) for path in (dockerfile, *paths)}
        former = {path: os.fsencode(put_back(os.fsdecode(data), record.get(path, ()))) for path, data in now.items()}
        folder = os.path.join(found.project.root, plan.service)
        built = all(one.context == folder for one in of_it)  # the builds are changed, and the Dockerfile may not be
        held = former if built else {**now, dockerfile: former[dockerfile]}
        narrowed = narrow_state(found, plan.service, dockerfile, held)
        if not narrowed.wide or narrowed.problems:
            continue
        made = {edit.path: edit.after for edit in narrowed.edits}
        if now[dockerfile] == (former[dockerfile] if built else made.get(dockerfile)):
            yield dockerfile, [edit for edit in narrowed.edits if (edit.path == dockerfile) == built]


def _read(found: Survey, path: str, files: Mapping[str, FileEdit]) -> bytes:
    try:
        return read_planned(found.project.root, path, files)
    except OSError:
        return b""  # what is gone is not built
