"""Which processes use an environment or a release, as far as this user may see."""

import os
from collections.abc import Iterator
from contextlib import suppress

_PROC = "/proc"
_FILES = ("maps", "cmdline", "environ")


def find_users(path: str) -> Iterator[int]:
    """Yield the processes that have mapped a file of a folder, were started by a path in it, or work in it.

    Args:
        path: The absolute path of an environment, or of a release.
    """
    needle = os.fsencode(path) + b"/"
    with suppress(OSError):
        for name in os.listdir(_PROC):
            if name.isdecimal() and int(name) != os.getpid() and _mentions(name, needle):
                yield int(name)


def _mentions(process: str, needle: bytes) -> bool:
    with suppress(OSError):
        if os.readlink(os.fsencode(f"{_PROC}/{process}/cwd")).startswith(needle):
            return True
    for file in _FILES:
        with suppress(OSError), open(f"{_PROC}/{process}/{file}", "rb") as stream:
            if needle in stream.read():
                return True
    return False
