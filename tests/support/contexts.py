"""A service's files held in memory, and what a Dockerfile makes of them: the core is tested without a disk."""

from collections.abc import Callable, Iterable, Mapping

from common_sync.commands.steps.doctor.image_check import admits
from common_sync.core.doctor.build.outcome import Build
from common_sync.core.doctor.build.simulate import simulate
from common_sync.core.doctor.catalogue import inspect_image, inspect_service
from common_sync.core.doctor.checks.absent import check_absent
from common_sync.core.doctor.checks.build import find_build_troubles
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.checks.start.begun import Begun, list_begun
from common_sync.core.doctor.image.files import BuildContext, Place
from common_sync.core.doctor.view import ImageView, Service, View, find_imports
from common_sync.core.formats.compose.built import BuiltService, Layer, locate_service
from common_sync.core.formats.compose.file import read_compose_file
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.model import Finding, Reference
from common_sync.edges.files.yaml import parse_documents

LIBRARY = {
    "common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1"\n',
    "common/our_common/__init__.py": "",
}
FILES = {**LIBRARY, "requirements.txt": "fastapi\n-e ./common\n", "main.py": "import our_common\n"}
BASE = "FROM python:3.12-slim\nWORKDIR /app\n"
NEWEST = f"# syntax=docker/dockerfile:1\n{BASE}"
INSTALL = "RUN pip install -r requirements.txt\n"


class Folder:
    """Files by their paths; each may be executed, but for those whose paths begin in one of some ways.

    In a clone those may not that begin with `here`, and those may that begin with `there`.
    """

    def __init__(self, files: Mapping[str, str], plain: tuple[str, ...] = ()) -> None:
        self._files, self._plain = files, plain

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed."""
        if path.startswith(("here", "there")):
            return cloned is path.startswith("there")
        return not path.startswith(self._plain)

    def look(self, path: str) -> Place | None:
        """Return what is at a path."""
        if path in self._files:
            return Place("file", path)
        inside = not path or any(file.startswith(f"{path}/") for file in self._files)
        return Place("folder", path) if inside else None

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder."""
        prefix = f"{path}/" if path else ""
        return sorted({file[len(prefix) :].partition("/")[0] for file in self._files if file.startswith(prefix)})

    def read(self, path: str) -> str | None:
        """Return a file's text."""
        return self._files.get(path)


def context_of(files: Mapping[str, str], dockerignore: str = "", plain: tuple[str, ...] = ()) -> BuildContext:
    """Return a build context."""
    return BuildContext(Folder(files, plain), parse_dockerignore(dockerignore))


def follow(dockerfile: str, files: Mapping[str, str] = FILES, dockerignore: str = "") -> Build:
    """Return what a build would come upon."""
    return simulate(parse_dockerfile(dockerfile), context_of(files, dockerignore))


def troubles_of(
    dockerfile: str, files: Mapping[str, str] = FILES, dockerignore: str = "", targets: Iterable[str] = ()
) -> list[Finding]:
    """Return what is wrong with a build."""
    context = context_of(files, dockerignore)
    build = simulate(parse_dockerfile(dockerfile), context)
    return list(find_build_troubles(build, "Dockerfile", context, admits, targets))


def view_of(
    files: Mapping[str, str],
    *dockerfiles: str,
    references: Iterable[Reference] = (),
    compositions: Iterable[BuiltService] = (),
    plain: tuple[str, ...] = (),
) -> View:
    """Return a service `services/api` of `/repo` that holds some files, and its images: compose files build the Dockerfiles in it.

    Of the files, those whose paths begin as `plain` says may not be executed.
    """
    folder = Folder(files)
    own = tuple(sorted(file for file in files if not file.startswith("common/")))
    imports = find_imports(folder, own, find_importable(context_of(files), "common"))
    service = Service(
        "services/api",
        "/repo/services/api",
        "common",
        "our-common",
        folder,
        own,
        tuple(references),
        imports,
        ("common", "events"),
    )
    found = tuple(compositions)
    images = tuple(_image_of(service, files, text, found, plain) for text in dockerfiles)
    return View(service, images, bool(images), found)


def _image_of(
    service: Service,
    files: Mapping[str, str],
    dockerfile: str,
    compositions: tuple[BuiltService, ...],
    plain: tuple[str, ...],
) -> ImageView:
    context = context_of(files, files.get(".dockerignore", ""), plain)
    build = simulate(parse_dockerfile(dockerfile), context)
    builds = tuple(one for one in compositions if one.dockerfile == f"{service.place}/Dockerfile" and not one.doubtful)
    targets = tuple(one.section.target.value.lower() for one in builds if one.section.target is not None)
    return ImageView(service, "Dockerfile", context, build, targets, admits, builds)


def inspect_rest(image: ImageView) -> list[Finding]:
    """Return what the checks of an image find, but for programs that nothing brings: rows leave out what brings uv or Poetry."""
    absent = {*check_absent(image)}
    return [one for one in inspect_image(image) if one not in absent]


def found_in(view: View) -> list[tuple[str, str, int | None]]:
    """Return what all checks find: code, file and line."""
    findings = [*(one for image in view.images for one in inspect_image(image)), *inspect_service(view)]
    return [(one.code, one.file, one.line) for one in dict.fromkeys(findings)]


def check_starts(check: Callable[[View, Begun], Iterable[Finding]], view: View) -> list[Finding]:
    """Return what a check finds in the ways in which the images of a service are started, each once."""
    return [*dict.fromkeys(one for begun in list_begun(view) for one in check(view, begun))]


def composed(*texts: str) -> BuiltService:
    """Return how compose files build and start `api`: the uppermost comes first, and each key has a line."""
    services = [read_compose_file(parse_documents(f"services:\n  api:\n{text}")).services[0] for text in texts]
    built = locate_service([Layer("/repo/services/api/compose.yaml", "/repo/services/api", one) for one in services])
    assert built is not None
    return built
