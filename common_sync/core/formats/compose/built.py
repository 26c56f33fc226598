"""How the image of a compose file's service is built, and where its paths lead, through what it extends.

Source of the rules: https://github.com/compose-spec/compose-spec (05-services.md, extends; 12-interpolation.md).
"""

from collections.abc import Sequence
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.formats.compose.file import (
    Begin,
    BuildSection,
    ComposeService,
    Mount,
    Named,
    hide,
    merge_builds,
    merge_mounts,
    merge_starts,
)
from common_sync.core.formats.compose.paths import UNKNOWN, expand, has_variable, is_remote
from common_sync.core.formats.yaml.tree import YamlScalar
from common_sync.core.paths import is_below


class Layer(NamedTuple):
    """A service as one file says it: the file's absolute path, and the folder that its paths are relative to."""

    file: str
    folder: str
    service: ComposeService


class BuiltService(NamedTuple):
    """A service whose image is built, and where its paths lead.

    Attributes:
        files: The sections that say how, each with the absolute path of its compose file, the uppermost first.
        name: Its name.
        section: How it is built, as written.
        context: The build context's absolute path.
        dockerfile: The Dockerfile's absolute path; nothing where it stands in the compose file.
        mounts: What is mounted in it, the sources as absolute paths.
        contexts: The additional build contexts, as absolute paths; None for one that is no folder of this disk.
        starts: What it is started with.
        folder: The absolute path of the folder that the context is relative to.
    """

    files: tuple[tuple[str, BuildSection], ...]
    name: str
    section: BuildSection
    context: str
    dockerfile: str
    mounts: tuple[Mount, ...]
    contexts: tuple[Named, ...] = ()
    starts: tuple[Begin, ...] = ()
    folder: str = ""

    @property
    def doubt(self) -> YamlScalar | None:
        """What has a variable that tells context, Dockerfile or stage, so that these are guesses; None where nothing has."""
        context, dockerfile, inline, target = self.section[:4]
        if inline is not None and UNKNOWN in expand(inline.value):
            return inline
        plain = (context, target) if inline is not None else (context, dockerfile, target)
        return next((one for one in plain if one is not None and has_variable(one.value)), None)

    @property
    def doubtful(self) -> bool:
        """Whether a variable tells what it is built from, or how."""
        return self.doubt is not None

    @property
    def file(self) -> str:
        """The absolute path of the compose file that says from where it is built, or by a Dockerfile in itself."""
        return self.file_of(self.section.inline or self.section.context)

    def file_of(self, scalar: YamlScalar | None) -> str:
        """Return the absolute path of the compose file that holds a scalar of the section; the uppermost for none."""
        holding = (file for file, one in self.files if any(scalar is own for own in one[:4] if own is not None))
        return next(holding, self.files[0][0])

    def shares(self, other: "BuiltService") -> bool:
        """Tell whether one path that says how it is built says so of another image, too, which extends it or is put over it."""
        return any(
            one is not None and again is not None and (self.file_of(one), one) == (other.file_of(again), again)
            for one, again in zip(self.section[:2], other.section[:2], strict=True)
        )

    def outside(self, folder: str) -> bool:
        """Tell whether it is built by a Dockerfile outside a folder; one that stands in the compose file lies in its context."""
        return not is_below(self.dockerfile or self.context, folder)

    @property
    def inline(self) -> str | None:
        """The Dockerfile that stands in the compose file, variables put in; None where there is none, or they cannot be told."""
        text = expand(self.section.inline.value) if self.section.inline else UNKNOWN
        return None if UNKNOWN in text else text


def locate_service(layers: Sequence[Layer]) -> BuiltService | None:
    """Return how the image of a service is built; None where it is not, or from what is no folder of this disk.

    Args:
        layers: What says so, the uppermost first: the service itself, those that it extends, then what it is put over.
    """
    layers = _hide_below(layers)
    section: BuildSection | None = None
    folder = ""
    for layer in reversed(layers):
        if (own := layer.service.build) is not None:
            folder = layer.folder if section is None or own.context is not None else folder
            section = merge_builds(own, section)
    if section is None or is_remote(section.build.context):
        return None
    build = section.build
    context = normpath(join(folder, _guess(build.context)))
    return BuiltService(
        tuple((layer.file, layer.service.build) for layer in layers if layer.service.build is not None),
        layers[0].service.name,
        section,
        context,
        "" if section.inline else normpath(join(context, _guess(build.dockerfile))),
        merge_mounts([_locate_mounts(layer) for layer in layers]),
        section.contexts,
        merge_starts([tuple(one._replace(file=layer.file) for one in layer.service.starts) for layer in layers]),
        folder,
    )


def find_context(layers: Sequence[Layer]) -> str:
    """Return the absolute path of the build context that layers write out, whatever they are put over; nothing for none."""
    for layer in layers:
        if layer.service.build is not None and layer.service.build.context is not None:
            return _locate_context(layer.service.build.context.value, layer.folder) or ""
    return ""


def _hide_below(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers without what one above them hides, their named contexts as absolute paths."""
    cut, kept = frozenset[str](), list[Layer]()
    for layer in layers:
        service = hide(layer.service, cut)
        cut |= service.cut
        build = service.build and service.build._replace(contexts=_locate_contexts(layer))
        kept.append(layer._replace(service=service._replace(build=build)))
    return kept


def _guess(path: str) -> str:
    """Return a path with the defaults of its variables put in."""
    return expand(path).replace(UNKNOWN, "?")


def _locate_mounts(layer: Layer) -> tuple[Mount, ...]:
    return tuple(
        one._replace(source=one.source and normpath(join(layer.folder, one.source)), file=layer.file)
        for one in layer.service.mounts
    )


def _locate_contexts(layer: Layer) -> tuple[Named, ...]:
    contexts = layer.service.build.contexts if layer.service.build else ()
    return tuple(one._replace(value=_locate_context(one.value, layer.folder), file=layer.file) for one in contexts)


def _locate_context(path: str | None, folder: str) -> str | None:
    return None if path is None or is_remote(path) or has_variable(path) else normpath(join(folder, path))
