"""What variables make of a path in a compose file, as far as anybody can tell without the environment.

Source: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md.
"""

import re

from common_sync.core.expressions import expression

_VARIABLE = expression(r"\$(?:(?P<dollar>\$)|\{\w+:?-(?P<default>[^{}]*)\}|\{[^}]*\}?|\w+)")
UNKNOWN = "\0"


def expand(path: str) -> str:
    """Return a path with its variables put in; `UNKNOWN` stands for one that has no default."""
    return _VARIABLE.sub(_expand, path)


def has_variable(path: str) -> bool:
    """Tell whether a path depends on the environment."""
    return any(found["dollar"] is None for found in _VARIABLE.finditer(path))


def _expand(found: re.Match[str]) -> str:
    if found["dollar"]:
        return "$"
    return UNKNOWN if found["default"] is None else str(found["default"])
