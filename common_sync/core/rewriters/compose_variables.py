"""What variables make of a path in a compose file, as far as anybody can tell without the environment.

Source: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md.
"""

import re
from collections.abc import Callable

from common_sync.core.expressions import expression
from common_sync.core.rewriters.rewrite import Place

_VARIABLE = expression(r"\$(?:(?P<dollar>\$)|\{\w+:?-(?P<default>[^{}]*)\}|\{[^}]*\}?|\w+)")
_UNKNOWN = "\0"


def resolve(path: str, locate: Callable[[str], Place]) -> tuple[Place, bool]:
    """Return where a path leads, and whether a variable has a part in it that could take it to the library.

    A variable that has a default counts as that; behind a fixed beginning, another one counts as a name there. So
    `./data/${STAGE}` is the service's own, and `../${NAME}` may be anything that is beside it.

    Args:
        path: The path as it is written.
        locate: Tells where one without variables leads.
    """
    expanded = _VARIABLE.sub(_expand, path)
    fixed, unknown, _ = expanded.partition(_UNKNOWN)
    if unknown:
        place = locate(fixed.rpartition("/")[0] or ".")
        return place, not fixed or place.where == "master" or place.holds
    place = locate(expanded)
    return place, expanded != path.replace("$$", "$") and place.where == "master"


def has_variable(path: str) -> bool:
    """Tell whether a path depends on the environment."""
    return any(found["dollar"] is None for found in _VARIABLE.finditer(path))


def _expand(found: re.Match[str]) -> str:
    if found["dollar"]:
        return "$"
    return _UNKNOWN if found["default"] is None else str(found["default"])
