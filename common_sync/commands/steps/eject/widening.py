"""Give images back the build context that they had before `distribute --contexts`, by the record or by git's history."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from common_sync.commands.steps.builds.narrowing import Narrowing, hold_composes, list_own_composes, narrow_state
from common_sync.commands.steps.survey import Survey
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import FileEdit, Finding, Reference
from common_sync.core.references.undoing import Hunk, find_hunks, put_all_back, put_back
from common_sync.core.service_plan import ServicePlan
from common_sync.edges.git.versions import earlier_states
from common_sync.edges.service.compose import ComposeFiles
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import read_version
from common_sync.edges.state.rewritten import Record


class Widened(NamedTuple):
    """What a Dockerfile and the compose files that build it come to."""

    edits: tuple[FileEdit, ...] = ()  # what puts them back: all of them, or none
    findings: tuple[Finding, ...] = ()  # what a person has to do
    left: tuple[Reference, ...] = ()  # what leads to the copy still, and may always have done so
    rewritten: Record = MappingProxyType({})  # of files that the record tells of, what is rewritten in them still


def widen(found: Survey, plan: ServicePlan, dockerfile: str, held: Mapping[str, bytes], record: Record) -> Widened:
    """Put back a Dockerfile that leads to the copy, or did so, and what builds it.

    An earlier state of them is right where all that `distribute --contexts` would have made of it stands in the files as
    they are. What was written since then has to be right from the former context, too: if not, it is named.

    Args:
        found: The survey.
        plan: The plan of the service, with the copies that are ejected.
        dockerfile: The Dockerfile's path from the root.
        held: What files are to hold, by their paths from the root, where that is not what the disk has.
        record: What was rewritten.

    Raises:
        CommonSyncError: A file cannot be read, or git failed.
    """
    builders = _list_builders(found, plan, dockerfile)
    disk = {path: _read(found.project.root, path) for path in (dockerfile, *builders)}
    now = {path: held.get(path, data) for path, data in disk.items()}
    left = _list_left(found, plan, dockerfile, now)
    if not builders:
        return Widened(left=left)
    recorded = {path: _put_back_recorded(data, record.get(path, ())) for path, data in disk.items()}
    narrowed = narrow_state(found, plan.service, dockerfile, recorded)
    if narrowed.wide:
        return _widen_by_record(found, plan, dockerfile, _State(disk, now, recorded), narrowed)
    return _widen_by_history(found, plan, dockerfile, now, left) if left else Widened()


class _State(NamedTuple):
    """What a Dockerfile and the files that build it hold, by their paths from the root."""

    disk: Mapping[str, bytes]  # as the disk has them
    now: Mapping[str, bytes]  # as they are to be so far
    recorded: Mapping[str, bytes]  # with all put back that the record tells of


def _put_back_recorded(data: bytes, hunks: Sequence[Hunk]) -> bytes:
    return os.fsencode(put_back(os.fsdecode(data), hunks))


def _widen_by_record(
    found: Survey, plan: ServicePlan, dockerfile: str, state: "_State", narrowed: Narrowing
) -> Widened:
    """Put back a Dockerfile and its builds, and none of other Dockerfiles that stands in the same files."""
    disk, now, recorded = state
    back = {**now, dockerfile: recorded[dockerfile]}
    for edit in narrowed.edits:
        if edit.path != dockerfile:
            back[edit.path] = _put_back_recorded(now[edit.path], _list_hunks(edit))
    if not _list_own_builds(hold_composes(found, dockerfile, back), found.project.root, plan, dockerfile):
        edits = tuple(FileEdit(path, disk[path], data) for path, data in back.items())
        left = {path: find_hunks(os.fsdecode(recorded[path]), os.fsdecode(data)) for path, data in back.items()}
        return Widened(edits, tuple(_report_newer(plan, one) for one in narrowed.problems), rewritten=left)
    references = _list_left(found, plan, dockerfile, disk)
    stays = FileEdit(dockerfile, disk[dockerfile], disk[dockerfile])
    return Widened((stays,), tuple(_report_lost(found, plan, dockerfile, references, disk)))


def _widen_by_history(
    found: Survey, plan: ServicePlan, dockerfile: str, now: Mapping[str, bytes], left: tuple[Reference, ...]
) -> Widened:
    narrow, was_wide, partly = partial(narrow_state, found, plan.service, dockerfile), False, Widened()
    for state in earlier_states(found.project.root, list(now)):
        narrowed = narrow(state)
        was_wide = was_wide or narrowed.wide
        back = _put_back(now, narrowed)
        if back is None:
            continue
        edits = tuple(FileEdit(path, now[path], data) for path, data in back.items() if data != now[path])
        again = narrow(back)
        if {**back, **{edit.path: edit.after for edit in again.edits}} == now:
            return Widened(edits)
        if again.problems and not partly.edits:
            partly = Widened(edits, tuple(_report_newer(plan, one) for one in again.problems))
    if partly.edits or not was_wide:
        return partly if partly.edits else Widened(left=left)
    return Widened(findings=tuple(_report_lost(found, plan, dockerfile, left, now)))


def _list_builders(found: Survey, plan: ServicePlan, dockerfile: str) -> list[str]:
    """Return the compose files that build a Dockerfile from the service's own folder, as the disk has them."""
    root, folder = found.project.root, os.path.join(found.project.root, plan.service)
    own = list_own_composes(found, plan)
    composes = found.composes.holding({os.path.join(folder, path): None for path in own})
    return sorted({os.path.relpath(one.file, root) for one in _list_own_builds(composes, root, plan, dockerfile)})


def _list_own_builds(composes: ComposeFiles, root: str, plan: ServicePlan, dockerfile: str) -> list[BuiltService]:
    real, folder = os.path.realpath(os.path.join(root, dockerfile)), os.path.join(root, plan.service)
    built = composes.list_services(plan.service, [])
    return [one for one in built if one.dockerfile == real and one.context == folder and not one.doubtful]


def _read(root: str, path: str) -> bytes:
    with open(os.path.join(root, path), "rb") as stream:
        return stream.read()


def _list_left(found: Survey, plan: ServicePlan, dockerfile: str, now: Mapping[str, bytes]) -> tuple[Reference, ...]:
    """Return the lines that lead to the copy, from the folder that the image is built from by now."""
    root = found.project.root
    names = {copy.target.library for copy in plan.copies}
    libraries = [Location(root, one) for one in found.project.libraries_of(plan.service) if one.name in names]
    read = read_version(libraries, plan.service, dockerfile, now[dockerfile], hold_composes(found, dockerfile, now))
    return tuple(one for one in read.references if one.state == "points-at-copy")


def _put_back(now: Mapping[str, bytes], narrowed: Narrowing) -> dict[str, bytes] | None:
    """Return the files with all that was narrowed in them put back; None where it does not stand in them."""
    if narrowed.problems:
        return None
    back = dict(now)
    for edit in narrowed.edits:
        text = put_all_back(os.fsdecode(now[edit.path]), _list_hunks(edit))
        if text is None:
            return None
        back[edit.path] = os.fsencode(text)
    return back if narrowed.edits else None


def _list_hunks(edit: FileEdit) -> list[Hunk]:
    return find_hunks(os.fsdecode(edit.before or b""), os.fsdecode(edit.after or b""))


def _report_newer(plan: ServicePlan, problem: Finding) -> Finding:
    message = f"is written for `{plan.service}`, and the image is built from a folder above again"
    remedy = f"write the path from that folder, with `{plan.service}/` before it"
    return make_finding("CS117", plan.service, problem.file, problem.line, message, remedy)


def _report_lost(
    found: Survey, plan: ServicePlan, dockerfile: str, left: tuple[Reference, ...], now: Mapping[str, bytes]
) -> Iterator[Finding]:
    """Yield each line that leads to the copy, and each build whose context was another one."""
    message = "leads to the copy; the image was built from a folder above before, and this file has changed since"
    remedy = "make its paths those of the folder above, and that folder the context of the build again"
    for one in left:
        yield make_finding("CS117", plan.service, dockerfile, one.line, message, remedy)
    root = found.project.root
    built = _list_own_builds(hold_composes(found, dockerfile, now), root, plan, dockerfile)
    message = f"builds `{dockerfile}` from the service's folder; before, it was a folder above"
    for path, line in sorted({(os.path.relpath(one.file, root), one.section.build.line) for one in built}):
        yield make_finding("CS117", plan.service, path, line, message, "make the folder above its context again")
