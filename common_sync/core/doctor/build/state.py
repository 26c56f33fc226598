"""A stage of a Dockerfile while it runs."""

from collections.abc import Iterator
from posixpath import join, normpath

from common_sync.core.doctor.build.outcome import Event, NotFollowed, Ran, StageEnd, Start, Started, Step, Taken
from common_sync.core.doctor.build.reading import Reading
from common_sync.core.doctor.build.rights import Rights, lacks_user
from common_sync.core.doctor.image.bases import Base
from common_sync.core.doctor.image.effects import SYSTEM
from common_sync.core.doctor.image.files import Doubt, Image
from common_sync.core.doctor.image.lookup import find_read, find_started
from common_sync.core.doctor.install.need import Before
from common_sync.core.doctor.install.project.isolation import list_held
from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.words import Word

_PROFILE = expression(r"profile|bashrc|bash_login|/etc/environment")
"""Files that a login shell reads."""
_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class State:
    """A stage while it runs."""

    def __init__(self, name: str, number: int, base: Base, image: str = "") -> None:
        self.name, self.number, self.base = name, number, base
        named = f" `{image}`" if image else ""
        self.image = Image() if base.empty else Image((Doubt("/", f"the base image{named} may hold it"),))
        self.workdir = base.folder
        self.posix = True
        self.ran = False
        self.events: list[Event] = []
        self.uses: set[int] = set()
        self.built_on: int | None = None
        self.taken: list[Taken] = []
        self.bound: list[Taken] = []
        self.steps: list[Step] = []
        self.started: list[Started] = []
        self.environment: dict[str, str | None] = {}
        self.path: tuple[str, ...] = ()
        self.path_open = False
        self.user = "root"
        self.starts: dict[str, Instruction] = {}
        self.installs_later: list[NotFollowed] = []
        self.python_path: tuple[str, ...] = ()
        self.python_path_open = False
        self.before = Before(list_held(base.python))
        self.rights = Rights()
        self.reading = Reading()

    @property
    def search_path(self) -> str:
        """What PATH holds."""
        return ":".join((*self.path, *_PATH))

    def may_hold(self, path: str) -> bool:
        """Tell whether it may hold a path that no line of the Dockerfile shows: a program has made it, or its base image has it."""
        return self.ran or not self.base.empty or not self.image.layers or path.startswith(SYSTEM)

    @property
    def login_path(self) -> str:
        """The PATH that `/etc/profile` of Debian sets; nothing where another system has another one, or a line has to do with such files."""
        commands = [step.command for step in self.steps if isinstance(step, Ran)]
        words = [word.text for command in commands for word in (*command.writes, *command.arguments)]
        places = [layer.place for layer in self.image.layers]
        touched = any(_PROFILE.search(one) for one in (*words, *places))
        return "" if self.base.system.name != "debian" or touched else ":".join(_PATH)

    @property
    def variables(self) -> dict[str, str | None]:
        """What is set when it is started."""
        return {**self.environment, "PATH": self.search_path}

    def list_closed(self) -> Iterator[NotFollowed]:
        """Yield the lines after which the user who starts it may not read what that needs."""
        commands = [one.command for one in self.started]
        entered = [self.workdir, *self.path, *self.python_path, "/usr/local/bin", "/usr/local/lib"]
        entered += [path for one in commands if (path := find_started(one, self.image)) is not None]  # or executed
        read = [path for one in commands if (path := find_read(one, self.image)) is not None]
        scripts = (read_python(one.arguments).script for one in commands if is_python(one.program))
        read += (normpath(join(self.workdir, one.text)) for one in scripts if one is not None and one.known)
        closed = self.reading.find_closed(self.user, self.rights.users, entered, read)
        yield from dict.fromkeys(NotFollowed(*one) for one in closed)

    def begin_with(self, instruction: Instruction, *, own: bool) -> None:
        """Take an ENTRYPOINT or CMD; the first takes away a CMD of the stage that this one is built on."""
        if instruction.name == "ENTRYPOINT" and not own:
            self.starts.pop("CMD", None)
        self.starts[instruction.name] = instruction

    def turn(self, user: Word, line: int) -> None:
        """Go on as another user, and note where nothing shows that there is one."""
        self.user = user.text.partition(":")[0]
        self.rights = self.rights.turned(user)
        if user.known and lacks_user(self.user, self.image):
            self.events.append(NotFollowed(line, f"nothing shows that there is a user `{self.user}`"))

    def finished(self) -> StageEnd:
        """Return how it ends."""
        return StageEnd(
            self.name,
            self.image,
            self.workdir,
            tuple(self.events),
            frozenset(self.uses),
            self.built_on,
            tuple(self.taken),
            tuple(self.bound),
            self.python_path,
            self.python_path_open,
            tuple(self.installs_later),
            tuple(self.steps),
            tuple(self.started),
            self.user,
            self.base.python,
            {name: read_start(one) for name, one in self.starts.items()},
            self.variables,
            self.posix,
            self.path_open,
            self.base.system,
            self.login_path,
        )


def read_start(instruction: Instruction) -> Start:
    """Return what an ENTRYPOINT or a CMD says."""
    if instruction.json:
        return Start(instruction.line, tuple(Word(word.text) for word in instruction.words))
    return Start(instruction.line, script=instruction.arguments.text)
