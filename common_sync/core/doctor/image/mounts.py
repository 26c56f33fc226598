"""What a compose file mounts over the image of a service.

Source of the format: https://github.com/compose-spec/compose-spec/blob/main/05-services.md#volumes.
"""

from collections.abc import Iterator
from posixpath import join, normpath
from typing import NamedTuple

from common_sync.core.doctor.image.files import below
from common_sync.core.formats.compose.paths import is_remote
from common_sync.core.formats.compose.variables import has_variable
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlScalar,
    YamlSequence,
    find_value,
    is_merge,
    list_merged,
)


class Mount(NamedTuple):
    """A mount of a service.

    Attributes:
        line: Its line, counted from 1.
        source: The absolute path that is mounted, or None for a volume or a file system in memory.
        target: The absolute path in the container.
        written: How it is written, in short.
    """

    line: int
    source: str | None
    target: str
    written: str


class Composed(NamedTuple):
    """A service of a compose file that is built from a folder.

    Attributes:
        name: Its name.
        context: The absolute path of the build context.
        dockerfile: The absolute path of the Dockerfile.
        target: The stage that is built, or None for the last.
        mounts: What is mounted in it.
        line: The line of its build, counted from 1.
    """

    name: str
    context: str
    dockerfile: str
    target: str | None
    mounts: tuple[Mount, ...]
    line: int


def find_composed(root: Node, folder: str) -> Iterator[Composed]:
    """Yield the services of a compose file that are built from a folder on this disk.

    Args:
        root: The parsed file.
        folder: The absolute path of the folder that it stands in.
    """
    for services in list_merged(find_value(root, "services")):
        for key, service in services.pairs:
            build = find_value(service, "build")
            if build is None or is_merge(key) or not isinstance(key, YamlScalar):
                continue
            context = _text(build) if isinstance(build, YamlScalar) else _text(find_value(build, "context")) or "."
            dockerfile = _text(find_value(build, "dockerfile")) or "Dockerfile"
            if not context or is_remote(context) or has_variable(context + dockerfile):
                continue
            place = normpath(join(folder, context))
            mounts = tuple(_mounts(find_value(service, "volumes"), folder))
            target = _text(find_value(build, "target"))
            yield Composed(key.value, place, normpath(join(place, dockerfile)), target, mounts, build.line)


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, YamlScalar) and node.value else None


def _mounts(volumes: Node | None, folder: str) -> Iterator[Mount]:
    """Yield the mounts whose place is written out."""
    for item in volumes.items if isinstance(volumes, YamlSequence) else ():
        source, target = _read_mount(item)
        if target.startswith("/") and not has_variable(f"{source}{target}"):
            place = normpath(join(folder, source)) if _is_path(source) else None
            yield Mount(
                item.line, place, normpath(target), f"{source if _is_path(source) else 'a volume'} over {target}"
            )


def _read_mount(item: Node) -> tuple[str, str]:
    """Return source and target; nothing for what is no mount, and for a source that is no folder of this machine."""
    if isinstance(item, YamlScalar):
        parts = item.value.split(":")
        return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    bind = _text(find_value(item, "type")) == "bind"
    return (_text(find_value(item, "source")) or "") if bind else "", _text(find_value(item, "target")) or ""


def _is_path(source: str) -> bool:
    """Tell a path from the name of a volume."""
    return source.startswith((".", "/", "~"))


def find_hiding(mounts: tuple[Mount, ...], place: str, copy: str) -> list[Mount]:
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
