"""The build context of a member of a uv workspace: the root without the other members."""

import os
from collections.abc import Container, Iterator
from typing import NamedTuple

from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.errors import ConfigurationError, Problem, TreeError
from common_sync.core.formats.dockerignore import Dockerignore, parse_dockerignore
from common_sync.core.paths import below
from common_sync.core.references.kinds import IGNORE, limit_of
from common_sync.core.text import UnparsableError
from common_sync.core.workspace.lock import LOCK
from common_sync.core.workspace.pruning import PROJECT, Pruned, prune
from common_sync.edges.files.folders import explained, opened, read_bytes
from common_sync.edges.files.tar import Listing, Member, list_folder
from common_sync.edges.project.workspace import open_workspace

_OF_ROOT = (".python-version", "uv.toml")
"""What uv reads at the root of a workspace, beside the two files that are written anew."""


class Space(NamedTuple):
    """A member of a workspace, with what a build of it gets."""

    root: str  # the absolute path of the workspace's root; the context's paths begin there
    member: str  # the member's path from there
    pruned: Pruned  # what stays of the workspace
    dockerfile: str | None  # the path of its Dockerfile from the root, where it has one
    ignore_file: str  # the path of the file that says what is left out, or nothing
    listing: Listing  # what is in the context


def make_space(root: str, member: str, dockerfile: str | None = None) -> Space:
    """Return what a build of a member gets: the members that it needs, and the root's two files for these.

    Args:
        root: The absolute path of the workspace's root.
        member: The member's path from there.
        dockerfile: The Dockerfile that it is for, inside the member or the root; one that is named must be there.

    Raises:
        CommonSyncError: Something cannot be read, or makes no sense.
    """
    pruned = prune(open_workspace(root), member)
    file = _choose_dockerfile(root, member, dockerfile)
    ignore_file = next((one for one in (f"{file}{IGNORE}", IGNORE) if os.path.lexists(os.path.join(root, one))), "")
    ignore = _read_ignore(root, ignore_file)
    listing = Listing([], [])
    for path in pruned.members:
        _add_member(listing, root, path, pruned, ignore)
    for path in pruned.local:
        _add_local(listing, root, path, ignore)
    members = {one.path: one for one in listing.members}
    asked = (file, f"{file}{IGNORE}", IGNORE, *_OF_ROOT)
    members |= {
        path: Member(path, os.path.join(root, path))
        for path in asked
        if os.path.isfile(os.path.join(root, path or "."))
    }
    members |= {
        path: Member(path, os.path.join(root, path)) for one in pruned.members if (path := os.path.join(one, PROJECT))
    }
    members[PROJECT] = Member(PROJECT, data=pruned.root.encode())
    members[LOCK] = Member(LOCK, data=pruned.lock.encode())
    return Space(root, member, pruned, file or None, ignore_file, Listing([*members.values()], listing.folders))


def _choose_dockerfile(root: str, member: str, named: str | None) -> str:
    """Return the path from the root of the Dockerfile, or nothing where there is none."""
    tried = [os.path.normpath(os.path.join(folder, named or "Dockerfile")) for folder in (member, "")]
    inside = [one for one in tried if not one.startswith(("/", "../")) and os.path.isfile(os.path.join(root, one))]
    if named is None:
        return tried[0] if tried[0] in inside else ""
    if not inside:
        message = "there is no such Dockerfile in the service, nor at the root of its workspace"
        raise ConfigurationError(Problem(message, os.path.join(root, member, named)))
    return inside[0]


def _read_ignore(root: str, path: str) -> Dockerignore:
    if not path:
        return Dockerignore(())
    folder, name = os.path.split(os.path.join(root, path))
    with explained(os.path.join(root, path), "read it"), opened(folder) as descriptor:
        data = read_bytes(name, descriptor, limit_of(path))
    try:
        return parse_dockerignore(data.decode("utf-8", "surrogateescape"))
    except UnparsableError as error:
        raise TreeError(Problem(f"cannot be parsed: {error.reason}", os.path.join(root, path), error.line)) from None


class _LeftOut(Container[str]):
    """What is no part of a member: other members inside it, what tools leave there, and what the root's ignore file names."""

    def __init__(self, root: str, member: str, others: Container[str]) -> None:
        self._folder, self._others, self._rules = os.path.join(root, member), others, Rules(BUILT_IN)

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, str) or path in self._others:
            return True
        if self._rules.match(path, True) is None:
            return False
        folder = os.path.isdir(os.path.join(self._folder, path))
        rule = self._rules.match(path, folder)
        return rule is not None and rule.excludes


def _add_member(listing: Listing, root: str, member: str, pruned: Pruned, ignore: Dockerignore) -> None:
    """Add the files of a member: its own ignore file says what of them is left out, and so does the root's."""
    every = (below(one, member) for one in (*pruned.members, *pruned.others, *pruned.local))
    left_out = _LeftOut(root, member, {one for one in every if one})
    own = (
        _read_ignore(root, os.path.join(member, IGNORE))
        if member and os.path.lexists(os.path.join(root, member, IGNORE))
        else Dockerignore(())
    )
    _add(listing, member, list_folder(os.path.join(root, member), left_out, own), ignore)


def _add_local(listing: Listing, root: str, path: str, ignore: Dockerignore) -> None:
    place = os.path.join(root, path)
    if os.path.isdir(place):
        _add(listing, path, list_folder(place, _LeftOut(root, path, ()), Dockerignore(())), ignore)
    elif os.path.isfile(place):
        listing.members.append(Member(path, place))
    else:
        raise TreeError(Problem("is not there, and uv is to take a package from it", place))


def _add(listing: Listing, prefix: str, found: Listing, ignore: Dockerignore) -> None:
    listing.members.extend(_within(prefix, found.members, ignore))
    folders = (os.path.join(prefix, one) for one in found.folders)
    listing.folders.extend(one for one in (prefix, *folders) if one and ignore.exclusion(one) is None)


def _within(prefix: str, members: list[Member], ignore: Dockerignore) -> Iterator[Member]:
    for one in members:
        path = os.path.join(prefix, one.path)
        if ignore.exclusion(path) is None:
            yield one._replace(path=path)
