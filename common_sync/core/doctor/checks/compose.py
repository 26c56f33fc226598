"""What compose files build of a service, and nobody can follow from its folder alone."""

from collections.abc import Iterator

from common_sync.core.doctor.view import View
from common_sync.core.findings import make_finding
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import Finding

_KNOWN = "if you know that it does no harm: # common-sync: ignore[CS213] in the line above"


def check_compose(view: View) -> Iterator[Finding]:
    """Yield the builds of compose files that cannot be followed."""
    for built in view.compositions:
        if (told := _explain(view, built)) is not None:
            file, line = view.path_of(built.file), built.section.build.line
            yield make_finding(
                "CS213", view.service.path, file, line, f"`{built.name}` cannot be followed: {told[0]}", told[1]
            )
    for file, line, message in view.refused:
        path = view.path_of(file)
        yield make_finding("CS213", view.service.path, path, line, f"Compose refuses it: {message}", "take that out")


def _explain(view: View, built: BuiltService) -> tuple[str, str] | None:
    """Return why a build cannot be followed, and what to do."""
    build = built.section.build
    if built.doubtful:
        return "a variable tells what it is built from, or by which Dockerfile", f"write it out; {_KNOWN}"
    image = view.image_of(built)
    if image is None and not built.outside(view.service.place):
        return None  # its Dockerfile cannot be read or parsed, which is said of that
    if image is None:
        by = f"`{build.dockerfile}`" if built.dockerfile else "a Dockerfile in this file"
        message = f"it is built by {by} from `{build.context}`, and not from the service's folder alone"
        return message, "give the service a Dockerfile of its own, and make its folder the context"
    target = built.section.target
    if target is not None and all(stage.name != target.value.lower() for stage in image.build.stages):
        return f"there is no stage `{target.value}` in its Dockerfile", "write the name of a stage as `target`"
    return None
