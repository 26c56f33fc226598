"""What compose files make of a service: builds that nobody can follow from its folder alone, mounts that hide its copy."""

from collections.abc import Iterable, Iterator
from posixpath import join, normpath

from common_sync.core.doctor.checks.library import list_running
from common_sync.core.doctor.view import IF_HARMLESS, View
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.formats.compose.file import Mount
from common_sync.core.formats.compose.names import Cause
from common_sync.core.formats.yaml.tree import YamlScalar
from common_sync.core.model import Finding
from common_sync.core.paths import below


def check_compose(view: View) -> Iterator[Finding]:
    """Yield the builds of compose files that cannot be followed."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}  # for one reason, the compose services and their lines
    for built in view.compositions:
        if (told := _explain(view, built)) is not None:
            at, message, remedy = told
            file, line = view.path_of(built.file_of(at)), at.line if at else built.section.build.line
            found.setdefault((file, message, remedy), {}).setdefault(built.name, line)
    for (file, message, remedy), lines in found.items():
        why = message.replace("it is built by", "they are built by") if len(lines) > 1 else message
        named = f"{_name(list(lines))} cannot be followed: {why}"
        yield make_finding("CS213", view.service.path, file, next(iter(lines.values())), named, remedy)
    for end in view.dead_ends:
        said, remedy = _DEAD_ENDS[end.cause]
        path = view.path_of(end.file)
        yield make_finding("CS213", view.service.path, path, end.line, f"{said}{end.message}", remedy)


def _name(names: list[str]) -> str:
    """Return some of the names, and how many more there are."""
    quoted = [f"`{name}`" for name in names]
    some, rest = (quoted, 0) if len(quoted) <= _MOST_NAMED + 1 else (quoted[:_MOST_NAMED], len(quoted) - _MOST_NAMED)
    return (
        f"{', '.join(some)} and {rest} more" if rest else " and ".join(filter(None, (", ".join(some[:-1]), some[-1])))
    )


_MOST_NAMED = 3

_DEAD_ENDS: dict[Cause, tuple[str, str]] = {
    "refused": ("Compose refuses it: ", "take that out"),
    "lost": ("it cannot be followed: ", f"name a file and a service that are there; {IF_HARMLESS}"),
    "unread": ("it may build the service, and ", f"mend it; {IF_HARMLESS}"),
}
"""Why a line of a compose file cannot be followed → what a message begins with, and what to do."""


def _explain(view: View, built: BuiltService) -> tuple[YamlScalar | None, str, str] | None:
    """Return the scalar by which a build cannot be followed, why, and what to do."""
    build, section = built.section.build, built.section
    where = section.inline or section.context
    if built.doubtful:
        return (
            built.doubt,
            "a variable tells what it is built from, or by which Dockerfile",
            f"write it out; {IF_HARMLESS}",
        )
    if section.inline is not None and section.dockerfile is not None:
        message = "Compose takes a `dockerfile` or a `dockerfile_inline`, and refuses both together"
        return section.inline, message, "take one of them out"
    image = view.image_of(built)
    if image is None and not built.outside(view.service.place):
        return None  # its Dockerfile cannot be read or parsed, which is said of that
    if image is None:
        by = f"`{build.dockerfile}`" if built.dockerfile else "a Dockerfile in this file"
        message = f"it is built by {by} from `{build.context}`, and not from the service's folder alone"
        return where, message, "give the service a Dockerfile of its own, and make its folder the context"
    target = section.target
    if target is not None and all(stage.name != target.value.lower() for stage in image.build.stages):
        return target, f"there is no stage `{target.value}` in its Dockerfile", "write the name of a stage as `target`"
    return None


def find_hiding(mounts: Iterable[Mount], place: str, copy: str) -> list[Mount]:
    """Return the mounts that put something else where an image has its copy.

    Args:
        mounts: What is mounted.
        place: Where the image has the copy.
        copy: The absolute path of the copy on the disk; mounting that hides nothing.
    """
    hiding = []
    for mount in mounts:
        rest = below(place, mount.target)
        if rest is not None and (mount.source is None or normpath(join(mount.source, rest)) != copy):
            hiding.append(mount)
    return hiding


def check_mounts(view: View) -> Iterator[Finding]:
    """Yield the mounts that hide the copy in an image of the service."""
    for built in view.compositions:
        image = view.image_of(built)
        for place in dict.fromkeys(one.place for one in list_running(image)) if image else ():
            yield from _hiding(view, built, place)


def _hiding(view: View, built: BuiltService, place: str) -> Iterator[Finding]:
    service = view.service
    for mount in find_hiding(built.mounts, place, join(service.place, service.copy)):
        message = f"`{built.name}` mounts {mount.written}, which hides the copy that the image has in {place}"
        remedy = "mount folders of the service, such as `./app`, and not what holds the copy"
        yield make_finding("CS207", service.path, view.path_of(mount.file), mount.line, message, remedy)
