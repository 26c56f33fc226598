"""Everything that asks git. Always `-z`, never a path where git could take it for an option.

The questions that every run asks are plumbing commands; GitPython, which takes 100 ms to import, is for what is said
once something has changed.
"""

import os
from collections.abc import Callable, Iterator, Sequence

from common_sync.core.errors import GitError, Problem
from common_sync.edges.processes import finish, hearing, start


def find_top(folder: str) -> str | None:
    """Return the top of the work tree that holds a folder, or None outside git.

    Args:
        folder: An absolute path.
    """
    hooked = _hooked_top()
    return hooked if hooked is not None and _is_of(hooked, folder) else _look_up(folder)


def folders_up(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, up to the top of its repository.

    Args:
        folder: An absolute path.
    """
    top = find_top(folder)
    while True:
        yield folder
        above = os.path.dirname(folder)
        if folder in (top, above):
            return
        folder = above


def git_directory(top: str) -> str:
    """Return the absolute path of the git directory of a work tree (its own, where it is one of several).

    Args:
        top: The work tree's top folder.

    Raises:
        GitError: `.git` is a file that does not say where it is (gitrepository-layout(5): `gitdir: <path>`).
    """
    if "GIT_DIR" in os.environ and _hooked_top() == os.path.realpath(top):
        return os.path.join(top, os.environ["GIT_DIR"])
    return _read_place(top)


def _read_place(top: str) -> str:
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


def users_folder() -> str:
    """Return the folder where the user has typed his command: git runs hooks at the top, and says where that was."""
    here = os.path.realpath(os.curdir)
    folder = os.path.join(_look_up(here) or here, os.environ.get("GIT_PREFIX", ""))
    return folder if "GIT_PREFIX" in os.environ and os.path.isdir(folder) else here


def list_named(folder: str, names: Sequence[str]) -> list[str]:
    """Return the tracked files below a folder that have one of some names, wherever they are.

    Args:
        folder: An absolute path inside a work tree.
        names: Names without folders, and without wildcards.

    Returns:
        POSIX paths relative to the folder.
    """
    patterns = [pattern for name in names for pattern in (f":(glob)**/{name}", f":(glob){name}")]
    return split(ask(["ls-files", "-z", "--", *patterns], folder, literal=False))


def list_files(folder: str) -> list[str]:
    """Return what git tracks below a folder, and what it neither knows nor ignores.

    Args:
        folder: An absolute path inside a work tree.

    Returns:
        POSIX paths relative to the folder; a file may be gone from the disk. A name that ends with a slash is a folder
        of which git lists nothing: a repository, or one that it could not open.

    Raises:
        GitError: Git failed, or keeps files of the folder out of the work tree (a sparse checkout).
    """
    with hearing() as errors:
        tagged = split(
            ask(["ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"], folder, errors=errors)
        )
        closed = _closed_folders(folder, os.fsdecode(os.pread(errors, _MOST_ERRORS, 0)))
    refuse_sparse(folder, [line[2:] for line in tagged if line.startswith("S ")])
    return list(dict.fromkeys([line[2:] for line in tagged] + closed))  # a path in conflict is listed more than once


_MOST_ERRORS = 1 << 20


def _closed_folders(folder: str, errors: str) -> list[str]:
    """Return the folders that git could not open; it ends well all the same, as if there were nothing in them."""
    above = os.path.relpath(folder, find_top(folder))
    start = f"warning: could not open directory '{'' if above == os.curdir else above + '/'}"
    return [line.removeprefix(start).rpartition("'")[0] for line in errors.splitlines() if line.startswith(start)]


def refuse_sparse(folder: str, hidden: Sequence[str]) -> None:
    """Refuse to take a folder for whole when a sparse checkout keeps files of it out of the work tree.

    Args:
        folder: Its absolute path.
        hidden: The files in it that git was told not to look at, relative to it; they may be there all the same.

    Raises:
        GitError: There are some.
    """
    gone = [file for file in hidden if not os.path.lexists(os.path.join(folder, file))]
    if gone:
        where = os.path.join(folder, gone[0])
        message = f"a sparse checkout keeps {len(gone)} file{'s'[: len(gone) > 1]} of the master out of the work tree"
        raise GitError(Problem(message, where, remedy=f"git sparse-checkout add {os.path.relpath(folder)}"))


def explain_ignored(folder: str, path: str) -> str | None:
    """Return `file:line:pattern` of the rule by which git ignores an untracked path, or None when it does not.

    Args:
        folder: An absolute path inside a work tree.
        path: POSIX path relative to it.
    """
    import git  # `explain` is asked by a person

    client = git.Git(folder)
    client.update_environment(**environment_for(folder))
    # It takes `-z` only with `--stdin`, and no `--literal-pathspecs`: `./` keeps a path from being taken for a pattern.
    command = ["git", "check-ignore", "-v", "--", f"./{path}"]
    status, answer, _ = client.execute(command, with_extended_output=True, with_exceptions=False)
    return str(answer).partition("\t")[0] if status == 0 else None


def ask(
    arguments: Sequence[str],
    folder: str,
    *,
    literal: bool = True,
    data: str | None = None,
    variables: dict[str, str] | None = None,
    errors: int | None = None,
) -> str:
    """Run git in a folder; return what it prints.

    `subprocess` takes 6 ms to import: it is asked only where git is to be told something, or has failed, to hear why.

    Args:
        arguments: The subcommand and what follows it.
        folder: An absolute path inside a work tree.
        literal: Whether paths mean themselves, and are no patterns.
        data: What git is to read on its standard input.
        variables: Environment variables, over those that the repository needs.
        errors: A descriptor for what git complains of, or None to hear it only when git has failed.

    Raises:
        GitError: Git failed, or there is none.
    """
    if data is None:
        return ask_ahead(arguments, folder, literal=literal, variables=variables, errors=errors)()
    command, environment = _prepare(arguments, folder, literal, variables)
    return _run(command, environment, folder, arguments[0], data)


def ask_ahead(
    arguments: Sequence[str],
    folder: str,
    *,
    literal: bool = True,
    variables: dict[str, str] | None = None,
    errors: int | None = None,
) -> Callable[[], str]:
    """Start git in a folder; return what waits for it, and returns what it prints, or raises.

    Args:
        arguments: As for `ask`, and so are the others.
        folder: An absolute path inside a work tree.
        literal: Whether paths mean themselves, and are no patterns.
        variables: Environment variables, over those that the repository needs.
        errors: A descriptor for what git complains of.
    """
    command, environment = _prepare(arguments, folder, literal, variables)
    started = start(command, environment, errors)

    def wait() -> str:
        status, output = finish(*started) if started is not None else (-1, "")
        return output if status == 0 else _run(command, environment, folder, arguments[0], None)

    return wait


def _prepare(
    arguments: Sequence[str], folder: str, literal: bool, variables: dict[str, str] | None
) -> tuple[list[str], dict[str, str]]:
    command = ["git", "-C", folder, *(["--literal-pathspecs"] if literal else []), *arguments]
    return command, environment_for(folder) | (variables or {})


def _run(command: list[str], environment: dict[str, str], folder: str, what: str, data: str | None) -> str:
    import subprocess  # as said in `ask`

    given = None if data is None else os.fsencode(data)
    try:
        done = subprocess.run(command, env=environment, input=given, capture_output=True, check=False)  # noqa: S603 - our own words
    except FileNotFoundError:
        raise GitError(Problem("git is not installed", remedy="install git")) from None
    if done.returncode != 0:
        words = " ".join(os.fsdecode(done.stderr).split()).removeprefix("fatal: ")
        raise GitError(Problem(f"git {what} failed: {words}", folder))
    return os.fsdecode(done.stdout)


def split(text: str) -> list[str]:
    """Return the fields of what git prints with `-z`."""
    return [field for field in text.split("\0") if field]


# What git sets for the hooks that it runs. They name one repository, by paths relative to the hook's folder: kept for
# that repository, made absolute, and kept from any other (githooks(5): "Environment variables, such as GIT_DIR …").
_LOCAL = frozenset(
    [
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
    ]
)
_PATHS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def environment_for(folder: str) -> dict[str, str]:
    """Return the environment in which to run git in a folder.

    Args:
        folder: An absolute path.
    """
    environment = dict(os.environ, GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    if _LOCAL.isdisjoint(environment):
        return environment
    top = _hooked_top()
    if top is None or not _is_of(top, folder):
        return {name: value for name, value in environment.items() if name not in _LOCAL}
    if "GIT_DIR" in environment:
        environment["GIT_WORK_TREE"] = top
    for name in _PATHS:
        if name in environment:
            environment[name] = os.path.join(top, environment[name])
    return environment


def _look_up(folder: str) -> str | None:
    """Return the nearest folder with a `.git`, from one upward."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _hooked_top() -> str | None:
    """Return the top of the work tree that the environment speaks of, or None when it speaks of none.

    Git runs a hook at the top of the tree. A hook may then go into a folder of the same tree, for which relative paths
    still begin at the top, or into another repository, for which the variables are not meant.
    """
    if "GIT_DIR" not in os.environ and "GIT_INDEX_FILE" not in os.environ:
        return None
    if "GIT_WORK_TREE" in os.environ:
        return os.path.realpath(os.environ["GIT_WORK_TREE"])
    here = os.path.realpath(os.curdir)
    top = _look_up(here)
    if top is None:
        return here if "GIT_DIR" in os.environ else None
    return top if _is_meant(top) else None


def _is_meant(top: str) -> bool:
    """Tell whether GIT_DIR, or without it the index, is that of a work tree; an index elsewhere is somebody's own."""
    try:
        own = os.path.realpath(_read_place(top))
    except GitError:
        return False
    if "GIT_DIR" in os.environ:
        return os.path.realpath(os.path.join(top, os.environ["GIT_DIR"])) == own
    place = os.path.dirname(os.path.realpath(os.path.join(top, os.environ["GIT_INDEX_FILE"])))
    return place == own or not os.path.exists(os.path.join(place, "HEAD"))


def _is_of(top: str, folder: str) -> bool:
    """Tell whether a folder is of a work tree, and not of a repository inside it."""
    folder = os.path.realpath(folder)
    if os.path.commonpath([top, folder]) != top:
        return False
    while folder != top:
        if os.path.lexists(os.path.join(folder, ".git")):
            return False
        folder = os.path.dirname(folder)
    return True
