"""One service under test: built from its own folder alone, started, asked, and its copy verified where it runs.

Whenever Docker has said whether it builds, `doctor` must have said the same.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from e2e.base import RUN
from e2e.engine import Engine
from e2e.images import build_folder, build_stream, running
from support.monorepo import Done, Monorepo

MISSES_THE_LIBRARY = re.compile(r"(?:error|failed|cause):.*[/-](?:common|shared)", re.IGNORECASE)
"""What pip, uv and both builders say, in these or other words, where the library is not in the image or the context."""


class Subject(NamedTuple):
    """One service.

    Attributes:
        engine: What builds it.
        repo: The repository that it is in.
        service: Its path there.
        name: What its images are called.
        note: Notes what came of a step, for the table.
        dockerfile: The Dockerfile's path in the service.
        buildkit: Whether BuildKit builds it, or the classic builder.
        verdict: What `doctor` says of it where it can be built.
    """

    engine: Engine
    repo: Monorepo
    service: str
    name: str
    note: Callable[[str, str], None]
    dockerfile: str = "Dockerfile"
    buildkit: bool = True
    verdict: str = "proven"

    @property
    def image(self) -> str:
        """The image's name."""
        return f"e2e-{RUN}/{self.name.lower()}"

    def fails(self, step: str, place: Path) -> None:
        """Hold that the service cannot be built from its folder alone, and that the library is what it misses."""
        self.is_judged("broken")
        done = self._build_alone(place)
        self.note(step, "fails" if done.code else "builds")
        assert done.code == 1, "Docker builds what it should not"
        assert MISSES_THE_LIBRARY.search(done.err + done.out), done.err + done.out

    def builds(self, place: Path) -> None:
        """Hold that it can be built from its folder alone."""
        self.is_judged(self.verdict)
        self.builds_anyway(place)

    def is_refused(self, place: Path) -> None:
        """Hold that `doctor` calls it broken, and that the build stops where something is installed."""
        self.is_judged("broken")
        done = self._build_alone(place)
        self.note("built", "yes" if done.code == 0 else "no")
        assert done.code != 0
        assert re.search(r"pip install", done.err + done.out), done.err

    def ends(self, place: Path, message: str) -> None:
        """Hold that `doctor` does not call it proven, and that the build ends with a message.

        Args:
            place: Where to build.
            message: A regular expression of what Docker says.
        """
        self.is_judged(self.verdict)
        done = self._build_alone(place)
        self.note("built", "yes" if done.code == 0 else "no")
        assert done.code != 0, "Docker builds what it should not"
        assert re.search(message, done.err + done.out), done.err

    def builds_anyway(self, place: Path) -> None:
        """Hold that it can be built, whatever `doctor` says."""
        done = self._build_alone(place)
        self.note("built", "yes" if done.code == 0 else "no")
        assert done.code == 0, done.err

    def builds_from_context(self) -> None:
        """Hold that `common-sync context SERVICE | docker build -` builds it, and touches nothing in the repository."""
        before = self.repo.tree()
        done = build_stream(self.engine, self.repo.root, self.service, f"{self.image}-context", self.dockerfile)
        self.note("from context", "yes" if done.code == 0 else "no")
        assert done.code == 0, done.err
        assert self.repo.tree() == before

    def is_judged(self, verdict: str) -> None:
        """Hold that `doctor`, who has no Docker, comes to a verdict."""
        done = self.repo.run("doctor", self.service, "--output-format", "json")
        (judged,) = json.loads(done.out)["services"]
        self.note("doctor", judged["verdict"])
        assert judged["verdict"] == verdict, done.out

    def runs(self, copy: str | None) -> None:
        """Hold that it starts, that `/health` answers, and that its copy is whole inside the image.

        Args:
            copy: Where the image has the copy, seen from its working folder; None where it has none.
        """
        with running(self.engine, self.image) as container:
            self.note("started", "no")
            assert "ok" in container.health()
            self.note("started", "yes")
            if copy is not None:
                verified = container.verify_copy(copy)
                self.note("verified", "yes" if verified.code == 0 else "no")
                assert verified.code == 0, verified.out + verified.err

    def _build_alone(self, place: Path) -> Done:
        """Build from a copy of the folder, in a place where there is nothing else."""
        shutil.copytree(self.repo.root / self.service, place)
        where = ("--file", str(place / self.dockerfile))
        return build_folder(self.engine, place, self.image, *where, buildkit=self.buildkit)
