"""Tell from a file's bytes whether it could concern the library, before anything is imported that parses it."""

import re
from collections.abc import Container, Sequence
from posixpath import basename, join, normpath

from common_sync.core.expressions import expression_of_bytes
from common_sync.core.paths import is_below
from common_sync.core.references.kinds import KINDS, MORE_COMPOSE, Kind

_LEADS_ANYWHERE = (b"..", b"$", b"\\", b"\0")
"""What a path holds that leads upward, or has a variable or an escape in it; and all that is in UTF-16."""

_SLASHES = expression_of_bytes(rb"/(?:\./|/)+")
_LINE_END = expression_of_bytes(rb"[\n\r\x85\xa8\xa9]")
_FAR = 500
"""Bytes before a name that are looked at."""


def may_concern(data: bytes, kind: Kind, folders: Sequence[bytes], copy: bytes) -> bool:
    """Tell whether a file could lead to the library; one that does so by nothing but a symlink is missed.

    Args:
        data: What it holds.
        kind: What it is.
        folders: The absolute paths that an absolute path to the library would begin with.
        copy: The copy's path inside the service.
    """
    row = KINDS[kind]
    if row.holds not in data:
        return False
    if row.hints is None or any(hint in data for hint in (*_LEADS_ANYWHERE, *row.hints)):
        return True
    plain = _SLASHES.sub(b"/", data)  # `/repo//./common` is an absolute path, too
    if any(folder in plain for folder in folders):
        return True
    name = copy.partition(b"/")[0] if row.prose else copy.rpartition(b"/")[2]
    # in YAML a quote is doubled, and a line may be broken where there is a blank
    spelled = re.escape(name).replace(b"'", b"''?").replace(rb"\ ", rb"\s+")
    if not row.prose:
        return re.search(spelled, data) is not None
    # a command often names the copy in its middle: `sh -c "common/wait && …"`
    return any(_may_begin_path(data, found.start()) for found in re.finditer(spelled, data))


def may_build(data: bytes, *, elsewhere: bool) -> bool:
    """Tell whether a compose file could build an image.

    Args:
        data: What it holds.
        elsewhere: Ask for a Dockerfile that is built from another folder than the one that it lies in.
    """
    hints = (b"dockerfile", b"additional_contexts") if elsewhere else (b"build",)
    return any(one in data for one in (*hints, *MORE_COMPOSE, b"\\", b"\0"))


def may_build_at(data: bytes, folder: str, place: str) -> bool:
    """Tell whether a compose file that cannot be parsed could build an image of a service.

    One that does so by nothing but a symlink or a variable is missed.

    Args:
        data: What it holds.
        folder: The absolute path of the folder that its paths are relative to.
        place: The absolute path of the service's folder.
    """
    name = basename(place).encode()
    if any(one in data for one in (*MORE_COMPOSE, b"\\", b"\0", name)):
        return True
    found = [(key, path.decode("utf-8", "replace")) for key, path in _BUILT_FROM.findall(data)]
    contexts = [path for _, path in found if path]
    if len(contexts) < sum(key == b"build" for key, _ in found):
        return True  # a build without a context has the folder itself
    return any(is_below(place, normpath(join(folder, path))) for path in contexts)


_BUILT_FROM = expression_of_bytes(rb"""(?<![\w-])(build|context)["']?[ \t]*:[ \t]*["']?([^\s"',\[\]{}&*!|>#]*)""")
"""A key of a compose file, and the build context that stands right behind it."""


def may_install(data: bytes, kind: Kind, known: Container[str]) -> bool:
    """Tell whether a file's commands could install from a file that is not known for its name.

    Args:
        data: What it holds.
        kind: What it is.
        known: The service's files of requirements that are.
    """
    if kind == "project":
        return b"setuptools.dynamic" in data
    if not KINDS[kind].commands or not any(one in data.replace(_NO_TOOL, b"") for one in _TOOLS):
        return False
    words = {found[1].decode("utf-8", "replace").removeprefix("./") for found in _NAMED.finditer(data)}
    return any(word not in known for word in words) or (any(one in data for one in _VERBS) and bool(_RUNS.search(data)))


_TOOLS = (b"pip", b"uv", b"PIP", b"session", b".install", b"deps")
_NO_TOOL = b"uvicorn"
"""What nearly every service is started by, and installs nothing."""

_VERBS = (b"run", b"sync", b"compile", b"--script")
_NAMED = expression_of_bytes(
    rb"""(?:(?<![\w-])-[rcb]|--[a-z-]*(?:requirement|constraint|override|script)s?|PIP_REQUIREMENT)(?:["']?[\s=,:]+["']?)?([^\s"',;&|{}]+|\S)"""
)
_RUNS = expression_of_bytes(rb"""(?:uv|pipx?)["',\s-]+(?:run|sync|compile)|--script""")


def _may_begin_path(data: bytes, start: int) -> bool:
    """Tell whether a path may begin at a place in YAML: with a line, with a scalar, or after a name that it is given to."""
    line = _LINE_END.split(data[max(start - _FAR, 0) : start])
    before = line[-1]
    while (up := before.rstrip(b"/")) != before and up.endswith(b"."):
        before = up[:-1]  # `./` says nothing
    before = (before[:-1] if before.endswith((b'"', b"'")) else before).rstrip()
    while before and before[-1:] not in b"[{(,:=?-":
        last = before.split()[-1]
        if not last.startswith((b"&", b"!")):  # an anchor or a tag
            return False
        before = before.removesuffix(last).rstrip()
    return True
