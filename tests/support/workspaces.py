"""uv workspaces: what their members say, and a lock as uv writes it, without uv."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.workspace.pruning import Workspace

BUILT = '[build-system]\nrequires = ["uv_build>=0.5"]\nbuild-backend = "uv_build"\n'
"""What uv builds by itself: it fetches nothing for it."""


class Project(NamedTuple):
    """A member of a workspace."""

    path: str  # from the root; nothing is the root itself
    needs: tuple[str, ...] = ()  # the names of what it asks for
    extras: Mapping[str, tuple[str, ...]] = {}
    groups: Mapping[str, tuple[str, ...]] = {}
    python: str = ">=3.11"
    build: str = BUILT

    @property
    def name(self) -> str:
        """Its name: that of its folder."""
        return self.path.rpartition("/")[2] or "mono"

    @property
    def all_needs(self) -> set[str]:
        """The names of all that it asks for."""
        every = (one for some in (self.needs, *self.extras.values(), *self.groups.values()) for one in some)
        return {re.split(r"[^a-z]", one, maxsplit=1)[0] for one in every}


def write_project(project: Project, members: Iterable[str]) -> str:
    """Return a pyproject.toml.

    Args:
        project: What it says.
        members: The names of the members of the workspace.
    """
    local = sorted(project.all_needs.intersection(members))
    return "".join(
        (
            f'[project]\nname = "{project.name}"\nversion = "1.0"\nrequires-python = "{project.python}"\n',
            f"dependencies = {_list(project.needs)}\n",
            _table("project.optional-dependencies", project.extras),
            _table("dependency-groups", project.groups),
            project.build,
            "[tool.uv.sources]\n" if local else "",
            *(f"{name} = {{ workspace = true }}\n" for name in local),
        )
    )


def _list(names: Iterable[str]) -> str:
    quoted = (f'"{name}"' for name in names)
    return f"[{', '.join(quoted)}]"


def _table(header: str, lists: Mapping[str, Sequence[str]]) -> str:
    return f"[{header}]\n" + "".join(f"{key} = {_list(names)}\n" for key, names in lists.items()) if lists else ""


def write_root(*patterns: str, more: str = "") -> str:
    """Return the pyproject.toml of a root that is no project."""
    return f"# all of it\n[tool.uv]\nno-index = true\n\n[tool.uv.workspace]\nmembers = {_list(patterns)} # by folder\n{more}"


def write_lock(projects: Sequence[Project], others: Mapping[str, tuple[str, ...]] = {}) -> str:
    """Return a uv.lock.

    Args:
        projects: The members.
        others: The names of packages of an index, and what each asks for.
    """
    names = {one.name: one for one in projects}
    rows = {one.name: "".join(_lines(one, names)) for one in projects}
    rows |= {
        name: _head(name, '{ registry = "wheels" }') + _dependencies("dependencies", needs)
        for name, needs in others.items()
    }
    members = "".join(f'    "{name}",\n' for name in sorted(names))
    head = f'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[manifest]\nmembers = [\n{members}]\n'
    return head + "".join(f"\n{rows[name]}" for name in sorted(rows))


def _head(name: str, source: str) -> str:
    return f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {source}\n'


def _lines(project: Project, members: Mapping[str, Project]) -> Iterator[str]:
    yield _head(project.name, f'{{ editable = "{project.path or "."}" }}')
    yield _dependencies("dependencies", project.needs)
    for header, lists in (("optional-dependencies", project.extras), ("dev-dependencies", project.groups)):
        if lists:
            yield f"\n[package.{header}]\n" + "".join(_dependencies(key, names) for key, names in lists.items())
    optional = [(name, key) for key, names in project.extras.items() for name in names]
    asked = [_ask(name, members, "") for name in project.needs]
    asked += [_ask(name, members, f", marker = \"extra == '{key}'\"") for name, key in optional]
    yield f"\n[package.metadata]\nrequires-dist = [{', '.join(asked)}]\n"
    if project.groups:
        yield "\n[package.metadata.requires-dev]\n"
        yield from (
            f"{key} = [{', '.join(_ask(one, members, '') for one in names)}]\n" for key, names in project.groups.items()
        )


def _dependencies(key: str, names: Sequence[str]) -> str:
    lines = "".join(f'    {{ name = "{name}" }},\n' for name in names)
    return f"{key} = [\n{lines}]\n" if names else ""


def _ask(name: str, members: Mapping[str, Project], rest: str) -> str:
    place = f', editable = "{members[name].path or "."}"' if name in members else ""
    return f'{{ name = "{name}"{rest}{place} }}'


def workspace_of(files: Mapping[str, str]) -> Workspace:
    """Return a workspace without a disk."""
    return Workspace(files.get, lambda path: path)


def make_files(
    projects: Sequence[Project], others: Mapping[str, tuple[str, ...]] = {}, root: str | None = None
) -> dict[str, str]:
    """Return the files of a workspace: each member's project file, the root's, and the lock."""
    names = [one.name for one in projects]
    files = {f"{one.path}/pyproject.toml".lstrip("/"): write_project(one, names) for one in projects}
    shared = write_root(*(one.path for one in projects if one.path))
    own = files.get("pyproject.toml", "")
    shared = f"{own}\n{shared.removeprefix('# all of it')}".lstrip("\n") if own else shared
    files["pyproject.toml"] = root if root is not None else shared
    return {**files, "uv.lock": write_lock(projects, others)}
