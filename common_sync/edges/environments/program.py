"""Run uv, pip and interpreters to their end, with only those of the user's variables that change no result; and a user's own command."""

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

_DROPPED = frozenset(
    {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"}
)
_OURS = ("UV_", "PIP_")
_SIGNALLED = 128
"""What a shell adds to the number of the signal that has ended a program."""


class Done(NamedTuple):
    """A program that has ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def run(command: Sequence[str], folder: str, variables: Mapping[str, str], keep: int | None = None) -> Done:
    """Run a program to its end; it is killed where this process is told to stop.

    Args:
        command: Its name and arguments.
        folder: Where it runs.
        variables: Its environment.
        keep: A descriptor that it gets too: the lock, so that it is held as long as somebody writes, even if this process is killed.
    """
    import subprocess  # most runs start nothing

    try:
        done = subprocess.run(  # noqa: S603 - what the user has configured
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=() if keep is None else (keep,),
            check=False,
        )
    except OSError as error:
        return Done(127, "", f"{command[0]}: {error.strerror}")
    return Done(done.returncode, done.stdout, done.stderr)


def keep_variables(wanted: Collection[str] = (), **more: str) -> dict[str, str]:
    """Return this process's environment without what would change what is installed, and where.

    Args:
        wanted: The variables of uv and pip that are kept; the others of theirs are not.
        more: What is set besides.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS) or name in wanted}
    return {name: value for name, value in kept.items() if name not in _DROPPED} | more


def enter(environment: str) -> dict[str, str]:
    """Return this process's environment as it is after `activate`.

    Args:
        environment: The absolute path of a virtual environment.
    """
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "__PYVENV_LAUNCHER__"}}
    path = os.pathsep.join((os.path.join(environment, "bin"), os.environ.get("PATH", os.defpath)))
    return kept | {"VIRTUAL_ENV": environment, "PATH": path}


def find_stray(environment: str, word: str) -> str:
    """Return the path of the program that a word means after `activate`, if it is none of the environment's.

    Args:
        environment: The absolute path of a virtual environment.
        word: A name, or a path, which is what a person has chosen.
    """
    import shutil  # only a person's own command needs it

    found = "" if "/" in word else shutil.which(word, path=enter(environment)["PATH"]) or ""
    return "" if found.startswith(f"{environment}/") else found


def run_inside(environment: str, command: Sequence[str], folder: str, *, aside: bool) -> int:
    """Run a command of a person's, as after `activate`; return its exit code, as a shell does.

    Args:
        environment: The absolute path of a virtual environment.
        command: Its name and arguments.
        folder: Where it runs.
        aside: Whether what it prints goes to standard error.

    Raises:
        OSError: It cannot be started.
    """
    import subprocess

    output = sys.stderr.fileno() if aside else None
    code = subprocess.call(command, cwd=folder, env=enter(environment), stdout=output)  # noqa: S603 - what the user has asked for
    return code if code >= 0 else _SIGNALLED - code
