"""What the build of an image would come upon, in sentences."""

import re
from collections.abc import Iterable, Iterator
from posixpath import join, normpath

from common_sync.core.doctor.build.outcome import Build, Event, Installed, NotFollowed, StageEnd
from common_sync.core.doctor.checks.layout import find_packages
from common_sync.core.doctor.checks.links import find_unlinked
from common_sync.core.doctor.checks.start.taken import find_untold
from common_sync.core.doctor.checks.surroundings import list_installed
from common_sync.core.doctor.image.copying import MissingSource, SourceAbove
from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.image.flags import LaterFlag
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.project.projects import Project
from common_sync.core.doctor.install.sites import moved
from common_sync.core.doctor.view import IF_HARMLESS, Admits, ImageView
from common_sync.core.expressions import expression
from common_sync.core.findings import CODES, file_finding
from common_sync.core.model import Finding, Insertion
from common_sync.core.paths import below

_RELATIVE_URL = expression(r"@\s*file:(?!/)", re.IGNORECASE)


def check_build(image: ImageView) -> Iterator[Finding]:
    """Yield what the build of an image would come upon."""
    yield from find_build_troubles(image.build, image.dockerfile, image.context, image.admits, image.targets)


def find_build_troubles(
    build: Build, file: str, context: Context, admits: Admits, targets: Iterable[str] = ()
) -> Iterator[Finding]:
    """Yield what is wrong with a build, in the order of the Dockerfile, each once.

    Args:
        build: What it would come upon.
        file: The Dockerfile's path from the service's folder.
        context: The build context.
        admits: Compares a version with a specifier.
        targets: The stages that are built besides the last one.
    """
    needed, ends = build.needed(targets), build.ends(targets)
    found: dict[Finding, None] = {}
    for number, stage in enumerate(build.stages):
        troubles = [trouble for event in stage.events for trouble in _of_event(event, file, context, admits)]
        troubles += find_left_behind(build, stage, file)
        told = " ".join(one.message for one in troubles)
        troubles += (one for one in find_untold(build, stage, file, context) if f"line {one.line} copies" not in told)
        troubles += find_unlinked(build, number, file, context, admits)
        troubles += _not_kept(build, number, file, context) if number in ends else []
        found |= dict.fromkeys(troubles if number in needed else map(_unneeded, troubles))
    yield from found


def _unneeded(trouble: Finding) -> Finding:
    """Return what is wrong with a stage that BuildKit passes over; the classic builder builds it all the same."""
    message = f"in a stage that the last one does not need: {trouble.message}"
    return trouble._replace(code="CS214", severity=CODES["CS214"].severity, message=message, insertion=None, mend=None)


_INSTALLED_TO = expression(
    r"(?:^|/)(?:\.?venv|env|virtualenv|(?:site|dist)-packages|\.local)(?:/|$)"
    r"|^/(?:usr|usr/local|opt|install\w*)/?$|/lib(?:64)?(?:/python3[\d.]*)?/?$"
)


def find_left_behind(build: Build, stage: StageEnd, file: str) -> Iterator[Finding]:
    """Yield each copy of an environment in which something is installed that lies where it is not copied from."""
    for taken in stage.taken:
        for event, site in list_installed(build, taken.stage):
            targets = event.install.values("--prefix", "--target", "--root")
            if not any(
                _INSTALLED_TO.search(source)
                or source.rstrip("/") in targets
                or (site is not None and moved(site, normpath(f"/{source.lstrip('/')}"), taken.place) is not None)
                for source in taken.sources
            ):
                continue
            for need in event.needs:
                if need.editable and need.state == "there" and stage.image.look(need.path) is None:
                    message = f"what is copied here has `{need.written}` in it only as a path to {need.path}, which is not in this stage"
                    yield file_finding(
                        "CS215", file, taken.line, message, f"install it without -e, or copy {need.path} as well"
                    )


def _not_kept(build: Build, number: int, file: str, context: Context) -> Iterator[Finding]:
    """Yield what is installed as a path to a folder that an image does not have when it is run, or not all of it."""
    image = build.stages[number].image
    for event, _ in list_installed(build, number):
        for need in event.needs:
            if not need.editable or need.state != "there" or need.refused:
                continue
            places = {path: image.look(path) for path in _list_imported(need, image, context)}
            lost = next((path for path, place in places.items() if place is None), None)
            doubt = next(
                (one for one in places.values() if one is not None and one.kind == "unknown" and one.why), None
            )
            written, line = f"`{need.written}` is installed as a path to {need.path}", event.instruction.line
            if lost is not None:
                message = (
                    f"{written}, which the image does not have when it is run: it is mounted only, or removed again"
                )
                message = message if lost == need.path else f"{written}, and {lost} is removed again"
                remedy = f"install it without -e, or have {lost} stay"
                yield file_finding("CS215", file, line, message, remedy)
            elif doubt is not None:
                message = f"{written}, and it cannot be told whether that stays as it is: {doubt.why}"
                yield file_finding("CS213", file, line, message, IF_HARMLESS)


def _list_imported(need: Need, image: Image, context: Context) -> list[str]:
    """Return the folders in an image that are imported of a project which is installed as a path: itself, and its packages."""
    place = image.look(need.path)
    packages = find_packages(context, place.origin) if place is not None and place.origin else ()
    return [need.path, *(f"{need.path}/{'src/' if one.in_source else ''}{one.name}" for one in packages)]


def _of_event(event: Event, file: str, context: Context, admits: Admits) -> Iterator[Finding]:
    match event:
        case NotFollowed():
            yield file_finding("CS213", file, event.line, event.what, IF_HARMLESS)
        case LaterFlag():
            remedy = "write `# syntax=docker/dockerfile:1` as the first line: that is the newest"
            yield file_finding("CS213", file, event.line, event.what, remedy)
        case MissingSource():
            yield _missing_source(event, file)
        case SourceAbove():
            message = f"`{event.written}` leads out of the build context: BuildKit takes `{event.taken}` for it, the classic builder refuses it"
            yield file_finding("CS203", file, event.line, message, f"write `{event.taken}`")
        case _:
            for need in event.needs:
                yield from _of_need(need, event, file, context)
                yield from _of_versions(need, event, file, admits)
                yield from _of_bounds(need, event, file, admits)


NOT_IN_FOLDER = " is not in the build context, which is the service's own folder"


def _missing_source(event: MissingSource, file: str) -> Finding:
    if event.dropped is not None:
        message = f"`{event.written}` is kept out of the build context by {event.dropped}"
        return file_finding(
            "CS202",
            file,
            event.line,
            message,
            f"take it out there, or add `!{event.written.strip('/')}` below",
            lacks=event.path,
        )
    if not event.local:
        message = f"`{event.written}` is not in the stage that it is copied from"
        return file_finding("CS202", file, event.line, message, "copy it there first, or write where it is")
    message = f"`{event.written}`{NOT_IN_FOLDER}"
    remedy = "write its path from the service's folder, or take the line out"
    return file_finding("CS202", file, event.line, message, remedy, lacks=event.path)


def _of_need(need: Need, event: Installed, file: str, context: Context) -> Iterator[Finding]:
    line = event.instruction.line
    if need.refused:
        asked = f"`{need.written}`" + (f" ({need.file}:{need.line})" if need.file and need.line else "")
        message = f"{asked} {'is' if need.sure else 'may be'} refused by this line: {need.refused}"
        code = "CS218" if need.sure else "CS213"
        yield file_finding(code, file, line, message, need.remedy)
        return
    if need.state == "there":
        return
    asked = f"`{need.written}`" + (
        f" ({need.file}:{need.line})" if need.file and need.line else f" ({need.file})" if need.file else ""
    )
    insertion = _insertion(need, event, context)
    if need.state == "unknown" or not event.install.certain:
        reason = need.reason or (
            "what is there is unknown" if need.state == "unknown" else "the line may run without it, or not at all"
        )
        remedy = (
            f"add `{insertion.text}` before line {line}, if nothing else puts it there" if insertion else IF_HARMLESS
        )
        what = f"whether {asked} is there when this line reads it" if need.written else "what this line reads"
        yield file_finding("CS213", file, line, f"cannot be told {what}: {reason}", remedy)
        return
    code = "CS201" if need.kind == "project" else "CS204"
    message = f"{asked} is not in the image when this line {'installs' if need.kind == 'project' else 'reads'} it: "
    message += need.reason or f"there is no {need.path}"
    source = _source(need, event)
    lacks = source if source is not None and context.look(source) is None else None
    finding = file_finding(code, file, line, message, _remedy(need, event, context, insertion), insertion, lacks)
    yield finding._replace(asker=(need.file, need.line)) if need.file and need.line else finding


def _remedy(need: Need, event: Installed, context: Context, insertion: Insertion | None) -> str:
    line = event.instruction.line
    if insertion is not None:
        return f"add `{insertion.text}` before line {line}"
    source = _source(need, event)
    if source is not None and (rule := context.why_dropped(source)) is not None:
        return f"{rule} keeps it out of the build context: take it out there, or add `!{source}` below, and copy it before line {line}"
    if source is not None and context.look(source) is not None:
        return f"copy `{source}` before line {line}"
    return f"copy it into the service, and then to {need.path} before line {line}; or take it out"


def _source(need: Need, event: Installed) -> str | None:
    """Return the path in the build context that a need means, if it lies there as it does in the image."""
    folders = [folder for folder in (event.install.folder, event.workdir) if folder is not None]
    rests = (below(need.path, folder) for folder in folders if need.path)
    return next((rest for rest in rests if rest), None)


def _insertion(need: Need, event: Installed, context: Context) -> Insertion | None:
    """Return the COPY that would bring a project's folder, where there is just one way to do it."""
    source = _source(need, event)
    if source is None or need.kind != "project" or (need.reason and not need.unseen):
        return None
    folder = context.look(source)
    names = ("pyproject.toml", "setup.py")
    if folder is None or folder.kind != "folder" or all(context.look(join(source, name)) is None for name in names):
        return None
    rest = below(need.path, event.workdir)
    destination = f"./{rest}/" if rest and event.workdir != "/" else f"{need.path}/"
    return Insertion(event.instruction.start, event.stage, f"{source}/", destination)


def _releases(python: str) -> list[str]:
    """Return the first and the last release that a version of Python may mean."""
    return [python] if python.count(".") > 1 else [f"{python}.0", f"{python}.99"]


def _of_bounds(need: Need, event: Installed, file: str, admits: Admits) -> Iterator[Finding]:
    """Yield what else the install asks of a local project than its path gives."""
    project = need.project or Project()
    version = need.held.version if need.held is not None else project.version
    path = event.install.folder if need.held is not None else need.path
    for bound in need.bounds:
        asked = f"`{bound.written}`" + (f" ({bound.file}:{bound.line})" if bound.file else "")
        if bound.kind == "left out":
            message = f"{asked} leaves `{need.written}` out"
        elif bound.kind == "replaced":
            message = f"{asked} takes the place of `{need.written}`, and an index is asked for it"
        elif bound.path:
            message = f"{asked} wants it from {bound.path}, and `{need.written}` is {path}"
        elif not bound.specifier or (version is not None and admits(bound.specifier, version)):
            continue
        elif version is None:
            message = f"{asked} wants one version of the project, which its pyproject.toml does not say"
        elif need.held is not None:
            message = (
                f"{asked} wants another version than {version}, which was installed before: an index is asked for it"
            )
        else:
            message = f"{asked} wants another version than {version}, which `{need.written}` has"
        sure = bound.kind in {"asked", "constrained"} and not bound.marked and need.held is None
        code = "CS218" if sure and (version is not None or bound.path) else "CS213"
        yield file_finding(code, file, event.instruction.line, message, "ask for the version that the copy has")


def _of_versions(need: Need, event: Installed, file: str, admits: Admits) -> Iterator[Finding]:
    line = event.instruction.line
    needed = need.project.requires_python if need.project is not None else None
    if (
        event.python is not None
        and needed is not None
        and not event.install.synced
        and not any(admits(needed, release) for release in _releases(event.python))
    ):
        message = f"the image has Python {event.python}, and `{need.written}` wants {needed}"
        yield file_finding("CS210", file, line, message, "take a newer image in FROM")
    if need.direct and event.old_pip and _RELATIVE_URL.search(need.written):
        message = f"the pip of this image is older than 24.1, and takes no `{need.written}`"
        yield file_finding(
            "CS212", file, line, message, "add `RUN pip install --upgrade pip` before it, or write the path alone"
        )
