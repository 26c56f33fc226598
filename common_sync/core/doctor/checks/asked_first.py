"""Installs that ask an index for the library by its name before the copy is installed: the index has to have it then."""

from collections.abc import Iterator
from posixpath import basename, join

from common_sync.core.doctor.build.outcome import Installed
from common_sync.core.doctor.checks.by_name import find_asked, find_asked_by_name
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.settings.sources import LINKS
from common_sync.core.doctor.view import ImageView
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.pip.paths import ARCHIVES
from common_sync.core.model import Finding


def find_asked_first(image: ImageView) -> list[Finding]:
    """Return what asks an index for the library where the copy is installed only later, each once."""
    needed = sorted(image.build.needed(image.targets))
    return [*dict.fromkeys(finding for number in needed for finding in _find_in_stage(image, number))]


def _find_in_stage(image: ImageView, number: int) -> Iterator[Finding]:
    stage = image.build.stages[number]
    events = [one for at in image.build.list_chain(number) for one in image.build.stages[at].installs]
    bringing = [any(_brings(need, image) for need in event.needs) for event in events]
    if stage.taken or not any(bringing):
        return  # an environment may come from another stage; and what nothing brings is told elsewhere
    bringing = [brings or may_bring(event) for brings, event in zip(bringing, events, strict=True)]
    first = bringing.index(True)
    for event in events[:first]:
        yield from _find_asked(event, image, stage.image)
    yield from _find_above(events[first], image, stage.image)


def _brings(need: Need, image: ImageView) -> bool:
    """Tell whether a need is the library."""
    named = need.project is not None and need.project.name == normalise(image.service.library)
    return (
        need.kind == "project"
        and need.state == "there"
        and (named or basename(need.path) == basename(image.service.copy))
    )


def is_library(need: Need, image: ImageView) -> bool:
    """Tell whether a need is the library, or a project that says no name and may be it."""
    if need.kind != "project" or need.state != "there":
        return False
    if need.written in _THE_SERVICE:
        return bool(need.project and need.project.name) and _brings(need, image)
    return need.project is None or not need.project.name or _brings(need, image)


_THE_SERVICE = frozenset({".", "./", "-e .", "-e ./"})


def asks_for(event: Installed, image: ImageView, files: Image) -> bool:
    """Tell whether an install asks for the library by its name.

    Args:
        event: The install.
        image: The image.
        files: What is in the stage.
    """
    written = (find_asked(one.word.text, image.service.library) for one in event.install.asked)
    return any(written) or any(True for _ in _find_asked(event, image, files))


def may_bring(event: Installed) -> bool:
    """Tell whether an install may bring the library as a wheel."""
    return event.install.has(LINKS) or names_archive(event)


def names_archive(event: Installed) -> bool:
    """Tell whether an install names files of packages, or a pattern of some."""
    return any(one.word.pattern or one.word.text.endswith(ARCHIVES) for one in event.install.asked)


def _find_asked(event: Installed, image: ImageView, files: Image) -> Iterator[Finding]:
    """Yield where the files that an install reads ask for the library."""
    constraints = {one.word.text for one in event.install.asked if one.kind == "constraints"}
    for need in event.needs if event.install.tool in {"pip", "uv"} and not event.install.synced else ():
        project = need.kind == "project"
        if need.state != "there" or (project and event.install.has("--no-deps")) or need.written in constraints:
            continue
        place = files.look(join(need.path, "pyproject.toml") if project else need.path)
        text = image.context.read(place.origin) if place is not None and place.origin is not None else None
        if (
            text is not None
            and place is not None
            and place.origin is not None
            and "constraint" not in basename(place.origin)
        ):
            sources = event.install.tool == "uv" and not event.install.has("--no-sources")
            asked = find_asked_by_name(place.origin, text, image.service.library, image.service.copy, sources=sources)
            yield from [asked] if asked is not None else []


def _find_above(event: Installed, image: ImageView, files: Image) -> Iterator[Finding]:
    """Yield where a requirements file asks pip for the library by its name above the line that leads to the copy."""
    lines = {need.file: need.line for need in event.needs if _brings(need, image) and need.line}
    for asked in _find_asked(event, image, files) if event.install.tool == "pip" else ():
        if asked.line is not None and asked.line < (lines.get(asked.file) or 0):
            yield asked
