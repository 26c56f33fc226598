"""What has changed since a commit; an error wherever git cannot tell it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from common_sync.core.errors import GitError, Problem, TreeError
from common_sync.edges.git.ask import ask, split
from common_sync.edges.git.history import WITHOUT_NETWORK, is_cut_off
from common_sync.edges.git.repository import common_directory, find_top

_UNSHALLOW = "git fetch --unshallow"


class Range(NamedTuple):
    """Two states to compare.

    Attributes:
        since: The commit that was named; its full id.
        base: The last commit that led to both; its full id.
        until: The commit that is compared with it, its full id; None for the work tree.
    """

    since: str
    base: str
    until: str | None


def find_range(folder: str, since: str, until: str | None) -> Range:
    """Return what to compare: the last commit that led to both, and the later state.

    Args:
        folder: An absolute path inside a work tree.
        since: A revision, as the user wrote it.
        until: Another one; None for the work tree.

    Raises:
        GitError: A revision is unknown, the history that tells is cut off, or nothing led to both.
    """
    if find_top(folder) is None:
        message = "is in no git repository, so nothing tells what has changed"
        raise GitError(Problem(message, folder))
    ends = [_resolve(folder, since), _resolve(folder, until or "HEAD")]
    try:
        base = ask(["merge-base", *ends], folder, variables=WITHOUT_NETWORK).strip()
    except GitError:
        raise _no_base(folder, since, until) from None
    if is_cut_off(folder) and _passes_cut(folder, ends, base):
        message = (
            f"the history between {since} and here is cut off (a shallow clone), so nothing tells where they parted"
        )
        raise GitError(Problem(message, remedy=_UNSHALLOW))
    return Range(ends[0], base, ends[1] if until is not None else None)


def suggest_since(folder: str) -> str:
    """Return what people usually compare with: the default branch of `origin`, as far as this clone knows it, or the last commit.

    Args:
        folder: An absolute path.
    """
    head, usual = "refs/remotes/origin/HEAD", ("refs/remotes/origin/main", "refs/remotes/origin/master")
    found: list[str] = []
    if find_top(folder) is not None:
        with suppress(GitError):  # a broken repository is no reason to name nothing
            words = ["for-each-ref", "--format=%(refname) %(symref)", head, *usual]
            found = [line.split()[-1] for line in ask(words, folder, variables=WITHOUT_NETWORK).splitlines()]
    return found[0].removeprefix("refs/remotes/") if found else "HEAD~1"


def _resolve(folder: str, revision: str) -> str:
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        return ask(words, folder, variables=WITHOUT_NETWORK).strip()
    except GitError:
        raise GitError(_explain_unknown(folder, revision)) from None


def _explain_unknown(folder: str, revision: str) -> Problem:
    if revision and not revision.strip("0"):  # what CI services say of a branch that they see for the first time
        message = f"{revision} is no commit: there was nothing before, the branch is new"
        return Problem(message, remedy="name the branch that it began at: --since origin/main")
    if ".." in revision:
        since, _, until = revision.partition("..")
        remedy = f"--since {since or 'HEAD'} --until {until.strip('.') or 'HEAD'}"
        return Problem(f"{revision!r} is a range of commits, and one commit is asked for", remedy=remedy)
    if is_cut_off(folder):
        return Problem(f"{revision!r} is no commit of this clone, whose history is cut off", remedy=_UNSHALLOW)
    return Problem(f"{revision!r} is no commit of this clone", remedy="git fetch origin")


def _no_base(folder: str, since: str, until: str | None) -> GitError:
    other = until or "the commit that is checked out"
    if is_cut_off(folder):
        message = f"this clone has no commit that led to both {since} and {other}: its history is cut off"
        return GitError(Problem(message, remedy=_UNSHALLOW))
    message = f"no commit led to both {since} and {other}"
    return GitError(Problem(message, remedy="name a commit of the same history"))


def _passes_cut(folder: str, ends: list[str], base: str) -> bool:
    """Tell whether a way from an end to the base passes a commit whose parents are not here: a later base may be hidden."""
    top = find_top(folder) or folder
    with open(os.path.join(common_directory(top), "shallow"), encoding="ascii") as file:
        cut = set(file.read().split())
    between = ask(["rev-list", *ends, f"^{base}"], folder, variables=WITHOUT_NETWORK).split()
    return not cut.isdisjoint(between)


@contextmanager
def explaining_missing(folder: str, span: Range) -> Iterator[None]:
    """Say how to get what a partial clone lacks, where git fails for want of it: nothing is fetched here.

    Args:
        folder: An absolute path inside a work tree.
        span: What is compared.
    """
    try:
        yield
    except GitError as error:
        try:
            ask(["config", "--get-regexp", r"^remote\..*\.promisor$"], folder)
        except GitError:
            raise error from None
        message = "this clone has only a part of what the commits hold (a partial clone), and files are missing"
        more = "" if span.until is None else f"git archive {span.until} > /dev/null && "
        commits = " ".join(one for one in (span.base, span.until) if one is not None)
        raise GitError(Problem(message, remedy=f"{more}git diff {commits} > /dev/null")) from error


_SHOWN = ("--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff", "--ignore-submodules=none")


def list_changes(folder: str, span: Range, below: Sequence[str] = ()) -> list[str]:
    """Return the absolute paths of what has changed; a renamed file is two.

    Against the work tree, what git neither knows nor ignores has changed, too.

    Args:
        folder: An absolute path inside a work tree.
        span: What to compare.
        below: The absolute paths of the folders that matter; the whole work tree when there are none.

    Raises:
        GitError: Git failed, which fetches nothing.
        TreeError: A sparse checkout keeps files out of the work tree.
    """
    top = find_top(folder) or folder
    ends = [span.base] if span.until is None else [span.base, span.until]
    places = [os.path.relpath(path, top) for path in below]
    changed = split(ask(["diff", *_SHOWN, *ends, "--", *places], top, variables=WITHOUT_NETWORK))
    if span.until is None:
        changed += _list_new(top, places)
    return [os.path.join(top, path.rstrip("/")) for path in dict.fromkeys(changed)]


def _list_new(top: str, places: Sequence[str]) -> list[str]:
    """Return what git neither knows nor ignores; refuse a work tree that is not whole."""
    rows = split(ask(["ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--", *places], top))
    hidden = [row[2:] for row in rows if row.startswith("S ")]
    gone = sum(not os.path.lexists(os.path.join(top, path)) for path in hidden)
    if gone:
        files = "1 file" if gone == 1 else f"{gone} files"
        message = f"a sparse checkout keeps {files} out of the work tree, so services may be missing here"
        raise TreeError(
            Problem(
                message,
                remedy="git sparse-checkout disable, or common-sync affected --until HEAD, which looks at a whole commit",
            )
        )
    return [row[2:] for row in rows if row.startswith("? ")]


def read_before(path: str, commit: str) -> bytes | None:
    """Return what a file held in a commit; None where it was not there, or no file.

    Args:
        path: Its absolute path; it need not be there any more.
        commit: The commit's id.

    Raises:
        GitError: Git failed, or has the bytes not here.
    """
    above = os.path.dirname(path)
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    top = find_top(above)
    if top is None:
        return None
    row = ask(["ls-tree", "-z", commit, "--", os.path.relpath(path, top)], top, variables=WITHOUT_NETWORK)
    if not row.startswith(("100644 ", "100755 ")):
        return None
    return os.fsencode(ask(["cat-file", "blob", row.split()[2]], top, variables=WITHOUT_NETWORK))
