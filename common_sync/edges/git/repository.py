"""Which repository a folder is in, whether what git has put into the environment of a hook is about it, and git started in it.

Imports nothing that Python has not imported at its start: a hook with nothing to do imports this, and little else.
"""

import os


def find_top(folder: str) -> str | None:
    """Return the top of the work tree that holds a folder, or None outside git.

    Raises:
        GitError: The disk fails, so whether there is a `.git` cannot be told.
    """
    hooked = _hooked_top()
    return hooked if hooked is not None and _is_of(hooked, folder) else _look_up(folder)


def folders_up(folder: str) -> list[str]:
    """Return a folder and those above it, up to the top of its repository."""
    top, folders = find_top(folder), [folder]
    while folder not in (top, os.path.dirname(folder)):
        folder = os.path.dirname(folder)
        folders.append(folder)
    return folders


def git_directory(top: str) -> str:
    """Return the absolute path of the git directory of a work tree (its own, where it is one of several).

    Raises:
        GitError: `.git` is a file that does not say where it is (gitrepository-layout(5): `gitdir: <path>`).
    """
    if "GIT_DIR" in os.environ and _hooked_top() == os.path.realpath(top):
        return os.path.join(top, os.environ["GIT_DIR"])
    return _read_place(top)


def common_directory(top: str) -> str:
    """Return the absolute path of the git directory that all work trees of a repository share.

    Raises:
        GitError: As for `git_directory`.
    """
    own = git_directory(top)
    try:
        with open(os.path.join(own, "commondir"), encoding="utf-8", errors="surrogateescape") as file:
            return os.path.normpath(os.path.join(own, file.read().rstrip("\n")))  # gitrepository-layout(5)
    except OSError:
        return own


def _read_place(top: str) -> str:
    try:
        return _find_place(top)
    except (OSError, ValueError) as error:
        raise _unreadable(os.path.join(top, ".git"), error) from error


def _unreadable(path: str, error: OSError | ValueError) -> Exception:
    from common_sync.core.errors import GitError, Problem  # with `typing` a fifth of bare Python

    return GitError(Problem(f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error), path))


def _find_place(top: str) -> str:
    path = os.path.join(top, ".git")
    if os.path.isdir(path):
        return path
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        word, _, place = file.read().partition(": ")
    if word != "gitdir":
        message = "is neither a git directory nor a file that names one"
        raise ValueError(message)
    return os.path.normpath(os.path.join(top, place.rstrip("\n")))


def users_folder() -> str:
    """Return the folder where the user has typed his command: git runs hooks at the top, and says where that was."""
    here = os.path.realpath(os.curdir)
    folder = os.path.join(_look_up(here) or here, os.environ.get("GIT_PREFIX", ""))
    return folder if "GIT_PREFIX" in os.environ and os.path.isdir(folder) else here


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
# `git --literal-pathspecs commit` (Magit says so always) and its kin set these for their hooks; what is asked here says by
# itself which of its paths are patterns. Switched off rather than left out: GitPython can only add to an environment.
_PATHSPECS = dict.fromkeys(
    ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"), "0"
)
_PATHS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def environment_for(folder: str) -> dict[str, str]:
    """Return the environment in which to run git in a folder."""
    environment = dict(os.environ, GIT_OPTIONAL_LOCKS="0", LC_ALL="C", **_PATHSPECS)
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


def start(command: list[str], environment: dict[str, str], errors: int | None = None) -> tuple[int, int] | None:
    """Return a program's process and what its standard output is read from; None where there is no such program.

    Args:
        command: Its name and arguments.
        environment: Its environment; it is looked up in this process's own PATH.
        errors: A descriptor for what it complains of, or None to hear none of it.
    """
    reader, writer = os.pipe()
    silence = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    files = [silence if errors is None else (os.POSIX_SPAWN_DUP2, errors, 2), (os.POSIX_SPAWN_DUP2, writer, 1)]
    try:
        return os.posix_spawnp(command[0], command, environment, file_actions=files), reader
    except FileNotFoundError:
        os.close(reader)
        return None
    finally:
        os.close(writer)


def finish(process: int, reader: int) -> tuple[int, str]:
    """Return the exit status and the standard output of a program, once it has ended."""
    with open(reader, "rb") as stream:
        output = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), os.fsdecode(output)


_EIO = 5
"""`errno.EIO`, which the hook would have to import."""


def _has_git(folder: str) -> bool:
    """Tell whether a folder has a `.git`: a disk that fails must not make a repository look like none."""
    path = os.path.join(folder, ".git")
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == _EIO:
            raise _unreadable(path, error) from error
        return False
    return True


def _look_up(folder: str) -> str | None:
    """Return the nearest folder with a `.git`, from one upward."""
    while not _has_git(folder):
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
        own = os.path.realpath(_find_place(top))
    except (OSError, ValueError):
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
        if _has_git(folder):
            return False
        folder = os.path.dirname(folder)
    return True
