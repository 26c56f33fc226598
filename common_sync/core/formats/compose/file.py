"""What a compose file says of its services: the one reader, for the rewriter, `doctor` and `init`.

Source of the format: https://github.com/compose-spec/compose-spec (05-services.md, build.md). Each value keeps the scalar that it
is written in, so that it can be edited; merge keys are considered. Paths are as they are written.
"""

from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.compose.paths import SHORT_MOUNT, has_variable, is_bind, is_remote
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    find_value,
    is_merge,
    list_documents,
    list_merged,
)

DOCKERFILE = "Dockerfile"
"""What Docker reads where nothing else is said."""

_NULL = frozenset({"", "~", "null"})
_RESET = "!reset"
_CUT = frozenset({_RESET, "!override"})
_PATH = expression(r"[./~]")


class Build(NamedTuple):
    """An image that a compose file builds."""

    context: str  # the build context's path as written, relative to the file's folder
    dockerfile: str  # the Dockerfile's path as written, relative to the context; `Dockerfile` where none is given
    line: int  # the line of the context, counted from 1


class Named(NamedTuple):
    """A build argument, or a build context with a name: what it is given is None where the environment has it."""

    name: str
    value: str | None
    line: int
    file: str = ""  # the absolute path of the file that says so, once it is known


class BuildSection(NamedTuple):
    """The `build` of a service, as far as it is written."""

    context: YamlScalar | None  # the build context's path
    dockerfile: YamlScalar | None  # the Dockerfile's path
    inline: YamlScalar | None  # the Dockerfile itself, where it stands in the compose file
    target: YamlScalar | None  # the stage that is built
    arguments: tuple[Named, ...]  # the build arguments
    contexts: tuple[Named, ...]  # the additional build contexts, by the names that a Dockerfile has for them
    first_line: int  # its first line, counted from 1
    cut: frozenset[str] = frozenset()  # the keys that hide what they are put over: `!reset`, `!override`

    @property
    def build(self) -> Build:
        """What that comes to."""
        return Build(
            self.context.value if self.context else ".",
            self.dockerfile.value if self.dockerfile else DOCKERFILE,
            self.context.line if self.context else self.first_line,
        )


class Mount(NamedTuple):
    """A mount of a service."""

    line: int  # its line, counted from 1
    source: str | None  # the path that is mounted, or None for a volume or a file system in memory
    target: str  # the absolute path in the container
    written: str  # how it is written, in short
    start: int = -1  # the offset of the scalar that holds the path
    file: str = ""  # the absolute path of the file that says so, once it is known


class Reference(NamedTuple):
    """Another file, or a service of it, that is included or extended."""

    line: int  # its line, counted from 1
    file: str  # the file's path; nothing for the file itself
    service: str = ""  # the service that is extended, or nothing
    folder: str | None = None  # the folder that its paths are relative to, where it is not its own
    unknown: str = ""  # why nobody can tell which file or service that is, or nothing
    over: tuple[str, ...] = ()  # the files that are put over an included one, the lowest first


class Begin(NamedTuple):
    """One thing that a compose file says of how a service is started; `starts.py` reads it."""

    key: str  # `command`, `entrypoint`, `working_dir`, `env_file` or `environment`
    node: Node  # what it says
    file: str = ""  # the absolute path of the file that says so, once it is known


class ComposeService(NamedTuple):
    """A service of a compose file."""

    name: str  # its name
    build: BuildSection | None  # how its image is built; None where it is not
    mounts: tuple[Mount, ...] = ()  # what is mounted in it, as far as the place in the container is written out
    extends: Reference | None = None  # the service that it begins with, or None
    alone: bool = False  # whether it says what its image is, so that it need not be put over another service
    cut: frozenset[str] = frozenset()  # the keys that hide what they are put over: `!reset`, `!override`
    starts: tuple[Begin, ...] = ()  # what it is started with


class ComposeFile(NamedTuple):
    """A compose file: its services in their order, and what it includes, as far as that is written out."""

    services: tuple[ComposeService, ...] = ()
    includes: tuple[Reference, ...] = ()

    @property
    def builds(self) -> tuple[BuildSection, ...]:
        """What is built: each section once, however many services share it by an alias."""
        return tuple({id(one.build): one.build for one in self.services if one.build is not None}.values())

    @property
    def taken(self) -> frozenset[tuple[str, ...]]:
        """What it takes from other files: the files that it includes, and the services that its own ones extend."""
        extended = ((one.name, one.extends) for one in self.services if one.extends is not None)
        included = (("", include) for include in self.includes)
        return frozenset((name, one.file, one.service, one.folder or "") for name, one in [*extended, *included])


def read_compose_file(root: Node) -> ComposeFile:
    """Return what a compose file says of its services; what a later document says of one comes before an earlier one's."""
    services: dict[str, ComposeService] = {}
    includes: list[Reference] = []
    for document in list_documents(root):
        for name, service in _read_services(document).items():
            services[name] = _merge(service, services[name]) if name in services else service
        includes += _list_includes(find_value(document, "include"))
    return ComposeFile(tuple(services.values()), tuple(includes))


def _merge(above: ComposeService, below: ComposeService) -> ComposeService:
    """Return what two documents of a file say of a service."""
    under = hide(below, above.cut)
    build = under.build if above.build is None else merge_builds(above.build, under.build)
    mounts = merge_mounts([above.mounts, under.mounts])
    alone, cut = above.alone or below.alone, above.cut | below.cut
    starts = merge_starts([above.starts, under.starts])
    return ComposeService(above.name, build, mounts, above.extends or below.extends, alone, cut, starts)


def hide(service: ComposeService, cut: frozenset[str]) -> ComposeService:
    """Return a service without what is hidden of it by what is put over it."""
    build = None if "build" in cut else service.build
    starts = tuple(one for one in service.starts if one.key not in cut)
    return service._replace(build=build, mounts=() if "volumes" in cut else service.mounts, starts=starts)


def merge_builds(above: BuildSection, below: BuildSection | None) -> BuildSection:
    """Return what a section comes to that is put over another."""
    if below is None:
        return above
    hidden = above.cut
    return BuildSection(
        above.context or (None if "context" in hidden else below.context),
        above.dockerfile or (None if "dockerfile" in hidden else below.dockerfile),
        above.inline or (None if "dockerfile_inline" in hidden else below.inline),
        above.target or (None if "target" in hidden else below.target),
        _merge_named(above.arguments, () if "args" in hidden else below.arguments),
        _merge_named(above.contexts, () if "additional_contexts" in hidden else below.contexts),
        above.first_line,
        hidden | below.cut,
    )


def _merge_named(above: tuple[Named, ...], below: tuple[Named, ...]) -> tuple[Named, ...]:
    return tuple(({one.name: one for one in below} | {one.name: one for one in above}).values())


def merge_mounts(layers: Sequence[tuple[Mount, ...]]) -> tuple[Mount, ...]:
    """Return the mounts of layers, the uppermost first; it takes the place of what another has at the same target."""
    taken: set[str] = set()
    merged: list[Mount] = []
    for mounts in layers:
        merged += (one for one in mounts if one.target not in taken)
        taken |= {one.target for one in mounts}
    return tuple(merged)


def _read_services(document: Node) -> dict[str, ComposeService]:
    """Return the services of a document by their names: a mapping's own before those that are merged into it."""
    found: dict[str, ComposeService] = {}
    sections: dict[int, BuildSection | None] = {}
    for services in list_merged(find_value(document, "services")):
        for key, service in services.pairs:
            if isinstance(key, YamlScalar) and not is_merge(key) and key.value not in found:
                mounts = tuple(_list_mounts(find_value(service, "volumes")))
                build = find_value(service, "build")
                section = sections.setdefault(id(build), _read_build(build))
                extends = _read_extends(find_value(service, "extends"))
                alone = extends is not None or find_value(service, "image") is not None
                alone = alone or (section is not None and section.context is not None)
                cut, starts = _list_cut(service), tuple(_list_starts(service))
                found[key.value] = ComposeService(key.value, section, mounts, extends, alone, cut, starts)
    return found


def merge_starts(layers: Sequence[tuple[Begin, ...]]) -> tuple[Begin, ...]:
    """Return what layers say of how a service is started, the uppermost first; of `environment`, all of it."""
    found = {one.key: one for layer in reversed(layers) for one in layer if one.key != _ENVIRONMENT}
    return (*found.values(), *(one for layer in layers for one in layer if one.key == _ENVIRONMENT))


_ENVIRONMENT = "environment"


def _list_starts(service: Node) -> Iterator[Begin]:
    for key in ("command", "entrypoint", "working_dir", "env_file", _ENVIRONMENT):
        if (node := find_value(service, key)) is not None:
            yield Begin(key, node)


def _list_cut(node: Node) -> frozenset[str]:
    """Return the keys that take back what another file says, or say it anew."""
    pairs = [pair for mapping in list_merged(node) for pair in mapping.pairs]
    return frozenset(key.value for key, value in pairs if isinstance(key, YamlScalar) and value.tag in _CUT)


def _read_build(build: Node | None) -> BuildSection | None:
    if build is None or build.tag == _RESET:
        return None
    if isinstance(build, YamlScalar):
        return None if build.value in _NULL else BuildSection(build, None, None, None, (), (), build.line)
    if not isinstance(build, YamlMapping):
        return None
    keys = ("context", "dockerfile", "dockerfile_inline", "target")
    context, dockerfile, inline, target = (_as_scalar(find_value(build, key)) for key in keys)
    arguments, contexts = (tuple(list_named(find_value(build, key))) for key in ("args", "additional_contexts"))
    return BuildSection(context, dockerfile, inline, target, arguments, contexts, build.line, _list_cut(build))


def list_named(node: Node | None) -> Iterator[Named]:
    """Yield what a mapping or a list of `name=value` gives names to, in its order; of a mapping, what is merged into it comes after.

    Args:
        node: The mapping or list; anything else is passed over.
    """
    if node is None or node.tag == _RESET:
        return
    for item in node.items if isinstance(node, YamlSequence) else ():
        name, equals, text = _text(item).partition("=")
        yield Named(name, text if equals else None, item.line)
    for mapping in list_merged(node):
        for key, value in mapping.pairs:
            if isinstance(key, YamlScalar) and not is_merge(key):
                yield Named(key.value, _given(value), value.line)


def _given(node: Node) -> str | None:
    return node.value if isinstance(node, YamlScalar) and (node.style or node.value not in _NULL) else None


def _read_extends(node: Node | None) -> Reference | None:
    if isinstance(node, YamlScalar):
        unknown = _why_unknown("", node.value)
        return Reference(node.line, "", node.value, unknown=unknown) if node.value not in _NULL else None
    file, service = _text(find_value(node, "file")), _text(find_value(node, "service"))
    return Reference(node.line, file, service, unknown=_why_unknown(file, service)) if node and service else None


def _why_unknown(file: str, more: str) -> str:
    """Return why nobody can tell which file is meant, or what of it; nothing where it is written out."""
    if has_variable(file + more):
        return "a variable tells what is meant"
    return f"`{file}` is no path in this repository" if is_remote(file) else ""


def _list_includes(node: Node | None) -> Iterator[Reference]:
    for item in node.items if isinstance(node, YamlSequence) else ():
        written = item if isinstance(item, YamlScalar) else find_value(item, "path")
        folder = _text(find_value(item, "project_directory"))
        listed = written.items if isinstance(written, YamlSequence) else (written,)
        path, *over = [path for one in listed if (path := _text(one))] or [""]
        unknown = next(filter(None, (_why_unknown(one, folder) for one in (path, *over))), "")
        if path:
            yield Reference(item.line, path, folder=folder or None, unknown=unknown, over=tuple(over))


def _list_mounts(volumes: Node | None) -> Iterator[Mount]:
    """Yield the mounts whose places are written out."""
    for item in volumes.items if isinstance(volumes, YamlSequence) and volumes.tag != _RESET else ():
        scalar, source, target = _read_mount(item)
        if target.startswith("/") and not has_variable(f"{source}{target}"):
            place = source if _PATH.match(source) else None
            yield Mount(item.line, place, normpath(target), f"{place or 'a volume'} over {target}", scalar)


def _read_mount(item: Node) -> tuple[int, str, str]:
    """Return the offset of the path, source and target; no source for what is no folder of this machine."""
    if isinstance(item, YamlScalar):
        short = SHORT_MOUNT.match(item.value)
        rest = item.value[short.end() :] if short else item.value
        return item.start, short[1] if short else "", rest.partition(":")[0]
    source = _as_scalar(find_value(item, "source")) if is_bind(item) else None
    target = _text(find_value(item, "target"))
    return (source.start, source.value, target) if source else (-1, "", target)


def _as_scalar(node: Node | None) -> YamlScalar | None:
    return node if isinstance(node, YamlScalar) and node.value and node.tag != _RESET else None


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, YamlScalar) else ""
