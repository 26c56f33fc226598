"""A real systemd, as the first process of namespaces of its own: the script `systemd-box` beside this."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from support.monorepo import Done, environment

PROJECT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("systemd-box")
GROUPS = {1: Path("/sys/fs/cgroup/systemd"), 2: Path("/sys/fs/cgroup/unified")}
"""Versions of control groups, and where this machine has what a systemd with these takes."""

both_groups = pytest.mark.parametrize("box", sorted(GROUPS), indirect=True, ids="groups-v{}".format)
"""Runs a test with a systemd of each version of control groups: what belongs to a unit is found by them."""


class Box(NamedTuple):
    """A systemd that runs."""

    state: Path

    def __call__(self, *command: str, code: int = 0) -> str:
        """Run a command inside; return what it prints."""
        done = self.run(*command)
        assert done.code == code, done
        return done.out

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> Done:
        """Run a command inside; return how it ended."""
        with self.start(*command, env=env) as process:
            out, err = process.communicate()
        return Done(process.returncode, out, err)

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a command inside."""
        return subprocess.Popen(
            [SCRIPT, "run", self.state, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(**(env or {})),
        )


@contextmanager
def booted(folder: Path, name: str = "box", groups: int = 1) -> Iterator[Box]:
    """Start a systemd in which a folder, the program and its Python are where they are outside; as root, without a network.

    Args:
        folder: The folder.
        name: What it is called, where there are several.
        groups: The version of its control groups; version 2 has no controllers, which the machine's version 1 holds.
    """
    if os.geteuid() != 0 or not GROUPS[groups].is_dir() or not Path("/lib/systemd/systemd").exists():
        where = f"{GROUPS[groups]} (control groups of version {groups})"
        pytest.skip(f"no systemd can be started here: it takes root, {where} and the apt package systemd")
    state = folder / f"{name}-{os.getpid()}"
    up = subprocess.run(
        [SCRIPT, "up", state, PROJECT / "common_sync", sys.prefix, folder],
        env={**os.environ, "BOX_GROUPS": str(groups)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert up.returncode == 0, up
    try:
        yield Box(state)
    finally:
        subprocess.run([SCRIPT, "down", state], check=True)
