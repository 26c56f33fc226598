"""Everything that asks git. Always `-z`, never a path where git could take it for an option.

The questions that every run asks are plumbing commands; GitPython, which takes 100 ms to import, is for what is said
once something has changed.
"""

import os
from collections.abc import Iterable, Sequence

from common_sync.core.errors import GitError, Problem


def find_top(folder: str) -> str | None:
    """Return the top of the work tree that holds a folder, or None outside git.

    Args:
        folder: An absolute path.
    """
    if "GIT_DIR" in os.environ and _is_hooks_tree(folder):
        return _hooks_top()
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def git_directory(top: str) -> str:
    """Return the absolute path of the git directory of a work tree (its own, where it is one of several).

    Args:
        top: The work tree's top folder.

    Raises:
        GitError: `.git` is a file that does not say where it is (gitrepository-layout(5): `gitdir: <path>`).
    """
    if "GIT_DIR" in os.environ and _is_hooks_tree(top):
        return os.path.join(_hooks_top(), os.environ["GIT_DIR"])
    path = os.path.join(top, ".git")
    if os.path.isdir(path):
        return path
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            word, _, place = file.read().partition(": ")
    except OSError as error:
        raise GitError(Problem(f"cannot be read: {error.strerror}", path)) from error
    if word != "gitdir":
        raise GitError(Problem("is neither a git directory nor a file that names one", path))
    return os.path.normpath(os.path.join(top, place.rstrip("\n")))


def list_named(folder: str, names: Sequence[str]) -> list[str]:
    """Return the tracked files below a folder that have one of some names, wherever they are.

    Args:
        folder: An absolute path inside a work tree.
        names: Names without folders, and without wildcards.

    Returns:
        POSIX paths relative to the folder.
    """
    patterns = [pattern for name in names for pattern in (f":(glob)**/{name}", f":(glob){name}")]
    return _split(_run(["ls-files", "-z", "--", *patterns], folder, literal=False))


def list_files(folder: str, *, tracked_only: bool) -> list[str]:
    """Return what git tracks below a folder, and unless told otherwise what it does not know and does not ignore.

    Args:
        folder: An absolute path inside a work tree.
        tracked_only: Leave out what the next commit would lack.

    Returns:
        POSIX paths relative to the folder, as they are in the index; a file may be gone from the disk.

    Raises:
        GitError: Git failed, or keeps files of the folder out of the work tree (a sparse checkout).
    """
    kinds = ["--cached"] if tracked_only else ["--cached", "--others", "--exclude-standard"]
    tagged = _split(_run(["ls-files", "-z", "-t", *kinds], folder))
    hidden = [line[2:] for line in tagged if line.startswith("S ")]
    if hidden:
        where = os.path.join(folder, hidden[0])
        message = f"a sparse checkout keeps {len(hidden)} files of the master out of the work tree"
        raise GitError(Problem(message, where, remedy="git sparse-checkout add"))
    return list(dict.fromkeys(line[2:] for line in tagged))  # a path in conflict is listed more than once


def list_unknown(root: str, paths: Sequence[str]) -> list[str]:
    """Return the files below some paths that git neither tracks nor ignores.

    Args:
        root: An absolute path inside a work tree.
        paths: POSIX paths relative to it, of files or folders.

    Returns:
        POSIX paths relative to the root.
    """
    if not paths:
        return []
    return _split(_run(["ls-files", "-z", "--others", "--exclude-standard", "--", *paths], root))


def list_changed(root: str, paths: Iterable[str]) -> list[str]:
    """Return those of some paths whose state on the disk is not what the next commit would hold.

    Args:
        root: An absolute path inside a work tree.
        paths: POSIX paths relative to it.

    Returns:
        POSIX paths relative to the root, sorted.
    """
    import git  # only when there is something to say

    client = git.Git(root)
    client.update_environment(**_environment(root))
    return sorted(
        line[3:]
        for line in _split(
            client.execute(
                ["git", "--literal-pathspecs", "status", "--porcelain", "-z", "--no-renames", "-uall", "--", *paths]
            )
        )
        if line[1] != " "
    )


def explain_ignored(folder: str, path: str) -> str | None:
    """Return `file:line:pattern` of the rule by which git ignores an untracked path, or None when it does not.

    Args:
        folder: An absolute path inside a work tree.
        path: POSIX path relative to it.
    """
    import git  # `explain` is asked by a person

    client = git.Git(folder)
    client.update_environment(**_environment(folder))
    status, answer, _ = client.execute(
        ["git", "check-ignore", "-v", "-z", "--", path], with_extended_output=True, with_exceptions=False
    )
    fields = str(answer).split("\0")
    return ":".join(fields[:3]) if status == 0 else None


def _run(arguments: Sequence[str], folder: str, *, literal: bool = True) -> str:
    """Run git in a folder; return what it prints.

    `subprocess` takes 6 ms to import: it is asked only once git has failed, to hear why.
    """
    command = ["git", "-C", folder, *(["--literal-pathspecs"] if literal else []), *arguments]
    environment = _environment(folder)
    status, output = _spawn(command, environment)
    return output if status == 0 else _run_again(command, environment, folder, arguments[0])


def _spawn(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Return the exit status and the standard output of a program; 127 where there is no such program."""
    reader, writer = os.pipe()
    files = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, writer, 1)]
    try:
        process = os.posix_spawnp(command[0], command, environment, file_actions=files)
    except FileNotFoundError:
        os.close(reader)
        return 127, ""
    finally:
        os.close(writer)
    with open(reader, "rb") as stream:
        output = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), os.fsdecode(output)


def _run_again(command: list[str], environment: dict[str, str], folder: str, what: str) -> str:
    import subprocess  # only once something went wrong

    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - our own words
    except FileNotFoundError:
        raise GitError(Problem("git is not installed", remedy="install git")) from None
    if done.returncode != 0:
        words = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
        raise GitError(Problem(f"git {what} failed: {words}", folder))
    return os.fsdecode(done.stdout)


def _split(text: str) -> list[str]:
    return [field for field in text.split("\0") if field]


# What git sets for the hooks that it runs. They name one repository, by paths relative to the hook's folder: kept for
# that repository, made absolute, and kept from any other (githooks(5): "Environment variables, such as GIT_DIR …").
_LOCAL = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
)
_PATHS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def _environment(folder: str) -> dict[str, str]:
    """Return the environment in which to run git in a folder."""
    environment = dict(os.environ, GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    if not any(name in environment for name in _LOCAL):
        return environment
    if not _is_hooks_tree(folder):
        return {name: value for name, value in environment.items() if name not in _LOCAL}
    here = _hooks_top()
    if "GIT_DIR" in environment:
        environment.setdefault("GIT_WORK_TREE", here)
    for name in _PATHS:
        if name in environment:
            environment[name] = os.path.join(here, environment[name])
    return environment


def _hooks_top() -> str:
    """Return the top of the work tree that the environment speaks of; git runs its hooks there."""
    return os.path.realpath(os.environ.get("GIT_WORK_TREE", os.curdir))


def _is_hooks_tree(folder: str) -> bool:
    """Tell whether a folder is of the work tree that the environment speaks of, and not of a repository inside it."""
    here, folder = _hooks_top(), os.path.realpath(folder)
    if os.path.commonpath([here, folder]) != here:
        return False
    while folder != here:
        if os.path.lexists(os.path.join(folder, ".git")):
            return False
        folder = os.path.dirname(folder)
    return True
