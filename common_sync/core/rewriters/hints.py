"""Tell from a file's bytes whether it could concern the library, before anything is imported that parses it."""

import re
from collections.abc import Sequence

from common_sync.core.rewriters.kinds import Kind

_EXPENSIVE: dict[Kind, tuple[bytes, ...]] = {
    "compose": (b"include", b"extends"),
    "environment": (b"-r", b"-c"),
    "project": (b"{root", b"{home", b"{env"),
    **dict.fromkeys(("pipfile", "lock", "poetry-lock", "pdm-lock", "pipenv-lock", "mention"), ()),
}
"""What takes a parser that is not even imported in vain, and what else stands in it where it may concern the library:
another file to read, or a variable."""

_LEADS_ANYWHERE = (b"..", b"$", b"\\", b"\0")
"""What a path holds that leads upward, or has a variable or an escape in it; and all that is in UTF-16."""

_BEFORE_PATH = rb"(?:^|[\r\x85\xa8\xa9\[{(,:=?-])[ \t]*(?:[&!]\S*[ \t]+)*[\"']?(?:\./+)*"
"""What a path is preceded by in YAML: the begin of a line or of a scalar, or a name that it is given to."""


def may_concern(data: bytes, kind: Kind, folders: Sequence[bytes], copy: bytes) -> bool:
    """Tell whether a file could lead to the library; one that does so by nothing but a symlink is missed.

    Args:
        data: What it holds.
        kind: What it is.
        folders: The absolute paths that an absolute path to the library would begin with.
        copy: The copy's path inside the service.
    """
    if kind not in _EXPENSIVE:
        return True
    if any(hint in data for hint in (*_LEADS_ANYWHERE, *folders, *_EXPENSIVE[kind])):
        return True
    if kind != "compose":
        return re.search(_spelled(copy.rpartition(b"/")[2]), data) is not None
    # a command often names the copy in its middle: `sh -c "common/wait && …"`
    return re.search(_BEFORE_PATH + _spelled(copy.partition(b"/")[0]), data, re.MULTILINE) is not None


def _spelled(name: bytes) -> bytes:
    return re.escape(name).replace(b"'", b"''?")  # as it is doubled in YAML
