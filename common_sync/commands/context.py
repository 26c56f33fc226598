"""`context`: a service's build context as it would be in sync, without touching the working tree."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from common_sync.commands.steps.builds.workspaces import Space, make_space
from common_sync.commands.steps.survey import survey
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import ConfigurationError, Problem, TreeError
from common_sync.core.formats.dockerignore import Dockerignore, parse_dockerignore
from common_sync.core.model import Finding, Symlink
from common_sync.core.paths import MANIFEST_NAME
from common_sync.core.references.kinds import IGNORE, limit_of
from common_sync.core.service_plan import ServicePlan
from common_sync.core.text import UnparsableError
from common_sync.edges.files.folders import OWNER_MAY_EXECUTE, explained, opened, read_bytes
from common_sync.edges.files.tar import Listing, Member, list_folder
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project, find_configured, load_project, select_member
from common_sync.edges.project.workspace import find_workspace

DOCKERFILE = "Dockerfile"


class Context(NamedTuple):
    """A service's build context."""

    plan: ServicePlan  # what would bring the service in sync
    libraries: tuple[Manifest, ...]  # the manifests of what is copied into it
    listing: Listing  # what is in it
    lost: tuple[Finding, ...]  # what somebody wrote in the copy, and the context lacks

    @property
    def in_sync(self) -> bool:
        """Whether a service that holds just this would be in sync."""
        return not any(finding.severity == "error" for finding in self.plan.problems)


def choose_context(root: str | None, service: str, dockerfile: str | None = None) -> Context | Space:
    """Return the build context of a service: with its copies, or of the uv workspace that has its libraries.

    Args:
        root: The configuration's folder, found upward when None; a member of a workspace needs no configuration.
        service: The service, as the user named it.
        dockerfile: As for `make_context`.

    Raises:
        CommonSyncError: Something cannot be read, or makes no sense.
    """
    try:
        project = load_project(root)
    except ConfigurationError:
        place = _find_unconfigured(root, service)
        if place is None:
            raise
        return make_space(*place, dockerfile)
    member = select_member(project, service)
    return (
        make_context(project, service, dockerfile) if member is None else make_space(project.root, member, dockerfile)
    )


def _find_unconfigured(root: str | None, service: str) -> tuple[str, str] | None:
    """Return the root of the workspace that a folder is in, and its path from there, where nothing is configured."""
    with suppress(ConfigurationError):
        find_configured(root)
        return None  # and something in it is wrong
    folder = os.path.realpath(os.path.join(root or os.curdir, service))
    return find_workspace(folder) if os.path.isdir(folder) else None


def make_context(project: Project, name: str, dockerfile: str | None = None) -> Context:
    """Return the build context of a service: the masters as its copies, its own files as `distribute` would leave them.

    Args:
        project: The project.
        name: The service, as the user named it.
        dockerfile: The Dockerfile that it is for, inside the service; one that is named must be there.

    Raises:
        CommonSyncError: Something cannot be read, or makes no sense.
    """
    found = survey(project, [name])
    plan = found.plans[0]
    if unknown := [copy.path for copy in plan.copies if not copy.known]:
        message = "is pinned, and nothing here has what it is to hold"
        raise TreeError(*(Problem(message, path, remedy="common-sync verify says why") for path in unknown))
    folder = os.path.join(project.root, plan.service)
    if dockerfile is not None:
        dockerfile = _locate_inside(folder, dockerfile, plan.service)
    rewritten = {member.path: member for member in _rewritten(plan, folder)}
    asked = _list_asked(folder, dockerfile or DOCKERFILE)
    always = asked | rewritten
    ignore = _read_ignore(always, dockerfile or DOCKERFILE, plan.service)
    gone = (one.place for one in plan.former if one.goes(force=False))
    listing = list_folder(folder, (*(copy.place for copy in plan.copies), *gone), ignore)
    copied = (member for target in found.targets_of(plan) for member in _copied(target))
    members = {one.path: one for one in listing.members}
    members |= {one.path: one for one in copied if ignore.exclusion(one.path) is None}
    members |= {path: one for path, one in always.items() if path in asked or ignore.exclusion(path) is None}
    libraries = tuple(target.manifest for target in found.targets_of(plan))
    return Context(plan, libraries, Listing([*members.values()], listing.folders), tuple(_lost(plan)))


def list_as_it_is(root: str, service: str) -> Listing:
    """Return the build context of a service whose folder is in sync, or is to be taken as it is.

    Args:
        root: The absolute path of the configuration's folder.
        service: The service's path from there.

    Raises:
        TreeError: Something cannot be read.
    """
    folder = os.path.join(root, service)
    asked = _list_asked(folder, DOCKERFILE)
    listing = list_folder(folder, (), _read_ignore(asked, DOCKERFILE, service))
    members = {one.path: one for one in listing.members} | asked
    return Listing([*members.values()], listing.folders)


def _locate_inside(folder: str, dockerfile: str, service: str) -> str:
    """Return the path in the service of a Dockerfile that the user named, tidied.

    Raises:
        ConfigurationError: It is not there, or not inside the service: no context holds what is outside its folder.
    """
    path, where = os.path.normpath(dockerfile), os.path.join(service, dockerfile)
    real, top = os.path.realpath(os.path.join(folder, path)), os.path.realpath(folder)
    if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir or not real.startswith(top + os.sep):
        raise ConfigurationError(Problem("is not inside the service", where, remedy="name a Dockerfile in its folder"))
    if not os.path.isfile(real):
        raise ConfigurationError(Problem("there is no such Dockerfile", where))
    return path


def _list_asked(folder: str, dockerfile: str) -> dict[str, Member]:
    """Return what Docker takes even if it is kept out, where it is there: what it builds by."""
    sent = {path: os.path.join(folder, path) for path in (dockerfile, f"{dockerfile}{IGNORE}", IGNORE)}
    return {path: Member(path, place) for path, place in sent.items() if os.path.lexists(place)}


def _rewritten(plan: ServicePlan, folder: str) -> Iterator[Member]:
    for edit in plan.edits:
        inside = edit.inside(plan.service)
        mode = os.stat(os.path.join(folder, inside)).st_mode if edit.before is not None else 0
        yield Member(inside, data=edit.after, executable=bool(mode & OWNER_MAY_EXECUTE))


def _read_ignore(members: dict[str, Member], dockerfile: str, service: str) -> Dockerignore:
    """Return what is kept out of the context: the Dockerfile's own ignore file counts alone, where there is one."""
    path = next((path for path in (f"{dockerfile}{IGNORE}", IGNORE) if path in members), None)
    if path is None:
        return Dockerignore(())
    data = members[path].data
    if data is None:
        above, name = os.path.split(members[path].source)
        with explained(f"{service}/{path}", "read it"), opened(above) as folder:
            data = read_bytes(name, folder, limit_of(path))
    try:
        return parse_dockerignore(data.decode("utf-8", "surrogateescape"))
    except UnparsableError as error:
        raise TreeError(Problem(f"cannot be parsed: {error.reason}", f"{service}/{path}", error.line)) from None


def _copied(target: Target) -> Iterator[Member]:
    """Yield what a copy holds once it is in sync."""
    library, copy = target.library, target.library.copy
    yield Member(f"{copy}/{MANIFEST_NAME}", data=target.manifest_bytes)
    for path, entry in target.snapshot.entries.items():
        if isinstance(entry, Symlink):
            yield Member(f"{copy}/{path}", target=entry.target)
        else:
            read, source = partial(target.content.read, path), f"{library.master}/{path}"
            yield Member(f"{copy}/{path}", source, executable=entry.executable, sha256=entry.sha256, read=read)


def _lost(plan: ServicePlan) -> Iterator[Finding]:
    for copy in plan.copies:
        yield from copy.findings_of(tuple(operation for operation in copy.plan.operations if operation.guarded))
