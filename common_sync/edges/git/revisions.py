"""Which commit a pin is, and what a folder holds in a commit. Nothing is fetched here."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common_sync.core.errors import ConfigurationError, GitError, Problem, shell_word
from common_sync.core.model import NAMED_ID
from common_sync.core.paths import TOP, ancestors
from common_sync.core.pins import REMEDY, is_commit, list_tags, why_no_ref
from common_sync.core.typos import nearest
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.checkout import ATTRIBUTES
from common_sync.edges.git.history import WITHOUT_NETWORK, is_cut_off
from common_sync.edges.git.repository import find_top


def resolve_pin(root: str, ref: str, library: str) -> str:
    """Return the full id of the commit that a service is pinned to.

    Args:
        root: An absolute path inside a work tree.
        ref: A tag, or 7 to 64 hex digits of a commit.
        library: The library's name: a tag may begin with it.

    Raises:
        ConfigurationError: It is neither, or unknown here.
        GitError: There is no repository, or git failed.
    """
    if reason := why_no_ref(ref):
        raise ConfigurationError(Problem(f"{ref!r} {reason}", remedy=REMEDY))
    if find_top(root) is None:
        raise GitError(Problem("is in no git repository, so nothing can be pinned to a commit of it", root))
    for tag in list_tags(ref, library):
        if (commit := find_commit(root, f"refs/tags/{tag}")) is not None:
            return commit
    found = find_commit(root, ref) if is_commit(ref) else None
    if found is not None and found.startswith(ref.lower()):  # not a branch of that name
        return found
    raise ConfigurationError(_explain(root, ref, library))


def find_commit(root: str, name: str) -> str | None:
    """Return the full id of the commit that a name leads to, or None where it leads to none here.

    Args:
        root: An absolute path inside a work tree.
        name: A tag, a branch, an id, `HEAD~1`.
    """
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
    try:
        return ask(words, root, variables=WITHOUT_NETWORK).strip()
    except GitError:
        return None


def require_commit(root: str, name: str, asked_by: str = "--ref") -> str:
    """Return the full id of the commit that a name leads to.

    Args:
        root: An absolute path inside a work tree.
        name: As for `find_commit`.
        asked_by: Where a person wrote it, for the message.

    Raises:
        ConfigurationError: It leads to none here.
    """
    commit = find_commit(root, name)
    if commit is None:
        remedy = "name a branch, a tag or a commit that is in this clone"
        raise ConfigurationError(Problem(f"{name!r} is no commit here", asked_by, remedy=remedy))
    return commit


def find_upstream(root: str) -> str | None:
    """Return the name of the branch that the current one follows, `origin/main`, or None where it follows none.

    Args:
        root: An absolute path inside a work tree.
    """
    try:
        return ask(["rev-parse", "--abbrev-ref", "@{upstream}"], root).strip()
    except GitError:
        return None


def find_branch(root: str, ref: str) -> str:
    """Return the branch that a clone elsewhere is at when it follows a ref: `main` of `origin/main`; nothing for no branch.

    Args:
        root: An absolute path inside a work tree.
        ref: A name that leads to a commit.
    """
    if find_commit(root, f"refs/remotes/{ref}") is not None:
        return ref.partition("/")[2]
    return ref if find_commit(root, f"refs/heads/{ref}") is not None else ""


def find_tree(root: str, commit: str, path: str) -> str:
    """Return git's id of a folder in a commit.

    Args:
        root: The absolute path of the configuration's folder.
        commit: The commit's full id.
        path: The folder's path from the root.

    Raises:
        GitError: The commit has no such folder.
    """
    return ask(["rev-parse", "--verify", f"{commit}:./{path}"], root, variables=WITHOUT_NETWORK).strip()


def _explain(root: str, ref: str, library: str) -> Problem:
    """Say why a ref cannot be used: it is a branch, a typo, or not here."""
    patterns = (f"refs/heads/{ref}", f"refs/remotes/*/{ref}")
    branches = ask(["for-each-ref", "--format=%(objectname)", *patterns], root, literal=False).split()
    if branches:
        message = f"{ref!r} is a branch, which moves, so no service can stay at it"
        return Problem(message, remedy=f"name the commit that it is at now: {branches[0][:NAMED_ID]}")
    if not is_commit(ref) and (leads_to := find_commit(root, ref)) is not None:
        remedy = f"name the commit that it leads to now: {leads_to[:NAMED_ID]}"
        return Problem(f"{ref!r} is not the name of a tag", remedy=remedy)
    tags = ask(["for-each-ref", "--format=%(refname:strip=2)", "refs/tags"], root, literal=False).split("\n")
    near = nearest(ref, [tag for tag in tags if tag])
    what = "commit" if is_commit(ref) else "tag"
    if near:
        return Problem(f"there is no {what} {ref!r} of {library}", remedy=near)
    if what == "commit":
        fetch = "git fetch --unshallow" if is_cut_off(root) else "git fetch origin"
    else:
        fetch = f"git fetch origin tag {shell_word(ref)}"
    return Problem(f"there is no {what} {ref!r} of {library} in this clone", remedy=fetch)


class Row(NamedTuple):
    """A file of a commit."""

    mode: str  # git's
    kind: str  # `blob`, or `commit` for a repository inside
    name: str  # git's name of its contents


def list_tree(root: str, commit: str, path: str) -> dict[str, Row]:
    """Return what a folder holds in a commit: paths relative to it.

    Args:
        root: The absolute path of the configuration's folder.
        commit: The commit's full id.
        path: The folder's path from the root.

    Raises:
        GitError: The commit is not here, or git failed.
    """
    rows = list_trees(root, commit, [path])
    inside = 0 if path == TOP else len(path) + 1
    return {name[inside:]: row for name, row in rows.items()}


def list_trees(root: str, commit: str, paths: Iterable[str]) -> dict[str, Row]:
    """Return what several folders hold in a commit: paths from the root.

    Args:
        root: As for `list_tree`, and so are the others.
        commit: The commit's full id.
        paths: The folders' paths from the root; at least one.

    Raises:
        GitError: As for `list_tree`.
    """
    above = _from_top(root, "")
    prefix = "" if above == os.curdir else f"{above}/"
    rows = _list_rows(root, commit, [f"{prefix}{path}/" for path in paths], "-r")
    return {name[len(prefix) :]: row for name, row in rows.items()}


def list_attributes(root: str, commit: str, path: str) -> list[str]:
    """Return git's names of the `.gitattributes` above a folder in a commit.

    Args:
        root: As for `list_tree`, and so are the others.
        commit: The commit's full id.
        path: The folder's path from the root.

    Raises:
        GitError: As for `list_tree`.
    """
    files = [*(f"{above}/{ATTRIBUTES}" for above in ancestors(_from_top(root, path))), ATTRIBUTES]
    return [row.name for row in _list_rows(root, commit, files).values() if row.kind == "blob"]


def _from_top(root: str, path: str) -> str:
    return os.path.relpath(os.path.join(root, path), find_top(root) or root)


def _list_rows(root: str, commit: str, paths: Sequence[str], *options: str) -> dict[str, Row]:
    try:
        rows = split(
            ask(["ls-tree", "-z", "--full-tree", *options, commit, "--", *paths], root, variables=WITHOUT_NETWORK)
        )
    except GitError:
        message = f"this clone has not all of commit {commit[:NAMED_ID]}, and nothing is fetched in silence"
        raise GitError(Problem(message, remedy=f"git fetch --depth 1 origin {commit}")) from None
    return {name: Row(*words.split(" ")) for words, _, name in (row.partition("\t") for row in rows)}
