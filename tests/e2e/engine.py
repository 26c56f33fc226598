"""A real Docker engine: the one that answers already, or one of our own for as long as the tests run.

Our own is started by a tool that lies beside this project, with its images and layers in a temporary folder: nothing of
it is left behind, and an engine that somebody else has started with the same tool is not touched.
"""

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from support.monorepo import Done, run

_PROJECT = Path(__file__).parents[2]
_TOOL = "COMMON_SYNC_DOCKER_ENGINE"
_NONE = "no Docker engine answers `docker info`"
_SECONDS_TO_STOP = 300


class EngineError(Exception):
    """There is no engine, and none can be started; says why, and what to do."""


def must(done: Done, problem: str) -> str:
    """Return what a program has printed; it must have succeeded.

    Args:
        done: The program.
        problem: What to say if it has not.

    Raises:
        EngineError: It has not.
    """
    if done.code != 0:
        message = f"{problem}:\n{done.err}"
        raise EngineError(message)
    return done.out


class Engine(NamedTuple):
    """How to reach a Docker engine.

    Attributes:
        client: The `docker` program.
        settings: Environment variables for it.
        ours: Whether it was started for these tests and goes away with all that is in it.
    """

    client: str
    settings: Mapping[str, str]
    ours: bool

    def docker(self, *arguments: str, buildkit: bool = True) -> Done:
        """Run the client to its end, whatever its exit code."""
        return run(self.client, *arguments, cwd=Path("/"), env=self.environment(buildkit=buildkit), timeout=300)

    def environment(self, *, buildkit: bool = True) -> dict[str, str]:
        """Return what the client needs in its environment; without BuildKit, the classic builder builds."""
        return {**self.settings, "DOCKER_BUILDKIT": "1" if buildkit else "0"}


def found_engine() -> Engine:
    """Return the engine that the environment leads to; whether it answers is another question."""
    return Engine(os.environ.get("DOCKER", "docker"), {}, ours=False)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Yield the engine that answers, or one of our own that is stopped and removed afterwards.

    Raises:
        EngineError: Neither is possible.
    """
    theirs = found_engine()
    if shutil.which(theirs.client) and theirs.docker("info").code == 0:
        yield theirs
        return
    tool = Path(os.environ.get(_TOOL, _PROJECT.parent / "shared" / "tools" / "docker-engine"))
    if not tool.is_file():
        message = f"{_NONE}, and the tool that starts one is not at {tool}; start an engine, or set {_TOOL} to its path"
        raise EngineError(message)
    # Short: a socket's path has at most 108 bytes. What the engine still holds must not hide which test has failed.
    with tempfile.TemporaryDirectory(prefix="cs-e2e-", ignore_cleanup_errors=True) as state:
        yield from _own_engine(tool, Path(state))


def _own_engine(tool: Path, state: Path) -> Iterator[Engine]:
    place = {"DOCKER_ENGINE_STATE": str(state)}
    try:
        printed = must(
            run(str(tool), "up", cwd=state, env=place, timeout=300), f"{_NONE}, and {tool} could not start one"
        )
        settings = dict(word.split("=", 1) for word in shlex.split(printed) if "=" in word)
        yield Engine(settings.pop("DOCKER"), settings, ours=True)
    finally:
        run(str(tool), "down", cwd=state, env=place)
        _wait_until_gone(state / "docker.pid")


def _wait_until_gone(file: Path) -> None:
    """Wait until the engine has removed its process file, as it does when it has let go of its folder."""
    deadline = time.monotonic() + _SECONDS_TO_STOP
    while file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
