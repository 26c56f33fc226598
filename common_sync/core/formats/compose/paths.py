"""Where in a compose file the paths are, and what variables make of one, as far as anybody can tell without the environment.

Source of the format: https://github.com/compose-spec/compose-spec (build.md, develop.md, and the pages on services, volumes,
configs, secrets, include, merge and interpolation). Paths are relative to the folder of the file.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.yaml.tree import (
    DOCUMENTS,
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    find_value,
    read_meanings,
)
from common_sync.core.text import is_no_path

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

NOTHING = "nothing"
"""The meaning of what Compose itself does not look at, such as an extension, whose parts are used by their anchors."""

_VARIABLE = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"
SHORT_MOUNT = expression(
    rf"((?:{_VARIABLE}|[^:])++):"
)  # possessive: what is a variable is not tried again, letter by letter
_LOOKS_LIKE_PATH = expression(r"[./~]|.*\$")
_NAMED = expression(r"[^=]*=")
_REMOTE = expression(r"[a-zA-Z][a-zA-Z0-9+.-]*:|git@|github\.com/|~")


class WrittenPath(NamedTuple):
    """A path in a compose file."""

    scalar: YamlScalar  # where it is written
    use: Use  # what it is for
    start: int  # index in the scalar's value of its first character
    end: int  # index after its last one, slashes at its end left out

    @property
    def path(self) -> str:
        """The path as it is written."""
        return self.scalar.value[self.start : self.end]


class Paths(NamedTuple):
    """The paths of a compose file."""

    written: tuple[WrittenPath, ...]  # each path, in the order of the file; twice where it is used in two ways
    shared: frozenset[int]  # the offsets of the scalars that say something else too, in another place, by an alias


def list_paths(root: Node) -> Paths:
    """Return the paths of a compose file."""
    written: list[WrittenPath] = []
    shared = set()
    for scalar, meanings in read_meanings(root, _find_meaning):
        uses = {_USES[meaning]: meaning for meaning in meanings if meaning in _USES}
        found = [path for use, meaning in uses.items() if (path := _find_path(scalar, use, meaning))]
        written += found
        if found and any(meaning not in _USES and meaning != NOTHING for meaning in meanings):
            shared.add(scalar.start)
    return Paths(tuple(written), frozenset(shared))


def is_remote(path: str) -> bool:
    """Tell whether something is no path of this machine, or one of whoever starts Compose: `~`."""
    return _REMOTE.match(path) is not None


def _as_scalar(node: Node | None) -> YamlScalar | None:
    return node if isinstance(node, YamlScalar) else None


def _find_meaning(meaning: str, node: YamlMapping | YamlSequence, key: str) -> str:
    if meaning == NOTHING or node.tag == "!reset":  # Compose's way to take back what another file says
        return NOTHING
    if isinstance(node, YamlSequence):
        return meaning if meaning in _LISTS or node.tag == DOCUMENTS else ""
    known = _MEANINGS.get(meaning, {})
    if known and key.startswith("x-") and key not in known and "*" not in known:
        return NOTHING
    found = known.get(key, known.get("*", ""))
    if (found == "source" and not is_bind(node)) or (found == "device" and not _is_bound(node)):
        return ""
    if found == "included" and find_value(node, "project_directory") is not None:
        return "files"  # its own paths are relative to that folder, so it is not read
    return found


def is_bind(mount: Node) -> bool:
    """Tell whether a mount in its long form is of a path, and not of a volume."""
    kind = _as_scalar(find_value(mount, "type"))
    return kind is None or kind.value == "bind"


def _is_bound(options: YamlMapping) -> bool:
    """Tell whether a volume is a bind mount by another name: Compose takes the path of no other device for one."""
    option = _as_scalar(find_value(options, "o"))
    return option is not None and option.value == "bind"


def _find_path(scalar: YamlScalar, use: Use, meaning: str) -> WrittenPath | None:
    start, end = 0, len(scalar.value)
    if meaning == "mounts":
        source = SHORT_MOUNT.match(scalar.value)
        if source is None or not _LOOKS_LIKE_PATH.match(source[1]):
            return None  # a volume without a source, or with a name
        end = source.end(1)
    elif meaning == "contexts":
        name = _NAMED.match(scalar.value)
        start = name.end() if name else end
    path = scalar.value[start:end]
    if not path or scalar.tag == "!reset" or is_remote(path) or is_no_path(path):
        return None
    return WrittenPath(scalar, use, start, start + len(path.rstrip("/") or "/"))


_IN_PATH = expression(r"\$(?:(?P<dollar>\$)|\{\w+:?-(?P<default>[^{}]*)\}|\{[^}]*\}?|\w+)")
UNKNOWN = "\0"


def expand(path: str) -> str:
    """Return a path with its variables put in; `UNKNOWN` stands for one that has no default."""
    return _IN_PATH.sub(_expand, path)


def has_variable(path: str) -> bool:
    """Tell whether a path depends on the environment."""
    return any(found["dollar"] is None for found in _IN_PATH.finditer(path))


def list_variables(text: str) -> Iterator[str]:
    """Yield the variables that Compose puts into a text and that have no default: an empty text takes the place of one that is not set."""
    for found in _IN_PATH.finditer(text):
        name = _PLAIN.fullmatch(found[0])
        yield from [name[1]] if name is not None else []


_PLAIN = expression(r"\$\{?(\w+)\}?")


def _expand(found: re.Match[str]) -> str:
    if found["dollar"]:
        return "$"
    return UNKNOWN if found["default"] is None else str(found["default"])
