"""One Dockerfile of a service: follow it, say what it would come upon, and put in what it lacks."""

from collections.abc import Callable
from posixpath import dirname
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed
from common_sync.core.doctor.build.simulate import simulate
from common_sync.core.doctor.checks.build import find_build_troubles
from common_sync.core.doctor.checks.layout import find_places
from common_sync.core.doctor.checks.library import Running, find_absence, find_layout_trouble, find_stale_trouble
from common_sync.core.doctor.image.context import BuildContext
from common_sync.core.doctor.image.copying import MissingSource
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.mending import Mended, mend
from common_sync.core.findings import file_finding
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding
from common_sync.core.text import UnparsableError
from common_sync.edges.service.folder import ServiceFolder, find_ignore_file, open_context

Keep = Callable[[list[Finding], str], list[Finding]]
"""Leaves out what is switched off, told the Dockerfile's text."""


class ImageCheck(NamedTuple):
    """What came of a Dockerfile.

    Attributes:
        troubles: What is wrong with it.
        places: Where its images have the copy, as far as that is known.
        mended: What was put in, or None.
        ignore_file: The path in the service of the file that tells what the build does not get.
    """

    troubles: tuple[Finding, ...]
    places: tuple[str, ...] = ()
    mended: Mended | None = None
    ignore_file: str = ""


class Dockerfile(NamedTuple):
    """A Dockerfile of a service.

    Attributes:
        path: Its path in the service.
        text: Its text.
        imports: The library's packages that the service imports, each with a file that does, as far as it may need them
            to be installed.
        context: The path in the service of the build context that a compose file names for it, or None.
        targets: The stages that compose files build.
    """

    path: str
    text: str
    imports: tuple[tuple[str, str], ...] = ()
    context: str | None = None
    targets: tuple[str, ...] = ()


def check_image(dockerfile: Dockerfile, folder: ServiceFolder, copy: str, keep: Keep, *, fix: bool) -> ImageCheck:
    """Follow a Dockerfile.

    Args:
        dockerfile: What to follow.
        folder: The service's files.
        copy: The copy's path in the service.
        keep: Leaves out what is switched off.
        fix: Put in what it lacks.
    """
    try:
        if not parse_dockerfile(dockerfile.text).stages:
            raise UnparsableError(1, "no stage begins in it, or it cannot be read from the service's folder")  # noqa: TRY301
        context = _choose_context(dockerfile, folder)
        checker = _Checker(dockerfile, context, copy, keep)
        mended = mend(dockerfile.text, lambda text: checker.examine(text)[0]) if fix else None
        troubles, places = checker.examine(mended.text if mended is not None else dockerfile.text)
    except _RefusedIgnoreFileError as error:
        return ImageCheck((_unparsable(error.file, error),))
    except UnparsableError as error:
        return ImageCheck((_unparsable(dockerfile.path, error),))
    done = mended if mended is not None and mended.lines else None
    return ImageCheck(tuple(troubles), places, done, context.ignore_file)


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


class _Checker:
    def __init__(self, dockerfile: Dockerfile, context: BuildContext, copy: str, keep: Keep) -> None:
        self._dockerfile, self._context, self._copy, self._keep = dockerfile, context, copy, keep

    def examine(self, text: str) -> tuple[list[Finding], tuple[str, ...]]:
        """Return what is wrong with a text, and where the images that are run have the copy."""
        build = simulate(parse_dockerfile(text), self._context)
        path, targets = self._dockerfile.path, self._dockerfile.targets
        troubles = [*find_build_troubles(build, path, self._context, admits, targets)]
        ends = [stage for stage in build.stages if stage.name in targets] + [*build.stages[-1:]]
        places = [(place, end.workdir) for end in ends for place in find_places(end.image, self._context, self._copy)]
        absent = self._absence(build)
        by_path = any(stage.python_path != () for stage in build.stages)
        found = [] if by_path else [self._layout(build, *where) for where in dict.fromkeys(places)]
        troubles += [trouble for trouble in (absent if not any(found) else None, *found) if trouble is not None]
        if places and (stale := find_stale_trouble(self._context, self._copy)) is not None:
            troubles.append(stale)
        return self._keep(troubles, text), tuple(place for place, _ in places)

    def _absence(self, build: Build) -> Finding | None:
        """Return that a file in the last image imports the library, and nothing brings that into it."""
        image = build.stages[-1].image if build.stages else Image()
        imported = [package for package, file in self._dockerfile.imports if find_places(image, self._context, file)]
        return find_absence(build, imported, self._copy, self._dockerfile.path) if imported else None

    def _layout(self, build: Build, place: str, workdir: str) -> Finding | None:
        installs = (event for stage in build.stages for event in stage.events if isinstance(event, Installed))
        needs = [need for event in installs for need in event.needs]
        return find_layout_trouble(Running(place, workdir, self._dockerfile.path), needs, self._context, self._copy)


def admits(specifier: str, python: str) -> bool:
    """Tell whether a version specifier may take some release of a Python.

    Args:
        specifier: As in `requires-python`; one that cannot be read takes all.
        python: `3.9` for any release of it, or `3.9.5`.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # only where both are known

    try:
        wanted = SpecifierSet(specifier)
    except InvalidSpecifier:
        return True
    releases = [python] if python.count(".") > 1 else [f"{python}.0", f"{python}.99"]
    return any(wanted.contains(release, prereleases=True) for release in releases)
