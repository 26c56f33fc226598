"""Run uv, pip and interpreters to their end, with only those of the user's variables that change no result."""

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

_DROPPED = frozenset(
    {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"}
)
_OURS = ("UV_", "PIP_")


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
