"""The programs that a project brings once it is installed: its console scripts.

Sources: https://packaging.python.org/en/latest/specifications/entry-points/ and the documentation of setuptools, poetry and flit.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.project.projects import read_project
from common_sync.core.doctor.install.selection import installs_root
from common_sync.core.expressions import expression
from common_sync.core.formats.tables import find_table, list_strings
from common_sync.core.formats.toml import parse_toml
from common_sync.core.text import UnparsableError

_TABLES = (
    ("project", "scripts"),
    ("project", "gui-scripts"),
    ("tool", "poetry", "scripts"),
    ("tool", "flit", "scripts"),
    ("tool", "pdm", "entry-points", "console_scripts"),
)
_DYNAMIC = frozenset({"scripts", "gui-scripts", "entry-points"})
_SECTION = expression(r"(?m)^\[options\.entry_points\]\s*\n(?P<body>(?:(?!\[).*\n?)*)")
_CONSOLE = expression(r"(?m)^(?:console|gui)_scripts\s*=[ \t]*(?P<body>.*\n(?:[ \t]+.*\n?|\s*\n)*)")
_SCRIPT = expression(r"(?m)^[ \t]*(?P<name>[\w.-]+)\s*=\s*[\w.]+\s*:")
_IN_SETUP = expression(r"(?:console|gui)_scripts['\"]?\s*[:=]\s*\[(?P<body>[^\]]*)\]")
_QUOTED = expression(r"['\"]\s*(?P<name>[\w.-]+)\s*=\s*[\w.]+\s*:")
_CALL_ALONE = expression(r"(?m)^\s*(?:setuptools\.)?setup\(\s*\)\s*$")
_MAY_NAME = expression(r"entry_points|scripts")


class Scripts(NamedTuple):
    """The programs that a project brings.

    Attributes:
        names: Their names.
        all_told: Whether its files say all of them.
    """

    names: frozenset[str] = frozenset()
    all_told: bool = True


def read_scripts(read: Callable[[str], str | None]) -> Scripts:
    """Return the programs that a project's own files name.

    Args:
        read: Returns the text of a file of the project by its name, or None where it has none.
    """
    text = read("pyproject.toml")
    found = _of_pyproject(text) if text is not None else Scripts()
    config, setup = read("setup.cfg") or "", read("setup.py") or ""
    names = {*found.names, *_of_config(config), *_of_setup(setup)}
    told = not _MAY_NAME.search(setup) and (not setup or _CALL_ALONE.search(setup) is not None)
    return Scripts(frozenset(names), found.all_told and told)


@lru_cache(maxsize=64)
def _of_pyproject(text: str) -> Scripts:
    try:
        tables = parse_toml(text).tables
    except UnparsableError:
        return Scripts(all_told=False)
    names = frozenset(str(name) for path in _TABLES for name in find_table(tables, *path))
    return Scripts(names, _DYNAMIC.isdisjoint(list_strings(find_table(tables, "project").get("dynamic"))))


def _of_config(text: str) -> Iterator[str]:
    section = _SECTION.search(text)
    for listed in _CONSOLE.finditer(section["body"]) if section is not None else ():
        yield from (one["name"] for one in _SCRIPT.finditer(listed["body"]))


def _of_setup(text: str) -> Iterator[str]:
    for listed in _IN_SETUP.finditer(text):
        yield from (one["name"] for one in _QUOTED.finditer(listed["body"]))


_NO_ROOT = ("--no-root", "--no-self", "--no-install-self", "--only-root-dependencies")


def brings_root(install: Install, text: str) -> bool:
    """Tell whether a tool that installs a project from its own files also installs the project itself, with its programs.

    Args:
        install: What is installed.
        text: The text of its pyproject.toml.
    """
    project = read_project(text)
    if not install.synced or install.tool == "pipenv" or project is None:
        return False
    tool = find_table(parse_toml(text).tables, "tool")
    said = (find_table(tool, "uv").get("package"), find_table(tool, "poetry").get("package-mode"))
    if False in said:
        return False
    if install.tool == "uv":
        return installs_root(install) and (project.packaged or True in said)
    return not install.has(*_NO_ROOT) and (install.tool == "poetry" or project.packaged)
