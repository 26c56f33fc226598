"""What following a Dockerfile comes to: what each stage came upon, and how it ends."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common_sync.core.doctor.image.bases import System
from common_sync.core.doctor.image.copying import MissingSource, SourceAbove
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.image.flags import LaterFlag
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.wheels import Platform
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word


class Installed(NamedTuple):
    """Something is installed."""

    instruction: Instruction  # the RUN that does it
    stage: int  # the number of the stage, counted from 0
    workdir: str  # the stage's current folder before the RUN
    install: Install  # what is installed
    needs: tuple[Need, ...]  # what that reads
    python: str | None  # the version of Python that the stage's base image has, or None
    old_pip: bool  # whether pip is older than 24.1
    command: Command  # what installs it
    user: str  # who runs it
    image: Image = Image()  # the files that are there then
    platform: Platform = Platform()  # what the image is built for


class Ran(NamedTuple):
    """A program is run that installs nothing."""

    line: int  # the instruction's line
    command: Command
    user: str  # who runs it
    image: Image = Image()  # the files that are there then


class Start(NamedTuple):
    """What an ENTRYPOINT or a CMD says: words, or a script for the image's shell."""

    line: int  # its line
    words: tuple[Word, ...] | None = None  # the words; None where it is a script
    script: str = ""  # the script
    put_in: frozenset[str] = frozenset()  # the variables without a default that Compose itself puts into the words
    fault: str = ""  # what of it is never started, and why


class Started(NamedTuple):
    """A program is started with the image."""

    line: int  # the line of the ENTRYPOINT or CMD
    command: Command
    open: bool = False  # whether what runs before may set variables, change the folder or make files, unseen
    told: bool = False  # whether settings may tell it of more folders with modules than its words do

    @property
    def sure(self) -> bool:
        """Whether it is started in any case, and with what is known."""
        return self.command.certain and not self.command.passed_over and not self.open

    @property
    def shown(self) -> str:
        """Its first words, in one line."""
        return " ".join(word.text for word in self.command.words[:4]).partition("\n")[0]


class NotFollowed(NamedTuple):
    """Something happens that cannot be followed."""

    line: int  # the instruction's line
    what: str  # what it is


Event = Installed | NotFollowed | MissingSource | SourceAbove | LaterFlag


class Taken(NamedTuple):
    """Something is copied out of another stage."""

    line: int  # the line of the COPY
    stage: int  # the number of the other stage, counted from 0
    sources: tuple[str, ...]  # what is copied
    place: str  # where to, an absolute path


Step = Installed | Ran | Taken
"""What may bring packages, or take them away."""


class StageEnd(NamedTuple):
    """A stage when all of it has run."""

    name: str  # its name, or nothing
    image: Image  # its files
    workdir: str  # its current folder
    events: tuple[Event, ...]  # what it came upon, in the order of the file
    uses: frozenset[int]  # the numbers of the stages that it needs
    built_on: int | None  # the number of the stage that it begins with, or None
    taken: tuple[Taken, ...]  # what it copies out of other stages
    bound: tuple[Taken, ...]  # what of other stages it has mounted while something runs
    python_path: tuple[str, ...]  # the folders of `PYTHONPATH` that can be told
    python_path_open: bool  # whether it may name more
    installs_later: tuple[NotFollowed, ...] = ()  # what is started with it and installs something then, or may
    steps: tuple[Step, ...] = ()  # what may bring packages or take them away, in the order of the file
    started: tuple[Started, ...] = ()  # what ENTRYPOINT and CMD start
    user: str = "root"  # who runs it
    python: str | None = None  # the version of Python that its base image has, or None
    starts: Mapping[str, Start] = {}  # its ENTRYPOINT and CMD, by these names
    environment: Mapping[str, str | None] = {}  # the variables that are set when it is started
    posix: bool = True  # whether its shell is one of those that POSIX describes
    path_open: bool = False  # whether PATH may name more folders than can be told
    system: System = System()  # the system of its base image, where that holds nothing more
    login_path: str = ""  # the PATH that a login shell sets; nothing where it leaves PATH alone, or nobody can tell

    @property
    def installs(self) -> list[Installed]:
        """What is installed in it."""
        return [event for event in self.events if isinstance(event, Installed)]


class Build(NamedTuple):
    """What a build would come upon: its stages when all of each has run."""

    stages: tuple[StageEnd, ...]

    @property
    def needs(self) -> list[Need]:
        """What is read by all that is installed."""
        return [need for stage in self.stages for one in stage.installs for need in one.needs]

    def list_chain(self, number: int) -> list[int]:
        """Return the numbers of a stage and of those that it begins with, the first of them first."""
        below = self.stages[number].built_on
        return [*(self.list_chain(below) if below is not None else ()), number]

    def ends(self, targets: Iterable[str] = ()) -> list[int]:
        """Return the numbers of the stages that are run: the last one, and some others."""
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
