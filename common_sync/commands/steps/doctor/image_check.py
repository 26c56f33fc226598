"""One Dockerfile of a service: follow it, say what it would come upon, and put in what it lacks."""

from collections.abc import Callable
from posixpath import dirname
from typing import NamedTuple

from common_sync.commands.steps.builds.compositions import Dockerfile
from common_sync.core.doctor.build.simulate import simulate
from common_sync.core.doctor.catalogue import inspect_image
from common_sync.core.doctor.image.copying import MissingSource
from common_sync.core.doctor.image.files import Anything, BuildContext, Files, Rooted
from common_sync.core.doctor.mending import Mended, mend
from common_sync.core.doctor.view import ImageView, Service
from common_sync.core.findings import file_finding
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding
from common_sync.core.text import UnparsableError
from common_sync.edges.service.folder import Below, ServiceFolder, find_ignore_file, open_context

Keep = Callable[[list[Finding], str], list[Finding]]
"""Leaves out what is switched off, told the Dockerfile's text."""


class ImageCheck(NamedTuple):
    """What came of a Dockerfile."""

    findings: tuple[Finding, ...]  # what is wrong with it
    view: ImageView | None = None  # the image, or None where it cannot be followed
    mended: Mended | None = None  # what was put in, or None
    examined: str = ""  # the text that was read


def check_image(
    dockerfile: Dockerfile, service: Service, folder: ServiceFolder, keep: Keep, *, fix: bool
) -> ImageCheck:
    """Follow a Dockerfile.

    Args:
        dockerfile: What to follow.
        service: The service.
        folder: The service's files.
        keep: Leaves out what is switched off.
        fix: Put in what it lacks.
    """
    try:
        if not parse_dockerfile(dockerfile.text).stages:
            raise UnparsableError(1, "no stage begins in it, or it cannot be read from the service's folder")  # noqa: TRY301
        context = _choose_context(dockerfile, folder)

        def view(text: str) -> ImageView:
            named = {name: _open_named(folder, name, path) for name, path in dockerfile.named}
            build = simulate(parse_dockerfile(text), context, dict(dockerfile.arguments), named)
            return ImageView(service, dockerfile.path, context, build, dockerfile.targets, admits, dockerfile.builds)

        def examine(seen: ImageView, text: str) -> list[Finding]:
            return [_shift(one, dockerfile) for one in keep(inspect_image(seen), text)]

        unmended = Mended(dockerfile.text, ())
        mended = mend(dockerfile.text, lambda text: examine(view(text), text)) if fix else unmended
        image = view(mended.text)
        found = examine(image, mended.text)
    except _RefusedIgnoreFileError as error:
        return ImageCheck((_unparsable(error.file, error),))
    except UnparsableError as error:
        return ImageCheck((_shift(_unparsable(dockerfile.path, error), dockerfile),))
    return ImageCheck(tuple(found), image, mended if mended.lines else None, dockerfile.text)


def _open_named(folder: ServiceFolder, name: str, path: str | None) -> Files:
    """Return the files of a build context with a name; one outside the service is not there where it is alone."""
    if path is None:
        return Anything(
            f"it comes from the build context `{name}`, which a compose file takes from outside of the service"
        )
    return Rooted(Below(folder, path) if path else folder)


def _shift(finding: Finding, dockerfile: Dockerfile) -> Finding:
    """Return a finding by the line of the file that the Dockerfile stands in."""
    if finding.line is None or finding.file != dockerfile.path:
        return finding
    return finding._replace(line=finding.line + dockerfile.lines_above)


def _unparsable(file: str, error: UnparsableError) -> Finding:
    return file_finding("CS108", file, error.line, f"cannot be parsed: {error.reason}", "mend it")


class _RefusedIgnoreFileError(UnparsableError):
    """An ignore file that Docker refuses, and with it the build."""

    def __init__(self, file: str, error: UnparsableError) -> None:
        super().__init__(error.line, error.reason)
        self.file = file


def _choose_context(dockerfile: Dockerfile, folder: ServiceFolder) -> BuildContext:
    """Return the build context: what a compose file names, or the service's folder, or the Dockerfile's own if that fits better."""

    def open_at(above: str) -> BuildContext:
        file = find_ignore_file(folder, above, dockerfile.path)
        try:
            return open_context(folder, above, file)
        except UnparsableError as error:
            raise _RefusedIgnoreFileError(file, error) from error

    if dockerfile.context is not None:
        return open_at(dockerfile.context)
    context = open_at("")
    own = dirname(dockerfile.path)
    if own and _misses(dockerfile.text, context):
        other = open_at(own)
        return context if _misses(dockerfile.text, other) else other
    return context


def _misses(text: str, context: BuildContext) -> bool:
    build = simulate(parse_dockerfile(text), context)
    return any(isinstance(event, MissingSource) for stage in build.stages for event in stage.events)


def admits(specifier: str, version: str) -> bool:
    """Tell whether a version specifier takes a version.

    Args:
        specifier: As in `requires-python`; one that cannot be read takes all.
        version: The version; one that cannot be read is taken.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # only where both are known
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
