"""What following a Dockerfile comes to: what each stage came upon, and how it ends."""

from collections.abc import Iterable
from typing import NamedTuple

from common_sync.core.doctor.image.copying import MissingSource, SourceAbove
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.formats.dockerfile.syntax import Instruction


class Installed(NamedTuple):
    """Something is installed.

    Attributes:
        instruction: The RUN that does it.
        stage: The number of the stage, counted from 0.
        workdir: The stage's current folder before the RUN.
        install: What is installed.
        needs: What that reads.
        python: The version of Python that the stage's base image has, or None.
        old_pip: Whether pip is older than 24.1.
    """

    instruction: Instruction
    stage: int
    workdir: str
    install: Install
    needs: tuple[Need, ...]
    python: str | None
    old_pip: bool


class NotFollowed(NamedTuple):
    """Something happens that cannot be followed.

    Attributes:
        line: The instruction's line.
        what: What it is.
    """

    line: int
    what: str


Event = Installed | NotFollowed | MissingSource | SourceAbove


class Taken(NamedTuple):
    """Something is copied out of another stage.

    Attributes:
        line: The line of the COPY.
        stage: The number of the other stage, counted from 0.
        sources: What is copied.
    """

    line: int
    stage: int
    sources: tuple[str, ...]


class StageEnd(NamedTuple):
    """A stage when all of it has run.

    Attributes:
        name: Its name, or nothing.
        image: Its files.
        workdir: Its current folder.
        events: What it came upon, in the order of the file.
        uses: The numbers of the stages that it needs.
        built_on: The number of the stage that it begins with, or None.
        taken: What it copies out of other stages.
        python_path: The folders of `PYTHONPATH`; None where they cannot be told.
        installs_later: What is started with it and installs something then, or may.
    """

    name: str
    image: Image
    workdir: str
    events: tuple[Event, ...]
    uses: frozenset[int]
    built_on: int | None
    taken: tuple[Taken, ...]
    python_path: tuple[str, ...] | None
    installs_later: tuple[NotFollowed, ...] = ()


class Build(NamedTuple):
    """What a build would come upon: its stages when all of each has run."""

    stages: tuple[StageEnd, ...]

    def ends(self, targets: Iterable[str] = ()) -> list[int]:
        """Return the numbers of the stages that are run: the last one, and some others.

        Args:
            targets: The names of the others.
        """
        wanted = {target.lower() for target in targets}
        named = [number for number, stage in enumerate(self.stages) if stage.name and stage.name in wanted]
        return named + ([len(self.stages) - 1] if self.stages else [])

    def needed(self, targets: Iterable[str] = ()) -> set[int]:
        """Return the numbers of the stages that are built for the last one, and for some others.

        Args:
            targets: The names of the others; a name that no stage has asks for nothing.
        """
        pending = self.ends(targets)
        found: set[int] = set()
        while pending:
            number = pending.pop()
            if number not in found:
                found.add(number)
                pending += self.stages[number].uses
        return found
