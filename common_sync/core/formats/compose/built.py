"""How the image of a compose file's service is built, and where its paths lead, through what it extends.

Source of the rules: https://github.com/compose-spec/compose-spec (05-services.md, extends; 12-interpolation.md).
"""

from collections.abc import Sequence
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.formats.compose.file import (
    BuildSection,
    ComposeService,
    Mount,
    Named,
    merge_builds,
    merge_mounts,
)
from common_sync.core.formats.compose.paths import UNKNOWN, expand, has_variable, is_remote


class Layer(NamedTuple):
    """A service as one file says it: the file's absolute path, and the folder that its paths are relative to."""

    file: str
    folder: str
    service: ComposeService


class BuiltService(NamedTuple):
    """A service whose image is built, and where its paths lead.

    Attributes:
        file: The absolute path of the compose file that says how.
        name: Its name.
        section: How it is built, as written.
        context: The build context's absolute path.
        dockerfile: The Dockerfile's absolute path; nothing where it stands in the compose file.
        mounts: What is mounted in it, the sources as absolute paths.
        contexts: The additional build contexts, as absolute paths; None for one that is no folder of this disk.
        doubtful: Whether a variable tells context or Dockerfile, so that both are guesses.
    """

    file: str
    name: str
    section: BuildSection
    context: str
    dockerfile: str
    mounts: tuple[Mount, ...]
    contexts: tuple[Named, ...] = ()
    doubtful: bool = False

    def outside(self, folder: str) -> bool:
        """Tell whether it is built by a Dockerfile outside a folder; one that stands in the compose file lies in its context."""
        return f"{self.dockerfile or self.context}/".startswith(f"{folder}/") is False

    @property
    def inline(self) -> str | None:
        """The Dockerfile that stands in the compose file, variables put in; None where there is none, or they cannot be told."""
        text = expand(self.section.inline.value) if self.section.inline else UNKNOWN
        return None if UNKNOWN in text else text


def locate_service(layers: Sequence[Layer]) -> BuiltService | None:
    """Return how the image of a service is built; None where it is not, or from what is no folder of this disk.

    Args:
        layers: What says so: the service itself first, then those that it extends.
    """
    section: BuildSection | None = None
    file = folder = ""
    for layer in reversed(layers):
        if (own := layer.service.build) is not None:
            folder = layer.folder if section is None or own.context is not None else folder
            section, file = merge_builds(own, section), layer.file
    if section is None or is_remote(section.build.context):
        return None
    build = section.build
    context = normpath(join(folder, _guess(build.context)))
    return BuiltService(
        file,
        layers[0].service.name,
        section,
        context,
        "" if section.inline else normpath(join(context, _guess(build.dockerfile))),
        merge_mounts([_locate_mounts(layer) for layer in layers]),
        tuple(one._replace(value=_locate_context(one.value, folder)) for one in section.contexts),
        doubtful=any(map(has_variable, (build.context, section.target.value if section.target else "")))
        or (UNKNOWN in expand(section.inline.value) if section.inline else has_variable(build.dockerfile)),
    )


def _guess(path: str) -> str:
    """Return a path with the defaults of its variables put in."""
    return expand(path).replace(UNKNOWN, "?")


def _locate_mounts(layer: Layer) -> tuple[Mount, ...]:
    return tuple(
        one._replace(source=one.source and normpath(join(layer.folder, one.source))) for one in layer.service.mounts
    )


def _locate_context(path: str | None, folder: str) -> str | None:
    return None if path is None or is_remote(path) or has_variable(path) else normpath(join(folder, path))
