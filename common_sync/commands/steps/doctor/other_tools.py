"""What other tools for monorepos, if the repository has them, make of copies."""

import os
from collections.abc import Iterator

from common_sync.core import limits
from common_sync.core.doctor.checks.other_tools import NX_IGNORE, PNPM, SETTINGS, find_doubled
from common_sync.core.formats.yaml.tree import YamlScalar, YamlSequence, find_value
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors
from common_sync.core.text import UnparsableError
from common_sync.edges.files.folders import opened, read_bytes
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import compile_pattern
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project


def find_doubled_projects(project: Project, target: Target) -> Iterator[Finding]:
    """Yield what is copied of a library and makes each copy a project of the same name to Nx, or to a workspace of Node.

    Args:
        project: The project.
        target: The library.
    """
    top = find_top(project.root) or project.root
    settings = {name: text for name in SETTINGS if (text := _read(top, name)) is not None}
    packages = _read_packages(_read(top, PNPM))
    if not settings and not packages:
        return
    library, ignored = target.library, _read(top, NX_IGNORE) or ""
    copies = [f"{service}/{library.copy}" for service in project.services if library.takes(service)]
    masters = [library.master] if library.upstream is None else []
    places = [os.path.relpath(os.path.join(project.root, one), top) for one in (*masters, *copies)]
    seen = [place for place in places if not _is_ignored(place, ignored)]
    yield from find_doubled(target.snapshot.entries, library.master, seen, settings, packages)


def _read(top: str, name: str) -> str | None:
    try:
        with opened(top) as folder:
            return read_bytes(name, folder, limits.TEXT).decode("utf-8", "replace")
    except OSError:
        return None


def _read_packages(text: str | None) -> list[str]:
    """Return the globs of a workspace of pnpm."""
    if text is None:
        return []
    from common_sync.edges.files.yaml import parse_yaml  # few repositories have one

    try:
        document = parse_yaml(text)
    except UnparsableError:
        return []  # pnpm says so
    stated = find_value(document, "packages")
    listed = stated.items if isinstance(stated, YamlSequence) else ()
    return [one.value for one in listed if isinstance(one, YamlScalar)]


def _is_ignored(copy: str, ignored: str) -> bool:
    paths, hidden = [*reversed(list(ancestors(copy))), copy], False
    for number, line in enumerate(ignored.splitlines(), 1):
        try:
            rule = compile_pattern(line.removeprefix("!"), "configuration", NX_IGNORE, number)
        except ValueError:
            continue  # it can match nothing
        if rule is not None and any(rule.matches(path, True) for path in paths):
            hidden = not line.startswith("!")
    return hidden
