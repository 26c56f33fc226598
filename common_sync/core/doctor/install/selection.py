"""Which of a project's local dependencies a tool installs, by the groups and extras that it was asked for."""

from collections.abc import Iterator, Sequence

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.project.projects import Dependency, Project
from common_sync.core.formats.pip.names import normalise


def select(install: Install, project: Project) -> Iterator[Dependency]:
    """Yield the local projects that have to be there."""
    if not install.synced:
        yield from _for_pip(install, project)
    elif install.tool == "uv":
        yield from _for_uv(install, project)
    elif install.tool == "poetry":
        yield from _for_poetry(install, project)
    else:
        production = install.has("--prod", "--production") or (
            install.tool == "pipenv" and not install.has("--dev", "-d")
        )
        yield from (one for one in project.dependencies if not (one.group and production))


def _for_pip(install: Install, project: Project) -> Iterator[Dependency]:
    """Yield what a plain install of a project asks for; its groups it does not know."""
    more = _with_sources(install, project) if install.tool == "uv" else ()
    if project.backend == "poetry":
        more += project.poetry
    yield from (one for one in (*project.dependencies, *more) if not one.group and not one.extra)


def _with_sources(install: Install, project: Project) -> tuple[Dependency, ...]:
    """Return what uv takes from the paths of its sources."""
    without = {*map(normalise, install.values("--no-sources-package"))}
    named = ((one, normalise(one.written.partition(" ")[0])) for one in project.uv)
    return () if install.has("--no-sources") else tuple(one for one, name in named if name not in without)


def _for_uv(install: Install, project: Project) -> Iterator[Dependency]:
    """Yield what uv asks for: to lock it has to read all; once frozen, only what it installs."""
    found = (*_with_sources(install, project), *project.dependencies)
    chosen = set() if install.has("--no-install-local") else set(_chosen(install, project, found))
    if install.has("--frozen"):
        yield from (one for one in found if one in chosen)
    else:
        yield from (one._replace(brought=one in chosen) for one in found)


def _chosen(install: Install, project: Project, found: Sequence[Dependency]) -> Iterator[Dependency]:
    """Yield what uv installs, of all that it reads."""
    only = install.values("--only-group") + (["dev"] if install.has("--only-dev") else [])
    groups = {*only, *install.values("--group"), *(() if only else project.default_groups)}
    if install.has("--all-groups"):
        groups |= {one.group for one in found}
    if install.has("--no-default-groups"):
        groups -= set(project.default_groups) - set(install.values("--group"))
    groups -= {*install.values("--no-group"), *(("dev",) if install.has("--no-dev") else ())}
    skipped = set(install.values("--no-install-package"))
    for one in found:
        name = one.written.partition(" ")[0]
        asked = one.group in groups if one.group else not only and _has_extra(install, one)
        if asked and name not in skipped:
            yield one


def _for_poetry(install: Install, project: Project) -> Iterator[Dependency]:
    if install.has("--no-directory", "--only-root"):
        return
    only, without = install.values("--only"), install.values("--without")
    without += ["dev"] if install.has("--no-dev") else []
    optional = set(project.optional_groups) - set(install.values("--with"))
    for one in (*project.poetry, *project.dependencies):
        group = one.group or "main"
        chosen = group in only if only else group not in without and group not in optional
        if chosen and _has_extra(install, one):
            yield one


def _has_extra(install: Install, one: Dependency) -> bool:
    return not one.extra or install.has("--all-extras") or one.extra in install.values("--extra", "--extras")


_NO_ROOT = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--only-group", "--only-dev")


def installs_root(install: Install) -> bool:
    """Tell whether uv installs the project itself, where that says what builds it."""
    return install.tool == "uv" and not install.has(*_NO_ROOT)


def find_lock(install: Install) -> str | None:
    """Return the lock file that has to be there for a tool."""
    if install.tool == "uv" and install.has("--frozen", "--locked"):
        return "uv.lock"
    if install.tool == "pipenv" and install.has("--deploy", "--ignore-pipfile"):
        return "Pipfile.lock"
    return "pdm.lock" if install.tool == "pdm" and install.has("--frozen-lockfile", "--check") else None


def is_unlocked(dependency: Dependency, project: Project, lock: str) -> bool:
    """Tell whether a lock file of uv does not name what uv is to take from a path: by that lock it is not installed.

    Args:
        dependency: What the project asks for.
        project: The project.
        lock: The lock file's text.
    """
    name = normalise(dependency.written.partition(" ")[0])
    return dependency in project.uv and "[[package]]" in lock and f'name = "{name}"' not in lock
