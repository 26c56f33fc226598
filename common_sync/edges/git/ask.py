"""Everything that asks git. Always `-z`, never a path where git could take it for an option.

The questions that every run asks are plumbing commands, asked without GitPython, which takes 100 ms to import; docs/design.md
says more.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from common_sync.core.errors import GitError, Problem
from common_sync.edges.git.repository import environment_for, find_top, finish, start


@contextmanager
def hearing() -> Iterator[int]:
    """Yield a descriptor for what a program complains of: a file, for a pipe that nobody reads yet would fill up."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("errors")
    else:
        from tempfile import TemporaryFile  # where there are no files in memory

        with TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def list_named(folder: str, names: Sequence[str]) -> list[str]:
    """Return the tracked files below a folder that have one of some names, wherever they are.

    Args:
        folder: An absolute path inside a work tree.
        names: Names without folders, or patterns of them.

    Returns:
        POSIX paths relative to the folder.
    """
    patterns = [pattern for name in names for pattern in (f":(glob)**/{name}", f":(glob){name}")]
    return split(ask(["ls-files", "-z", "--", *patterns], folder, literal=False))


def list_untracked(root: str, folders: Sequence[str]) -> list[str]:
    """Return the files below some folders that git neither knows nor ignores.

    Args:
        root: An absolute path inside a work tree.
        folders: POSIX paths relative to that, and so is what is returned.

    Raises:
        GitError: Git failed.
    """
    return split(ask(["ls-files", "-z", "--others", "--exclude-standard", "--", *folders], root))


def list_unknown(folder: str, names: Sequence[str]) -> list[str]:
    """Return the files below a folder that git does not track, ignored or not, and that have one of some names.

    Args:
        folder: An absolute path inside a work tree.
        names: Patterns of names without folders; what is in a `.venv` is left out.

    Returns:
        POSIX paths relative to the folder.

    Raises:
        GitError: Git failed.
    """
    patterns = [f":(glob)**/{name}" for name in names]
    return split(
        ask(["ls-files", "-z", "--others", "--", *patterns, ":(exclude,glob)**/.venv/**"], folder, literal=False)
    )


def list_changed(root: str, places: Sequence[str]) -> list[str]:
    """Return the files at some places that git would add: those that it does not know, and those that have changed or gone.

    Args:
        root: An absolute path inside a work tree.
        places: POSIX paths of files and folders relative to that, and so is what is returned.

    Raises:
        GitError: Git failed.
    """
    words = ["ls-files", "-z", "--modified", "--others", "--exclude-standard", "--"]
    return [*dict.fromkeys(split(ask([*words, *places], root)))]


def list_files(folder: str) -> list[str]:
    """Return what git tracks below a folder, and what it neither knows nor ignores.

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
    """Return `file:line:pattern` of the rule by which git ignores an untracked path, or None when it does not."""
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
        if status != 0:
            return _run(command, environment, folder, arguments[0], None)
        _tell(command if variables is None and errors is None else None, output)
        return output

    return wait


listeners: list[Callable[[Sequence[str] | None, str], None]] = []
"""Told of each command and its answer; of None where the command by itself is not the whole question."""


def _tell(command: Sequence[str] | None, answer: str) -> None:
    for listener in listeners:
        listener(command, answer)


def _prepare(
    arguments: Sequence[str], folder: str, literal: bool, variables: dict[str, str] | None
) -> tuple[list[str], dict[str, str]]:
    command = ["git", "-C", folder, *(["--literal-pathspecs"] if literal else []), *arguments]
    return command, environment_for(folder) | (variables or {})


def _run(command: list[str], environment: dict[str, str], folder: str, what: str, data: str | None) -> str:
    import subprocess  # as said in `ask`

    _tell(None, "")
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
