"""Lines of a requirements file that pip or uv refuses, and with that the whole file: options that it does not know, requirements that are none.

Each rule was tried with pip 26.3 and uv 0.13. What names a path has rules of its own, in `refusals.py`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import ARCHIVES
from common_sync.core.formats.pip.syntax import LONG, TAKE_VALUE, Written, read_lines


class RefusedLine(NamedTuple):
    """A line that an installer refuses.

    Attributes:
        line: Its number, counted from 1.
        written: What of it is refused.
        reason: Why.
        sure: Whether every release of the installer refuses it.
    """

    line: int
    written: str
    reason: str
    sure: bool = True


_OF_SOME_PIPS = frozenset({"--global-option", "--install-option", "--all-releases", "--only-final"})
_OF_UV = frozenset(
    (
        *("--constraint", "--requirement", "--editable", "--index-url", "--extra-index-url", "--no-index", "--pre"),
        *("--find-links", "--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--trusted-host"),
        "--use-feature",
    )
)
_OF_PATHS = frozenset({"--hash", "--config-settings", "--global-option", "--install-option"})
_VERSIONS = (
    r"(?:===\s*[^\s;,)]+|(?:==|!=)\s*v?\d[\w.+!-]*(?:\.\*)?|~=\s*v?\d+!?\d*\.\d[\w.+-]*|(?:<=|>=|<|>)\s*v?\d[\w.+!-]*)"
)
_LOOSE = expression(
    r"[\w.-]+\s*(?:\[[^\]]*\])?\s*\(?\s*(?:[=!<>]=|[<>])\s*[^\s,;()]+(?:\s*,\s*(?:[=!<>]=|[<>])\s*[^\s,;()]+)*\s*\)?(?:;.*)?"
)
"""What pip took before 24.1, whose versions could be any word."""
_LIST = rf"{_VERSIONS}(?:\s*,\s*{_VERSIONS})*\s*,?"
_REQUIREMENT = expression(
    rf"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[\w\s.,-]*\])?\s*(?:{_LIST}|\(\s*{_LIST}\s*\))?\s*(?:;.*)?"
)


def find_refused_lines(characters: str, tool: str) -> Iterator[RefusedLine]:
    """Yield what an installer refuses in a requirements file.

    Args:
        characters: The decoded file.
        tool: The installer: `pip` or `uv`.
    """
    for line in read_lines(characters):
        if line.options is None:
            yield RefusedLine(line.number, line.requirement, f"{tool} finds a quote that is not closed")
            continue
        for name, value, written in line.options:
            if reason := _why_uv(name, written, line) if tool == "uv" else _why_pip(name, value):
                yield RefusedLine(line.number, written, reason, sure=tool == "uv" or name not in _OF_SOME_PIPS)
        if line.requirement and not _may_be_path(line.requirement) and not _REQUIREMENT.fullmatch(line.requirement):
            loose = tool == "pip" and _LOOSE.fullmatch(line.requirement) is not None
            yield RefusedLine(line.number, line.requirement, f"{tool} takes it for no requirement", sure=not loose)


def _why_pip(name: str, value: str | None) -> str:
    if name not in LONG or name in _OF_SOME_PIPS:
        return f"pip knows no `{name}` in a file of requirements"
    if (value is None) is (name in TAKE_VALUE):
        return f"pip wants a value for `{name}`" if value is None else f"pip takes no value for `{name}`"
    return ""


def _why_uv(name: str, written: str, line: Written) -> str:
    if line.requirement:
        told = name in _OF_PATHS and _may_be_path(line.requirement)  # in `refusals.py`
        return "" if told or name == "--hash" else f"uv takes no `{name}` after a requirement"
    known = name in _OF_UV and (written == name or not written.startswith("--"))
    return "" if known else f"uv knows no `{name}` in a file of requirements"


def _may_be_path(requirement: str) -> bool:
    """Tell whether a requirement may name a path or a URL."""
    return (
        any(part in requirement for part in ("/", "@", "${", "\\"))
        or requirement.startswith(".")
        or requirement.endswith(ARCHIVES)
    )
