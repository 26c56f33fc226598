"""Forms of a local requirement that one installer takes and the other refuses.

Each row was tried with pip 23.2 and 26.3 and with uv 0.13; `tests/core/formats/test_refusals.py` has the table.
"""

import re
from collections.abc import Sequence
from typing import Literal

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import find_target
from common_sync.core.formats.pip.syntax import Instruction

_NAMED = expression(r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?\s*@\s*(?P<where>.*)", re.ASCII)
_ABSOLUTE_URL = expression(r"file://(?:localhost)?/", re.IGNORECASE)
_LARGE_SCHEME = expression(r"(?!file:)[Ff][Ii][Ll][Ee]:")


_NO_OPTIONS_OF_UV = ("--config-settings", "--hash", "--global-option", "--install-option")


def why_uv_refuses(line: Instruction) -> str:
    """Return why uv refuses how a line of a requirements file is written, whatever it means to pip; or nothing."""
    if line.value.quotes.strip():
        return "uv takes the quotes for a part of the path"
    if re.match(r"\s*-e[^\s=]", line.line.text):
        return "uv wants a blank after `-e`"
    first = line.value.starts[0] + (line.kind != "editable")
    if any(first <= index <= line.value.starts[-1] for index, _ in line.line.pieces[1:]):
        return "uv takes no path that is broken over two lines"
    return ""


def is_nameless(line: Instruction) -> bool:
    """Tell whether a line names a path, and no package: as a constraint, pip and uv refuse it."""
    target = find_target(line.value.value, editable=line.kind == "editable")
    return target is not None and not target.name


def why_refused(
    tool: Literal["pip", "uv"], value: str, *, editable: bool, loose: Sequence[str] = (), options: Sequence[str] = ()
) -> str:
    """Return why an installer refuses a requirement that names a local path, or nothing.

    Args:
        tool: The installer.
        value: The requirement, or the value of `-e`, as pip sees it.
        editable: Whether it is the value of `-e`.
        loose: The words that follow it and belong to nothing.
        options: The options that stand beside it.
    """
    specifier, semicolon, _ = value.partition(";")
    named = _NAMED.fullmatch(specifier.strip())
    where = named["where"] if named else specifier.strip()
    if _LARGE_SCHEME.match(where):
        return f"{tool} takes `file:` in small letters only"
    if tool == "pip":
        return _why_pip(where, named=named is not None, editable=editable, marked=bool(semicolon), options=options)
    return _why_uv(where, value, editable=editable, loose=loose, options=options)


def _why_pip(where: str, *, named: bool, editable: bool, marked: bool, options: Sequence[str]) -> str:
    url = where.lower().startswith("file:")
    if editable and any(option.endswith(" @") for option in options):
        return "pip takes no `-e name @ …` without quotes around it: write `-e ./path`"
    if named and not url:
        return "pip takes no path after `@` without `file:` before it"
    if url and where[5:7] == "//" and not _ABSOLUTE_URL.match(where):
        return "pip takes the word after `file://` for the name of a machine"
    if not url and re.search(r"#(?:egg|subdirectory)=", where):
        return "pip takes no `#…` after a plain path, and looks for a folder of that name"
    if url and not named and not editable and where.endswith("]"):
        return "pip takes no `[extra]` after a URL without a name before it"
    if editable and marked:
        return "pip takes a semicolon right after the path of `-e` for a part of it: write a blank before it"
    if not editable and any(option.startswith("--hash") for option in options):
        return "pip has no hash of a folder to compare"
    return ""


def _why_uv(where: str, value: str, *, editable: bool, loose: Sequence[str], options: Sequence[str]) -> str:
    marker = re.search(r"(\s?);(\s?)", value)
    if marker and not marker[1] and not marker[2] and len(value) > marker.end():
        return "uv takes a semicolon with no blank beside it for a part of the path"
    if re.search(r"[#&]subdirectory=", where):
        return "uv looks for the project in the folder itself, and not in its `#subdirectory`"
    if editable and loose and not loose[0].startswith(";") and not value.endswith(";"):
        return f"uv takes no `{loose[0]}` after the path"
    if any(option.startswith(_NO_OPTIONS_OF_UV) for option in options):
        return "uv takes no such option after a local path"
    return ""
