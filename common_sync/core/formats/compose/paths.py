"""Where in a compose file the paths are.

Source of the format: https://github.com/compose-spec/compose-spec (build.md, develop.md, and the pages on services, volumes,
configs, secrets, include and merge). Paths are relative to the folder of the file.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    find_value,
    is_merge,
    list_merged,
    read_meanings,
)
from common_sync.core.text import NO_PATH

Use = Literal["build", "dockerfile", "mount", "include", "file", "folder"]
"""What a path is for: a build context, its Dockerfile, a bind mount, more Compose, any other file, any other folder."""

_MEANINGS: dict[str, dict[str, str]] = {
    "document": {
        "services": "services",
        "configs": "sources",
        "secrets": "sources",
        "include": "include",
        "volumes": "volumes",
    },
    "services": {"*": "service"},
    "service": {
        "build": "build",
        "volumes": "mounts",
        "env_file": "files",
        "label_file": "files",
        "develop": "develop",
        "extends": "extends",
    },
    "build": {"context": "context", "dockerfile": "dockerfile", "additional_contexts": "contexts"},
    "contexts": {"*": "folder"},
    "mounts": {"source": "source"},
    "files": {"path": "file"},
    "develop": {"watch": "watch"},
    "watch": {"path": "folder"},
    "extends": {"file": "included"},
    "include": {"path": "included", "env_file": "files", "project_directory": "folder"},
    "sources": {"*": "source file"},
    "source file": {"file": "file"},
    "volumes": {"*": "volume"},
    "volume": {"driver_opts": "driver options"},
    "driver options": {"device": "device"},
}
"""The meaning of a collection → key → the meaning of what is there; `*` is any key."""

_LISTS = frozenset({"contexts", "mounts", "files", "watch", "include", "included"})
"""What may be a list, whose items then mean the same."""

_USES: dict[str, Use] = {
    "build": "build",
    "context": "build",
    "dockerfile": "dockerfile",
    "mounts": "mount",
    "source": "mount",
    "device": "mount",
    "include": "include",
    "included": "include",
    "files": "file",
    "file": "file",
    "contexts": "folder",
    "folder": "folder",
}
"""The meaning of a scalar → what it is for, where it is a path."""

_NULL = frozenset({"", "~", "null"})

NOTHING = "nothing"
"""The meaning of what Compose itself does not look at, such as an extension, whose parts are used by their anchors."""

_VARIABLE = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"
_SHORT_MOUNT = expression(
    rf"((?:{_VARIABLE}|[^:])++):"
)  # possessive: what is a variable is not tried again, letter by letter
_LOOKS_LIKE_PATH = expression(r"[./~]|.*\$")
_NAMED = expression(r"[^=]*=")
_REMOTE = expression(r"[a-zA-Z][a-zA-Z0-9+.-]*:|git@|github\.com/|~")


class Build(NamedTuple):
    """An image that a compose file builds.

    Attributes:
        context: The build context's path as written, relative to the file's folder.
        dockerfile: The Dockerfile's path as written, relative to the context; `Dockerfile` where none is given.
        line: The line of the context, counted from 1.
    """

    context: str
    dockerfile: str
    line: int


class WrittenPath(NamedTuple):
    """A path in a compose file.

    Attributes:
        scalar: Where it is written.
        use: What it is for.
        start: Index in the scalar's value of its first character.
        end: Index after its last one, slashes at its end left out.
    """

    scalar: YamlScalar
    use: Use
    start: int
    end: int

    @property
    def path(self) -> str:
        """The path as it is written."""
        return self.scalar.value[self.start : self.end]


class Paths(NamedTuple):
    """The paths of a compose file.

    Attributes:
        written: Each path, in the order of the file; twice where it is used in two ways.
        shared: The offsets of the scalars that say something else too, in another place, by an alias.
    """

    written: tuple[WrittenPath, ...]
    shared: frozenset[int]


class WrittenBuild(NamedTuple):
    """An image that a service builds: the context and the Dockerfile as far as they are written, and its first line."""

    context: YamlScalar | None
    dockerfile: YamlScalar | None
    first_line: int

    @property
    def build(self) -> Build:
        """What that comes to."""
        return Build(
            self.context.value if self.context else ".",
            self.dockerfile.value if self.dockerfile else "Dockerfile",
            self.context.line if self.context else self.first_line,
        )


def list_paths(root: Node) -> Paths:
    """Return the paths of a compose file.

    Args:
        root: The document.
    """
    written: list[WrittenPath] = []
    shared = set()
    for scalar, meanings in read_meanings(root, _find_meaning):
        uses = {_USES[meaning]: meaning for meaning in meanings if meaning in _USES}
        found = [path for use, meaning in uses.items() if (path := _find_path(scalar, use, meaning))]
        written += found
        if found and any(meaning not in _USES and meaning != NOTHING for meaning in meanings):
            shared.add(scalar.start)
    return Paths(tuple(written), frozenset(shared))


def list_builds(root: Node) -> Iterator[WrittenBuild]:
    """Yield what the services build, merge keys considered.

    Args:
        root: The document.
    """
    for build in _find_builds(root):
        yield from _read_build(build)


def list_inline(root: Node) -> Iterator[YamlScalar]:
    """Yield the contexts of the images whose Dockerfile stands in the compose file, where nothing reads it.

    Args:
        root: The document.
    """
    for build in _find_builds(root):
        context = _as_scalar(find_value(build, "context"))
        if context is not None and find_value(build, "dockerfile_inline") is not None:
            yield context


def _find_builds(root: Node) -> Iterator[Node]:
    seen = set()
    for services in list_merged(find_value(root, "services")):
        for key, service in services.pairs:
            build = None if is_merge(key) else find_value(service, "build")
            if build is not None and id(build) not in seen:
                seen.add(id(build))
                yield build


def is_remote(path: str) -> bool:
    """Tell whether something is no path of this machine, or one of whoever starts Compose: `~`."""
    return _REMOTE.match(path) is not None


def _read_build(build: Node) -> Iterator[WrittenBuild]:
    if isinstance(build, YamlScalar):
        if build.value not in _NULL:
            yield WrittenBuild(build, None, build.line)
    elif isinstance(build, YamlMapping) and find_value(build, "dockerfile_inline") is None:
        context, dockerfile = (_as_scalar(find_value(build, key)) for key in ("context", "dockerfile"))
        yield WrittenBuild(context, dockerfile, build.line)


def _as_scalar(node: Node | None) -> YamlScalar | None:
    return node if isinstance(node, YamlScalar) else None


def _find_meaning(meaning: str, node: YamlMapping | YamlSequence, key: str) -> str:
    if meaning == NOTHING or node.tag == "!reset":  # Compose's way to take back what another file says
        return NOTHING
    if isinstance(node, YamlSequence):
        return meaning if meaning in _LISTS else ""
    known = _MEANINGS.get(meaning, {})
    if known and key.startswith("x-") and key not in known and "*" not in known:
        return NOTHING
    found = known.get(key, known.get("*", ""))
    if (found == "source" and not _is_bind(node)) or (found == "device" and not _is_bound(node)):
        return ""
    if found == "included" and find_value(node, "project_directory") is not None:
        return "files"  # its own paths are relative to that folder, so it is not read
    return found


def _is_bind(mount: YamlMapping) -> bool:
    kind = _as_scalar(find_value(mount, "type"))
    return kind is None or kind.value == "bind"


def _is_bound(options: YamlMapping) -> bool:
    """Tell whether a volume is a bind mount by another name: Compose takes the path of no other device for one."""
    option = _as_scalar(find_value(options, "o"))
    return option is not None and option.value == "bind"


def _find_path(scalar: YamlScalar, use: Use, meaning: str) -> WrittenPath | None:
    start, end = 0, len(scalar.value)
    if meaning == "mounts":
        source = _SHORT_MOUNT.match(scalar.value)
        if source is None or not _LOOKS_LIKE_PATH.match(source[1]):
            return None  # a volume without a source, or with a name
        end = source.end(1)
    elif meaning == "contexts":
        name = _NAMED.match(scalar.value)
        start = name.end() if name else end
    path = scalar.value[start:end]
    if not path or scalar.tag == "!reset" or is_remote(path) or NO_PATH.search(path):
        return None
    return WrittenPath(scalar, use, start, start + len(path.rstrip("/") or "/"))
