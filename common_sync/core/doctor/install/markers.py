"""Markers of requirements, `; python_version < "3.12"`: whether they hold in an image, as far as their text tells.

Source of the format: https://packaging.python.org/en/latest/specifications/dependency-specifiers/.
"""

import re

from common_sync.core.expressions import expression

_OTHER_SYSTEMS = expression(
    r"\s*\(?\s*(?:sys_platform|platform_system|os_name)\s*==\s*['\"](?:win32|windows|darwin|nt)['\"]\s*\)?\s*",
    re.IGNORECASE,
)
_HOLDS = expression(
    r"""\s*(?:python(?:_full)?_version\s*(?:>=?\s*['"](?:2|3(?=['"])|3\.\d(?!\d))[\d.]*|<=?\s*['"](?:4|3\.[2-9]\d)[\d.]*)"""
    r"""|(?:sys_platform|platform_system|os_name)\s*(?:==\s*['"](?:linux|posix)|!=\s*['"](?:win32|windows|darwin|nt|cygwin)))['"]\s*""",
    re.IGNORECASE,
)
"""A marker that holds in the images that are built today: Linux, and a Python that is still maintained."""


_WRITTEN = expression(r";(?P<marker>[^#]*?)(?:\s--\w.*|\s*\\)?$")


def marker_of(requirement: str) -> str:
    """Return the marker of a requirement by name, as a line of a file has it, options and all; nothing where it has none."""
    found = _WRITTEN.search(requirement)
    return found["marker"].strip() if found is not None else ""


def is_for_another_system(marker: str) -> bool:
    """Tell whether a marker holds on Windows or macOS only."""
    return _OTHER_SYSTEMS.fullmatch(marker) is not None


def holds(marker: str) -> bool:
    """Tell whether a marker holds for sure; nothing always does."""
    return not marker.strip() or all(map(_HOLDS.fullmatch, marker.split(" and ")))
