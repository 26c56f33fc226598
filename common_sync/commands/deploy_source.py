"""What a release is made of: a service as the work tree has it, or as a commit has it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from common_sync.commands.context import list_as_it_is, make_context
from common_sync.commands.steps.doctor.service_check import check_service
from common_sync.commands.steps.survey import Survey, survey
from common_sync.commands.verify import verify_copy
from common_sync.core.errors import CommonSyncError, ConfigurationError, GitError, Problem
from common_sync.core.model import NAMED_ID, Finding
from common_sync.edges.files.folders import explained, opened, remove_tree
from common_sync.edges.files.tar import Listing
from common_sync.edges.git.ask import ask
from common_sync.edges.git.exporting import export_commit, resolve_revision
from common_sync.edges.git.history import list_uncommitted
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.load import Project, load_project

LEAVES = frozenset({"CS205", "CS206"})
"""What `doctor` finds that a service needs from outside its folder, and a release does not have."""

_STAGED = ".revision"
"""Where the files of a commit are while a release is made of them; what a killed run has left there goes first."""

_REMEDY = "name another commit, or commit what mends it and name that"


class Source(NamedTuple):
    """What a release is made of."""

    project: Project  # the project that the service is of: that of the work tree, or of a commit
    listing: Listing  # what goes into it
    commit: str  # the commit, with `+` where there are changes besides; nothing where that is not known
    refused: tuple[Finding, ...] = ()  # why no release is made of it


def read_work_tree(project: Project, service: str) -> Source:
    """Return what a release of the work tree is made of.

    Args:
        project: The project.
        service: The service's path from the root.

    Raises:
        CommonSyncError: Something cannot be read, or makes no sense.
    """
    context = make_context(project, service)
    if context.plan.is_empty:
        refused = _find_leaving(survey(project, [service]))
    else:
        refused = tuple(one for one in context.plan.findings() if one.severity == "error")
    return Source(project, context.listing, _find_head(project, service), refused)


def _find_leaving(found: Survey) -> tuple[Finding, ...]:
    """Return where a service needs what is outside its folder."""
    checked = check_service(found, found.plans[0], (), fix=False).findings
    return tuple(one for one in checked if one.code in LEAVES and one.severity == "error")


def _find_head(project: Project, service: str) -> str:
    if find_top(project.root) is None:
        return ""
    with suppress(GitError):
        commit = ask(["rev-parse", "HEAD"], project.root).strip()
        return f"{commit}{'+' if list_uncommitted(os.path.join(project.root, service)) else ''}"
    return ""


@contextmanager
def committed(project: Project, service: str, revision: str, place: str | None) -> Iterator[Source]:
    """Yield what a release of a commit is made of; its files are on the disk meanwhile.

    Args:
        project: The project, as the work tree has it.
        service: The service's path from the root.
        revision: What names the commit.
        place: The folder of the service's releases, to write there; None for where temporary files are.

    Raises:
        CommonSyncError: The commit is not here, or a service of it cannot be read.
    """
    commit = resolve_revision(project.root, revision)
    with _staged(place) as folder:
        export_commit(project.root, commit, folder)
        inside = os.path.relpath(project.root, find_top(project.root) or project.root)
        with _told_of(commit, os.path.normpath(os.path.join(folder, inside))) as root:
            source = _read_commit(load_project(root), service, commit)
        yield source


@contextmanager
def _staged(place: str | None) -> Iterator[str]:
    """Yield the path of an empty folder, which goes with all that is in it."""
    if place is None:
        with tempfile.TemporaryDirectory() as above:
            folder = os.path.join(os.path.realpath(above), _STAGED)
            os.mkdir(folder)
            yield folder
        return
    folder = os.path.join(os.path.realpath(place), _STAGED)
    with explained(folder, "write there"):
        os.mkdir(folder)
    try:
        yield folder
    finally:
        clear_staged(place)


def clear_staged(place: str) -> None:
    """Remove the files of a commit from the folder of a service's releases, where a killed run has left them.

    Args:
        place: The folder, which is there.

    Raises:
        TreeError: They cannot be removed.
    """
    with explained(os.path.join(place, _STAGED), "remove it"), opened(place) as folder:
        for name in (_STAGED, f"{_STAGED}.index", f"{_STAGED}.index.lock"):
            remove_tree(name, folder)


@contextmanager
def _told_of(commit: str, root: str) -> Iterator[str]:
    """Say of what is wrong in a commit that it is there, and not in the work tree."""
    try:
        yield root
    except CommonSyncError as error:
        problems = [
            Problem(
                _name_commit(one.message, commit), one.file and one.file.removeprefix(f"{root}/"), one.line, _REMEDY
            )
            for one in error.problems
        ]
        raise type(error)(*problems) from error


def _name_commit(message: str, commit: str) -> str:
    return f"in commit {commit[:NAMED_ID]}: {message}"


def _read_commit(project: Project, service: str, commit: str) -> Source:
    """Return what a service is in a commit; its copy counts as what its own manifest says, whatever the master was then."""
    if service not in project.services:
        raise ConfigurationError(Problem(f"{service} is no service", project.configuration.file))
    found = survey(project, [service])
    copies = project.list_copies([service])
    edited = [one for copy in copies for one in verify_copy(os.path.join(project.root, copy)).findings]
    rest = found.plans[0]._replace(copies=())
    findings = [*edited, *(() if rest.is_empty else rest.findings())]
    wrong = [one for one in findings if one.severity == "error"] or _find_leaving(found)
    refused = tuple(
        one._replace(
            service=service,
            file=one.file.removeprefix(f"{project.root}/"),
            message=_name_commit(one.message, commit),
            remedy=_REMEDY,
            mend=None,
        )
        for one in wrong
    )
    return Source(project, list_as_it_is(project.root, service), commit, refused)
