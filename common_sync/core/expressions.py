"""Regular expressions that are compiled when they are first used.

The hook starts on every commit and needs few of them; compiling all would be a tenth of its time.
"""

import re
from typing import cast


def expression(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return an expression that is compiled when something is first asked of it."""
    return cast("re.Pattern[str]", _Expression(pattern, flags))


def expression_of_bytes(pattern: bytes, flags: int = 0) -> re.Pattern[bytes]:
    """Return the same for bytes."""
    return cast("re.Pattern[bytes]", _Expression(pattern, flags))


class _Expression:
    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> object:
        """Return what is asked for, and have it at hand the next time."""
        value: object = getattr(re.compile(self._pattern, self._flags), name)  # `re` keeps what it has compiled
        setattr(self, name, value)
        return value
