"""What `env sync`, `env status` and `doctor` share: how each service's environment stands, read without running anything."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from common_sync.core.environments.inputs import SYSTEM, Items, Options, digest_text, list_items
from common_sync.core.environments.record import Interpreter, Noted
from common_sync.core.environments.state import Folder, Standing, assess, find_troubles
from common_sync.core.environments.wheels import find_wheel_trouble
from common_sync.core.errors import CommonSyncError, Problem
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.core.service_settings import ServiceSettings
from common_sync.edges.environments import pip, uv
from common_sync.edges.environments.disk import free_bytes, is_in_memory, measure, nearest_folder
from common_sync.edges.environments.folder import find_changed_files, list_environments, path_of, read_folder
from common_sync.edges.environments.interpreters import default_python, find_interpreter, list_system_distributions
from common_sync.edges.environments.sources import Sources, read_sources
from common_sync.edges.project.load import Project
from common_sync.edges.state.lock import name_after, state_folder

CLEAN = "common-sync env clean"
_MEGABYTE = 1 << 20


class Situation(NamedTuple):
    """A service, its `.venv`, and what its environment would be made from."""

    service: str  # its path from the root
    path: str  # its absolute path
    place: str  # the absolute path of the folder that its `.venv` is in: its own, or that of its releases
    settings: ServiceSettings | None  # how it is set up
    folder: Folder  # its `.venv`
    sources: Sources | None  # its requirements; None where it has none, and so needs no environment
    noted: Noted | None  # its Python; None where there is no such one
    options: Options  # what is chosen
    items: Items  # all that goes into it
    standing: Standing  # how it stands
    masters: dict[str, str]  # the absolute paths of the copies and their masters, where these are installed instead
    copies: tuple[str, ...]  # its copies of libraries, which may need each other: paths in it
    edited: tuple[str, ...] = ()  # the distributions of which files were changed, where that was looked at

    @property
    def is_released(self) -> bool:
        """Whether it is about an environment of the service's releases."""
        return self.place != self.path

    @property
    def asked(self) -> str:
        """The Python that is asked for."""
        return _asked(self.settings)


def _asked(settings: ServiceSettings | None) -> str:
    return settings.python.value if settings is not None and settings.python is not None else default_python()


def observe(
    project: Project, service: str, *, editable_master: bool | None = None, deep: bool = False, place: str | None = None
) -> Situation:
    """Return how a service's environment stands.

    Args:
        project: The project.
        service: The service's path from the root.
        editable_master: Whether the library is to be installed from its master; None for as it is.
        deep: Compare every installed file with what it was.
        place: The folder of the service's releases, for an environment of theirs: nothing in it is editable.

    Raises:
        CommonSyncError: What it is made from cannot be read.
    """
    path, settings = os.path.join(project.root, service), project.settings.get(service)
    released = place is not None
    place = path if place is None else place
    folder = read_folder(place)
    current = folder.current.environment if folder.current is not None else None
    if editable_master is None:
        editable_master = current is not None and current.editable_master
    taken = project.libraries_of(service)
    pairs = ((os.path.join(path, one.copy), os.path.join(project.root, one.master)) for one in taken)
    masters = dict(pairs) if editable_master else {}
    options = _choose(settings, editable_master=editable_master)
    by_uv = options.installer == "uv"
    copies = tuple(one.copy for one in taken) if len(taken) > 1 else ()
    file = project.configuration.file
    sources = read_sources(
        project.root, service, settings, file, masters, by_uv=by_uv, editable=not released, copies=copies
    )
    noted = find_interpreter(_asked(settings), folder.memory.noted)
    items = _list_items(noted.interpreter, options, sources) if noted is not None and sources is not None else {}
    standing = assess(folder, noted.interpreter if noted is not None else None, items)
    if sources is None:
        standing = Standing("none", ("no requirements",))
    situation = Situation(
        service, path, place, settings, folder, sources, noted, options, items, standing, masters, copies
    )
    return _look_deeper(situation) if deep else situation


def _list_items(interpreter: Interpreter, options: Options, sources: Sources) -> Items:
    items = list_items(interpreter, options, sources.items)
    if options.system_site_packages:
        items = {**items, SYSTEM: digest_text(list_system_distributions(interpreter))}
    return items


def _look_deeper(situation: Situation) -> Situation:
    """Return a situation in which every file of the environment has been compared with what it was."""
    current = situation.folder.current
    if situation.standing.state not in {"in sync", "changed"} or current is None:
        return situation
    changed = list(find_changed_files(path_of(situation.place, current.name)))
    reasons = tuple(f"{one.path} was {one.what}" for one in changed)
    edited = tuple(dict.fromkeys(one.distribution for one in changed))
    return situation._replace(standing=Standing("damaged", reasons), edited=edited) if changed else situation


def _choose(settings: ServiceSettings | None, *, editable_master: bool) -> Options:
    if settings is None:
        return Options("uv" if uv.find_uv() else "pip", editable_master=editable_master)
    automatic = "uv" if uv.find_uv() is not None and not settings.system_site_packages else "pip"
    installer = automatic if settings.installer == "auto" else settings.installer
    return Options(installer, settings.system_site_packages, settings.compile, editable_master)


def no_python(situation: Situation, file: str) -> Problem:
    """Return the problem of a service whose Python is not there."""
    python = situation.settings.python if situation.settings is not None else None
    where = "is not there" if situation.asked.startswith("/") else "is not on the PATH"
    message = f"{situation.service}: Python {situation.asked} {where}"
    remedy = 'install it, or name another: python = "3.12", or its absolute path'
    return Problem(message, file, python.line if python is not None else None, remedy)


def lock_folder(project: Project, service: str) -> str:
    """Return the folder of the lock of a service's environments: others may be built at the same time."""
    return os.path.join(state_folder(project.root), f"env-{name_after(service)}")


def find_environment_troubles(project: Project, situations: Sequence[Situation]) -> tuple[Finding, ...]:
    """Return all that is found about environments and the disk that they are on.

    Args:
        project: The project.
        situations: How they stand.
    """
    ignored = {setting.value for setting in project.configuration.ignore}
    found = [one for each in situations for one in find_troubles(each.service, each.standing, deep=bool(each.edited))]
    found += [one for each in situations for one in _find_wheel_troubles(each)]
    found += _find_disk_troubles(project, [one for one in situations if one.sources is not None])
    return tuple(one for one in found if one.code not in ignored)


def inspect_environments(project: Project, services: Sequence[str]) -> tuple[Finding, ...]:
    """Return all that is found about the environments of services; what cannot be read is a finding, too.

    Args:
        project: The project.
        services: Their paths from the root.
    """
    situations, unread = observe_readable(project, services)
    return (*unread, *find_environment_troubles(project, situations))


def observe_readable(
    project: Project, services: Sequence[str], *, deep: bool = False
) -> tuple[list[Situation], list[Finding]]:
    """Return how the environments of services stand; what cannot be read of one is a finding, and says nothing of the others.

    Args:
        project: The project.
        services: Their paths from the root.
        deep: Compare every installed file with what it was.
    """
    situations, unread = [], []
    for service in services:
        try:
            situations.append(observe(project, service, deep=deep))
        except CommonSyncError as error:
            unread += [_find_unread(service, one) for one in error.problems]
    return situations, unread


def _find_unread(service: str, problem: Problem) -> Finding:
    remedy = problem.remedy or f"mend {service}"
    return make_finding("CS301", service, problem.file or service, problem.line, problem.message, remedy)


def _find_wheel_troubles(situation: Situation) -> Iterator[Finding]:
    """Yield what keeps an environment that is to be made from built packages; one that is there has been made."""
    if situation.noted is None or situation.sources is None or situation.standing.state in {"in sync", "none"}:
        return
    pip_config = situation.settings is None or situation.settings.pip_config
    sources = situation.sources
    trouble = find_wheel_trouble(situation.noted.interpreter, sources.closure, sources.items, pip_config=pip_config)
    if trouble is not None:
        file = os.path.normpath(f"{situation.service}/{trouble.file}")
        yield make_finding("CS315", situation.service, file, trouble.line, trouble.message, trouble.remedy)


def _find_disk_troubles(project: Project, situations: Sequence[Situation]) -> Iterator[Finding]:
    """Yield what is found about the disk: once for each file system, and once for each cache."""
    devices = {os.stat(one.place).st_dev: one for one in reversed(situations)}
    for one in devices.values():
        free = free_bytes(one.place)
        if free < project.configuration.min_free:
            names = ", ".join(list_removable(project, situations)) or "nothing of the tool's can be freed"
            message = f"{free // _MEGABYTE} MB are free, less than min-free; {names}"
            yield make_finding("CS308", one.service, one.service, None, message, CLEAN)
    caches = {one.options.installer: one for one in reversed(situations)}
    for installer, one in caches.items():
        cache = uv.find_cache() if installer == "uv" else pip.find_cache()
        variable = f"{installer.upper()}_CACHE_DIR"
        if is_in_memory(cache):
            message = f"the cache of {installer}, {cache}, is in memory: it takes what services need, and is gone after a restart"
            yield make_finding(
                "CS309", one.service, one.service, None, message, f"set {variable} to a folder on the disk"
            )
        elif installer == "uv" and (why := _why_no_links(cache, one.place)):
            message = f"the cache of uv, {cache}, {why}: files are copied, where links would take no room"
            yield make_finding(
                "CS310", one.service, one.service, None, message, f"set {variable} to a folder beside it"
            )


def _why_no_links(cache: str, service: str) -> str:
    """Say why nothing can be linked from a cache into a service, or return nothing."""
    there, here = os.stat(nearest_folder(cache)), os.stat(service)
    if there.st_dev != here.st_dev:
        return "is on another file system than the service"
    return "is of another owner" if os.path.isdir(cache) and there.st_uid != os.geteuid() else ""


def list_removable(project: Project, situations: Sequence[Situation]) -> list[str]:
    """Return what `env clean` would remove, the biggest first, as it is shown."""
    sizes = [
        (measure(path).own, path if one.is_released else os.path.relpath(path, project.root))
        for one in situations
        for path in _list_unused(one, project.configuration.keep)
    ]
    return [f"{size // _MEGABYTE} MB in {path}" for size, path in sorted(sizes, reverse=True)[:3]]


def _list_unused(situation: Situation, keep: int) -> Iterator[str]:
    """Yield the absolute paths of what `env clean` would remove."""
    if situation.is_released:
        from common_sync.commands.steps.environments.unneeded import (
            find_unneeded,  # only where there is too little room
        )

        yield from (path for path, users in find_unneeded(situation.place, keep).paths if not users)
    elif not situation.folder.foreign:
        current = situation.folder.current.name if situation.folder.current is not None else ""
        others = (name for name in list_environments(situation.place) if name != current)
        yield from (path_of(situation.place, name) for name in others)
