"""Building one service's image, starting it, and asking it."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from e2e.base import LABEL, TOOL
from e2e.engine import Engine
from support.monorepo import PROGRAM, Done, run

_SECONDS_TO_START = 300
_ASK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/health', timeout=5).read().decode())"
_BUILD = ("build", "--network", "none", "--label", LABEL, "--force-rm")


class Running(NamedTuple):
    """A container that runs.

    Attributes:
        engine: Where.
        container: Its id.
    """

    engine: Engine
    container: str

    def python(self, *arguments: str, path: str = "") -> Done:
        """Run its Python inside it, as the service's user and in its folder."""
        return self.engine.docker("exec", "--env", f"PYTHONPATH={path}", self.container, "python3", *arguments)

    def health(self) -> str:
        """Return what `/health` answers, waiting for the service to start; it must answer."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while (asked := self.python("-c", _ASK)).code != 0:
            logs = self.engine.docker("logs", self.container)
            runs = self.engine.docker("inspect", "--format", "{{.State.Running}}", self.container).out.strip()
            assert runs == "true", f"the service has ended:\n{logs.out}{logs.err}"
            assert time.monotonic() < deadline, f"/health does not answer: {asked.err}\n{logs.out}{logs.err}"
            time.sleep(0.1)
        return asked.out

    def verify_copy(self, copy: str) -> Done:
        """Run `common-sync verify --copy` inside it: the tool is there, but no repository, git or network."""
        return self.python("-m", "common_sync", "verify", "--copy", copy, path=TOOL)


def build_folder(engine: Engine, folder: Path, tag: str, *options: str, buildkit: bool = True) -> Done:
    """Build an image with a folder as the context; options go to `docker build`."""
    return engine.docker(*_BUILD, *options, "--tag", tag, str(folder), buildkit=buildkit)


def build_stream(engine: Engine, root: Path, service: str, tag: str, dockerfile: str) -> Done:
    """Build an image as people would: `common-sync context SERVICE | docker build -`, in the repository."""
    which = ("--file", dockerfile)
    context = shlex.join((*PROGRAM, "context", service, *which))
    build = shlex.join((engine.client, *_BUILD, *which, "--tag", tag, "-"))
    pipe = f"set -o pipefail; {context} | {build}"
    return run("bash", "-c", pipe, cwd=root, env=engine.environment(), timeout=300)


@contextmanager
def running(engine: Engine, tag: str, *options: str) -> Iterator[Running]:
    """Start an image without any network, with options for `docker run`; the container is removed afterwards."""
    started = engine.docker("run", "--detach", "--label", LABEL, "--network", "none", *options, tag)
    assert started.code == 0, f"the image cannot be started:\n{started.err}"
    container = Running(engine, started.out.strip())
    try:
        yield container
    finally:
        engine.docker("rm", "--force", "--volumes", container.container)


def remove_images(engine: Engine) -> None:
    """Remove every container and image that this run has made; another run may be at work with the same engine."""
    for what, remove in (("ps", "rm"), ("images", "rmi")):
        ids = engine.docker(what, "--all", "--quiet", "--filter", f"label={LABEL}").out.split()
        if ids:
            engine.docker(remove, "--force", *dict.fromkeys(ids))
